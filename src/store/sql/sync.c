#include "store/sql/sync.h"

#include <string.h>
#include <strings.h>

const struct image IMAGE_STORED = {.event = EVENT_NONE};

/* prefix."name"; prefix NULL: "name" */
static void add_name(struct text *text, const struct dialect *dialect, const char *prefix, const char *name) {
    if (prefix != NULL) text_addf(text, "%s.", prefix);
    dialect->quote(text, name);
}

void sync_names(struct text *text, const struct dialect *dialect, const char *prefix, const struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) text_add(text, ", ");
        add_name(text, dialect, prefix, names->items[i]);
    }
}

const struct column *sync_column(const struct bound_table *table, const char *name) {
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcasecmp(table->columns[i].name, name) == 0) return &table->columns[i];
    }
    return NULL;
}

/* left."c1" = right."c1" AND ... */
static void add_equal(struct text *text, const struct dialect *dialect, const char *left, const char *right,
                      const struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) text_add(text, " AND ");
        add_name(text, dialect, left, names->items[i]);
        text_add(text, " = ");
        add_name(text, dialect, right, names->items[i]);
    }
}

static void add_differs(struct text *text, const struct dialect *dialect, const struct bound_table *table,
                        const char *left, const char *right, const char *name) {
    TEXT l = {0};
    TEXT r = {0};
    add_name(&l, dialect, left, name);
    add_name(&r, dialect, right, name);
    dialect->differs(text, text_get(&l), text_get(&r), sync_column(table, name));
}

/* (?1, ?2), or the values themselves */
static void add_binds(struct text *text, const struct dialect *dialect, const char *const *values, size_t first, size_t count) {
    text_add(text, "(");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_add(text, ", ");
        if (values != NULL) {
            text_add(text, values[first - 1 + i]);
        } else {
            dialect->bind(text, first + i);
        }
    }
    text_add(text, ")");
}

void sync_scope(struct text *text, const struct dialect *dialect, const struct scope *scope, const char *prefix,
                const struct names *key) {
    if (scope->row != NULL) {
        for (size_t i = 0; i < key->count; i++) {
            if (i > 0) text_add(text, " AND ");
            add_name(text, dialect, prefix, key->items[i]);
            text_add(text, " = ");
            add_name(text, dialect, scope->row, scope->row_key->items[i]);
        }
        return;
    }
    if (scope->exact) {
        text_add(text, "(");
        sync_names(text, dialect, prefix, key);
        text_add(text, ") = ");
        add_binds(text, dialect, NULL, 1, key->count);
        return;
    }
    if (scope->set != NULL && scope->joined) {
        struct scope row = {.row = "midflight_k", .row_key = scope->row_key};
        sync_scope(text, dialect, &row, prefix, key);
        return;
    }
    if (scope->set != NULL) {
        text_add(text, "(");
        sync_names(text, dialect, prefix, key);
        text_add(text, ") IN (SELECT ");
        sync_names(text, dialect, NULL, scope->row_key);
        text_addf(text, " FROM %s)", scope->set);
        return;
    }
    if (!scope->lower && !scope->upper) text_add(text, "1 = 1");
    for (int bound = 0; bound < 2; bound++) {
        if (!(bound == 0 ? scope->lower : scope->upper)) continue;
        if (bound == 1 && scope->lower) text_add(text, " AND ");
        text_add(text, "(");
        sync_names(text, dialect, prefix, key);
        text_add(text, bound == 0 ? ") > " : ") <= ");
        add_binds(text, dialect, scope->values, bound == 1 && scope->lower ? 1 + key->count : 1, key->count);
    }
}

static void add_columns(struct text *text, const struct dialect *dialect, const struct bound_table *table) {
    for (size_t i = 0; i < table->column_count; i++) {
        if (i > 0) text_add(text, ", ");
        dialect->quote(text, table->columns[i].name);
    }
}

