/* Entities: ranges of their keys, the keys in a range, and the programs that run for one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/state.h"

struct scope range_of(const char *from, const char *until) {
    return (struct scope){.lower = from != NULL, .upper = until != NULL};
}

bool range_bind(struct sqlite_store *store, sqlite3_stmt *statement, const char *from, const char *until,
                struct error *error) {
    return (from == NULL || key_bind(statement, 1, from, store->key_count, error)) &&
           (until == NULL || key_bind(statement, from == NULL ? 1 : 1 + (int)store->key_count, until, store->key_count, error));
}

bool key_after(struct sqlite_store *store, enum side side, const char *from, const char *until, int64_t rows, char **ret,
               struct error *error) {
    char *found = NULL;
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        const struct bound_table *table = &store->tables[side][i];
        const char *limit = found != NULL ? found : until; /* only a nearer one counts */
        struct scope scope = range_of(from, limit);
        TEXT sql = {0};
        STATEMENT *statement = NULL;
        bool row = false;
        text_add(&sql, "SELECT ");
        key_text_expression(&sql, NULL, &table->table->key);
        text_add(&sql, " FROM ");
        sqlite_quote(&sql, table->physical);
        text_add(&sql, " WHERE ");
        sync_scope(&sql, &sqlite_dialect, &scope, NULL, &table->table->key);
        text_add(&sql, " ORDER BY ");
        sync_names(&sql, &sqlite_dialect, NULL, &table->table->key);
        text_addf(&sql, " LIMIT 1 OFFSET %" PRId64, rows - 1);
        if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) ||
            !range_bind(store, statement, from, limit, error) || !statement_step(statement, &row, error)) {
            free(found);
            return false;
        }
        if (!row) continue;
        free(found);
        found = strdup((const char *)sqlite3_column_text(statement, 0));
    }
    *ret = found;
    return true;
}

bool rows_in(struct sqlite_store *store, enum side side, const char *from, const char *until, int64_t *ret, struct error *error) {
    const struct bound_table *table = &store->tables[side][0];
    struct scope scope = range_of(from, until);
    TEXT sql = {0};
    STATEMENT *statement = NULL;
    bool row = false;
    text_add(&sql, "SELECT count(*) FROM ");
    sqlite_quote(&sql, table->physical);
    text_add(&sql, " WHERE ");
    sync_scope(&sql, &sqlite_dialect, &scope, NULL, &table->table->key);
    if (!statement_prepare(store->db, text_get(&sql), NULL, &statement, error) ||
        !range_bind(store, statement, from, until, error) || !statement_step(statement, &row, error)) {
        return false;
    }
    *ret = sqlite3_column_int64(statement, 0);
    return true;
}

/* Runs visit for each distinct key of a SELECT that yields key columns. Collected first: a visitor may write. */
bool keys_visit(sqlite3_stmt *statement, key_visit *visit, void *context, struct error *error) {
    struct arena *arena = arena_new();
    struct names keys = {0};
    bool ok = true;
    for (bool row = true; ok && row;) {
        ok = statement_step(statement, &row, error);
        if (!ok || !row) break;
        names_add(arena, &keys, arena_copy(arena, (const char *)sqlite3_column_text(statement, 0)));
    }
    sqlite3_reset(statement);
    for (size_t i = 0; ok && i < keys.count; i++) ok = visit(context, keys.items[i], error);
    arena_free(arena);
    return ok;
}

/* SELECT DISTINCT quote(k1) || ... FROM (<keys>) */
void keys_head(struct text *text, const struct sqlite_store *store) {
    text_add(text, "SELECT ");
    key_text_expression(text, NULL, &store->key);
    text_add(text, " FROM (WITH midflight_found (");
    sync_names(text, &sqlite_dialect, NULL, &store->key);
    text_add(text, ") AS (\n");
}

void keys_tail(struct text *text, const struct sqlite_store *store, int64_t limit) {
    text_add(text, ") SELECT DISTINCT ");
    sync_names(text, &sqlite_dialect, NULL, &store->key);
    text_add(text, " FROM midflight_found ORDER BY ");
    sync_names(text, &sqlite_dialect, NULL, &store->key);
    text_addf(text, " LIMIT %" PRId64 ")", limit);
}

bool keys_each(struct sqlite_store *store, const char *from, const char *until, int64_t limit,
               key_visit *visit, void *context, struct error *error) {
    struct scope scope = range_of(from, until);
    TEXT sql = {0};
    keys_head(&sql, store);
    bool first = true;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        for (size_t i = 0; houses(store->standing.housed, side) && i < store->change.shapes[side].count; i++) {
            const struct bound_table *table = &store->tables[side][i];
            text_add(&sql, first ? "SELECT * FROM (SELECT DISTINCT " : " UNION ALL SELECT * FROM (SELECT DISTINCT ");
            first = false;
            sync_names(&sql, &sqlite_dialect, NULL, &table->table->key);
            text_add(&sql, " FROM ");
            sqlite_quote(&sql, table->physical);
            text_add(&sql, " WHERE ");
            sync_scope(&sql, &sqlite_dialect, &scope, NULL, &table->table->key);
            text_add(&sql, " ORDER BY ");
            sync_names(&sql, &sqlite_dialect, NULL, &table->table->key);
            text_addf(&sql, " LIMIT %" PRId64 ")", limit);
        }
    }
    keys_tail(&sql, store, limit);
    STATEMENT *statement = NULL;
    return statement_prepare(store->db, text_get(&sql), NULL, &statement, error) &&
           range_bind(store, statement, from, until, error) &&
           keys_visit(statement, visit, context, error);
}

bool different_prepare(struct sqlite_store *store, const struct flow *flow, const struct scope *scope, sqlite3_stmt **ret,
                       struct error *error) {
    TEXT sql = {0};
    TEXT query = {0};
    sync_query(&query, &sqlite_dialect, flow, scope, IMAGE_STORED);
    keys_head(&sql, store);
    sync_different(&sql, &sqlite_dialect, flow, scope, text_get(&query));
    keys_tail(&sql, store, -1);
    return statement_prepare(store->db, text_get(&sql), NULL, ret, error);
}

bool call_prepare(struct sqlite_store *store, const char *view, sqlite3_stmt **ret, struct error *error) {
    TEXT sql = {0};
    text_add(&sql, "INSERT INTO ");
    sqlite_quote(&sql, view);
    text_add(&sql, " VALUES (");
    for (size_t i = 0; i < store->key_count; i++) text_addf(&sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    text_add(&sql, ")");
    return statement_prepare(store->db, text_get(&sql), NULL, ret, error);
}

bool sync_prepare(struct sqlite_store *store, enum direction direction, sqlite3_stmt **ret, struct error *error) {
    sqlite3_stmt **sync = &store->sync[direction];
    if (*sync == NULL && !call_prepare(store, sync_view(store, direction), sync, error)) return false;
    *ret = *sync;
    return true;
}
