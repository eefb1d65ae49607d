/* The SQLite store from the inside: what its files share. */
#pragma once

#include "store/sqlite/catalog.h"

/* Prepared once a binding: the statements of one backfill chunk of one flow, without and with a lower bound. */
struct chunk_statements {
    sqlite3_stmt *any;       /* does the follower hold rows in the range? */
    sqlite3_stmt *fill;      /* it does not: plain insert */
    sqlite3_stmt *sync[3];   /* the careful way: delete, update, insert */
    sqlite3_stmt *different; /* the entities that are then not as yielded */
};

struct half;

/* The schema as the exchange of names will leave it; good while the live one has this version. */
struct rehearsed {
    sqlite3 *copy;
    struct pairs *pairs;
    int64_t version;
};

struct sqlite_store {
    struct sql_store sql;
    struct arena *arena; /* lives as long as the store */
    sqlite3 *db;

    /* From here on: what bind made. */
    struct arena *bound;
    struct change change; /* the short form made long */
    struct standing standing;
    sqlite3 *copy;        /* the schema without rows, both shapes in it, names as before the swap */
    struct bound_table *tables[2]; /* by side */
    struct flow *flows[2];         /* by direction */
    size_t key_count;
    struct names key;              /* k1, ..., kn: the key in our own tables and views */
    struct names until;            /* h1, ..., hn: the last key of the backfill */
    struct chunk_statements *chunks[2]; /* by "has a lower bound", then by forward flow */
    struct rehearsed rehearsed;
    bool refused; /* something was, in the backfill's last chunk */
    struct faces *faces; /* face.c's; NULL: no face was asked for yet */
    sqlite3_stmt *sync[2]; /* by direction: the sync of one entity */
    struct half *half;     /* between two stores; NULL: both sides are here */
    double began_ms;       /* when the transaction under way had the writer's lock */
    int64_t data_version;
    int log_pages;          /* in the write-ahead log after our last commit */
};

static inline struct sqlite_store *sqlite_store_of(struct store *store) {
    return (struct sqlite_store *)store;
}

/* "midflight_<migration>_<rest>", in the bound arena */
const char *own_name(const struct sqlite_store *store, const char *rest);
/* The same, quoted, appended. */
void own_add(struct text *text, const struct sqlite_store *store, const char *rest);
/* The view of sync(direction, key): INSERT INTO it performs the sync of each inserted key. */
const char *sync_view(const struct sqlite_store *store, enum direction direction);

static inline bool has_way(const struct sqlite_store *store, enum direction direction) {
    return store->change.mappings[direction].count > 0;
}

/* --- entities.c: keys cross these as text, see key_bind; NULL bounds are open --- */
struct scope range_of(const char *from, const char *until);
bool range_bind(struct sqlite_store *store, sqlite3_stmt *statement, const char *from, const char *until,
                struct error *error);
/* The key of the `rows`-th row of a side's tables after `from` and not after `until`, malloc'ed; *ret NULL: there
 * are fewer. */
bool key_after(struct sqlite_store *store, enum side side, const char *from, const char *until, int64_t rows, char **ret,
               struct error *error);
/* Rows of a side's first table in a range: of the old shape's, what progress counts. */
bool rows_in(struct sqlite_store *store, enum side side, const char *from, const char *until, int64_t *ret, struct error *error);
/* Visits the distinct keys in a range, of both sides, in order; at most `limit` (-1: all). */
bool keys_each(struct sqlite_store *store, const char *from, const char *until, int64_t limit, key_visit *visit,
               void *context, struct error *error);
/* Around a SELECT of key columns: the distinct keys as text, in order. */
void keys_head(struct text *text, const struct sqlite_store *store);
void keys_tail(struct text *text, const struct sqlite_store *store, int64_t limit);
/* Runs such a statement; the keys are read first, as a visitor may write. */
bool keys_visit(sqlite3_stmt *statement, key_visit *visit, void *context, struct error *error);
/* The statement that runs a view's program, sync_view's for instance, for the key in binds 1..n. */
bool call_prepare(struct sqlite_store *store, const char *view, sqlite3_stmt **ret, struct error *error);
/* The statement that performs sync(direction, the key in binds 1..n); it is the store's. Dear to compile. */
bool sync_prepare(struct sqlite_store *store, enum direction direction, sqlite3_stmt **ret, struct error *error);
/* The statement that finds the keys in a scope whose entities the follower holds otherwise than the flow yields them. */
bool different_prepare(struct sqlite_store *store, const struct flow *flow, const struct scope *scope, sqlite3_stmt **ret,
                       struct error *error);

