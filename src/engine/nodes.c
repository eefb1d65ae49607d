#include "engine/nodes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"

/* A node that beats but does not confirm has a call under way that does not end: so long it is waited for. */
#define AWAIT_MS (4.0 * NODE_LEASE_MS)
#define LOOK_MS 10.0
#define NODES_MAX 256

struct seen {
    char name[200];
    int64_t beats;
    double since_ms;
};

struct roll {
    int64_t awaited;
    struct seen seen[NODES_MAX];
    size_t count;
    char late[200]; /* one that has not confirmed; empty: all have */
    char dead[200]; /* one that has not beaten for its lease; empty: none */
};

static struct seen *seen_of(struct roll *roll, const struct node *node) {
    for (size_t i = 0; i < roll->count; i++) {
        if (strcmp(roll->seen[i].name, node->name) == 0) return &roll->seen[i];
    }
    if (roll->count == NODES_MAX) return NULL;
    struct seen *seen = &roll->seen[roll->count++];
    snprintf(seen->name, sizeof seen->name, "%s", node->name);
    seen->beats = node->beats;
    seen->since_ms = clock_ms();
    return seen;
}

static bool look_at(void *context, const struct node *node) {
    struct roll *roll = context;
    if (node->epoch >= roll->awaited) return true;
    snprintf(roll->late, sizeof roll->late, "%s", node->name);
    struct seen *seen = seen_of(roll, node);
    if (seen == NULL) return true;
    if (seen->beats != node->beats) {
        seen->beats = node->beats;
        seen->since_ms = clock_ms();
    }
    if (clock_ms() - seen->since_ms > NODE_LEASE_MS) snprintf(roll->dead, sizeof roll->dead, "%s", node->name);
    return true;
}

static bool announce(struct flight *flight, int64_t epoch, struct error *error) {
    struct store *store = flight->store;
    if (!store->ops->begin(store, error)) return false;
    bool ok = store->ops->ledger_create(store, error) &&
              store->ops->rollout_announce(store, flight->at.record.name, epoch, error) && store->ops->commit(store, error);
    if (!ok) store->ops->rollback(store);
    return ok;
}

static bool await(struct flight *flight, struct roll *roll, struct error *error) {
    struct store *store = flight->store;
    const char *name = flight->at.record.name;
    for (double began = clock_ms();; clock_sleep_ms(LOOK_MS)) {
        roll->late[0] = roll->dead[0] = '\0';
        if (!store->ops->nodes(store, name, look_at, roll, error)) return false;
        if (roll->late[0] == '\0') return true;
        if (roll->dead[0] != '\0') {
            flight_note(flight, "node %s has shown no sign of life for %d s, and serves no more", roll->dead, NODE_LEASE_MS / 1000);
            if (!store->ops->node_leave(store, name, roll->dead, error)) return false;
        }
        if (flight_stopped(flight)) {
            return error_set(error, ERROR_INTERRUPTED, "stopped while waiting for node %s. The same command goes on from there", roll->late);
        }
        if (clock_ms() - began > AWAIT_MS) {
            return error_set(error, ERROR_GATE, "gate nodes: node %s serves migration %s, and has not confirmed the coming stage for %.0f s: "
                             "a call of its own does not end. End that process, or its call, and run the same command again",
                             roll->late, name, AWAIT_MS / 1000);
        }
    }
}

bool nodes_await(struct flight *flight, struct error *error) {
    struct roll roll = {.awaited = flight->at.record.epoch + 1};
    if (flight->store->ops->nodes == NULL) return true;
    if (!announce(flight, roll.awaited, error)) return false;
    FAILPOINT("announced");
    if (await(flight, &roll, error)) return true;
    nodes_dismiss(flight);
    return false;
}

void nodes_dismiss(struct flight *flight) {
    /* An announcement that stays makes nodes slower, not wrong; the next one takes its place. */
    struct error ignored;
    if (flight->store->ops->nodes != NULL) (void)announce(flight, flight->at.record.epoch, &ignored);
}
