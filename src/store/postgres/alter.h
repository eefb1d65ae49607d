/* The short form from the inside: the new table as PostgreSQL's own ALTER TABLE makes it of an empty copy of the old one. */
#pragma once

#include "store/postgres/state.h"
#include "store/store.h"

/* A column before the change and after it. */
struct pair {
    const char *old, *new;
};

/* What there is of a short form between its start and its end; a copy of it stands in midflight_kept. */
struct alter {
    const char *schema;
    struct pair *pairs; /* of the columns that are on both sides */
    size_t count;
    struct names keys[2]; /* by side */
    const char *lists[2]; /* by direction: what its query selects */
    const char *create, *index;
    const char *keep; /* enters in midflight_kept what this struct says, and what the exchange will need; made with the new table */
    const char *path; /* SET LOCAL search_path back to what it was */
};

/* "_customers_new", "_customers_old": the table that has not got the name. */
const char *pg_alter_waiting_name(const struct postgres_store *store, enum side side);
/* The same of an index or the like, as an expression of SQL over its name. */
#define INTERIM(name, suffix) \
    "CASE WHEN octet_length(" name ") <= 58 THEN '_' || " name " || '_" suffix "' ELSE '_midflight_' || md5(" name ") || '_" suffix "' END"

/* Names come out whole while this is the search path. [tx] */
MUST_USE bool pg_alter_whole_names(struct postgres_store *store, struct error *error);
MUST_USE bool pg_alter_own_names(struct postgres_store *store, struct error *error);

/* Rows of one of our queries over the catalogs, planned once a connection: what is read while writers wait has been planned before. */
MUST_USE bool pg_alter_rows(struct postgres_store *store, const char *sql, const char *const *values, size_t count, PGresult **ret, struct error *error);

/* Fills the change's shapes, mappings and DDL. Within bind's transaction, which is undone. */
MUST_USE bool pg_alter_bind(struct postgres_store *store, struct error *error);

/* --- swap.c --- */
/* Gives what belongs to the retired table names that say so. [tx] */
MUST_USE bool pg_swap_retire(struct postgres_store *store, struct error *error);

/* --- fit.c --- */
/* Says what is in the way of the short form, and what is to be known of it. */
MUST_USE bool pg_fit_check(struct postgres_store *store, struct check_report *report, struct error *error);
