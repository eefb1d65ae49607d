/* Which entities' follower rows are not what the query yields, told by one statement over a whole range.
 *
 * Both sides are joined once, row to row, and only what differs is looked at again. For people, scope = one range:
 *
 *   now AS midflight_a FULL JOIN (SELECT ... FROM people WHERE range) AS midflight_t ON midflight_t."id" = midflight_a."id"
 *   WHERE midflight_t."id" IS NULL OR midflight_a."id" IS NULL
 *      OR midflight_t."first_name" COLLATE "C" IS DISTINCT FROM midflight_a."first_name" COLLATE "C" OR ...
 *      OR record_image_ne(ROW(midflight_t."plans"), ROW(midflight_a."plans"))
 *
 * `now` is ordered by the match within its WITH query, where the planner finds the index that gives that order: both sides
 * are then merged as they come. Without it the sides are hashed, which takes half as long again. */
#include <stdlib.h>
#include <string.h>

#include "store/postgres/state.h"

/* Types whose values are the same bit by bit where they are equal; text as it is compared here, in "C". Others have several
 * images of equal values: 1.0 and 1.00, a month and 30 days. The beginnings of their names: "timestamp(3) with time zone". */
static const char *const exact[] = {"bigint", "integer", "smallint", "boolean", "uuid", "bytea", "date", "timestamp"};
static const char *const exact_text[] = {"text", "character varying"};

static bool begins_with(const char *name, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list[i]);
        if (strncmp(name, list[i], length) == 0 && (name[length] == '\0' || strchr("( ", name[length]) != NULL)) return true;
    }
    return false;
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* An array's name begins with its element's, and ends in []. */
static bool is_exact(const struct column *column) {
    return begins_with(column->declared, exact, COUNT(exact)) && strchr(column->declared, '[') == NULL;
}

static bool is_text(const struct column *column) {
    return begins_with(column->declared, exact_text, COUNT(exact_text)) && strchr(column->declared, '[') == NULL;
}

static void add_value(struct text *text, const char *prefix, const struct column *column) {
    text_addf(text, "%s.", prefix);
    pg_quote(text, column->name);
    if (is_text(column)) text_add(text, " COLLATE \"C\"");
    if (strcmp(column->declared, "bpchar") == 0) text_add(text, "::text"); /* without the blanks that pad it */
}

/* OR t."a" IS DISTINCT FROM a."a" OR record_image_ne(ROW(t."b", t."c"), ROW(a."b", a."c")) */
static void add_differs(struct text *text, const struct flow *flow) {
    TEXT left = {0};
    TEXT right = {0};
    for (size_t i = 0; i < flow->written.count; i++) {
        const struct column *column = sync_column(flow->target, flow->written.items[i]);
        if (is_exact(column) || is_text(column)) {
            text_add(text, " OR ");
            add_value(text, "midflight_t", column);
            text_add(text, " IS DISTINCT FROM ");
            add_value(text, "midflight_a", column);
            continue;
        }
        if (left.length > 0) {
            text_add(&left, ", ");
            text_add(&right, ", ");
        }
        add_value(&left, "midflight_t", column);
        add_value(&right, "midflight_a", column);
    }
    if (left.length > 0) text_addf(text, " OR record_image_ne(ROW(%s), ROW(%s))", text_get(&left), text_get(&right));
}

/* The query's rows, in the order of the match. */
static void add_now(struct text *text, const struct flow *flow, const struct scope *scope) {
    TEXT query = {0};
    sync_query(&query, &pg_dialect, flow, scope, IMAGE_STORED);
    text_add_n(text, text_get(&query), query.length - 1); /* without its parenthesis */
    text_add(text, " ORDER BY ");
    sync_names(text, &pg_dialect, NULL, &flow->match);
    text_add(text, ")");
}

static void add_missing(struct text *text, const char *prefix, const struct flow *flow) {
    text_addf(text, "%s.", prefix);
    pg_quote(text, flow->match.items[0]);
    text_add(text, " IS NULL");
}

void pg_add_different(struct text *text, const struct flow *flow, const struct scope *scope, const char *now) {
    const struct names *key = &flow->target->table->key;
    text_add(text, "SELECT ");
    for (size_t i = 0; i < key->count; i++) {
        if (i > 0) text_add(text, ", ");
        struct names one = {&key->items[i], 1};
        text_add(text, "coalesce(");
        sync_names(text, &pg_dialect, "midflight_a", &one);
        text_add(text, ", ");
        sync_names(text, &pg_dialect, "midflight_t", &one);
        text_add(text, ")");
    }
    text_add(text, " FROM ");
    if (now != NULL) {
        text_add(text, now);
    } else {
        add_now(text, flow, scope);
    }
    text_add(text, " AS midflight_a FULL JOIN (SELECT ");
    sync_names(text, &pg_dialect, NULL, &flow->yielded);
    text_add(text, " FROM ");
    pg_dialect.table(text, flow->target);
    text_add(text, " WHERE ");
    sync_scope(text, &pg_dialect, scope, NULL, key);
    text_add(text, ") AS midflight_t ON ");
    for (size_t i = 0; i < flow->match.count; i++) {
        struct names one = {&flow->match.items[i], 1};
        if (i > 0) text_add(text, " AND ");
        sync_names(text, &pg_dialect, "midflight_t", &one);
        text_add(text, " = ");
        sync_names(text, &pg_dialect, "midflight_a", &one);
    }
    text_add(text, "\n    WHERE ");
    add_missing(text, "midflight_t", flow);
    text_add(text, " OR ");
    add_missing(text, "midflight_a", flow);
    add_differs(text, flow);
}