/* OLD."id" AS "id", ...; with `rekeyed` the key's columns are NEW's */
static void add_old_row(struct text *text, const struct dialect *dialect, const struct bound_table *table,
                        const struct scope *scope, struct image image) {
    bool rekeyed = image.event == EVENT_REKEY;
    const char *old = image.rows == NULL ? "OLD" : "midflight_o", *new = image.rows == NULL ? "NEW" : "midflight_n";
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        if (i > 0) text_add(text, ", ");
        add_name(text, dialect, rekeyed && names_have(&table->table->key, name) ? new : old, name);
        text_add(text, " AS ");
        dialect->quote(text, name);
    }
    if (image.rows == NULL) return;
    text_addf(text, " FROM %s WHERE ", image.rows);
    sync_scope(text, dialect, scope, rekeyed ? new : old, &table->table->key);
}

/* AND NOT ... the rows that were not there before the write */
static void add_not_new(struct text *text, const struct dialect *dialect, const struct bound_table *table,
                        struct image image) {
    if (image.rows == NULL) {
        text_add(text, " AND NOT (");
        add_equal(text, dialect, "NEW", NULL, &table->identity);
        text_add(text, ")");
        return;
    }
    text_addf(text, " AND NOT EXISTS (SELECT 1 FROM %s AS midflight_n WHERE ", image.new_rows);
    add_equal(text, dialect, "midflight_n", "midflight_s", &table->identity);
    text_add(text, ")");
}

/* The body of the filtered table that stands in for one leader table. */
static void add_shadow(struct text *text, const struct dialect *dialect, const struct bound_table *table,
                       const struct scope *scope, struct image image) {
    enum event event = image.event;
    bool gone = event == EVENT_INSERT || event == EVENT_UPDATE || event == EVENT_REKEY; /* NEW was not there before */
    text_add(text, "SELECT ");
    if (event != EVENT_NONE && event != EVENT_INSERT && table->sole && dialect->typed_rows) {
        add_old_row(text, dialect, table, scope, image);
        return;
    }
    add_columns(text, dialect, table);
    text_add(text, " FROM ");
    dialect->source(text, table);
    if (scope->joined && event == EVENT_NONE) text_addf(text, " CROSS JOIN %s AS midflight_k", scope->set);
    text_add(text, " WHERE ");
    if (event != EVENT_NONE && table->sole) {
        text_add(text, "1 = 0"); /* the entity's only row here is the one written */
    } else {
        sync_scope(text, dialect, scope, NULL, &table->table->key);
        if (gone) add_not_new(text, dialect, table, image);
    }
    if (event != EVENT_NONE && event != EVENT_INSERT) {
        text_add(text, " UNION ALL SELECT ");
        add_old_row(text, dialect, table, scope, image);
    }
}

void sync_query(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope,
                struct image image) {
    text_add(text, "(WITH ");
    for (size_t i = 0; i < flow->leader_count; i++) {
        if (i > 0) text_add(text, ", ");
        dialect->quote(text, flow->leaders[i].table->name);
        text_add(text, " (");
        add_columns(text, dialect, &flow->leaders[i]);
        text_add(text, image.once && image.leader == i ? ") AS MATERIALIZED (" : ") AS (");
        add_shadow(text, dialect, &flow->leaders[i], scope, image.leader == i ? image : IMAGE_STORED);
        text_add(text, ")");
    }
    text_add(text, ", midflight_query (");
    sync_names(text, dialect, NULL, &flow->yielded);
    text_addf(text, ") AS (%s\n) SELECT ", flow->sql);
    for (size_t i = 0; i < flow->yielded.count; i++) {
        if (i > 0) text_add(text, ", ");
        dialect->yielded(text, sync_column(flow->target, flow->yielded.items[i]));
        text_add(text, " AS ");
        dialect->quote(text, flow->yielded.items[i]);
    }
    text_add(text, " FROM midflight_query)");
}

