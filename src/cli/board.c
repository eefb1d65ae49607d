/* `midflight status` of a server: a screen of all its migrations on a terminal, a line for each and every second elsewhere. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static int64_t whole_of(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

static double number_of(const json_t *object, const char *name) {
    return json_number_value(json_object_get(object, name));
}

static bool is_set(const json_t *object, const char *name) {
    return json_is_true(json_object_get(object, name));
}

/* --- the parts of a report; each is one line, or a part of one --- */

struct report {
    FILE *out;
    bool screen; /* else all on one line */
};

static void begin_part(const struct report *report, const char *name) {
    if (report->screen) {
        fprintf(report->out, "\n  %-11s ", name);
    } else {
        fprintf(report->out, "; %s ", name);
    }
}

static void put_left(const struct report *report, const json_t *object, const char *name) {
    char text[32];
    if (!json_is_number(json_object_get(object, name))) return;
    output_duration(text, number_of(object, name));
    fprintf(report->out, ", %s left", text);
}

static void put_progress(const struct report *report, const json_t *migration) {
    const json_t *work = json_object_get(migration, "work"), *progress = json_object_get(work, "progress");
    char bars[32];
    if (!json_is_object(work)) return;
    begin_part(report, "at work");
    fprintf(report->out, "%s, for %s, %s", text_of(work, "verb"), text_of(work, "by"), text_of(work, "state"));
    if (!json_is_object(progress)) return;
    int64_t done = whole_of(progress, "rows_done"), total = whole_of(progress, "rows_total");
    double share = total <= 0 ? 1 : fmin(1, (double)done / (double)total);
    begin_part(report, "progress");
    fprintf(report->out, "%s ", text_of(progress, "phase"));
    output_bar(bars, share);
    if (report->screen) fprintf(report->out, "%s ", bars);
    fprintf(report->out, "%.1f %%, %" PRId64 " of %" PRId64 " rows, %.0f rows/s", share * 100, done, total, number_of(progress, "rows_per_s"));
    put_left(report, progress, "eta_s");
}

static void put_outbox(const struct report *report, const json_t *migration) {
    begin_part(report, "outbox");
    fprintf(report->out, "%" PRId64, whole_of(migration, "outbox"));
    if (whole_of(migration, "outbox_bytes") > 0) fprintf(report->out, ", %.1f MB", (double)whole_of(migration, "outbox_bytes") / 1e6);
    if (is_set(migration, "apart")) fprintf(report->out, ", lag %.1f s", (double)whole_of(migration, "lag_ms") / 1000);
    if (is_set(migration, "overflowed")) fprintf(report->out, ", OVERFLOWED: roll back, and start again");
}

static void put_findings(const struct report *report, const json_t *migration) {
    int64_t quarantined = whole_of(migration, "quarantined"), diverged = whole_of(migration, "diverged");
    if (quarantined > 0 || diverged > 0) {
        begin_part(report, "findings");
        fprintf(report->out, "%" PRId64 " in quarantine, %" PRId64 " diverged", quarantined, diverged);
    }
    if (whole_of(migration, "soak_left_s") > 0) {
        char text[32];
        output_duration(text, number_of(migration, "soak_left_s"));
        begin_part(report, "soak");
        fprintf(report->out, "%s left", text);
    }
}

static void put_side(const struct report *report, const char *name, const json_t *side) {
    fprintf(report->out, "%s p50 %.3f p99 %.3f ms, %" PRId64 " of %" PRId64 " failed", name, number_of(side, "p50_ms"), number_of(side, "p99_ms"),
            whole_of(side, "errors"), whole_of(side, "reads"));
}

static void put_comparison(const struct report *report, const json_t *comparison) {
    const json_t *red = json_object_get(comparison, "red");
    if (whole_of(json_object_get(comparison, "leader"), "reads") == 0) return;
    begin_part(report, "compared");
    fprintf(report->out, "%" PRId64 ", %" PRId64 " differ", whole_of(comparison, "compared"), whole_of(comparison, "mismatched"));
    if (whole_of(comparison, "left_out") > 0) fprintf(report->out, ", %" PRId64 " left out", whole_of(comparison, "left_out"));
    begin_part(report, "latency");
    put_side(report, "leader", json_object_get(comparison, "leader"));
    put_side(report, ", follower", json_object_get(comparison, "follower"));
    for (const char *const *gate = (const char *const[]){"mismatch_rate", "error_rate", "latency_ratio", NULL}; *gate != NULL; gate++) {
        if (!is_set(red, *gate)) continue;
        begin_part(report, "red");
        fprintf(report->out, "%s", *gate);
    }
}

