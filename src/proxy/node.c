#include "proxy/node.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/wait.h"
#include "engine/nodes.h"

/* How often the ledger is asked, and told that we live. */
#define LOOK_MS 100.0
#define BEAT_MS 1000.0
/* We stop so much earlier than others take us for dead: their clocks may run faster, and ours is read coarsely. */
#define MARGIN_MS 1000.0
/* Calls of before are waited for so long between two beats. */
#define DRAIN_MS 500.0

struct nodekeeper {
    const struct definition *definition;
    struct flight *flight; /* the thread's own */
    char name[200];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t moved; /* a call ended; it is to look, or to stop; it has looked */
    /* under the mutex */
    struct pin pin;
    bool overflowed;
    int calls; /* under way, pinned while nothing was announced */
    double confirmed_until_ms;
    struct error failure;
    bool stop;
    int64_t looks, wanted; /* looks done; and up to which one somebody waits */
    /* the thread's */
    bool entered;
    double beat_ms;
    int64_t confirmed; /* epoch, in the ledger */
};

/* --- pins ------------------------------------------------------------------------------------------------------- */

static bool unconfirmed(const struct nodekeeper *node, struct error *error) {
    return error_set(error, ERROR_EPOCH,
                     "migration %s: node %s could not confirm the stage with the ledger%s%.1200s. Make the same call again; nothing was "
                     "read or written", node->definition->change.name, node->name, node->failure.code == ERROR_NONE ? "" : ": ",
                     node->failure.code == ERROR_NONE ? "" : node->failure.message);
}

bool node_pin(struct nodekeeper *node, struct pin *ret, struct error *error) {
    pthread_mutex_lock(&node->mutex);
    bool ok = clock_coarse_ms() < node->confirmed_until_ms;
    if (ok) {
        *ret = node->pin;
        if (!node->pin.changing) node->calls++;
    } else {
        unconfirmed(node, error);
    }
    pthread_mutex_unlock(&node->mutex);
    return ok;
}

bool node_unpin(struct nodekeeper *node, const struct pin *pin) {
    if (pin->changing) return true;
    pthread_mutex_lock(&node->mutex);
    bool held = clock_coarse_ms() < node->confirmed_until_ms;
    if (--node->calls == 0 && node->pin.changing) pthread_cond_broadcast(&node->moved);
    pthread_mutex_unlock(&node->mutex);
    return held;
}

void node_now(struct nodekeeper *node, struct pin *ret) {
    pthread_mutex_lock(&node->mutex);
    *ret = node->pin;
    pthread_mutex_unlock(&node->mutex);
}

void node_standing(struct nodekeeper *node, struct node_standing *ret) {
    pthread_mutex_lock(&node->mutex);
    *ret = (struct node_standing){node->pin, clock_coarse_ms() < node->confirmed_until_ms, node->overflowed, node->failure};
    pthread_mutex_unlock(&node->mutex);
}

const char *node_name(const struct nodekeeper *node) {
    return node->name;
}

/* --- looking ---------------------------------------------------------------------------------------------------- */

/* What the ledger says. */
struct news {
    struct pin pin;
    int64_t announced;
    bool overflowed;
};

static bool read_news(struct nodekeeper *node, struct news *ret, struct error *error) {
    struct flight *flight = node->flight;
    struct store *store = flight->store;
    struct record *record = &flight->at.record;
    struct rollout rollout;
    bool found;
    if (!store->ops->rollout_get(store, record->name, &rollout, error) || /* first: what it announces comes after it */
        !store->ops->ledger_stand(store, record->name, record, &found, error)) {
        return false;
    }
    flight->at.stage = STAGE_UNINITIALIZED;
    if (found && !stage_from_name(record->stage, &flight->at.stage)) {
        return error_set(error, ERROR_SCHEMA, "the ledger says '%s', a stage that this version does not know", record->stage);
    }
    if (!flight_same_definition(flight, error)) return false;
    *ret = (struct news){{flight->at.stage, found ? record->epoch : 0, rollout.percent_e4, false}, rollout.announced, false};
    ret->pin.changing = rollout.announced > ret->pin.epoch;
    return true;
}

