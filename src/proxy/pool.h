/* The pool: connections to the stores, one caller at a time each, bound to the migration as it stands at an epoch. */
#pragma once

#include "engine/flight.h"

struct seat {
    struct flight *flight;
    int64_t epoch;  /* that it is bound at; negative: at none */
    bool single[2]; /* by side: an entity is one row there, and its document that row */
    struct seat *next;
};

struct pool;

struct pool *pool_new(const struct definition *definition, int seats_max);
void pool_free(struct pool *pool); /* accepts NULL; every seat must be back */

/* Waits for one that is free; opens one where there are fewer than seats_max. */
MUST_USE bool pool_take(struct pool *pool, struct seat **ret, struct error *error);
/* `broken`: it is closed. */
void pool_give(struct pool *pool, struct seat *seat, bool broken);

/* Binds the seat for an epoch; fails (ERROR_EPOCH) when the migration has moved on. Outside of transactions. */
MUST_USE bool seat_bind(struct seat *seat, int64_t epoch, struct error *error);
