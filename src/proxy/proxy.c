#include "proxy/proxy.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "proxy/call.h"
#include "proxy/pool.h"
#include "proxy/route.h"

#define CONNECTIONS 8
/* A call that met passing trouble (a deadlock, a stage that moved) is made again so often, after rests that double. */
#define TRIES 6
#define REST_MS 2.0
/* Entities that were asked for while they were not copied yet; each is asked for once, or nearly. */
#define WANTED_BITS (1 << 16)

struct proxy {
    struct definition *definition;
    struct nodekeeper *node;
    struct pool *pool;
    struct shadow *shadow;
    atomic_uchar wanted[WANTED_BITS / 8];
};

bool proxy_open(const char *file, const struct proxy_options *options, struct proxy **ret, struct error *error) {
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL) abort();
    bool ok = definition_read(file, &proxy->definition, error) && node_open(proxy->definition, options->node, &proxy->node, error);
    if (ok) {
        proxy->pool = pool_new(proxy->definition, options->connections > 0 ? options->connections : CONNECTIONS);
        ok = shadow_open(proxy->definition, proxy->node, &options->comparison, &proxy->shadow, error);
    }
    if (!ok) {
        proxy_close(proxy);
        return false;
    }
    *ret = proxy;
    return true;
}

void proxy_close(struct proxy *proxy) {
    if (proxy == NULL) return;
    shadow_close(proxy->shadow);
    pool_free(proxy->pool);
    node_close(proxy->node);
    definition_free(proxy->definition);
    free(proxy);
}

/* --- calls ------------------------------------------------------------------------------------------------------ */

/* What a call does once it has begun. */
typedef bool call_work(struct call *call, void *context, struct error *error);

struct work {
    call_work *run;
    void *context;
    bool writes;
    bool several; /* operations */
    bool local; /* of no row of the stores: no transaction */
    const struct operation *plain; /* the one operation there is; NULL: there are several, or none */
};

/* *ret_undone: of a call that failed nothing is there. */
static bool perform_once(struct proxy *proxy, struct seat *seat, const struct work *work, bool *ret_undone, struct error *error) {
    struct call call = {.definition = proxy->definition, .seat = seat, .writes = work->writes, .several = work->several};
    *ret_undone = true;
    if (!node_pin(proxy->node, &call.pin, error)) return false;
    struct pin pinned = call.pin;
    bool plain = work->local || (work->plain != NULL && call_is_plain(&call, work->plain));
    bool ok = call_begin(&call, plain, error);
    if (ok) ok = call_end(&call, work->run(&call, work->context, error), error);
    *ret_undone = !call.committing;
    bool held = node_unpin(proxy->node, &pinned);
    /* What was written was let in by the store itself; what was read may be of a side that leads no more, and what failed may have met
     * one that is gone. Whether a lost connection had committed nobody knows. */
    bool told = ok ? work->writes : error->code == ERROR_STORE;
    if (held || told) return ok;
    return error_set(error, ERROR_EPOCH, "node %s stood still for so long that the stage may have moved on: make the same call again",
                     node_name(proxy->node));
}

/* Is it worth another try? Passing trouble is; so is a table that was altered, once: the seat is bound anew. */
static bool is_passing(struct seat *seat, const struct error *error, bool *bound_anew) {
    if (error->code == ERROR_SCHEMA && !*bound_anew) {
        seat->epoch = -1;
        *bound_anew = true;
        return true;
    }
    return error_class(error->code) == CLASS_RETRY && error->code != ERROR_INTERRUPTED;
}

/* A connection that was lost before anything was there, perhaps long ago, is no matter of the caller's: another one is taken. */
static bool perform(struct proxy *proxy, const struct work *work, struct error *error) {
    struct seat *seat;
    if (!pool_take(proxy->pool, &seat, error)) return false;
    bool ok = false, bound_anew = false, undone = false, lost = false;
    for (int tries = 0; !ok && tries < TRIES; tries++) {
        if (tries > 0) clock_sleep_ms(REST_MS * (double)(1 << tries) * (0.5 + (double)rand() / RAND_MAX));
        if (lost) {
            pool_give(proxy->pool, seat, true);
            if (!pool_take(proxy->pool, &seat, error)) return false;
        }
        ok = perform_once(proxy, seat, work, &undone, error);
        lost = !ok && error->code == ERROR_STORE;
        if (!ok && !(lost && undone) && !is_passing(seat, error, &bound_anew)) break;
    }
    pool_give(proxy->pool, seat, lost || (!ok && error->code == ERROR_CORRUPT));
    return ok;
}