/* NULL where nobody has asked for data yet. */
static void put_proxy(const struct report *report, const json_t *proxy) {
    if (!json_is_object(proxy)) return;
    begin_part(report, "rollout");
    fprintf(report->out, "%g %% of the reads from the new side, %" PRId64 " node%s", number_of(proxy, "percent"), whole_of(proxy, "nodes"),
            whole_of(proxy, "nodes") == 1 ? "" : "s");
    if (is_set(proxy, "changing")) fprintf(report->out, ", a change of stage is announced");
    if (!is_set(proxy, "confirmed")) fprintf(report->out, ", NOT CONFIRMED: data is not served");
    put_comparison(report, json_object_get(proxy, "comparison"));
    if (text_of(proxy, "demoted")[0] == '\0') return;
    begin_part(report, "demoted");
    fprintf(report->out, "%s", text_of(proxy, "demoted"));
}

static void put_last(const struct report *report, const json_t *migration) {
    const json_t *last = json_object_get(migration, "last"), *failure = json_object_get(last, "failure");
    if (!json_is_object(failure)) return;
    begin_part(report, "last");
    fprintf(report->out, "%s %s: %s", text_of(last, "verb"), text_of(last, "state"), text_of(failure, "detail"));
}

static void put_migration(const struct report *report, const json_t *migration) {
    const json_t *failure = json_object_get(migration, "failure");
    const char *name = text_of(migration, "migration");
    if (failure != NULL) {
        fprintf(report->out, "%s: cannot be read: %s", name, text_of(failure, "detail"));
    } else {
        fprintf(report->out, "%s: %s (%s), epoch %" PRId64 "%s", name, text_of(migration, "stage"), text_of(migration, "mode"),
                whole_of(migration, "epoch"), is_set(migration, "paused") ? ", paused" : "");
        put_progress(report, migration);
        put_outbox(report, migration);
        put_findings(report, migration);
        put_proxy(report, json_object_get(migration, "proxy"));
        put_last(report, migration);
    }
    fputs(report->screen ? "\n\n" : "\n", report->out);
}

/* --- all of them --- */

static bool all_finished(const json_t *migrations) {
    size_t i;
    const json_t *migration;
    json_array_foreach(migrations, i, migration) {
        if (strcmp(text_of(migration, "stage"), "Finished") != 0) return false;
    }
    return true;
}

static void print_all(const struct options *options, json_t *migrations, bool screen) {
    struct report report = {stdout, screen};
    size_t i;
    const json_t *migration;
    if (options->json) {
        output_json(json_pack("{s:O}", "migrations", migrations));
        return;
    }
    if (screen && options->watch) printf("\033[H\033[J%s, every second\n\n", options->file);
    json_array_foreach(migrations, i, migration) put_migration(&report, migration);
    fflush(stdout);
}

/* *ret_over: there is nothing more to see. */
static mf_result look(const struct options *options, struct remote *remote, bool screen, bool *ret_over, mf_error *error) {
    json_t *migrations = NULL;
    mf_result result = remote_migrations(remote, &migrations, error);
    if (result != MF_DONE) return result;
    print_all(options, migrations, screen);
    *ret_over = all_finished(migrations);
    json_decref(migrations);
    return MF_DONE;
}

/* A server that answered once and does not now is asked again: it may be starting anew. */
mf_result board_run(const struct options *options) {
    struct remote *remote = NULL;
    mf_error error = {0};
    bool over = false, seen = false, screen = !options->watch || isatty(STDOUT_FILENO) != 0;
    mf_result result = remote_open(options, &remote, &error);
    if (result != MF_DONE) return output_error(options, &error);
    for (;;) {
        result = look(options, remote, screen, &over, &error);
        bool again = options->watch && (result == MF_DONE ? !over : seen && result == MF_FAILED);
        if (result != MF_DONE) output_error(options, &error);
        seen = seen || result == MF_DONE;
        if (!again) break;
        sleep(1);
    }
    remote_close(remote);
    return result;
}
