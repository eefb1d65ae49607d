#include "proxy/pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wait.h"
#include "engine/nodes.h"
#include "proxy/route.h"

/* A store that did not answer is asked again after so long; callers in between are served without it. */
#define AWAY_MS 2000.0
/* A caller waits so long for a connection. */
#define WAIT_S 5

struct pool {
    const struct definition *definition;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    struct seat *seats; /* free ones, the last used first: its caches are warm */
    int open, most;
    double away_ms;   /* when the store of the new side last did not answer, by clock_ms; 0: it did */
    char away[512];   /* what was said then */
    bool knows_new, new_single; /* the form of the new side, once a seat has learned it */
};

struct pool *pool_new(const struct definition *definition, int seats_max) {
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) abort();
    pool->definition = definition;
    pool->most = seats_max;
    pthread_mutex_init(&pool->mutex, NULL);
    wait_init(&pool->freed);
    return pool;
}

static void seat_free(struct seat *seat) {
    flight_close(seat->flight);
    free(seat);
}

void pool_free(struct pool *pool) {
    if (pool == NULL) return;
    for (struct seat *seat = pool->seats, *next; seat != NULL; seat = next) {
        next = seat->next;
        seat_free(seat);
    }
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static bool is_away(struct pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    bool away = pool->away_ms > 0 && clock_ms() - pool->away_ms < AWAY_MS;
    pthread_mutex_unlock(&pool->mutex);
    return away;
}

static void note_away(struct pool *pool, const struct error *why) {
    pthread_mutex_lock(&pool->mutex);
    pool->away_ms = why == NULL ? 0 : clock_ms();
    if (why != NULL) snprintf(pool->away, sizeof pool->away, "%.500s", why->message);
    pthread_mutex_unlock(&pool->mutex);
}

/* The old side alone, where the new one is in another store that does not answer. */
static bool open_stores(struct pool *pool, struct seat *seat, struct error *error) {
    bool asked = !definition_is_apart(pool->definition) || !is_away(pool);
    if (asked && flight_open(pool->definition, NULL, &seat->flight, error)) {
        note_away(pool, NULL);
        return true;
    }
    if (asked && (!definition_is_apart(pool->definition) || error->code != ERROR_STORE)) return false;
    if (asked) note_away(pool, error);
    seat->half = true;
    return flight_open_old(pool->definition, &seat->flight, error);
}

bool seat_lacks_new(const struct seat *seat, struct error *error) {
    char why[512];
    pthread_mutex_lock(&seat->pool->mutex);
    memcpy(why, seat->pool->away, sizeof why);
    pthread_mutex_unlock(&seat->pool->mutex);
    return error_set(error, ERROR_BUSY, "the store of the new side of migration %s cannot be reached, and this call needs it: make the same "
                     "call again when it answers (%s)", seat->pool->definition->change.name, why);
}

/* Both sides' connections are set up to serve, where the store makes a difference. */
static bool seat_open(struct pool *pool, struct seat **ret, struct error *error) {
    struct seat *seat = calloc(1, sizeof *seat);
    if (seat == NULL) abort();
    seat->epoch = -1;
    seat->pool = pool;
    seat->opened_ms = clock_ms();
    bool ok = open_stores(pool, seat, error);
    for (enum side side = SIDE_OLD; ok && side <= SIDE_NEW; side++) {
        struct store *store = flight_house(seat->flight, side);
        ok = store->ops->serve == NULL || store->ops->serve(store, error);
    }
    if (!ok) {
        seat_free(seat);
        return false;
    }
    *ret = seat;
    return true;
}

static bool is_full(const struct pool *pool) {
    return pool->seats == NULL && pool->open == pool->most;
}

/* With the mutex. */
static bool wait_for_room(struct pool *pool) {
    double until = clock_ms() + WAIT_S * 1e3;
    while (is_full(pool) && wait_until(&pool->freed, &pool->mutex, until)) continue;
    return !is_full(pool);
}

/* *ret: a free seat; NULL: there is room for one more, which is counted already. */
static bool wait_for_seat(struct pool *pool, struct seat **ret, struct error *error) {
    pthread_mutex_lock(&pool->mutex);
    bool ok = !is_full(pool) || wait_for_room(pool);
    if (!ok) {
        error_set(error, ERROR_BUSY, "all %d connections to the stores have been in use for %d s: make the same call again, or give the "
                  "proxy more", pool->most, WAIT_S);
    } else if (pool->seats != NULL) {
        *ret = pool->seats;
        pool->seats = (*ret)->next;
    } else {
        *ret = NULL;
        pool->open++;
    }
    pthread_mutex_unlock(&pool->mutex);
    return ok;
}

static void forget_one(struct pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    pool->open--;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->mutex);
}