/* --- reads on demand ---------------------------------------------------------------------------------------------- */

static bool want(struct call *call, void *context, struct error *error) {
    struct store *old = call_house(call, SIDE_OLD);
    const char *key = context;
    TEXT held = {0};
    TEXT spelled = {0};
    bool found;
    if (call->pin.stage != STAGE_RUNNING || call->seat->half) return true;
    return call_read(call, SIDE_NEW, SIDE_NEW, key, &held, &found, error) &&
           (found || (old->ops->face_key(old, key, &spelled, error) && old->ops->face_want(old, text_get(&spelled), error)));
}

/* The new face was read of an entity that may not be on the new side yet: it is brought there. Nothing is lost if that fails: the
 * copy comes to it anyway. */
static void bring(struct proxy *proxy, const char *key) {
    uint64_t bit = XXH3_64bits(key, strlen(key)) % WANTED_BITS;
    unsigned char mask = (unsigned char)(1 << bit % 8);
    struct work work = {.run = want, .context = (void *)key, .writes = true};
    struct error ignored;
    if ((atomic_fetch_or(&proxy->wanted[bit / 8], mask) & mask) != 0) return;
    (void)perform(proxy, &work, &ignored);
}

static void after_reads(struct proxy *proxy, const struct operation *operations, size_t count) {
    struct pin now;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (operations[i].kind != OPERATION_GET) continue;
        shadow_offer(proxy->shadow, operations[i].face, operations[i].key);
        any = any || (operations[i].face == SIDE_NEW && operations[i].found);
    }
    if (!any) return;
    node_now(proxy->node, &now);
    if (now.stage != STAGE_RUNNING || now.changing) return;
    for (size_t i = 0; i < count; i++) {
        if (operations[i].kind == OPERATION_GET && operations[i].face == SIDE_NEW && operations[i].found) bring(proxy, operations[i].key);
    }
}

/* --- operations ------------------------------------------------------------------------------------------------- */

struct batch {
    struct operation *operations;
    size_t count, at;
};

static void drop_found(struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->operations[i].found_document);
        batch->operations[i].found_document = NULL;
        batch->operations[i].found = false;
    }
}

static bool run_batch(struct call *call, void *context, struct error *error) {
    struct batch *batch = context;
    drop_found(batch); /* of a try before */
    for (batch->at = 0; batch->at < batch->count; batch->at++) {
        if (!call_operate(call, &batch->operations[batch->at], error)) return false;
    }
    return true;
}

bool proxy_run(struct proxy *proxy, struct operation *operations, size_t count, size_t *ret_failed, struct error *error) {
    struct batch batch = {operations, count, 0};
    struct work work = {.run = run_batch, .context = &batch, .several = count > 1, .plain = count == 1 ? operations : NULL};
    for (size_t i = 0; i < count; i++) {
        operations[i].found_document = NULL;
        work.writes = work.writes || operations[i].kind != OPERATION_GET;
    }
    bool ok = perform(proxy, &work, error);
    if (ok) {
        after_reads(proxy, operations, count);
    } else {
        drop_found(&batch);
        *ret_failed = batch.at < count ? batch.at : count - 1;
    }
    return ok;
}

struct listing {
    enum side face;
    const char *after;
    int64_t limit;
    proxy_visit *visit;
    void *context;
    struct arena *arena; /* keys and documents, told when all were read: a call that is made again tells nothing twice */
    struct names keys, documents;
};

static bool keep_entity(void *context, const char *key, const char *document, struct error *error) {
    struct listing *listing = context;
    (void)error;
    names_add(listing->arena, &listing->keys, arena_copy(listing->arena, key));
    names_add(listing->arena, &listing->documents, arena_copy(listing->arena, document));
    return true;
}

static bool run_listing(struct call *call, void *context, struct error *error) {
    struct listing *listing = context;
    listing->keys = listing->documents = (struct names){0};
    return call_list(call, listing->face, listing->after, listing->limit, keep_entity, listing, error);
}

