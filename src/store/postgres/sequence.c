/* Numbers that tables give by themselves: serial and identity columns, whatever takes its default from a sequence.
 *
 * While both sides are written each may give numbers to new entities, and none may be given twice. So the sequences of
 * columns that hold the same value count in steps as many times as wide as there are sequences, each from a place of its own:
 *   customers_id_seq   ... 40 41 | 43 45 47    INCREMENT BY 2
 *   people_id_seq                  42 44 46    INCREMENT BY 2
 * Nothing else changes for whoever takes numbers: by default, GENERATED ALWAYS, with nextval and currval of its own, or in
 * blocks of a step each. As soon as one side is left both count in their own steps again, on from the farther of the two.
 *
 * A sequence of the new side that has no partner, over a column that is copied, is moved past what was copied. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgres/half.h"
#include "store/sql/report.h"

/* A column and the sequence that its default is taken from. */
struct number {
    const struct bound_table *table;
    const char *column;
    const char *sequence; /* by its whole name, quoted */
    int64_t step;
    bool ours; /* the role may alter it */
};

struct numbers {
    struct number *items;
    size_t count;
};

static const char numbers_of[] =
    "SELECT a.attname, format('%I.%I', n.nspname, c.relname), s.seqincrement, pg_has_role(c.relowner, 'USAGE') FROM ("
    "SELECT d.refobjsubid, d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass "
    "AND d.refobjid = $1::regclass AND d.deptype = 'i' "
    "UNION SELECT f.adnum, d.refobjid FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid "
    "AND d.refclassid = 'pg_class'::regclass WHERE f.adrelid = $1::regclass) AS taken (number, id) "
    "JOIN pg_sequence s ON s.seqrelid = taken.id JOIN pg_class c ON c.oid = taken.id JOIN pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_attribute a ON a.attrelid = $1::regclass AND a.attnum = taken.number ORDER BY a.attnum";

static bool read_table(struct postgres_store *store, const struct bound_table *table, struct numbers *numbers,
                       struct error *error) {
    TEXT name = {0};
    RESULT *found = NULL;
    pg_dialect.table(&name, table);
    const char *values[] = {text_get(&name)};
    if (!pg_query(store->db, numbers_of, NULL, values, 1, &found, error)) return false;
    for (int i = 0; i < PQntuples(found); i++) {
        numbers->items[numbers->count++] = (struct number){.table = table,
                                                           .column = arena_copy(store->bound, PQgetvalue(found, i, 0)),
                                                           .sequence = arena_copy(store->bound, PQgetvalue(found, i, 1)),
                                                           .step = strtoll(PQgetvalue(found, i, 2), NULL, 10),
                                                           .ours = strcmp(PQgetvalue(found, i, 3), "t") == 0};
    }
    return true;
}

static bool read_side(struct postgres_store *store, enum side side, struct numbers *ret, struct error *error) {
    size_t columns = 0;
    for (size_t i = 0; i < store->change.shapes[side].count; i++) columns += store->tables[side][i].column_count;
    *ret = (struct numbers){ARENA_ARRAY(store->bound, struct number, columns), 0};
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        if (!read_table(store, &store->tables[side][i], ret, error)) return false;
    }
    return true;
}

/* --- partners --------------------------------------------------------------------------------------------------- */

/* Its place in the entity key, or -1. */
static int key_place(const struct number *number) {
    const struct names *key = &number->table->table->key;
    for (size_t i = 0; i < key->count; i++) {
        if (strcmp(key->items[i], number->column) == 0) return (int)i;
    }
    return -1;
}

static const struct flow *flow_to(const struct postgres_store *store, const struct bound_table *target) {
    for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
        if (store->flows[FORWARD][i].target == target) return &store->flows[FORWARD][i];
    }
    return NULL;
}

/* Does the copy write it? Else its numbers are its own. */
static bool is_copied(const struct postgres_store *store, const struct number *number) {
    const struct flow *flow = flow_to(store, number->table);
    return key_place(number) >= 0 || (flow != NULL && names_have(&flow->yielded, number->column));
}

