#include "store/sql/face.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const struct scope one_key = {.exact = true};

/* The next bind, for a value. */
static void add_bind(struct text *text, const struct dialect *dialect, struct face_binds *binds, const struct column *column,
                     const struct json *value) {
    if (binds->count == binds->room) {
        struct face_bind *more = ARENA_ARRAY(binds->arena, struct face_bind, binds->room == 0 ? 32 : binds->room * 2);
        if (binds->count > 0) memcpy(more, binds->items, binds->count * sizeof *more);
        binds->items = more;
        binds->room = binds->room == 0 ? 32 : binds->room * 2;
    }
    binds->items[binds->count++] = (struct face_bind){column, value};
    dialect->bind(text, binds->count);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

void face_select(struct text *text, const struct dialect *dialect, const struct bound_table *table) {
    text_add(text, "SELECT ");
    for (size_t i = 0; i < table->column_count; i++) {
        if (i > 0) text_add(text, ", ");
        dialect->quote(text, table->columns[i].name);
    }
    text_add(text, " FROM ");
    dialect->table(text, table);
    text_add(text, " WHERE ");
    sync_scope(text, dialect, &one_key, NULL, &table->table->key);
    if (table->sole) return;
    text_add(text, " ORDER BY ");
    sync_names(text, dialect, NULL, &table->identity);
}

void face_view(struct text *text, const struct dialect *dialect, const struct flow *flow) {
    text_add(text, "SELECT ");
    sync_names(text, dialect, NULL, &flow->yielded);
    text_add(text, " FROM ");
    sync_query(text, dialect, flow, &one_key, IMAGE_STORED);
    text_add(text, " AS midflight_v");
    if (flow->target->sole || flow->match.count == 0) return;
    text_add(text, " ORDER BY ");
    sync_names(text, dialect, NULL, &flow->match);
}

void face_keys(struct text *text, const struct dialect *dialect, const struct bound_table *tables, size_t count,
               const struct names *key, bool after, int64_t limit) {
    struct scope scope = {.lower = after};
    for (size_t i = 0; i < count; i++) {
        text_add(text, i == 0 ? "SELECT * FROM (SELECT DISTINCT " : " UNION SELECT * FROM (SELECT DISTINCT ");
        for (size_t k = 0; k < key->count; k++) {
            if (k > 0) text_add(text, ", ");
            dialect->quote(text, tables[i].table->key.items[k]);
            text_addf(text, " AS %s", key->items[k]);
        }
        text_add(text, " FROM ");
        dialect->table(text, &tables[i]);
        text_add(text, " WHERE ");
        sync_scope(text, dialect, &scope, NULL, &tables[i].table->key);
        for (size_t k = 0; k < key->count; k++) {
            text_add(text, " AND ");
            dialect->quote(text, tables[i].table->key.items[k]);
            text_add(text, " IS NOT NULL");
        }
        text_add(text, " ORDER BY ");
        sync_names(text, dialect, NULL, key);
        text_addf(text, " LIMIT %" PRId64 ") AS midflight_t%zu", limit, i);
    }
    text_add(text, " ORDER BY ");
    sync_names(text, dialect, NULL, key);
    text_addf(text, " LIMIT %" PRId64, limit);
}

/* --- translating ------------------------------------------------------------------------------------------------ */

/* SELECT ?1 AS "id", ... UNION ALL ...; without a row, a SELECT of none. */
static void add_rows(struct text *text, const struct dialect *dialect, const struct bound_table *table,
                     const struct document_part *part, face_typed *typed, struct face_binds *binds) {
    for (size_t r = 0; r < part->count || r == 0; r++) {
        if (r > 0) text_add(text, " UNION ALL ");
        text_add(text, "SELECT ");
        for (size_t c = 0; c < table->column_count; c++) {
            const struct json *value = part->count == 0 ? NULL : part->rows[r].values[c];
            if (c > 0) text_add(text, ", ");
            if (value == NULL) {
                text_add(text, "NULL");
            } else {
                add_bind(text, dialect, binds, &table->columns[c], value);
            }
            typed(text, &table->columns[c]);
        }
        if (part->count == 0) text_add(text, " WHERE 1 = 0");
    }
}

void face_translate_query(struct text *text, const struct dialect *dialect, const struct flow *flow, const struct document_part *parts,
                          face_typed *typed, struct face_binds *binds) {
    text_add(text, "WITH ");
    for (size_t i = 0; i < flow->leader_count; i++) {
        const struct bound_table *leader = &flow->leaders[i];
        if (i > 0) text_add(text, ", ");
        dialect->quote(text, leader->table->name);
        text_add(text, " (");
        for (size_t c = 0; c < leader->column_count; c++) {
            if (c > 0) text_add(text, ", ");
            dialect->quote(text, leader->columns[c].name);
        }
        text_add(text, ") AS (");
        add_rows(text, dialect, leader, &parts[i], typed, binds);
        text_add(text, ")");
    }
    text_add(text, ", midflight_query (");
    sync_names(text, dialect, NULL, &flow->yielded);
    text_addf(text, ") AS (%s\n) SELECT ", flow->sql);
    for (size_t i = 0; i < flow->yielded.count; i++) {
        const struct column *column = sync_column(flow->target, flow->yielded.items[i]);
        if (i > 0) text_add(text, ", ");
        if (column != NULL && column->declared != NULL && *column->declared != '\0') {
            dialect->yielded(text, column);
        } else {
            dialect->quote(text, flow->yielded.items[i]);
        }
    }
    text_add(text, " FROM midflight_query");
    if (flow->match.count == 0 || flow->target->sole) return;
    text_add(text, " ORDER BY ");
    sync_names(text, dialect, NULL, &flow->match);
}

static bool is_read(const struct flow *flows, size_t flow_count, size_t leader, const char *column) {
    for (size_t i = 0; i < flow_count; i++) {
        if (names_have(&flows[i].reads[leader], column)) return true;
    }
    return false;
}

/* The row has it already. */
static bool is_current(const struct document_part *current, size_t row, size_t column, const struct json *value) {
    const struct json *now = current == NULL || row >= current->count ? NULL : current->rows[row].values[column];
    return now != NULL && json_same(now, value);
}

/* A row keeps what it does not name. */
static void overlay(const struct bound_table *table, struct document_part *part, const struct document_part *current) {
    if (part->count != 1 || current->count != 1) return;
    for (size_t c = 0; c < table->column_count; c++) {
        if (part->rows[0].values[c] == NULL) part->rows[0].values[c] = current->rows[0].values[c];
    }
}

/* Rows must say nothing new that no query of the direction reads. `current` NULL: the entity is not there. */
static bool carried(const struct flow *flows, size_t flow_count, const struct document_part *parts, const struct document_part *current,
                  enum side leader, struct error *error) {
    for (size_t t = 0; flow_count > 0 && t < flows[0].leader_count; t++) {
        const struct bound_table *table = &flows[0].leaders[t];
        for (size_t r = 0; r < parts[t].count; r++) {
            for (size_t c = 0; c < table->column_count; c++) {
                const struct json *value = parts[t].rows[r].values[c];
                const char *name = table->columns[c].name;
                if (value == NULL || value->kind == JSON_NULL || names_have(&table->table->key, name)) continue;
                if (is_read(flows, flow_count, t, name) || is_current(current == NULL ? NULL : &current[t], r, c, value)) continue;
                return error_set(error, ERROR_USAGE,
                                 "%s.%s has no place on the %s side, which takes the writes now: leave it out, or null, until the "
                                 "%s side leads", table->table->name, name, side_name(leader == SIDE_OLD ? SIDE_NEW : SIDE_OLD),
                                 side_name(leader));
            }
        }
    }
    return true;
}

bool face_parts(const struct face_leader *leader, const char *key, const char *document, const char *current, struct arena *arena,
                struct document_part **ret, struct error *error) {
    bool single = document_is_single(leader->tables, leader->count);
    struct document_part *parts = NULL, *now = NULL;
    const struct json **values = NULL;
    if (!document_key(key, leader->key_count, arena, &values, error) ||
        !document_read(leader->tables, leader->count, single, values, document, arena, &parts, error) ||
        (current != NULL && !document_read(leader->tables, leader->count, single, values, current, arena, &now, error)) ||
        !carried(leader->flows, leader->flow_count, parts, now, leader->side, error)) {
        return false;
    }
    if (single && now != NULL) overlay(leader->tables, parts, now);
    *ret = parts;
    return true;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

static bool within(const struct names *inner, const struct names *outer) {
    for (size_t i = 0; i < inner->count; i++) {
        if (!names_have(outer, inner->items[i])) return false;
    }
    return true;
}

const struct names *face_match(const struct bound_table *table) {
    for (size_t i = 0; table->sole && i < table->unique_count; i++) {
        if (within(&table->uniques[i], &table->table->key)) return &table->uniques[i];
    }
    return &table->identity;
}

bool face_matched(const struct bound_table *table, const struct document_row *row) {
    const struct names *match = face_match(table);
    for (size_t i = 0; i < match->count; i++) {
        if (row->values[sync_column(table, match->items[i]) - table->columns] == NULL) return false;
    }
    return true;
}

bool face_insertable(const struct bound_table *table, const struct document_row *row) {
    for (size_t c = 0; c < table->column_count; c++) {
        const struct column *column = &table->columns[c];
        if (column->not_null && !column->has_default && !column->generated && row->values[c] == NULL) return false;
    }
    return true;
}

void face_insert(struct text *text, const struct dialect *dialect, const struct bound_table *table, const struct document_row *row,
                 enum meeting meeting, struct face_binds *binds) {
    const struct names *match = face_match(table);
    bool first = true;
    text_add(text, "INSERT INTO ");
    dialect->table(text, table);
    text_add(text, " (");
    for (size_t c = 0; c < table->column_count; c++) {
        if (row->values[c] == NULL) continue;
        if (!first) text_add(text, ", ");
        first = false;
        dialect->quote(text, table->columns[c].name);
    }
    text_addf(text, ")%s VALUES (", dialect->overriding);
    first = true;
    for (size_t c = 0; c < table->column_count; c++) {
        if (row->values[c] == NULL) continue;
        if (!first) text_add(text, ", ");
        first = false;
        add_bind(text, dialect, binds, &table->columns[c], row->values[c]);
    }
    text_add(text, ")");
    if (meeting == MEETING_FAILS) return;
    text_add(text, " ON CONFLICT (");
    sync_names(text, dialect, NULL, match);
    text_add(text, ") DO ");
    first = true;
    for (size_t c = 0; meeting == MEETING_UPDATES && c < table->column_count; c++) {
        if (row->values[c] == NULL || names_have(match, table->columns[c].name)) continue;
        text_add(text, first ? "UPDATE SET " : ", ");
        first = false;
        dialect->quote(text, table->columns[c].name);
        text_add(text, " = excluded.");
        dialect->quote(text, table->columns[c].name);
    }
    if (first) text_add(text, "NOTHING");
}

/* "customer_id" = ?1 AND "position" = ?2 */
static void add_matched(struct text *text, const struct dialect *dialect, const struct bound_table *table,
                        const struct document_row *row, struct face_binds *binds) {
    const struct names *match = face_match(table);
    for (size_t i = 0; i < match->count; i++) {
        const struct column *column = sync_column(table, match->items[i]);
        if (i > 0) text_add(text, " AND ");
        dialect->quote(text, column->name);
        text_add(text, " = ");
        add_bind(text, dialect, binds, column, row->values[column - table->columns]);
    }
}

bool face_update(struct text *text, const struct dialect *dialect, const struct bound_table *table, const struct document_row *row,
                 struct face_binds *binds) {
    const struct names *match = face_match(table);
    bool first = true;
    text_add(text, "UPDATE ");
    dialect->table(text, table);
    text_add(text, " SET ");
    for (size_t c = 0; c < table->column_count; c++) {
        if (row->values[c] == NULL || names_have(match, table->columns[c].name)) continue;
        if (!first) text_add(text, ", ");
        first = false;
        dialect->quote(text, table->columns[c].name);
        text_add(text, " = ");
        add_bind(text, dialect, binds, &table->columns[c], row->values[c]);
    }
    text_add(text, " WHERE ");
    add_matched(text, dialect, table, row, binds);
    return !first;
}

void face_prune(struct text *text, const struct dialect *dialect, const struct bound_table *table, const struct json *const *key,
                const struct document_part *part, struct face_binds *binds) {
    text_add(text, "DELETE FROM ");
    dialect->table(text, table);
    text_add(text, " WHERE ");
    for (size_t i = 0; i < table->table->key.count; i++) {
        const struct column *column = sync_column(table, table->table->key.items[i]);
        if (i > 0) text_add(text, " AND ");
        dialect->quote(text, column->name);
        text_add(text, " = ");
        add_bind(text, dialect, binds, column, key[i]);
    }
    for (size_t r = 0; part != NULL && r < part->count; r++) {
        if (!face_matched(table, &part->rows[r])) continue;
        text_add(text, " AND NOT (");
        add_matched(text, dialect, table, &part->rows[r], binds);
        text_add(text, ")");
    }
}
