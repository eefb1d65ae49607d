/* The proxy: both shapes of a migration's entities, read and written whatever the stage. midflight.h says what each call does. */
#pragma once

#include "proxy/node.h"
#include "proxy/shadow.h"

enum operation_kind { OPERATION_GET, OPERATION_PUT, OPERATION_DELETE };
enum put_how { PUT_ANY, PUT_INSERT, PUT_IF_UNCHANGED };

struct operation {
    enum operation_kind kind;
    enum side face;
    const char *key;
    const char *document;
    enum put_how how;
    const char *expected;
    char *found_document; /* out, malloc'ed */
    bool found;           /* out */
};

struct proxy_options {
    const char *node;
    int connections;
    struct comparison comparison;
};

struct proxy;

MUST_USE bool proxy_open(const char *file, const struct proxy_options *options, struct proxy **ret, struct error *error);
void proxy_close(struct proxy *proxy); /* accepts NULL */

/* All in one transaction of the store that leads. *ret_failed: the one that failed. */
MUST_USE bool proxy_run(struct proxy *proxy, struct operation *operations, size_t count, size_t *ret_failed, struct error *error);

typedef bool proxy_visit(void *context, const char *key, const char *document);
MUST_USE bool proxy_list(struct proxy *proxy, enum side face, const char *after, int64_t limit, proxy_visit *visit, void *context,
                         struct error *error);

MUST_USE bool proxy_key(struct proxy *proxy, const char *const *values, size_t count, struct text *ret, struct error *error);

MUST_USE bool proxy_rollout_get(struct proxy *proxy, int64_t *ret_percent_e4, struct error *error);
MUST_USE bool proxy_rollout_set(struct proxy *proxy, int64_t percent_e4, struct error *error);

void proxy_standing(struct proxy *proxy, struct node_standing *ret);
const char *proxy_node(const struct proxy *proxy);
MUST_USE bool proxy_nodes(struct proxy *proxy, int64_t *ret_count, struct error *error);
struct shadow *proxy_shadow(struct proxy *proxy);
MUST_USE bool proxy_mismatches(struct proxy *proxy, mismatch_visit *visit, void *context, struct error *error);