bool pg_different(struct postgres_store *store, const struct flow *flow, const char *from, const char *until,
                  key_visit *visit, void *context, struct error *error) {
    struct scope scope = {.lower = from != NULL, .upper = until != NULL};
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count;
    TEXT sql = {0};
    RESULT *keys = NULL;
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, " FROM (SELECT DISTINCT * FROM (");
    pg_add_different(&sql, flow, &scope, NULL);
    text_add(&sql, ") AS midflight_d (");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ")) AS midflight_d ORDER BY ");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    bool ok = pg_range_values(store, from, until, store->bound, values, &count, error) &&
              pg_query(store->db, text_get(&sql), NULL, values, count, &keys, error);
    for (int i = 0; ok && i < PQntuples(keys); i++) ok = visit(context, PQgetvalue(keys, i, 0), error);
    return ok;
}

/* SELECT midflight_flow, key of every flow of a direction; the flow's number first. */
static void add_all_different(struct text *text, const struct postgres_store *store, enum direction direction,
                              const struct scope *scope) {
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        text_addf(text, "%sSELECT %zu, midflight_%zu.* FROM (", i > 0 ? "\n  UNION ALL " : "", i, i);
        pg_add_different(text, &store->flows[direction][i], scope, NULL);
        text_addf(text, ") AS midflight_%zu", i);
    }
}

/* (SELECT ...) AS midflight_d (midflight_flow, k1, ..., kn) */
static void add_relation(struct text *text, const struct postgres_store *store, enum direction direction,
                         const struct scope *scope, const char *name) {
    text_add(text, "(");
    add_all_different(text, store, direction, scope);
    text_addf(text, ") AS %s (midflight_flow, ", name);
    sync_names(text, &pg_dialect, NULL, &store->key);
    text_add(text, ")");
}

bool pg_any_different(struct postgres_store *store, enum direction direction, const char *from, const char *until,
                      struct arena *arena, bool *ret, struct error *error) {
    struct scope scope = {.lower = from != NULL, .upper = until != NULL};
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count;
    TEXT sql = {0};
    RESULT *result = NULL;
    text_add(&sql, "SELECT count(*) > 0 FROM ");
    add_relation(&sql, store, direction, &scope, "midflight_d");
    if (!pg_range_values(store, from, until, arena, values, &count, error) ||
        !pg_query(store->db, text_get(&sql), NULL, values, count, &result, error)) {
        return false;
    }
    *ret = *PQgetvalue(result, 0, 0) == 't';
    return true;
}

bool pg_diverged(struct postgres_store *store, enum direction direction, const char *from, const char *until, size_t limit,
                 struct arena *arena, PGresult **ret, struct error *error) {
    enum direction other = direction == FORWARD ? BACKWARD : FORWARD;
    struct scope scope = {.lower = from != NULL, .upper = until != NULL};
    const char *values[2 * KEY_COLUMNS_MAX];
    size_t count;
    TEXT sql = {0};
    text_add(&sql, "SELECT ");
    pg_key_text(&sql, NULL, &store->key);
    text_add(&sql, ", midflight_flow FROM (SELECT min(midflight_flow) AS midflight_flow, ");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, " FROM ");
    add_relation(&sql, store, direction, &scope, "midflight_d");
    if (pg_has_way(store, other)) {
        text_add(&sql, "\n  WHERE (");
        sync_names(&sql, &pg_dialect, NULL, &store->key);
        text_add(&sql, ") IN (SELECT ");
        sync_names(&sql, &pg_dialect, NULL, &store->key);
        text_add(&sql, " FROM ");
        add_relation(&sql, store, other, &scope, "midflight_o");
        text_add(&sql, ")");
    }
    text_add(&sql, "\n  GROUP BY ");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_add(&sql, ") AS midflight_e ORDER BY ");
    sync_names(&sql, &pg_dialect, NULL, &store->key);
    text_addf(&sql, " LIMIT %zu", limit);
    return pg_range_values(store, from, until, arena, values, &count, error) &&
           pg_query(store->db, text_get(&sql), NULL, values, count, ret, error);
}

void pg_add_row_text(struct text *text, const struct flow *flow) {
    for (size_t i = 0; i < flow->yielded.count; i++) {
        TEXT label = {0};
        text_addf(&label, "%s%s=", i == 0 ? "(" : ", ", flow->yielded.items[i]);
        if (i > 0) text_add(text, " || ");
        pg_quote_text(text, text_get(&label));
        text_add(text, " || quote_nullable(");
        pg_quote(text, flow->yielded.items[i]);
        text_add(text, "::text)");
    }
    text_add(text, " || ')'");
}
