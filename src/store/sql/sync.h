/* The one primitive, as SQL: make the follower's rows of some keys equal to the query over the leader.
 *
 * A *flow* is one follower table with the query that yields its rows, bound to the catalogs of both sides.
 * A *scope* says which keys: a range between binds, or the key of a trigger's row.
 * The user's query is never parsed: each leader table is shadowed by a filtered one of the same name, and its columns
 * are named by position, whatever the connection's settings call them.
 *
 * What the statements look like for customers(id, name) -> people(id, first_name), scope = one range:
 *
 *   query =  (WITH "customers" AS (SELECT "id", "name" FROM "midflight_m_old_customers"
 *                                  WHERE ("id") > (?1) AND ("id") <= (?2))
 *            , midflight_query ("id", "first_name") AS (SELECT id, substr(name, ...) AS first_name FROM customers)
 *             SELECT * FROM midflight_query)
 *   delete:  DELETE FROM "people" WHERE ("id") > (?1) AND ("id") <= (?2)
 *             AND ("id") NOT IN (SELECT "id" FROM query WHERE "id" IS NOT NULL)
 *   update:  UPDATE "people" SET "first_name" = a."first_name" FROM query AS a
 *             WHERE "people"."id" = a."id" AND ("people"."first_name" differs from a."first_name")
 *   insert:  INSERT INTO "people" ("id", "first_name") SELECT a."id", a."first_name" FROM query AS a
 *             WHERE NOT EXISTS (SELECT 1 FROM "people" AS t WHERE t."id" = a."id")
 *
 * Each statement takes what the query yields as `now`: the query itself, or a table that holds its rows, as triggers
 * have it, since a query is dear to compile. The *delta* form, for triggers, knows the leader's row before a write as
 * well: `was` is what the query yields over the rows before. Only what differs between `was` and `now` is written, column
 * by column, so an unmapped or unrepresentable value on the follower survives an unrelated edit on the leader.
 */
#pragma once

#include "base/text.h"
#include "store/shape.h"

struct column {
    const char *name;
    const char *declared, *collation; /* as its table says; declared: "" for none */
    bool not_null, has_default;
    bool generated; /* computed by the store: may be read, never written */
    bool loose;     /* keeps values of any type as they come, so that 1 and 1.0 are told apart */
    bool folded;      /* equal values may be written differently (COLLATE NOCASE) */
    const char *type; /* the only one that a value may have, where the store insists on it; NULL: it does not */
};

/* A table of a shape as the store has it. */
struct bound_table {
    const struct table *table;
    const char *schema;   /* where stores have them; NULL: they do not */
    const char *physical; /* its name in the store; differs from table->name between the swap and the end */
    const char *source;   /* the name under which queries read it: never shadowed */
    struct column *columns;
    size_t column_count;
    struct names identity; /* a unique set of NOT NULL columns; empty: none */
    struct names *uniques; /* every plain unique index, the identity among them */
    size_t unique_count;
    bool sole; /* the entity key is unique here: at most one row an entity */
    bool ruled; /* it has rewrite rules, where stores have them: they bear no ON CONFLICT beside them */
    bool strict; /* it may refuse a row for more than NOT NULL and plain uniqueness: CHECK, types, other indexes */
};

struct flow {
    const struct bound_table *target;
    const struct bound_table *leaders; /* every table of the leading shape */
    size_t leader_count;
    const char *sql;          /* the user's query */
    struct names match;       /* the target's columns that tell its rows apart */
    struct names yielded;     /* the columns that the query yields, in its order */
    struct names written;     /* of them, those that an update sets: all but the match, and of that what is folded */
    const struct names *reads; /* by leader: the columns of it that the query reads; none: independent of it */
    struct names others;       /* tables of neither shape that the query reads as well */
};

