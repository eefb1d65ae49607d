/* The pool: connections to the stores, one caller at a time each, bound to the migration as it stands at an epoch. */
#pragma once

#include "engine/flight.h"

struct seat {
    struct flight *flight;
    int64_t epoch;  /* that it is bound at; negative: at none */
    bool single[2]; /* by side: an entity is one row there, and its document that row */
    bool knows_new; /* single[SIDE_NEW] is known */
    bool half;      /* the store of the new side did not answer: there is the old side alone */
    bool worn;      /* out: the side that follows failed here, and is to be opened anew */
    double opened_ms;
    struct pool *pool;
    struct seat *next;
};

struct pool;

struct pool *pool_new(const struct definition *definition, int seats_max);
void pool_free(struct pool *pool); /* accepts NULL; every seat must be back */

/* Waits for one that is free; opens one where there are fewer than seats_max. */
MUST_USE bool pool_take(struct pool *pool, struct seat **ret, struct error *error);
/* `broken`: it is closed. */
void pool_give(struct pool *pool, struct seat *seat, bool broken);

/* The new side cannot be reached from here. Returns false. */
bool seat_lacks_new(const struct seat *seat, struct error *error);
/* Binds the seat for an epoch; fails (ERROR_EPOCH) when the migration has moved on, (ERROR_BUSY) when the side that leads cannot be
 * reached. Outside of transactions. */
MUST_USE bool seat_bind(struct seat *seat, int64_t epoch, struct error *error);