bool pool_take(struct pool *pool, struct seat **ret, struct error *error) {
    struct seat *seat = NULL;
    if (!wait_for_seat(pool, &seat, error)) return false;
    if (seat == NULL && !seat_open(pool, &seat, error)) {
        forget_one(pool);
        return false;
    }
    *ret = seat;
    return true;
}

void pool_give(struct pool *pool, struct seat *seat, bool broken) {
    bool outlived = seat->half && clock_ms() - seat->opened_ms > AWAY_MS;
    if (broken || seat->worn || outlived) {
        seat_free(seat);
        forget_one(pool);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    seat->next = pool->seats;
    pool->seats = seat;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->mutex);
}

static bool is_alone(const struct flight *flight) {
    return flight->at.stage == STAGE_FINISHING || flight->at.stage == STAGE_FINISHED;
}

/* From Finishing on the old tables are being taken away, and those of the new side are all there is. */
static bool bind(struct seat *seat, struct error *error) {
    struct flight *flight = seat->flight;
    if (seat->half && route_leader(flight->at.stage) == SIDE_NEW) return seat_lacks_new(seat, error);
    if (seat->half) return flight_bind_old(flight, false, error);
    struct standing standing = {.housed = HOUSES_NEW, .elsewhere = flight->store->name, .made = true};
    struct store *new = flight_house(flight, SIDE_NEW);
    if (!is_alone(flight)) return flight_bind(flight, error);
    if (flight->definition->change.alter_table != NULL) {
        return error_set(error, ERROR_REFUSED, "migration %s is %s: its table has the new columns and its old name, and the old one is gone. "
                         "Use the table itself from here on", flight->definition->change.name, stage_name(flight->at.stage));
    }
    return new->ops->bind(new, &flight->definition->change, standing, error);
}

/* Whoever has the new side at hand tells those who have not. */
static void share_form(struct seat *seat) {
    struct pool *pool = seat->pool;
    pthread_mutex_lock(&pool->mutex);
    if (!seat->half) {
        pool->knows_new = true;
        pool->new_single = seat->single[SIDE_NEW];
    }
    seat->knows_new = pool->knows_new;
    seat->single[SIDE_NEW] = pool->new_single;
    pthread_mutex_unlock(&pool->mutex);
}

/* Of the old side it is remembered by a step, since its tables will not be there to ask. */
static bool learn_forms(struct seat *seat, struct error *error) {
    struct flight *flight = seat->flight;
    struct store *old = flight_house(flight, SIDE_OLD), *new = flight_house(flight, SIDE_NEW);
    if (!seat->half) seat->single[SIDE_NEW] = new->ops->face_single(new, SIDE_NEW);
    share_form(seat);
    if (is_alone(flight)) return flight_step_done(flight, STEP_OLD_SINGLE, &seat->single[SIDE_OLD], error);
    seat->single[SIDE_OLD] = old->ops->face_single(old, SIDE_OLD);
    return true;
}

/* What does not fit may be what a change of stage makes or takes away just now. Returns false. */
static bool overtaken(struct flight *flight, int64_t epoch, struct error *error) {
    struct error ignored;
    bool changes = error->code == ERROR_SCHEMA || error->code == ERROR_DEFINITION;
    if (!changes || !flight_refresh(flight, &ignored)) return false;
    if (flight->at.record.epoch == epoch && flight->at.stage != STAGE_ROLLING_BACK) return false;
    return error_set(error, ERROR_EPOCH, "migration %s is moving on: make the same call again", flight->at.record.name);
}

bool seat_bind(struct seat *seat, int64_t epoch, struct error *error) {
    struct flight *flight = seat->flight;
    if (seat->epoch == epoch) return true;
    seat->epoch = -1;
    if (!flight_refresh(flight, error)) return false;
    int64_t now = flight->at.record.epoch;
    if (now != epoch || !flight_same_definition(flight, error)) {
        return now == epoch ? false : error_set(error, ERROR_EPOCH, "migration %s moved on: make the same call again", flight->at.record.name);
    }
    if (!bind(seat, error)) return overtaken(flight, epoch, error);
    seat->epoch = epoch;
    return learn_forms(seat, error);
}
