/* The control API: where migrations stand, and what is to be done with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "openapi_json.h"
#include "server/http.h"
#include "server/log.h"

/* --- the server itself --- */

void control_health(struct request *request) {
    answer_json(request, 200, json_pack("{s:s, s:s}", "status", "alive", "version", mf_version()));
}

static bool can_be_read(struct driver *driver, mf_error *error) {
    mf_status status;
    mf_migration *handle = driver_look(driver, error);
    if (handle == NULL) return false;
    bool ok = mf_status_read(handle, &status, error) == MF_DONE;
    driver_look_end(driver, !ok);
    return ok;
}

/* The reasons are in the log and in the migrations' own answers: nobody is asked for a token here. */
void control_ready(struct request *request) {
    const struct server *server = request->server;
    json_t *unread = json_array();
    mf_error error;
    for (size_t i = 0; i < server->driver_count; i++) {
        if (!can_be_read(server->drivers[i], &error)) json_array_append_new(unread, json_string(driver_name(server->drivers[i])));
    }
    json_t *more = json_pack("{s:o}", "migrations", unread);
    request->retry_after_s = server_drains(server) || json_array_size(unread) > 0 ? 5 : 0;
    if (server_drains(server)) {
        answer_problem(request, 503, "closing", more, "the server is about to end");
    } else if (json_array_size(unread) > 0) {
        answer_problem(request, 503, "store", more, "the store of a migration cannot be read: its own path says why");
    } else {
        json_decref(more);
        answer_json(request, 200, json_pack("{s:s}", "status", "ready"));
    }
}

void control_metrics(struct request *request) {
    struct text text = {0};
    metrics_write(request->server, &text);
    answer_text(request, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8", &text);
}

void control_description(struct request *request) {
    answer_static(request, 200, "application/json", openapi_json, sizeof openapi_json);
}

/* --- where a migration stands --- */

static json_t *time_json(int64_t ms) {
    char text[CLOCK_TEXT_BYTES];
    return ms <= 0 ? json_null() : json_string(clock_text(ms, text));
}

static json_t *status_json(const char *name, const mf_status *s) {
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:b, s:b}", "migration", name, "stage", s->stage, "mode",
        s->mode, "epoch", (json_int_t)s->epoch, "rows_done", (json_int_t)s->rows_done, "rows_total", (json_int_t)s->rows_total, "outbox",
        (json_int_t)s->outbox, "outbox_bytes", (json_int_t)s->outbox_bytes, "lag_ms", (json_int_t)s->lag_ms, "overflowed",
        (int)s->overflowed, "quarantined", (json_int_t)s->quarantined, "diverged", (json_int_t)s->diverged, "soak_left_s",
        (json_int_t)((s->soak_left_ms + 999) / 1000), "verified_rows", (json_int_t)s->verified_rows, "way_back", (int)s->way_back, "apart",
        (int)s->apart);
    json_object_set_new(object, "held", json_integer((json_int_t)s->held));
    json_object_set_new(object, "eta_s", s->eta_s < 0 ? json_null() : json_real(s->eta_s));
    json_object_set_new(object, "verified_at", time_json(s->verified_ms));
    json_object_set_new(object, "owner", json_text(s->owner));
    return object;
}

static json_t *side_json(const mf_side_report *side) {
    return json_pack("{s:I, s:I, s:f, s:f}", "reads", (json_int_t)side->reads, "errors", (json_int_t)side->errors, "p50_ms", side->p50_ms,
                     "p99_ms", side->p99_ms);
}

/* What sampled reads came to, without the documents that differ. */
static json_t *comparison_json(const mf_comparison *c) {
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:{s:b, s:b, s:b}}", "compared", (json_int_t)c->compared, "mismatched",
                     (json_int_t)c->mismatched, "left_out", (json_int_t)c->left_out, "leader", side_json(&c->leader), "follower",
                     side_json(&c->follower), "red", "mismatch_rate", (int)c->mismatch_red, "error_rate", (int)c->error_red,
                     "latency_ratio", (int)c->latency_red);
}

