/* The clauses of `alter.change`, as far as midflight has to read them itself. */
#pragma once

#include "base/arena.h"

struct clause {
    const char *text;
    bool alone;         /* RENAME: ALTER TABLE takes it with no other beside it */
    bool restarts;      /* ALTER COLUMN ... RESTART: an identity's numbers */
    const char *column; /* of ALTER COLUMN ... TYPE ... USING: the column; NULL: there is no USING */
    const char *casts;  /* with column: "::text::jsonb", when the expression casts the column and does nothing else; NULL: it does more */
};

struct clauses {
    struct clause *items;
    size_t count;
};

/* Is it a whole CREATE TABLE? */
bool pg_clause_is_create(const char *change);
struct clauses pg_clause_split(const char *change, struct arena *arena);