/* now AS midflight_a LEFT JOIN was AS midflight_b */
static void add_now_and_was(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                            const char *was) {
    text_addf(text, "%s AS midflight_a", now);
    if (was == NULL) return;
    text_addf(text, "\n    LEFT JOIN %s AS midflight_b ON ", was);
    add_equal(text, dialect, "midflight_b", "midflight_a", &flow->match);
}

/* (b."id" IS NULL OR b."c" differs from a."c"): there was no such row, or it was another. A row that was joined has its
 * match, and none of that is NULL. */
static void add_changed(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *name) {
    text_add(text, "(");
    add_name(text, dialect, "midflight_b", flow->match.items[0]);
    text_add(text, " IS NULL OR ");
    add_differs(text, dialect, flow->target, "midflight_b", "midflight_a", name);
    text_add(text, ")");
}

static void add_target(struct text *text, const struct dialect *dialect, const struct flow *flow) {
    dialect->quote(text, flow->target->physical);
}

static bool names_cover(const struct names *outer, const struct names *inner) {
    for (size_t i = 0; i < inner->count; i++) {
        if (!names_have(outer, inner->items[i])) return false;
    }
    return true;
}

static void add_not_null(struct text *text, const struct dialect *dialect, const struct flow *flow) {
    for (size_t i = 0; i < flow->target->column_count; i++) {
        const struct column *column = &flow->target->columns[i];
        if (!column->not_null || !names_have(&flow->yielded, column->name)) continue;
        text_add(text, " AND ");
        add_name(text, dialect, "midflight_a", column->name);
        text_add(text, " IS NOT NULL");
    }
}

static void add_fits(struct text *text, const struct dialect *dialect, const struct flow *flow) {
    for (size_t i = 0; i < flow->target->column_count; i++) {
        const struct column *column = &flow->target->columns[i];
        if (column->type == NULL || !names_have(&flow->yielded, column->name)) continue;
        TEXT value = {0};
        add_name(&value, dialect, "midflight_a", column->name);
        dialect->fits(text, text_get(&value), column);
    }
}

/* AND row a breaks no NOT NULL and no type, and no other row holds what a unique index of the target wants for it. Inside triggers
 * the conflict clause of the application's statement reigns: under its OR REPLACE such a row would delete the other
 * one, under its OR FAIL or OR ABORT it would fail the application. Elsewhere ours does all that but types. */
static void add_acceptable(struct text *text, const struct dialect *dialect, const struct flow *flow, bool within) {
    if (within) add_not_null(text, dialect, flow);
    add_fits(text, dialect, flow);
    if (!within) return;
    for (size_t i = 0; i < flow->target->unique_count; i++) {
        const struct names *unique = &flow->target->uniques[i];
        bool yielded = true;
        for (size_t c = 0; c < unique->count; c++) yielded = yielded && names_have(&flow->yielded, unique->items[c]);
        if (!yielded || names_cover(&flow->match, unique)) continue;
        text_add(text, "\n    AND NOT EXISTS (SELECT 1 FROM ");
        dialect->table(text, flow->target);
        text_add(text, " AS midflight_u WHERE ");
        add_equal(text, dialect, "midflight_u", "midflight_a", unique);
        text_add(text, " AND NOT (");
        add_equal(text, dialect, "midflight_u", "midflight_a", &flow->match);
        text_add(text, "))");
    }
}

/* What a unique index wants of the flow: it covers more than the match. */
static bool wanted_by_index(const struct flow *flow, const char *name) {
    for (size_t i = 0; i < flow->target->unique_count; i++) {
        const struct names *unique = &flow->target->uniques[i];
        if (names_have(unique, name) && !names_cover(&flow->match, unique)) return true;
    }
    return false;
}