/* Is it what the new side's column is copied from? By its place in the key; else by its name, which is a guess that does no
 * harm where it is wrong. */
static bool are_partners(const struct number *old, const struct number *new) {
    int place = key_place(new);
    return place >= 0 ? key_place(old) == place : strcmp(old->column, new->column) == 0;
}

static const struct number *partner_of(const struct numbers *olds, const struct number *new) {
    for (size_t i = 0; i < olds->count; i++) {
        if (are_partners(&olds->items[i], new)) return &olds->items[i];
    }
    return NULL;
}

/* --- parting ---------------------------------------------------------------------------------------------------- */

/* `leader` NULL: it counts for itself. */
static bool enter(struct postgres_store *store, const struct number *number, const struct number *leader, struct error *error) {
    TEXT table = {0};
    pg_dialect.table(&table, number->table);
    const char *values[] = {store->change.name, number->sequence, leader == NULL ? NULL : leader->sequence,
                            arena_format(store->bound, "%" PRId64, number->step), text_get(&table), number->column};
    return pg_query(store->db,
                    "INSERT INTO midflight.midflight_sequence (migration, name, leader, step, of_table, of_column) VALUES ($1, $2, "
                    "$3, $4::bigint, $5, $6) ON CONFLICT DO NOTHING", NULL, values, 6, NULL, error);
}

/* Where it stands. Only after it was altered can nobody move it meanwhile. */
static bool position(struct postgres_store *store, const struct number *number, int64_t *ret, struct error *error) {
    return pg_integer(store->db, arena_format(store->bound, "SELECT last_value FROM %s", number->sequence), ret, error);
}

static bool set_step(struct postgres_store *store, const struct number *number, int64_t step, struct error *error) {
    return pg_script(store->db, arena_format(store->bound, "ALTER SEQUENCE %s INCREMENT BY %" PRId64, number->sequence, step),
                     number->sequence, error);
}

/* One that starts ahead of the old side's was given a range of its own by whoever wrote the definition. */
static bool is_ahead(struct postgres_store *store, const struct number *new, const struct number *old, bool *ret,
                     struct error *error) {
    int64_t here, there;
    if (!position(store, new, &here, error) || !position(store, old, &there, error)) return false;
    *ret = old->step > 0 ? here > there : here < there;
    return true;
}

/* The new side's sequences that are to count beside this one. */
static bool partners(struct postgres_store *store, const struct number *old, const struct numbers *olds,
                     const struct numbers *news, const struct number **ret, size_t *count, struct error *error) {
    *count = 0;
    for (size_t i = 0; i < news->count; i++) {
        const struct number *new = &news->items[i], *partner = partner_of(olds, new);
        bool ahead;
        if (partner == NULL || partner != old || !is_copied(store, new) || strcmp(new->sequence, old->sequence) == 0) continue;
        if (!is_ahead(store, new, old, &ahead, error)) return false;
        if (!ahead) ret[(*count)++] = new;
    }
    return true;
}

