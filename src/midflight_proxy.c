/* The public API of the proxy. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "midflight.h"
#include "proxy/proxy.h"
#include "report.h"

#define PERCENT 10000 /* what the ledger counts one percent as */

struct mf_proxy {
    struct proxy *proxy;
};

static enum side side_of(mf_face face) {
    return face == MF_FACE_OLD ? SIDE_OLD : SIDE_NEW;
}

static bool check_options(const mf_proxy_options *options, struct error *error) {
    if (options->sample >= 0 && options->sample <= 1 && options->connections >= 0) return true;
    return error_set(error, ERROR_USAGE, "the proxy's options: sample is a share between 0 and 1, connections a number, or 0");
}

static struct rule *rules_of(const mf_proxy_options *options) {
    struct rule *rules = calloc(options->rule_count + 1, sizeof *rules);
    if (rules == NULL) abort();
    for (size_t i = 0; i < options->rule_count; i++) {
        const mf_rule *rule = &options->rules[i];
        rules[i] = (struct rule){rule->column, rule->ignore, rule->trim, rule->fold, rule->tolerance};
    }
    return rules;
}

mf_result mf_proxy_open(const char *definition_file, const mf_proxy_options *options, mf_proxy **ret, mf_error *error) {
    static const mf_proxy_options none;
    struct error failure = {0};
    mf_proxy *handle = calloc(1, sizeof *handle);
    if (handle == NULL) abort();
    if (options == NULL) options = &none;
    const mf_gates *gates = &options->gates;
    struct rule *rules = rules_of(options);
    struct proxy_options inner = {options->node, options->connections,
                                  {options->sample, rules, options->rule_count,
                                   {gates->mismatch_rate, gates->error_rate, gates->latency_ratio, gates->window_ms, gates->samples_min}}};
    bool ok = check_options(options, &failure) && proxy_open(definition_file, &inner, &handle->proxy, &failure);
    free(rules);
    if (ok) {
        *ret = handle;
    } else {
        free(handle);
    }
    return report(ok, &failure, error);
}

void mf_proxy_close(mf_proxy *handle) {
    if (handle == NULL) return;
    proxy_close(handle->proxy);
    free(handle);
}

void mf_free(void *text) {
    free(text);
}

mf_result mf_key(mf_proxy *handle, const char *const *values, size_t count, char **ret, mf_error *error) {
    struct error failure;
    struct text key = {0};
    bool ok = proxy_key(handle->proxy, values, count, &key, &failure);
    if (ok) {
        *ret = key.data;
    } else {
        text_free(&key);
    }
    return report(ok, &failure, error);
}

/* --- operations ------------------------------------------------------------------------------------------------- */

static mf_result run_one(mf_proxy *handle, struct operation *operation, mf_error *error) {
    struct error failure;
    size_t ignored;
    return report(proxy_run(handle->proxy, operation, 1, &ignored, &failure), &failure, error);
}

mf_result mf_get(mf_proxy *handle, mf_face face, const char *key, char **ret_document, mf_error *error) {
    struct operation operation = {.kind = OPERATION_GET, .face = side_of(face), .key = key};
    mf_result result = run_one(handle, &operation, error);
    if (result == MF_DONE) *ret_document = operation.found_document;
    return result;
}

static enum put_how how_of(mf_put_how how) {
    return how == MF_PUT_INSERT ? PUT_INSERT : how == MF_PUT_IF_UNCHANGED ? PUT_IF_UNCHANGED : PUT_ANY;
}

mf_result mf_put(mf_proxy *handle, mf_face face, const char *key, const char *document, mf_put_how how, const char *expected,
                 mf_error *error) {
    struct operation operation = {.kind = OPERATION_PUT, .face = side_of(face), .key = key, .document = document, .how = how_of(how),
                                  .expected = expected};
    return run_one(handle, &operation, error);
}

mf_result mf_delete(mf_proxy *handle, mf_face face, const char *key, const char *expected, bool *ret_found, mf_error *error) {
    struct operation operation = {.kind = OPERATION_DELETE, .face = side_of(face), .key = key, .expected = expected};
    mf_result result = run_one(handle, &operation, error);
    if (result == MF_DONE && ret_found != NULL) *ret_found = operation.found;
    return result;
}

static struct operation operation_of(const mf_operation *from) {
    static const enum operation_kind kinds[] = {[MF_GET] = OPERATION_GET, [MF_PUT] = OPERATION_PUT, [MF_DELETE] = OPERATION_DELETE};
    return (struct operation){.kind = kinds[from->kind], .face = side_of(from->face), .key = from->key, .document = from->document,
                              .how = how_of(from->how), .expected = from->expected};
}