static json_t *proxy_json(struct driver *driver) {
    mf_proxy_status s;
    mf_comparison c;
    mf_error error;
    mf_proxy *proxy = driver_proxy_opened(driver);
    if (proxy == NULL || mf_proxy_status_read(proxy, &s, &error) != MF_DONE || mf_comparison_read(proxy, &c, &error) != MF_DONE) {
        return json_null();
    }
    return json_pack("{s:b, s:b, s:f, s:o, s:I, s:o, s:o}", "confirmed", (int)s.confirmed, "changing", (int)s.changing, "percent", s.percent, "node",
                     json_text(s.node), "nodes", (json_int_t)s.nodes, "demoted", json_text(s.demoted), "comparison", comparison_json(&c));
}

/* NULL, and the error is filled: the store cannot be read. */
static json_t *describe(struct driver *driver, mf_error *error) {
    mf_status status;
    mf_migration *handle = driver_look(driver, error);
    if (handle == NULL) return NULL;
    bool ok = mf_status_read(handle, &status, error) == MF_DONE;
    driver_look_end(driver, !ok);
    if (!ok) return NULL;
    json_t *object = status_json(driver_name(driver), &status);
    driver_describe(driver, object);
    json_object_set_new(object, "proxy", proxy_json(driver));
    return object;
}

void control_status(struct request *request) {
    mf_error error = {0};
    json_t *object = describe(request->driver, &error);
    if (object == NULL) {
        answer_error(request, &error, NULL);
    } else {
        answer_json(request, 200, object);
    }
}

/* One whose store cannot be read is in the list, with that. */
void control_list(struct request *request) {
    const struct server *server = request->server;
    json_t *list = json_array();
    for (size_t i = 0; i < server->driver_count; i++) {
        mf_error error = {0};
        json_t *object = describe(server->drivers[i], &error);
        if (object == NULL) {
            object = json_pack("{s:s, s:{s:s, s:o}}", "migration", driver_name(server->drivers[i]), "failure", "code", error.code, "detail",
                               json_text(error.message));
        }
        json_array_append_new(list, object);
    }
    answer_json(request, 200, json_pack("{s:o}", "migrations", list));
}

static void add_move(void *context, const mf_move *move) {
    json_array_append_new(context, json_pack("{s:I, s:o, s:s, s:s, s:o, s:o}", "epoch", (json_int_t)move->epoch, "at", time_json(move->at_ms),
                                             "from", move->from, "to", move->to, "who", json_text(move->who), "why", json_text(move->why)));
}

static void add_finding(void *context, const mf_finding *finding) {
    json_array_append_new(context, json_pack("{s:o, s:o, s:o}", "key", json_text(finding->key), "text", json_text(finding->text), "at",
                                             time_json(finding->at_ms)));
}

/* Answers with `object`, or, unless `result` is MF_DONE, with the error in its place. */
static void answer_read(struct request *request, mf_result result, const mf_error *error, json_t *object) {
    if (result == MF_DONE) {
        answer_json(request, 200, object);
        return;
    }
    json_decref(object);
    answer_error(request, error, NULL);
}

void control_history(struct request *request) {
    mf_error error = {0};
    mf_result result = MF_FAILED;
    json_t *moves = json_array();
    mf_migration *handle = driver_look(request->driver, &error);
    if (handle != NULL) {
        result = mf_history(handle, add_move, moves, &error);
        driver_look_end(request->driver, result != MF_DONE);
    }
    answer_read(request, result, &error, json_pack("{s:o}", "moves", moves));
}

void control_findings(struct request *request) {
    mf_error error = {0};
    mf_result result = MF_FAILED;
    json_t *quarantine = json_array(), *divergence = json_array();
    mf_migration *handle = driver_look(request->driver, &error);
    if (handle != NULL) {
        result = mf_findings(handle, MF_QUARANTINE, add_finding, quarantine, &error);
        if (result == MF_DONE) result = mf_findings(handle, MF_DIVERGENCE, add_finding, divergence, &error);
        driver_look_end(request->driver, result != MF_DONE);
    }
    answer_read(request, result, &error, json_pack("{s:o, s:o}", "quarantine", quarantine, "divergence", divergence));
}