static bool enter(struct nodekeeper *node, int64_t epoch, struct error *error) {
    struct store *store = node->flight->store;
    struct node entry = {node->name, epoch, clock_wall_ms()}; /* not a number that it had before */
    if (!store->ops->begin(store, error)) return false;
    bool ok = store->ops->ledger_create(store, error) && store->ops->node_enter(store, node->definition->change.name, &entry, error) &&
              store->ops->commit(store, error);
    if (!ok) store->ops->rollback(store);
    node->entered = ok;
    node->confirmed = epoch;
    return ok;
}

/* Calls that were pinned before the announcement have ended. */
static bool drained(struct nodekeeper *node) {
    double until = clock_ms() + DRAIN_MS;
    if (FAULT("stage confirmed and not followed")) return true;
    pthread_mutex_lock(&node->mutex);
    node->pin.changing = true;
    while (node->calls > 0 && wait_until(&node->moved, &node->mutex, until)) continue;
    bool ok = node->calls == 0;
    pthread_mutex_unlock(&node->mutex);
    return ok;
}

/* Tells the ledger that we live, and which epoch we have confirmed. */
static bool beat(struct nodekeeper *node, int64_t epoch, bool *ret_there, struct error *error) {
    struct store *store = node->flight->store;
    return store->ops->node_confirm(store, node->definition->change.name, node->name, epoch, ret_there, error);
}

static void take(struct nodekeeper *node, const struct news *news, bool beaten, double asked_ms) {
    pthread_mutex_lock(&node->mutex);
    bool deaf = node->pin.stage == STAGE_AWAITING_ADDITIONAL_ACTION &&
                (FAULT("stage confirmed and not followed") || (node->pin.changing && FAULT("stage not looked at again")));
    if (!deaf) node->pin = news->pin;
    node->overflowed = news->overflowed;
    node->failure.code = ERROR_NONE;
    if (beaten) node->confirmed_until_ms = asked_ms + NODE_LEASE_MS - MARGIN_MS;
    pthread_mutex_unlock(&node->mutex);
}

/* Whoever changes the stage strikes off those who do not answer: such a node begins anew, and trusts nothing it knew. */
static bool begin_anew(struct nodekeeper *node, struct error *error) {
    pthread_mutex_lock(&node->mutex);
    node->confirmed_until_ms = 0;
    node->pin.changing = true;
    pthread_mutex_unlock(&node->mutex);
    if (!drained(node)) {
        return error_set(error, ERROR_EPOCH, "calls of before are still under way");
    }
    return enter(node, 0, error);
}

static bool read_overflow(struct nodekeeper *node, struct news *news, struct error *error) {
    struct flight *flight = node->flight;
    struct backlog backlog = {0};
    struct store *leader = flight->store;
    news->overflowed = false;
    if (!has_outbox(flight) || news->pin.stage != STAGE_AWAITING_ADDITIONAL_ACTION) return true;
    if (leader->ops->backlog == NULL) return true;
    if (!leader->ops->backlog(leader, &backlog, error)) return false;
    news->overflowed = backlog.overflowed;
    if (backlog.overflowed) news->pin.percent_e4 = 0; /* nothing says any more which entities wait */
    return true;
}

static bool look(struct nodekeeper *node, struct error *error) {
    struct news news = {0};
    double asked_ms = clock_ms();
    if (!node->entered && !begin_anew(node, error)) return false;
    if (!read_news(node, &news, error) || !read_overflow(node, &news, error)) return false;
    int64_t confirms = news.pin.epoch;
    if (news.pin.changing) {
        confirms = drained(node) ? news.announced : node->confirmed;
    }
    bool due = confirms != node->confirmed || asked_ms - node->beat_ms > BEAT_MS, there = true;
    if (due && !beat(node, confirms, &there, error)) return false;
    if (!there) {
        node->entered = false;
        return error_set(error, ERROR_EPOCH, "it was taken for dead");
    }
    if (due) {
        node->confirmed = confirms;
        node->beat_ms = asked_ms;
    }
    take(node, &news, due, asked_ms);
    return true;
}

static bool open_again(struct nodekeeper *node, struct error *error) {
    flight_close(node->flight);
    node->flight = NULL;
    return flight_open_old(node->definition, &node->flight, error);
}