bool proxy_list(struct proxy *proxy, enum side face, const char *after, int64_t limit, proxy_visit *visit, void *context,
                struct error *error) {
    struct listing listing = {face, after, limit, visit, context, arena_new(), {0}, {0}};
    struct work work = {.run = run_listing, .context = &listing};
    bool ok = perform(proxy, &work, error);
    for (size_t i = 0; ok && i < listing.keys.count; i++) {
        if (!visit(context, listing.keys.items[i], listing.documents.items[i])) break;
    }
    arena_free(listing.arena);
    return ok;
}

/* --- keys ------------------------------------------------------------------------------------------------------- */

struct spelling {
    struct text quoted, *ret;
};

static bool run_spelling(struct call *call, void *context, struct error *error) {
    struct spelling *spelling = context;
    struct store *store = call_house(call, route_leader(call->pin.stage));
    text_clear(spelling->ret);
    return store->ops->face_key(store, text_get(&spelling->quoted), spelling->ret, error);
}

bool proxy_key(struct proxy *proxy, const char *const *values, size_t count, struct text *ret, struct error *error) {
    struct spelling spelling = {.ret = ret};
    struct work work = {.run = run_spelling, .context = &spelling, .local = true};
    for (size_t i = 0; i < count; i++) {
        text_add(&spelling.quoted, i > 0 ? ",'" : "'");
        for (const char *c = values[i]; *c != '\0'; c++) text_add_n(&spelling.quoted, *c == '\'' ? "''" : c, *c == '\'' ? 2 : 1);
        text_add(&spelling.quoted, "'");
    }
    bool ok = perform(proxy, &work, error);
    text_free(&spelling.quoted);
    return ok;
}

/* --- rollout, and what there is to know --------------------------------------------------------------------------- */

/* In the store that has the ledger, outside of calls: also while the epoch is not confirmed. */
static bool with_ledger(struct proxy *proxy, bool (*run)(struct store *store, const char *name, void *context, struct error *error),
                        void *context, struct error *error) {
    struct seat *seat;
    if (!pool_take(proxy->pool, &seat, error)) return false;
    bool ok = run(seat->flight->store, proxy->definition->change.name, context, error);
    pool_give(proxy->pool, seat, !ok && error->code == ERROR_STORE);
    return ok;
}

static bool read_rollout(struct store *store, const char *name, void *context, struct error *error) {
    return store->ops->rollout_get(store, name, context, error);
}

static bool write_rollout(struct store *store, const char *name, void *context, struct error *error) {
    if (!store->ops->begin(store, error)) return false;
    bool ok = store->ops->rollout_set(store, name, *(int64_t *)context, error) && store->ops->commit(store, error);
    if (!ok) store->ops->rollback(store);
    return ok;
}

bool proxy_rollout_get(struct proxy *proxy, int64_t *ret_percent_e4, struct error *error) {
    struct rollout rollout;
    if (!with_ledger(proxy, read_rollout, &rollout, error)) return false;
    *ret_percent_e4 = rollout.percent_e4;
    return true;
}

bool proxy_rollout_set(struct proxy *proxy, int64_t percent_e4, struct error *error) {
    if (!with_ledger(proxy, write_rollout, &percent_e4, error)) return false;
    node_look(proxy->node);
    return true;
}

static bool count_node(void *context, const struct node *node) {
    (void)node;
    ++*(int64_t *)context;
    return true;
}

static bool count_nodes(struct store *store, const char *name, void *context, struct error *error) {
    return store->ops->nodes(store, name, count_node, context, error);
}

bool proxy_nodes(struct proxy *proxy, int64_t *ret_count, struct error *error) {
    int64_t count = 0;
    if (!with_ledger(proxy, count_nodes, &count, error)) return false;
    *ret_count = count;
    return true;
}

struct visitor {
    mismatch_visit *visit;
    void *context;
};

static bool visit_mismatches(struct store *store, const char *name, void *context, struct error *error) {
    struct visitor *visitor = context;
    return store->ops->mismatches(store, name, visitor->visit, visitor->context, error);
}

bool proxy_mismatches(struct proxy *proxy, mismatch_visit *visit, void *context, struct error *error) {
    struct visitor visitor = {visit, context};
    return with_ledger(proxy, visit_mismatches, &visitor, error);
}

void proxy_standing(struct proxy *proxy, struct node_standing *ret) {
    node_standing(proxy->node, ret);
}

const char *proxy_node(const struct proxy *proxy) {
    return node_name(proxy->node);
}

struct shadow *proxy_shadow(struct proxy *proxy) {
    return proxy->shadow;
}