static bool part(struct postgres_store *store, const struct number *old, const struct number *const *news, size_t count,
                 struct error *error) {
    int64_t step = old->step * (int64_t)(count + 1), place;
    if (!enter(store, old, old, error) || !set_step(store, old, step, error) || !position(store, old, &place, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t from = place + old->step * (int64_t)(i + 1);
        if (!enter(store, news[i], old, error) ||
            !pg_script(store->db,
                       arena_format(store->bound, "ALTER SEQUENCE %s INCREMENT BY %" PRId64 " RESTART WITH %" PRId64,
                                    news[i]->sequence, step, from), news[i]->sequence, error)) {
            return false;
        }
    }
    return true;
}

/* Between two stores one side at a time gives numbers: when it is this one's turn, they go on after what is there. */
static bool enter_side(struct postgres_store *store, enum side side, struct error *error) {
    struct numbers numbers;
    if (!read_side(store, side, &numbers, error)) return false;
    for (size_t i = 0; i < numbers.count; i++) {
        if (numbers.items[i].ours && !enter(store, &numbers.items[i], NULL, error)) return false;
    }
    return true;
}

bool pg_numbers_part(struct postgres_store *store, struct error *error) {
    struct numbers olds, news;
    if (store->half != NULL) return enter_side(store, pg_home(store), error);
    if (!read_side(store, SIDE_OLD, &olds, error) || !read_side(store, SIDE_NEW, &news, error)) return false;
    const struct number **beside = ARENA_ARRAY(store->bound, const struct number *, news.count);
    for (size_t i = 0; i < olds.count; i++) {
        size_t count;
        if (!olds.items[i].ours) continue; /* check says so */
        if (!partners(store, &olds.items[i], &olds, &news, beside, &count, error)) return false;
        if (count > 0 && !part(store, &olds.items[i], beside, count, error)) return false;
    }
    for (size_t i = 0; i < news.count; i++) {
        if (!is_copied(store, &news.items[i]) || partner_of(&olds, &news.items[i]) != NULL) continue;
        if (!enter(store, &news.items[i], NULL, error)) return false;
    }
    return true;
}

bool pg_numbers_beside(struct postgres_store *store, const char **ret, struct check_report *report, struct error *error) {
    struct numbers olds, news;
    TEXT list = {0};
    if (!read_side(store, SIDE_OLD, &olds, error) || !read_side(store, SIDE_NEW, &news, error)) return false;
    const struct number **beside = ARENA_ARRAY(store->bound, const struct number *, news.count);
    for (size_t i = 0; i < olds.count; i++) {
        const struct number *old = &olds.items[i];
        size_t count;
        if (!partners(store, old, &olds, &news, beside, &count, error)) return false;
        if (count > 0 && !old->ours) {
            report_say(report, CHECK_WARNING, "sequence %s belongs to another role and cannot be altered, so it and %s may give the same "
                       "number: let %s.%s take its default from %s as well", old->sequence, beside[0]->sequence,
                       beside[0]->table->table->name, beside[0]->column, old->sequence);
        }
        if (count == 0 || !old->ours) continue;
        text_addf(&list, "%s%s", list.length > 0 ? ", " : "", old->sequence);
        for (size_t n = 0; n < count; n++) text_addf(&list, ", %s", beside[n]->sequence);
    }
    *ret = list.length == 0 ? NULL : arena_copy(store->bound, text_get(&list));
    return true;
}

/* --- going on --------------------------------------------------------------------------------------------------- */

/* SELECT the sequences of the migration that are still there. */
static bool entered(struct postgres_store *store, const char *condition, PGresult **ret, struct error *error) {
    const char *values[] = {store->change.name};
    return pg_query(store->db,
                    arena_format(store->bound, "SELECT name, leader, step, of_table, quote_ident(of_column) FROM "
                                 "midflight.midflight_sequence WHERE migration = $1 AND to_regclass(name) IS NOT NULL AND "
                                 "to_regclass(of_table) IS NOT NULL AND %s ORDER BY leader, name", condition),
                    NULL, values, 1, ret, error);
}

bool pg_numbers_pass(struct postgres_store *store, struct error *error) {
    RESULT *alone = NULL;
    if (!entered(store, "leader IS NULL", &alone, error)) return false;
    for (int i = 0; i < PQntuples(alone); i++) {
        const char *name = PQgetvalue(alone, i, 0), *column = PQgetvalue(alone, i, 4);
        bool up = *PQgetvalue(alone, i, 2) != '-';
        TEXT sql = {0};
        text_add(&sql, "SELECT setval(");
        pg_quote_text(&sql, name);
        text_addf(&sql, ", t.far) FROM (SELECT %s(%s)::bigint AS far FROM %s) AS t, %s AS s, pg_sequence AS q WHERE q.seqrelid = "
                        "s.tableoid AND t.far %s s.last_value AND t.far %s q.%s", up ? "max" : "min", column,
                  PQgetvalue(alone, i, 3), name, up ? ">=" : "<=", up ? "<" : ">", up ? "seqmax" : "seqmin");
        if (!pg_script(store->db, text_get(&sql), name, error)) return false;
    }
    return true;
}

/* SELECT setval(name, the farthest that any of the leader's gave): where none gave any, each stays as it is. */
static void add_farthest(struct text *sql, const PGresult *found, int row) {
    const char *leader = PQgetvalue(found, row, 1);
    bool up = *PQgetvalue(found, row, 2) != '-';
    text_add(sql, "SELECT setval(");
    pg_quote_text(sql, PQgetvalue(found, row, 0));
    text_addf(sql, ", greatest(q.seqmin, least(q.seqmax, g.far))) FROM (SELECT %s(last_value) FROM (", up ? "max" : "min");
    bool first = true;
    for (int i = 0; i < PQntuples(found); i++) {
        if (strcmp(PQgetvalue(found, i, 1), leader) != 0) continue;
        text_addf(sql, "%sSELECT last_value, is_called FROM %s", first ? "" : " UNION ALL ", PQgetvalue(found, i, 0));
        first = false;
    }
    text_add(sql, ") AS s WHERE is_called) AS g (far), pg_sequence AS q WHERE g.far IS NOT NULL AND q.seqrelid = ");
    pg_quote_text(sql, PQgetvalue(found, row, 0));
    text_add(sql, "::regclass;\n");
}

bool pg_numbers_join(struct postgres_store *store, struct error *error) {
    TEXT sql = {0};
    RESULT *found = NULL;
    if (!entered(store, "leader IS NOT NULL", &found, error)) return false;
    for (int i = 0; i < PQntuples(found); i++) {
        text_addf(&sql, "ALTER SEQUENCE %s INCREMENT BY %s;\n", PQgetvalue(found, i, 0), PQgetvalue(found, i, 2));
    }
    for (int i = 0; i < PQntuples(found); i++) add_farthest(&sql, found, i);
    text_add(&sql, "DELETE FROM midflight.midflight_sequence WHERE migration = ");
    pg_quote_text(&sql, store->change.name);
    return pg_script(store->db, text_get(&sql), "the sequences of both sides", error);
}

/* --- when the old tables go --------------------------------------------------------------------------------------- */

/* Statements that give a sequence of an old table's to another table that takes its numbers from it as well. */
static const char inherited[] =
    "SELECT DISTINCT ON (s.oid) format('ALTER SEQUENCE %s OWNED BY %s', s.oid::regclass, CASE WHEN c.relnamespace = s.relnamespace "
    "THEN format('%s.%I', c.oid::regclass, a.attname) ELSE 'NONE' END) FROM pg_depend o JOIN pg_class s ON s.oid = o.objid AND "
    "s.relkind = 'S' JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid AND d.classid = "
    "'pg_attrdef'::regclass JOIN pg_attrdef f ON f.oid = d.objid JOIN pg_class c ON c.oid = f.adrelid JOIN pg_attribute a ON "
    "a.attrelid = f.adrelid AND a.attnum = f.adnum WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass "
    "AND o.deptype = 'a' AND o.refobjid = to_regclass($1) AND f.adrelid <> o.refobjid";

bool pg_numbers_keep(struct postgres_store *store, const struct bound_table *table, struct error *error) {
    TEXT name = {0};
    RESULT *statements = NULL;
    pg_dialect.table(&name, table);
    const char *values[] = {text_get(&name)};
    if (!pg_query(store->db, inherited, NULL, values, 1, &statements, error)) return false;
    for (int i = 0; i < PQntuples(statements); i++) {
        if (!pg_script(store->db, PQgetvalue(statements, i, 0), NULL, error)) return false;
    }
    return true;
}