mf_result mf_batch(mf_proxy *handle, mf_operation *operations, size_t count, size_t *ret_failed, mf_error *error) {
    struct error failure;
    struct operation *inner = calloc(count + 1, sizeof *inner);
    size_t failed = 0;
    if (inner == NULL) abort();
    for (size_t i = 0; i < count; i++) inner[i] = operation_of(&operations[i]);
    bool ok = count == 0 || proxy_run(handle->proxy, inner, count, &failed, &failure);
    for (size_t i = 0; i < count; i++) {
        operations[i].found_document = inner[i].found_document;
        operations[i].found = inner[i].found;
    }
    if (!ok && ret_failed != NULL) *ret_failed = failed;
    free(inner);
    return report(ok, &failure, error);
}

mf_result mf_list(mf_proxy *handle, mf_face face, const char *after, int64_t limit, mf_list_visit *visit, void *context,
                  mf_error *error) {
    struct error failure = {0};
    return report(proxy_list(handle->proxy, side_of(face), after, limit, visit, context, &failure), &failure, error);
}

/* --- rollout and report ----------------------------------------------------------------------------------------- */

mf_result mf_rollout_get(mf_proxy *handle, double *ret_percent, mf_error *error) {
    struct error failure = {0};
    int64_t percent_e4 = 0;
    bool ok = proxy_rollout_get(handle->proxy, &percent_e4, &failure);
    if (ok) *ret_percent = (double)percent_e4 / PERCENT;
    return report(ok, &failure, error);
}

mf_result mf_rollout_set(mf_proxy *handle, double percent, mf_error *error) {
    struct error failure = {0};
    bool ok = (percent >= 0 && percent <= 100) || error_set(&failure, ERROR_USAGE, "the rollout is a percentage, from 0 to 100");
    ok = ok && proxy_rollout_set(handle->proxy, llround(percent * PERCENT), &failure);
    return report(ok, &failure, error);
}

mf_result mf_proxy_status_read(mf_proxy *handle, mf_proxy_status *ret, mf_error *error) {
    struct error failure = {0};
    struct node_standing standing;
    struct comparison_report comparison;
    mf_proxy_status status = {0};
    bool ok = proxy_nodes(handle->proxy, &status.nodes, &failure);
    proxy_standing(handle->proxy, &standing);
    shadow_report(proxy_shadow(handle->proxy), &comparison);
    status.stage = stage_name(standing.pin.stage);
    status.mode = stage_mode(standing.pin.stage);
    status.epoch = standing.pin.epoch;
    status.confirmed = standing.confirmed;
    status.changing = standing.pin.changing;
    status.percent = (double)standing.pin.percent_e4 / PERCENT;
    snprintf(status.node, sizeof status.node, "%s", proxy_node(handle->proxy));
    memcpy(status.demoted, comparison.demoted, sizeof status.demoted);
    if (ok) *ret = status;
    return report(ok, &failure, error);
}

static mf_side_report side_report_of(const struct side_report *side) {
    return (mf_side_report){side->reads, side->errors, side->p50_ms, side->p99_ms};
}

mf_result mf_comparison_read(mf_proxy *handle, mf_comparison *ret, mf_error *error) {
    struct comparison_report inner;
    (void)error; /* it is all in memory */
    shadow_report(proxy_shadow(handle->proxy), &inner);
    *ret = (mf_comparison){inner.compared, inner.mismatched, inner.left_out, side_report_of(&inner.leader), side_report_of(&inner.follower),
                           inner.mismatch_red, inner.error_red, inner.latency_red};
    return MF_DONE;
}

struct visitor {
    void (*visit)(void *context, const mf_mismatch *mismatch);
    void *context;
};

static bool visit_mismatch(void *context, const struct mismatch *from) {
    struct visitor *visitor = context;
    mf_mismatch mismatch = {from->cause, from->count, from->key, from->leader, from->follower, from->at_ms};
    visitor->visit(visitor->context, &mismatch);
    return true;
}

mf_result mf_mismatches(mf_proxy *handle, void (*visit)(void *context, const mf_mismatch *mismatch), void *context, mf_error *error) {
    struct error failure = {0};
    struct visitor visitor = {visit, context};
    return report(proxy_mismatches(handle->proxy, visit_mismatch, &visitor, &failure), &failure, error);
}
