/* The side lock, for whoever asks for it (side_lock: true): writers of the two sides take turns, so that none meets another
 * on an entity from the opposite side and PostgreSQL has no deadlock to end.
 *
 * midflight_m_side is a table without rows or columns. Before a statement on a captured table writes, a trigger locks it: the
 * old side's in ROW EXCLUSIVE mode, the new side's in SHARE mode. Either goes together with itself and not with the other,
 * and both are held until the transaction ends. What a sync writes on the other side belongs to the first side's turn: its
 * triggers stand back there. A sync of midflight's own (a repair, say) takes its leader's turn. */
#include "store/postgres/program.h"

static const char *side_table(const struct postgres_store *store) {
    return pg_own(store, "side");
}

void pg_add_side_lock(struct text *text, const struct postgres_store *store, enum side side) {
    if (!store->change.side_lock) return;
    text_addf(text, "  LOCK TABLE %s IN %s MODE;\n", side_table(store), side == SIDE_OLD ? "ROW EXCLUSIVE" : "SHARE");
}

bool pg_side_table(struct postgres_store *store, struct error *error) {
    TEXT sql = {0};
    if (!store->change.side_lock) return true;
    text_addf(&sql, "CREATE TABLE IF NOT EXISTS %s ()", side_table(store));
    return pg_script(store->db, text_get(&sql), NULL, error);
}

static bool add_locking(struct text *text, struct postgres_store *store, enum side side, const struct bound_table *table, const char *name,
                        struct error *error) {
    RESULT *tables = NULL;
    const char *trigger = pg_own_name(store, arena_format(store->bound, "%s_%s_side", side_name(side), table->table->name));
    if (!pg_tables_of(store, table, trigger, &tables, error)) return false;
    for (int i = 0; i < PQntuples(tables); i++) {
        text_add(text, "CREATE TRIGGER ");
        pg_quote(text, trigger);
        text_addf(text, " BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT\n  WHEN "
                        "(current_setting('midflight.syncing', true) IS DISTINCT FROM ", PQgetvalue(tables, i, 0));
        pg_quote_text(text, pg_guard(store, side == SIDE_OLD ? BACKWARD : FORWARD));
        text_addf(text, ") EXECUTE FUNCTION %s();\n", name);
    }
    return true;
}

bool pg_side_capture(struct postgres_store *store, enum side side, struct error *error) {
    TEXT sql = {0};
    const char *name = pg_own(store, arena_format(store->bound, "%s_side", side_name(side)));
    if (!store->change.side_lock) return true;
    pg_add_function(&sql, store, name, "", "trigger");
    text_add(&sql, "BEGIN\n");
    pg_add_side_lock(&sql, store, side);
    text_add(&sql, "  RETURN NULL;\n");
    pg_end_function(&sql);
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        if (!add_locking(&sql, store, side, &store->tables[side][i], name, error)) return false;
    }
    return pg_script(store->db, text_get(&sql), NULL, error);
}