/* --- store.h's operations, by file --- */
/* sqlite.c */
bool bind_tables(struct sqlite_store *store, enum side side, struct error *error);
/* capture.c */
bool sqlite_capture_note(struct store *store, enum side side, struct error *error);
bool sqlite_capture_hold(struct store *store, enum side side, struct error *error);
bool sqlite_capture_on(struct store *store, enum side side, struct error *error);
bool sqlite_capture_refuse(struct store *store, enum side side, struct error *error);
bool sqlite_capture_close(struct store *store, enum side side, struct error *error);
bool guard_pass(struct sqlite_store *store, bool ours, struct error *error); /* [tx] lets us write to a closed side */
bool sqlite_capture_off(struct store *store, struct error *error);
bool sqlite_capture_intact(struct store *store, char *ret_missing, size_t size, struct error *error);
bool capture_helpers(struct sqlite_store *store, struct error *error); /* the views and what they need, no triggers */
/* Drops what the schema holds of this migration's of one type ("trigger") and whose name begins so. */
bool drop_own(struct sqlite_store *store, const char *type, const char *rest, struct error *error);
/* Remembers everything of ours as it is now, so that whatever goes missing is missed. */
bool remember_own(struct sqlite_store *store, struct error *error);
bool capture_lift(struct sqlite_store *store, struct error *error); /* triggers and views go, what they know stays */
/* backfill.c */
bool sqlite_rows_count(struct store *store, int64_t *ret, struct error *error);
bool sqlite_backfill_open(struct store *store, struct error *error);
bool sqlite_backfill_chunk(struct store *store, int64_t token, struct chunk *chunk, struct error *error);
bool sqlite_others_write(struct store *store, bool *ret, struct error *error);
bool chunk_prepare(struct sqlite_store *store, bool lower, struct error *error); /* store->chunks[lower] */
/* How far the copy of the old side is. */
struct position {
    bool done;
    char *cursor; /* NULL: nothing was copied yet */
    char *until;
};
void position_free(struct position *position);
bool position_read(struct sqlite_store *store, struct position *ret, struct error *error);
bool position_write(struct sqlite_store *store, const char *cursor, bool done, struct error *error); /* [tx] */
void chunk_statements_free(struct sqlite_store *store);
bool range_run(struct sqlite_store *store, sqlite3_stmt *statement, const char *from, const char *until,
               struct error *error); /* NULL: nothing to run */
/* careful.c */
/* One entity. What fails it takes it to quarantine. [tx] */
bool sync_alone(struct sqlite_store *store, enum direction direction, const char *key, struct error *error);
bool copy_carefully(struct sqlite_store *store, const char *from, const char *until, int64_t rows, struct error *error);
/* inspect.c */
bool sqlite_inspect(struct store *store, struct inspection *inspection, difference_visit *visit, void *context,
                    struct error *error);
bool sqlite_sync(struct store *store, enum direction direction, const char *key, struct error *error);
bool sqlite_park(struct store *store, enum direction direction, const char *key, struct error *error);
bool sqlite_rehearse(struct store *store, int64_t entities, bool alone, int64_t *ret_done, struct error *error);
/* outbox.c */
bool sqlite_drain(struct store *store, enum direction direction, int64_t token, struct chunk *chunk, struct error *error);
bool sqlite_held(struct store *store, finding_visit *visit, void *context, struct error *error);
bool sqlite_held_release(struct store *store, const char *key, struct error *error);
/* face.c */
bool outbox_holds(struct sqlite_store *store, const char *key, bool *ret, struct error *error);
bool sqlite_serve(struct store *store, struct error *error);
void face_forget(struct sqlite_store *store); /* what was prepared */
bool sqlite_face_key(struct store *store, const char *key, struct text *ret, struct error *error);
bool sqlite_face_single(struct store *store, enum side side);
bool sqlite_face_get(struct store *store, struct face face, const char *key, struct text *ret, bool *ret_found, struct error *error);
bool sqlite_face_translate(struct store *store, enum direction direction, bool single, const char *key, const char *current,
                             const char *document, struct text *ret, bool *ret_found, struct error *error);
bool sqlite_face_lock(struct store *store, enum side side, const char *key, bool *ret_held, struct error *error);
bool sqlite_face_put(struct store *store, enum side side, const char *key, const char *document, bool fresh, struct error *error);
bool sqlite_face_delete(struct store *store, enum side side, const char *key, bool *ret_found, struct error *error);
bool sqlite_face_list(struct store *store, struct face face, const char *after, int64_t limit, document_visit *visit, void *context,
                      struct error *error);
