#include "store/sql/catalog.h"

static bool all_not_null(const struct bound_table *table, const struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        const struct column *column = sync_column(table, names->items[i]);
        if (column == NULL || !column->not_null) return false;
    }
    return true;
}

static bool names_within(const struct names *inner, const struct names *outer) {
    for (size_t i = 0; i < inner->count; i++) {
        if (!names_have(outer, inner->items[i])) return false;
    }
    return true;
}

bool sql_table_finish(struct bound_table *table, struct error *error) {
    const struct names *key = &table->table->key;
    for (size_t i = 0; i < key->count; i++) {
        if (sync_column(table, key->items[i]) != NULL) continue;
        return error_set(error, ERROR_DEFINITION, "key: table %s has no column %s", table->table->name, key->items[i]);
    }
    for (size_t i = 0; i < table->unique_count; i++) {
        const struct names *unique = &table->uniques[i];
        if (table->identity.count == 0 && all_not_null(table, unique)) table->identity = *unique;
        if (names_within(unique, key)) table->sole = true;
    }
    if (table->identity.count > 0) return true;
    return error_set(error, ERROR_DEFINITION,
                     "table %s has no primary key or unique index over NOT NULL columns, so its rows cannot be told apart: "
                     "add one (CREATE UNIQUE INDEX ... on NOT NULL columns)",
                     table->table->name);
}

bool sql_flow_yield(struct flow *flow, const char *what, const char *name, struct arena *arena, struct error *error) {
    const char *target = flow->target->table->name;
    const struct column *column = sync_column(flow->target, name);
    if (column == NULL) {
        return error_set(error, ERROR_DEFINITION,
                         "%s yields a column %s, which table %s does not have: name it with AS, or leave it out", what,
                         name, target);
    }
    if (column->generated) {
        return error_set(error, ERROR_DEFINITION, "%s yields %s, which table %s computes itself (GENERATED): leave it out",
                         what, name, target);
    }
    if (names_have(&flow->yielded, name)) {
        return error_set(error, ERROR_DEFINITION, "%s yields column %s twice", what, name);
    }
    names_add(arena, &flow->yielded, column->name);
    return true;
}

/* The match: the first unique set, NOT NULL ones first, that the query yields whole. */
static bool choose_match(struct flow *flow) {
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < flow->target->unique_count; i++) {
            const struct names *unique = &flow->target->uniques[i];
            if (!names_within(unique, &flow->yielded) || (pass == 0 && !all_not_null(flow->target, unique))) continue;
            flow->match = *unique;
            return true;
        }
    }
    return false;
}

bool sql_flow_is_apart(const struct flow *flow) {
    const struct names *key = &flow->target->table->key;
    for (size_t i = 0; i < key->count; i++) {
        if (!names_have(&flow->match, key->items[i])) return false;
    }
    return true;
}

bool sql_flow_finish(struct flow *flow, const char *what, struct arena *arena, struct error *error) {
    const struct names *key = &flow->target->table->key;
    for (size_t i = 0; i < key->count; i++) {
        if (names_have(&flow->yielded, key->items[i])) continue;
        return error_set(error, ERROR_DEFINITION, "%s does not yield %s, a key column of table %s: add it", what,
                         key->items[i], flow->target->table->name);
    }
    if (!choose_match(flow)) {
        return error_set(error, ERROR_DEFINITION,
                         "%s yields no primary key or unique index of table %s whole, so its rows cannot be told apart: "
                         "yield those columns, or add a unique index over columns that it yields",
                         what, flow->target->table->name);
    }
    for (size_t i = 0; i < flow->yielded.count; i++) {
        const char *name = flow->yielded.items[i];
        if (names_have(&flow->match, name) && !sync_column(flow->target, name)->folded) continue;
        names_add(arena, &flow->written, name);
    }
    return true;
}

const char *sql_elsewhere(const struct change *change, const char *other_store, enum side side, struct arena *arena) {
    const struct shape *shape = &change->shapes[side == SIDE_OLD ? SIDE_NEW : SIDE_OLD];
    TEXT names = {0};
    if (other_store != NULL) return other_store;
    for (size_t i = 0; i < shape->count; i++) text_addf(&names, "%s%s", i > 0 ? ", " : "", shape->tables[i].name);
    return arena_copy(arena, text_get(&names));
}