/* What differs from one SQL to the next, as far as these statements need it. */
struct dialect {
    void (*quote)(struct text *text, const char *identifier);
    /* a condition that is true when two values are not the same value: NULLs are equal, case and type count */
    void (*differs)(struct text *text, const char *left, const char *right, const struct column *column);
    /* AND the value has the type that its column insists on */
    void (*fits)(struct text *text, const char *value, const struct column *column);
    /* a value of the same type, unlike any other there is; NULL stays NULL */
    void (*unlike)(struct text *text, const struct column *column, const char *value);
    const char *skip_refused; /* after INSERT or UPDATE: leave out a row that a constraint refuses */
    void (*bind)(struct text *text, size_t number); /* the number-th bind, from 1 */
    /* a condition that is true when two lists of values are the same, value for value, NULLs included */
    void (*same)(struct text *text, const char *left, const char *right);
    bool typed_rows;  /* the row of a write has its table's types wherever it is read */
    bool anti_join;   /* what is not in a query is better found by NOT EXISTS than by NOT IN */
    const char *overriding; /* between the columns and the rows of an INSERT: given values reign over generated ones */
    void (*table)(struct text *text, const struct bound_table *table);  /* by its whole name; columns follow its bare one */
    void (*source)(struct text *text, const struct bound_table *table); /* the same, as a shadow reads it */
    void (*yielded)(struct text *text, const struct column *column); /* what a query yields, of its column's type */
    /* ends an INSERT: unless another writer was faster. NULL: there is one writer */
    void (*unless_there)(struct text *text, const struct flow *flow);
};

struct scope {
    /* a range: its bounds, lower (exclusive) before upper (inclusive), in the first binds, n for each, n the number of key
     * columns; neither: every key */
    bool lower, upper;
    const char *const *values; /* of its bounds, as SQL, in the place of binds: COPY takes none */
    /* or one key, in binds 1..n */
    bool exact;
    /* or one key, held by these columns of a row, "NEW" or "OLD" */
    const char *row;
    /* or the keys in these columns of a relation; joined: each is there once, and no column of the table is called so */
    const char *set;
    bool joined;
    const struct names *row_key;
};

/* EVENT_REKEY: an update of the key as if the row had always borne the new one. */
enum event { EVENT_NONE, EVENT_INSERT, EVENT_UPDATE, EVENT_DELETE, EVENT_REKEY };

/* The write whose before-image is wanted: `event` on leader number `leader`. EVENT_NONE: the rows as they stand. The rows
 * written are "OLD" and "NEW", or, with `rows`, those of a relation: a FROM clause of midflight_o and midflight_n. */
struct image {
    enum event event;
    size_t leader;
    const char *rows;
    const char *new_rows; /* with `rows`: the relation of the rows that were not there before */
    bool once;            /* with `rows`: made once, not anew for every row of a query that looks into it row by row */
};

extern const struct image IMAGE_STORED;

void sync_scope(struct text *text, const struct dialect *dialect, const struct scope *scope, const char *prefix,
                const struct names *key);
void sync_query(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope,
                struct image image);

/* Statements end in ";\n". `now` is a table or a parenthesised query that holds the yielded columns; `was` is a table of
 * them. */

/* The scope's rows that are not in `now`. */
void sync_delete(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope,
                 const char *now);
/* A SELECT of what `was` lacks where it does not tell the target's rows apart (a list whose positions the query counts anew):
 * when the flow changed, and a row of `was` is not on the target, all of the scope's rows there are what was. A row of
 * NULLs, which matches nothing, comes with them, so that the flow stays changed even if these are just what is now. */
void sync_recall(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope,
                 const char *now, const char *was);
/* The rows that are in `was` and not in `now`. */
void sync_delete_gone(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                      const char *was);
/* `was` NULL: whatever differs, and whatever is missing; else only where the flow changed. Rows that a constraint would refuse
 * are left out; sync_refused and sync_different find them. `within`: this is part of a trigger, where the application's own
 * conflict clause reigns over ours. */
void sync_update(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                 const char *was, bool within);
void sync_insert(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                 const char *was, bool within);
/* The update alone, without its end, for a flow that writes something: a RETURNING may follow. Its rows are midflight_a and,
 * with `was`, midflight_b. */
void sync_updating(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now, const char *was);
/* Into a range that holds nothing yet: no conflict handling at all. */
void sync_fill(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now);

/* Gives the scope's rows on the target values unlike any other wherever a unique index, but for that of the match, wants
 * what the flow yields. */
void sync_park(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope);

/* A condition: some row of `now` (and, with `was`, that the write changed) is not on the follower as yielded. True after
 * a sync means that the follower refused it. */
void sync_refused(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                  const char *was);

/* A SELECT of the entity keys whose follower rows are not what `now` holds; it may name a key more than once. */
void sync_different(struct text *text, const struct dialect *dialect, const struct flow *flow,
                    const struct scope *scope, const char *now);

void sync_names(struct text *text, const struct dialect *dialect, const char *prefix, const struct names *names);
const struct column *sync_column(const struct bound_table *table, const char *name); /* NULL: no such column */