void sync_park(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope) {
    bool any = false;
    for (size_t i = 0; i < flow->written.count; i++) {
        const char *name = flow->written.items[i];
        if (names_have(&flow->match, name) || !wanted_by_index(flow, name)) continue;
        if (any) {
            text_add(text, ", ");
        } else {
            text_add(text, "  UPDATE ");
            dialect->table(text, flow->target);
            text_add(text, " SET ");
        }
        any = true;
        TEXT value = {0};
        dialect->quote(&value, name);
        text_addf(text, "%s = ", text_get(&value));
        dialect->unlike(text, sync_column(flow->target, name), text_get(&value));
    }
    if (!any) return;
    text_add(text, "\n    WHERE ");
    sync_scope(text, dialect, scope, NULL, &flow->target->table->key);
    text_add(text, ";\n");
}

/* AND (the target's row) NOT IN now; one scan of each, whatever their size */
static void add_not_in(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *prefix,
                       const char *now) {
    if (dialect->anti_join) {
        text_addf(text, " AND NOT EXISTS (SELECT 1 FROM %s AS midflight_x WHERE ", now);
        add_equal(text, dialect, "midflight_x", prefix, &flow->match);
        text_add(text, ")");
        return;
    }
    text_add(text, " AND (");
    sync_names(text, dialect, prefix, &flow->match);
    text_add(text, ") NOT IN (SELECT ");
    sync_names(text, dialect, NULL, &flow->match);
    text_addf(text, " FROM %s", now);
    for (size_t i = 0; i < flow->match.count; i++) {
        text_add(text, i == 0 ? " WHERE " : " AND ");
        dialect->quote(text, flow->match.items[i]);
        text_add(text, " IS NOT NULL");
    }
    text_add(text, ")");
}

void sync_delete(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope,
                 const char *now) {
    TEXT target = {0};
    add_target(&target, dialect, flow);
    text_add(text, "  DELETE FROM ");
    dialect->table(text, flow->target);
    text_add(text, " WHERE ");
    sync_scope(text, dialect, scope, text_get(&target), &flow->target->table->key);
    add_not_in(text, dialect, flow, text_get(&target), now);
    text_add(text, ";\n");
}

void sync_delete_gone(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                      const char *was) {
    text_add(text, "  DELETE FROM ");
    dialect->table(text, flow->target);
    text_add(text, " WHERE (");
    sync_names(text, dialect, NULL, &flow->match);
    text_add(text, ") IN (SELECT ");
    sync_names(text, dialect, "midflight_b", &flow->match);
    text_addf(text, " FROM %s AS midflight_b\n    WHERE NOT EXISTS (SELECT 1 FROM %s AS midflight_a WHERE ", was, now);
    add_equal(text, dialect, "midflight_a", "midflight_b", &flow->match);
    text_add(text, "));\n");
}

/* "c" = a."c", or, with `was`, what the target holds where the write did not change it */
static void add_assignment(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *target,
                           const char *name, const char *was) {
    dialect->quote(text, name);
    text_add(text, " = ");
    if (was == NULL) {
        add_name(text, dialect, "midflight_a", name);
        return;
    }
    text_add(text, "CASE WHEN ");
    add_changed(text, dialect, flow, name);
    text_add(text, " THEN ");
    add_name(text, dialect, "midflight_a", name);
    text_add(text, " ELSE ");
    add_name(text, dialect, target, name);
    text_add(text, " END");
}

static const char *policy(const struct dialect *dialect, const struct flow *flow, bool within) {
    return within && !flow->target->strict ? "" : dialect->skip_refused;
}

/* ("target"."c" differs from a."c" OR ...) */
static void add_any_differs(struct text *text, const struct dialect *dialect, const struct flow *flow,
                            const char *target) {
    text_add(text, "(");
    for (size_t i = 0; i < flow->written.count; i++) {
        if (i > 0) text_add(text, " OR ");
        add_differs(text, dialect, flow->target, target, "midflight_a", flow->written.items[i]);
    }
    text_add(text, ")");
}

