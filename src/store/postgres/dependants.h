/* What belongs to a table by its name or names it: it goes with the name from one table to another. */
#pragma once

#include "store/postgres/alter.h"

/* Two tables of which the bearer's name goes to the waiting one. Whole names, quoted as PostgreSQL quotes them. */
struct exchange {
    const char *bearer, *waiting; /* before the exchange; the bearer's is the waiting one's after it */
    const char *aside;            /* the bearer's after it */
    const char *aside_name, *suffix; /* bare; "old" or "new" */
    bool back;
};

/* Statements, to be run before the names are exchanged, after it, and when everything reads the other table. */
struct moves {
    struct names before, after, last;
};

/* Reads what is to move, while the bearer has the name, and its columns those of the waiting table. [tx] */
MUST_USE bool pg_dependants_read(struct postgres_store *store, const struct exchange *exchange, struct moves *moves, struct error *error);
/* Rights on relation `from`, as statements that give them on what is `to` later; on columns, where `columns` has them now. */
MUST_USE bool pg_dependants_rights(struct postgres_store *store, const char *from, const char *to, const char *columns, struct names *ret,
                                struct error *error);
/* The statements as one script. */
const char *pg_dependants_script(struct postgres_store *store, const struct names *statements);

/* --- views.c --- */
/* A view or materialized view that reads the bearer, itself or through others; nearest first. */
struct view {
    const char *name;   /* whole */
    const char *definition; /* its query */
    const char *create; /* what follows CREATE, but for OR REPLACE */
    const char *dress;  /* what a view made anew is to be given: rights, comments, owner, triggers */
    bool direct, stored; /* it reads the bearer itself; it is materialized */
    bool moved;          /* it was made anew: so must be what reads it */
    unsigned oid;
};
struct views {
    struct view *items;
    size_t count;
};
MUST_USE bool pg_views_read(struct postgres_store *store, const struct exchange *exchange, struct views *ret, struct error *error);
/* After the exchange: they read the table that has the name now. Materialized ones later, in settle.c. */
MUST_USE bool pg_views_redirect(struct postgres_store *store, struct views *views, struct error *error);

/* --- swap.c --- */
/* The exchange, to be undone: tables are locked for a moment, if they can be had at once. [tx] */
MUST_USE bool pg_swap_try(struct postgres_store *store, struct error *error);
