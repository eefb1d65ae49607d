/* PgBouncer, which the application comes through: its clients wait there, and are led to the other side. */
#pragma once

#include "store/store.h"

struct bouncer;
void bouncer_free(struct bouncer *bouncer); /* accepts NULL */

bool postgres_clients_check(struct store *store, const struct pooler *pooler, struct check_report *report, struct error *error);
bool postgres_clients_find(struct store *store, const struct pooler *pooler, struct clients *ret, struct error *error);
bool postgres_clients_ready(struct store *store, const struct pooler *pooler, struct error *error);
bool postgres_clients_hold(struct store *store, const struct pooler *pooler, double ms_max, double *ret_since_ms, struct error *error);
bool postgres_clients_turn(struct store *store, const struct pooler *pooler, enum side side, struct error *error);
bool postgres_clients_release(struct store *store, const struct pooler *pooler, struct error *error);
bool postgres_clients_keep(struct store *store, const struct pooler *pooler, struct error *error);