static void add_update(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                       const char *was, bool within) {
    TEXT target = {0};
    add_target(&target, dialect, flow);
    text_addf(text, "  UPDATE %s", policy(dialect, flow, within));
    dialect->table(text, flow->target);
    text_add(text, " SET ");
    for (size_t i = 0; i < flow->written.count; i++) {
        if (i > 0) text_add(text, ", ");
        add_assignment(text, dialect, flow, text_get(&target), flow->written.items[i], was);
    }
    text_add(text, "\n    FROM ");
    add_now_and_was(text, dialect, flow, now, was);
    text_add(text, "\n    WHERE ");
    add_equal(text, dialect, text_get(&target), "midflight_a", &flow->match);
    text_add(text, " AND ");
    if (was == NULL) {
        add_any_differs(text, dialect, flow, text_get(&target));
    } else {
        for (size_t i = 0; i < flow->written.count; i++) {
            text_add(text, i > 0 ? " OR " : "(");
            add_changed(text, dialect, flow, flow->written.items[i]);
        }
        text_add(text, ")");
    }
    add_acceptable(text, dialect, flow, within);
}

void sync_update(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                 const char *was, bool within) {
    if (flow->written.count == 0) return;
    add_update(text, dialect, flow, now, was, within);
    text_add(text, ";\n");
}

void sync_updating(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now, const char *was) {
    add_update(text, dialect, flow, now, was, false);
}

/* INSERT [or ignore] INTO "T" (columns) SELECT columns FROM now AS midflight_a */
static void add_insert_head(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                            const char *skip) {
    text_addf(text, "  INSERT %sINTO ", skip);
    dialect->table(text, flow->target);
    text_add(text, " (");
    sync_names(text, dialect, NULL, &flow->yielded);
    text_addf(text, ")%s\n    SELECT ", dialect->overriding);
    sync_names(text, dialect, "midflight_a", &flow->yielded);
    text_addf(text, " FROM %s AS midflight_a", now);
}

/* A condition: `now` and `was` are not the same rows. */
static void add_flow_changed(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                             const char *was) {
    for (int side = 0; side < 2; side++) {
        text_addf(text, "%sEXISTS (SELECT 1 FROM %s AS midflight_x WHERE NOT EXISTS (SELECT 1 FROM %s AS midflight_y WHERE ",
                  side == 0 ? "(" : " OR ", side == 0 ? now : was, side == 0 ? was : now);
        if (dialect->anti_join) { /* images cannot be hashed; what tells rows apart can, and NULLs there count as a change */
            add_equal(text, dialect, "midflight_x", "midflight_y", &flow->match);
            text_add(text, " AND ");
        }
        TEXT left = {0};
        TEXT right = {0};
        sync_names(&left, dialect, "midflight_x", &flow->yielded);
        sync_names(&right, dialect, "midflight_y", &flow->yielded);
        dialect->same(text, text_get(&left), text_get(&right));
        text_add(text, "))");
    }
    text_add(text, ")");
}

/* WHERE a row of `was` is not on the target, and the flow changed */
static void add_forgotten(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                          const char *was) {
    text_addf(text, "\n    WHERE EXISTS (SELECT 1 FROM %s AS midflight_b WHERE NOT EXISTS (SELECT 1 FROM ", was);
    dialect->table(text, flow->target);
    text_add(text, " AS midflight_t WHERE ");
    add_equal(text, dialect, "midflight_t", "midflight_b", &flow->match);
    text_add(text, "))\n    AND ");
    add_flow_changed(text, dialect, flow, now, was);
}

void sync_recall(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct scope *scope,
                 const char *now, const char *was) {
    text_add(text, "SELECT ");
    sync_names(text, dialect, NULL, &flow->yielded);
    text_add(text, " FROM ");
    dialect->table(text, flow->target);
    add_forgotten(text, dialect, flow, now, was);
    text_add(text, " AND ");
    sync_scope(text, dialect, scope, NULL, &flow->target->table->key);
    text_add(text, "\n  UNION ALL SELECT ");
    for (size_t i = 0; i < flow->yielded.count; i++) text_add(text, i > 0 ? ", NULL" : "NULL");
    add_forgotten(text, dialect, flow, now, was);
}

