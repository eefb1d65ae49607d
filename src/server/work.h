/* A verb that was asked for, by a person or by the driver itself, and what came of it. Guarded by its driver's lock. */
#pragma once

#include <jansson.h>
#include <stdatomic.h>

#include "midflight.h"

/* X(verb, name) */
#define VERBS(X)                   \
    X(VERB_CHECK, "check")         \
    X(VERB_START, "start")         \
    X(VERB_VERIFY, "verify")       \
    X(VERB_FOLLOW, "follow")       \
    X(VERB_ADVANCE, "advance")     \
    X(VERB_DEMOTE, "demote")       \
    X(VERB_ROLLBACK, "rollback")

enum verb {
#define VERB_ENUM(verb, name) verb,
    VERBS(VERB_ENUM)
#undef VERB_ENUM
};

const char *verb_name(enum verb verb);

/* What is asked: a verb with its options. Texts may be NULL. */
struct order {
    enum verb verb;
    double load, sample;
    int workers;
    bool repair, force;
    char from[512], to[512], why[512], by[64];
};

enum work_state { WORK_WAITING, WORK_RUNNING, WORK_DONE, WORK_FAILED, WORK_STOPPED };

struct work {
    atomic_int holders;
    int64_t id;
    struct order order;
    enum work_state state;
    int64_t began_ms, ended_ms;
    char phase[64];
    int64_t rows_done, rows_total;
    double rows_s;
    json_t *notes, *differences; /* the last of them; bounded */
    json_t *result;              /* once it is done; else NULL */
    mf_error error;              /* once it has failed, or was stopped */
};

struct work *work_new(const struct order *order, int64_t id);
struct work *work_hold(struct work *work);
void work_drop(struct work *work); /* accepts NULL */
static inline bool work_ended(const struct work *work) { return work->state >= WORK_DONE; }
json_t *work_json(const struct work *work);

/* Adds to an array that keeps the last `max`; the object is taken over. */
void work_keep(json_t *array, json_t *object, size_t max);

/* Runs the verb on the calling thread. `result` is filled on MF_DONE and where the sides differ. */
mf_result work_run(mf_migration *migration, const struct order *order, json_t **result, mf_error *error);

json_t *difference_json(const mf_difference *difference);