void control_work(struct request *request) {
    json_t *object = json_object();
    driver_describe(request->driver, object);
    answer_json(request, 200, object);
}

/* --- verbs --- */

#define WAIT_S_DEFAULT 10.0
#define WAIT_S_MAX 60.0

/* How long to wait for the end: "Prefer: wait=5", "Prefer: respond-async" (RFC 7240). */
static double preferred_wait_s(const struct request *request) {
    const char *prefer = request_header(request, "Prefer");
    const char *wait = prefer == NULL ? NULL : strstr(prefer, "wait=");
    if (prefer != NULL && strstr(prefer, "respond-async") != NULL) return 0;
    double s = wait == NULL ? WAIT_S_DEFAULT : strtod(wait + strlen("wait="), NULL);
    return s >= 0 && s <= WAIT_S_MAX ? s : WAIT_S_MAX;
}

/* How the work stands by now: done, under way, or why not. */
static void answer_work(struct request *request, const struct work *work) {
    mf_error error = {0};
    enum work_state state = driver_work_state(request->driver, work, &error);
    json_t *object = driver_work_json(request->driver, work);
    if (state == WORK_FAILED || state == WORK_STOPPED) {
        answer_error(request, &error, json_pack("{s:o}", "work", object));
        return;
    }
    if (state != WORK_DONE) snprintf(request->location, sizeof request->location, "/v1/migrations/%s/work", driver_name(request->driver));
    answer_json(request, state == WORK_DONE ? 200 : 202, object);
}

static void order(struct request *request, struct order *order) {
    struct work *work = NULL;
    mf_error error = {0};
    snprintf(order->by, sizeof order->by, "%s", request->who[0] == '\0' ? "http" : request->who);
    if (driver_order(request->driver, order, &work, &error) != MF_DONE) {
        answer_error(request, &error, NULL);
    } else if (!request_sleep(request, work, preferred_wait_s(request))) {
        answer_work(request, work);
    }
}

/* The handler is called a second time when the work has ended, or the wait has. */
static bool woken(struct request *request) {
    if (request->waiter.work == NULL) return false;
    answer_work(request, request->waiter.work);
    return true;
}

static bool wrong(struct request *request, const char *name, const char *what) {
    answer_problem(request, 400, "member", NULL, "%s takes %s", name, what);
    return false;
}

static bool take_bool(struct request *request, json_t *object, const char *name, bool *ret) {
    json_t *value = json_object_get(object, name);
    if (value == NULL) return true;
    if (!json_is_boolean(value)) return wrong(request, name, "true or false");
    *ret = json_is_true(value);
    return true;
}

static bool take_share(struct request *request, json_t *object, const char *name, double *ret) {
    json_t *value = json_object_get(object, name);
    double share = json_number_value(value);
    if (value == NULL) return true;
    if (!json_is_number(value) || !(share > 0 && share <= 1)) return wrong(request, name, "a share, more than 0 and at most 1");
    *ret = share;
    return true;
}

#define WORKERS_MAX 32

static bool take_workers(struct request *request, json_t *object, int *ret) {
    json_t *value = json_object_get(object, "workers");
    json_int_t workers = json_integer_value(value);
    if (value == NULL) return true;
    if (!json_is_integer(value) || workers < 1 || workers > WORKERS_MAX) return wrong(request, "workers", "a whole number from 1 to 32");
    *ret = (int)workers;
    return true;
}

static bool take_text(struct request *request, json_t *object, const char *name, char *ret, size_t size) {
    json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    if (value == NULL) return true;
    if (text == NULL || text[0] == '\0' || strlen(text) >= size) return wrong(request, name, "a text, neither empty nor of more than 200 characters");
    snprintf(ret, size, "%s", text);
    return true;
}

void control_check(struct request *request) {
    struct order what = {.verb = VERB_CHECK, .sample = 1};
    json_t *object = woken(request) ? NULL : request_object(request, "sample");
    if (object != NULL && take_share(request, object, "sample", &what.sample)) order(request, &what);
    json_decref(object);
}