void sync_insert(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                 const char *was, bool within) {
    add_insert_head(text, dialect, flow, now, policy(dialect, flow, within));
    text_add(text, "\n    WHERE NOT EXISTS (SELECT 1 FROM ");
    dialect->table(text, flow->target);
    text_add(text, " AS midflight_t WHERE ");
    add_equal(text, dialect, "midflight_t", "midflight_a", &flow->match);
    text_add(text, ")");
    if (was != NULL) {
        text_add(text, "\n    AND ");
        add_flow_changed(text, dialect, flow, now, was);
    }
    add_acceptable(text, dialect, flow, within);
    if (dialect->unless_there != NULL) dialect->unless_there(text, flow);
    text_add(text, ";\n");
}

void sync_fill(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now) {
    add_insert_head(text, dialect, flow, now, "");
    text_add(text, ";\n");
}

/* LEFT JOIN the target as t WHERE row a is missing there or differs; with `was`: where the write changed that; with `held`: the
 * target's rows of these keys alone */
static void add_not_as_yielded(struct text *text, const struct dialect *dialect, const struct flow *flow,
                               const char *now, const char *was, const struct scope *held) {
    text_add(text, held == NULL ? "\n    LEFT JOIN " : "\n    LEFT JOIN (SELECT * FROM ");
    dialect->table(text, flow->target);
    if (held != NULL) {
        text_add(text, " WHERE ");
        sync_scope(text, dialect, held, NULL, &flow->target->table->key);
        text_add(text, ")");
    }
    text_add(text, " AS midflight_t ON ");
    add_equal(text, dialect, "midflight_t", "midflight_a", &flow->match);
    text_add(text, "\n    WHERE ");
    add_name(text, dialect, "midflight_t", flow->match.items[0]);
    text_add(text, " IS NULL");
    if (was != NULL) {
        text_add(text, " AND ");
        add_flow_changed(text, dialect, flow, now, was);
    }
    for (size_t i = 0; i < flow->written.count; i++) {
        text_add(text, " OR ");
        if (was != NULL) {
            add_changed(text, dialect, flow, flow->written.items[i]);
            text_add(text, " AND ");
        }
        text_add(text, "midflight_t.");
        dialect->quote(text, flow->match.items[0]);
        text_add(text, " IS NOT NULL AND (");
        add_differs(text, dialect, flow->target, "midflight_t", "midflight_a", flow->written.items[i]);
        text_add(text, ")");
    }
}

void sync_refused(struct text *text, const struct dialect *dialect, const struct flow *flow, const char *now,
                  const char *was) {
    text_add(text, "EXISTS (SELECT 1 FROM ");
    add_now_and_was(text, dialect, flow, now, was);
    add_not_as_yielded(text, dialect, flow, now, was, NULL);
    text_add(text, ")");
}

void sync_different(struct text *text, const struct dialect *dialect, const struct flow *flow,
                    const struct scope *scope, const char *now) {
    const struct names *key = &flow->target->table->key;
    text_add(text, "SELECT ");
    sync_names(text, dialect, "midflight_a", key);
    text_addf(text, " FROM %s AS midflight_a", now);
    /* a planner that guesses how much `now` holds would rather read the whole target than look up the keys' rows */
    add_not_as_yielded(text, dialect, flow, now, NULL, dialect->anti_join && scope->set != NULL ? scope : NULL);
    text_add(text, "\n  UNION ALL SELECT ");
    sync_names(text, dialect, "midflight_t", key);
    text_add(text, " FROM ");
    dialect->table(text, flow->target);
    text_add(text, " AS midflight_t WHERE ");
    sync_scope(text, dialect, scope, "midflight_t", key);
    add_not_in(text, dialect, flow, "midflight_t", now);
}
