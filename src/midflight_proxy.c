/* The public API of the proxy. */
#include <stdlib.h>

#include "midflight.h"
#include "report.h"

static mf_result not_yet(mf_error *error) {
    struct error failure = {0};
    return report(error_set(&failure, ERROR_REFUSED, "the proxy: this version has none yet"), &failure, error);
}

void mf_proxy_close(mf_proxy *proxy) {
    (void)proxy;
}

void mf_free(void *text) {
    free(text);
}

mf_result mf_proxy_open(const char *definition_file, const mf_proxy_options *options, mf_proxy **ret, mf_error *error) {
    (void)definition_file, (void)options, (void)ret;
    return not_yet(error);
}

mf_result mf_key(mf_proxy *proxy, const char *const *values, size_t count, char **ret, mf_error *error) {
    (void)proxy, (void)values, (void)count, (void)ret;
    return not_yet(error);
}

mf_result mf_get(mf_proxy *proxy, mf_face face, const char *key, char **ret_document, mf_error *error) {
    (void)proxy, (void)face, (void)key, (void)ret_document;
    return not_yet(error);
}

mf_result mf_put(mf_proxy *proxy, mf_face face, const char *key, const char *document, mf_put_how how, const char *expected, mf_error *error) {
    (void)proxy, (void)face, (void)key, (void)document, (void)how, (void)expected;
    return not_yet(error);
}

mf_result mf_delete(mf_proxy *proxy, mf_face face, const char *key, const char *expected, bool *ret_found, mf_error *error) {
    (void)proxy, (void)face, (void)key, (void)expected, (void)ret_found;
    return not_yet(error);
}

mf_result mf_list(mf_proxy *proxy, mf_face face, const char *after, int64_t limit, mf_list_visit *visit, void *context, mf_error *error) {
    (void)proxy, (void)face, (void)after, (void)limit, (void)visit, (void)context;
    return not_yet(error);
}

mf_result mf_batch(mf_proxy *proxy, mf_operation *operations, size_t count, size_t *ret_failed, mf_error *error) {
    (void)proxy, (void)operations, (void)count, (void)ret_failed;
    return not_yet(error);
}

mf_result mf_rollout_get(mf_proxy *proxy, double *ret_percent, mf_error *error) {
    (void)proxy, (void)ret_percent;
    return not_yet(error);
}

mf_result mf_rollout_set(mf_proxy *proxy, double percent, mf_error *error) {
    (void)proxy, (void)percent;
    return not_yet(error);
}

mf_result mf_proxy_status_read(mf_proxy *proxy, mf_proxy_status *ret, mf_error *error) {
    (void)proxy, (void)ret;
    return not_yet(error);
}

mf_result mf_comparison_read(mf_proxy *proxy, mf_comparison *ret, mf_error *error) {
    (void)proxy, (void)ret;
    return not_yet(error);
}

mf_result mf_mismatches(mf_proxy *proxy, void (*visit)(void *context, const mf_mismatch *mismatch), void *context, mf_error *error) {
    (void)proxy, (void)visit, (void)context;
    return not_yet(error);
}