/* For what read_overflow asks. */
static bool bind_for_outbox(struct nodekeeper *node, struct error *error) {
    struct flight *flight = node->flight;
    if (!has_outbox(flight)) return true;
    return flight_refresh(flight, error) && flight_bind_old(flight, true, error);
}

static void look_and_tell(struct nodekeeper *node) {
    struct error error = {0};
    bool ok = (node->flight != NULL || (open_again(node, &error) && bind_for_outbox(node, &error))) && look(node, &error);
    pthread_mutex_lock(&node->mutex);
    if (!ok) node->failure = error;
    if (!ok && error_class(error.code) == CLASS_GATE) node->confirmed_until_ms = 0; /* another definition: at once */
    node->looks++;
    pthread_cond_broadcast(&node->moved);
    pthread_mutex_unlock(&node->mutex);
    if (!ok && error.code == ERROR_STORE) {
        flight_close(node->flight);
        node->flight = NULL;
    }
}

static void *keep(void *context) {
    struct nodekeeper *node = context;
    pthread_mutex_lock(&node->mutex);
    while (!node->stop) {
        double until = clock_ms() + LOOK_MS;
        for (bool late = false; !late && !node->stop && node->wanted <= node->looks;) {
            late = !wait_until(&node->moved, &node->mutex, until);
        }
        if (node->stop) break;
        pthread_mutex_unlock(&node->mutex);
        look_and_tell(node);
        pthread_mutex_lock(&node->mutex);
    }
    pthread_mutex_unlock(&node->mutex);
    return NULL;
}

void node_look(struct nodekeeper *node) {
    pthread_mutex_lock(&node->mutex);
    int64_t wanted = node->looks + 2; /* one may be under way, and have read already */
    if (node->wanted < wanted) node->wanted = wanted;
    pthread_cond_broadcast(&node->moved);
    while (!node->stop && node->looks < wanted) pthread_cond_wait(&node->moved, &node->mutex);
    pthread_mutex_unlock(&node->mutex);
}

/* --- opening ---------------------------------------------------------------------------------------------------- */

static void name_node(struct nodekeeper *node, const char *name) {
    static atomic_int number;
    if (name != NULL) {
        snprintf(node->name, sizeof node->name, "%s", name);
    } else {
        snprintf(node->name, sizeof node->name, "%s %d", node->flight->who, ++number);
    }
}

static void prepare(struct nodekeeper *node) {
    wait_init(&node->moved);
    pthread_mutex_init(&node->mutex, NULL);
    node->stop = true; /* no thread yet */
}

bool node_open(const struct definition *definition, const char *name, struct nodekeeper **ret, struct error *error) {
    struct nodekeeper *node = calloc(1, sizeof *node);
    if (node == NULL) abort();
    node->definition = definition;
    prepare(node);
    bool ok = flight_open_old(definition, &node->flight, error);
    if (ok) name_node(node, name);
    ok = ok && flight_refresh(node->flight, error) && flight_same_definition(node->flight, error) && bind_for_outbox(node, error) &&
         look(node, error);
    if (ok) {
        node->stop = false;
        ok = pthread_create(&node->thread, NULL, keep, node) == 0 || error_set(error, ERROR_STORE, "no thread could be started");
        if (!ok) node->stop = true;
    }
    if (!ok) {
        node_close(node);
        return false;
    }
    *ret = node;
    return true;
}

void node_close(struct nodekeeper *node) {
    if (node == NULL) return;
    pthread_mutex_lock(&node->mutex);
    bool running = !node->stop;
    node->stop = true;
    pthread_cond_broadcast(&node->moved);
    pthread_mutex_unlock(&node->mutex);
    if (running) pthread_join(node->thread, NULL);
    if (node->entered && node->flight != NULL) {
        /* Who cannot say good-bye is taken for dead in a while. */
        struct error ignored;
        struct store *store = node->flight->store;
        (void)store->ops->node_leave(store, node->definition->change.name, node->name, &ignored);
    }
    flight_close(node->flight);
    pthread_cond_destroy(&node->moved);
    pthread_mutex_destroy(&node->mutex);
    free(node);
}