void control_start(struct request *request) {
    struct order what = {.verb = VERB_START};
    json_t *object = woken(request) ? NULL : request_object(request, "load workers");
    if (object != NULL && take_share(request, object, "load", &what.load) && take_workers(request, object, &what.workers)) order(request, &what);
    json_decref(object);
}

void control_verify(struct request *request) {
    struct order what = {.verb = VERB_VERIFY, .sample = 1};
    json_t *object = woken(request) ? NULL : request_object(request, "from to sample repair");
    if (object != NULL && take_share(request, object, "sample", &what.sample) && take_bool(request, object, "repair", &what.repair) &&
        take_text(request, object, "from", what.from, 201) && take_text(request, object, "to", what.to, 201)) {
        order(request, &what);
    }
    json_decref(object);
}

void control_advance(struct request *request) {
    struct order what = {.verb = VERB_ADVANCE};
    json_t *object = woken(request) ? NULL : request_object(request, "");
    if (object != NULL) order(request, &what);
    json_decref(object);
}

void control_demote(struct request *request) {
    struct order what = {.verb = VERB_DEMOTE};
    json_t *object = woken(request) ? NULL : request_object(request, "why");
    if (object != NULL && take_text(request, object, "why", what.why, 201)) order(request, &what);
    json_decref(object);
}

void control_rollback(struct request *request) {
    struct order what = {.verb = VERB_ROLLBACK};
    json_t *object = woken(request) ? NULL : request_object(request, "force");
    if (object != NULL && take_bool(request, object, "force", &what.force)) order(request, &what);
    json_decref(object);
}

static void pause_or_resume(struct request *request, bool pause) {
    json_t *object = request_object(request, "");
    if (object == NULL) return;
    driver_pause(request->driver, pause);
    driver_describe(request->driver, object);
    answer_json(request, 200, object);
}

void control_pause(struct request *request) {
    pause_or_resume(request, true);
}

void control_resume(struct request *request) {
    pause_or_resume(request, false);
}

/* --- rollout and comparison --- */

static void answer_rollout(struct request *request, mf_proxy *proxy) {
    double percent = 0;
    mf_error error = {0};
    mf_result result = mf_rollout_get(proxy, &percent, &error);
    answer_read(request, result, &error, json_pack("{s:f}", "percent", percent));
}

void control_rollout(struct request *request) {
    mf_error error = {0};
    mf_proxy *proxy = driver_proxy(request->driver, &error);
    if (proxy == NULL) {
        answer_error(request, &error, NULL);
    } else {
        answer_rollout(request, proxy);
    }
}

void control_rollout_set(struct request *request) {
    mf_error error = {0};
    json_t *object = request_object(request, "percent");
    json_t *value = json_object_get(object, "percent");
    double percent = json_number_value(value);
    if (object == NULL) return;
    mf_proxy *proxy = NULL;
    if (!json_is_number(value) || !(percent >= 0 && percent <= 100)) {
        wrong(request, "percent", "a number from 0 to 100");
    } else if ((proxy = driver_proxy(request->driver, &error)) == NULL || mf_rollout_set(proxy, percent, &error) != MF_DONE) {
        answer_error(request, &error, NULL);
    } else {
        answer_rollout(request, proxy);
    }
    json_decref(object);
}

static void add_mismatch(void *context, const mf_mismatch *mismatch) {
    json_array_append_new(context, json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "cause", json_text(mismatch->cause), "count",
                                             (json_int_t)mismatch->count, "key", json_text(mismatch->key), "leader",
                                             json_text(mismatch->leader), "follower", json_text(mismatch->follower), "at",
                                             time_json(mismatch->at_ms)));
}

void control_comparison(struct request *request) {
    mf_comparison c = {0};
    mf_error error = {0};
    json_t *mismatches = json_array();
    mf_proxy *proxy = driver_proxy(request->driver, &error);
    mf_result result = proxy == NULL ? MF_FAILED : mf_comparison_read(proxy, &c, &error);
    if (result == MF_DONE) result = mf_mismatches(proxy, add_mismatch, mismatches, &error);
    json_t *object = comparison_json(&c);
    json_object_set_new(object, "mismatches", mismatches);
    answer_read(request, result, &error, object);
}