bool sqlite_face_waits(struct store *store, enum direction direction, const char *key, bool *ret, struct error *error);
bool sqlite_face_want(struct store *store, const char *key, struct error *error);
bool sqlite_view_begin(struct store *store, bool writes, struct error *error);
bool sqlite_ledger_pin(struct store *store, const char *name, struct record *ret, bool *ret_found, struct error *error);
/* half.c, ship.c, land.c, landing.c: between two stores */
bool sqlite_ledger_stay(struct store *store, const char *name, const char *stage, int64_t epoch, struct error *error);
bool sqlite_hold(struct store *store, enum side side, struct error *error);
bool sqlite_outbox_reopen(struct store *store, struct error *error);
bool sqlite_outbox_mend(struct store *store, struct error *error);
bool sqlite_outbox_middle(struct store *store, const struct drain_range *range, int64_t rows, char **ret, struct error *error);
bool sqlite_backlog(struct store *store, struct backlog *ret, struct error *error);
bool sqlite_ship_manifest(struct store *store, enum direction direction, struct manifest *ret, struct error *error);
bool sqlite_land_expect(struct store *store, enum direction direction, struct manifest *manifest, struct check_report *report,
                        struct error *error);
bool sqlite_range_take(struct store *store, int64_t token, struct claim *ret, struct error *error);
bool sqlite_range_resume(struct store *store, const char *cursor, struct error *error);
bool sqlite_ship_open(struct store *store, struct parcel *parcel, struct error *error);
bool sqlite_ship(struct store *store, size_t stream, bool raw, ship_sink *sink, void *context, struct error *error);
bool sqlite_ship_close(struct store *store, bool landed, struct error *error);
bool sqlite_ship_keys(struct store *store, key_visit *visit, void *context, struct error *error);
bool sqlite_land_open(struct store *store, const struct parcel *parcel, int64_t token, struct error *error);
bool sqlite_land_begin(struct store *store, size_t stream, bool raw, struct error *error);
bool sqlite_land_data(struct store *store, const char *data, size_t size, struct error *error);
bool sqlite_land_end(struct store *store, struct error *error);
bool sqlite_land_close(struct store *store, bool keep, struct error *error);
void sqlite_land_abandon(struct store *base);
bool sqlite_land_differ(struct store *store, difference_visit *visit, void *context, struct error *error);
bool sqlite_land_absent(struct store *store, key_visit *visit, void *context, struct error *error);
/* inspect.c: SELECT '(c=' || quote("c") || ')' AS line FROM, of every column that the flow yields */
void add_row_text(struct text *text, const struct flow *flow);
/* shape.c */
bool sqlite_schema_digest(struct store *store, char ret[24], struct error *error);
bool sqlite_shape_make(struct store *store, struct error *error);
bool sqlite_shape_index(struct store *store, struct error *error);
bool sqlite_shape_empty(struct store *store, enum side side, struct chunk *chunk, struct error *error);
bool sqlite_shape_drop(struct store *store, enum side side, struct error *error);
bool sqlite_shape_retire(struct store *store, struct error *error);
/* swap.c */
bool sqlite_swap_rehearse(struct store *store, bool back, struct error *error);
bool sqlite_swap(struct store *store, bool back, struct error *error);
void swap_forget(struct sqlite_store *store); /* the rehearsal */
/* Rehearses the cut-over; visits views, triggers and other tables as it would rewrite them. */
typedef void rewritten_visit(void *context, const char *sql);
bool swap_list(struct sqlite_store *store, rewritten_visit *visit, void *context, struct error *error);
/* Gives the old table its last name. */
bool swap_retire(struct sqlite_store *store, const char *name, struct error *error);
/* kept.c: all [tx] */
bool kept_before(struct sqlite_store *store, const struct pairs *pairs, struct error *error); /* just before the swap */
bool kept_after(struct sqlite_store *store, struct error *error);                             /* just after it */
void kept_original(struct text *sql, const struct sqlite_store *store); /* the text of object `s` before; NULL: it has changed */
/* What the application has changed since is its own: only what still says what we wrote is kept on. */
bool kept_part(struct sqlite_store *store, struct error *error);
bool kept_restore(struct sqlite_store *store, struct error *error); /* with writable_schema on */
/* ALTER TABLE that gives the columns their old names. */
bool kept_renames(struct sqlite_store *store, struct text *ret, struct error *error);
bool kept_drop(struct sqlite_store *store, struct error *error);
/* check.c */
bool check_rehearse(struct sqlite_store *store, struct check_report *report, struct error *error);
bool sqlite_check(struct store *store, struct check_report *report, struct error *error);
