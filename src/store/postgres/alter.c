/* The short form, made long. PostgreSQL itself makes the new table: in midflight's schema an empty copy gets the name of the
 * live table, and the names of all that belongs to it; the change is run on that copy as the user wrote it; then the copy moves
 * beside the live table, under interim names.
 *
 * Triggers, rules and foreign keys belong to the table that bears the name: they come with it, at the exchange (swap.c). */
#include "store/postgres/alter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "store/postgres/catalog.h"
#include "store/postgres/clause.h"
#include "store/postgres/copy.h"

const char *pg_alter_waiting_name(const struct postgres_store *store, enum side side) {
    const char *table = store->change.alter_table;
    if (strlen(table) <= 58) return arena_format(store->bound, "_%s_%s", table, side_name(side));
    uint64_t digest = XXH3_64bits(table, strlen(table));
    return arena_format(store->bound, "_%.36s_%016" PRIx64 "_%s", table, digest, side_name(side));
}

bool pg_alter_whole_names(struct postgres_store *store, struct error *error) {
    return pg_script(store->db, "SET LOCAL search_path = pg_catalog", NULL, error);
}

bool pg_alter_own_names(struct postgres_store *store, struct error *error) {
    return pg_script(store->db, store->alter->path, NULL, error);
}

bool pg_alter_rows(struct postgres_store *store, const char *sql, const char *const *values, size_t count, PGresult **ret,
                   struct error *error) {
    return pg_query_often(store->db, sql, values, count, &store->prepared, store->arena, ret, error);
}

/* --- the columns ------------------------------------------------------------------------------------------------ */

/* Columns of the copy by number: the n-th live one of the old table is the copy's n-th, whatever the change calls it. $3: by
 * name instead, as the change makes the whole table anew. */
static const char column_pairs[] =
    "WITH o AS (SELECT attname, row_number() OVER (ORDER BY attnum) AS number, attgenerated, attidentity FROM pg_attribute "
    "WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped), n AS (SELECT attname, attnum AS number, "
    "attgenerated, attidentity FROM pg_attribute WHERE attrelid = $2::regclass AND attnum > 0 AND NOT attisdropped) "
    "SELECT o.attname, n.attname, o.number, o.attidentity <> '' AND n.attidentity <> '', o.attgenerated <> '', "
    "n.attgenerated <> '', o.attidentity <> '' AND n.attidentity <> '' AND NOT $3::boolean AND (SELECT (o.attidentity, "
    "q.seqstart, q.seqincrement, q.seqcache, q.seqcycle) IS DISTINCT FROM (n.attidentity, r.seqstart, r.seqincrement, "
    "r.seqcache, r.seqcycle) FROM pg_sequence q, pg_sequence r WHERE q.seqrelid = pg_get_serial_sequence($1::text, "
    "o.attname)::regclass AND r.seqrelid = pg_get_serial_sequence($2::text, n.attname)::regclass) FROM o JOIN n ON CASE WHEN "
    "$3::boolean THEN o.attname = n.attname ELSE o.number = n.number END ORDER BY n.number";

static void keep(struct text *text, const struct postgres_store *store, const char *kind, const char *name, const char *value) {
    text_add(text, text->length == 0 ? "INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES (" : ",\n(");
    pg_quote_text(text, store->change.name);
    text_addf(text, ", '%s', ", kind);
    pg_quote_text(text, name);
    text_add(text, ", ");
    pg_quote_text(text, value);
    text_add(text, ")");
}

/* "email"::text AS "mail" */
static void list_column(struct text *list, const char *from, const char *casts, const char *to) {
    if (list->length > 0) text_add(list, ", ");
    pg_quote(list, from);
    text_addf(list, "%s AS ", casts == NULL ? "" : casts);
    pg_quote(list, to);
}

static bool is_true(const PGresult *result, int row, int column) {
    return *PQgetvalue(result, row, column) == 't';
}

static bool read_pairs(struct postgres_store *store, const char *old, const char *copy, const char *const *casts, struct text *kept,
                       struct names *identities, struct error *error) {
    struct alter *alter = store->alter;
    RESULT *rows = NULL;
    TEXT forward = {0};
    TEXT backward = {0};
    struct text *lists[] = {&forward, &backward};
    const char *values[] = {old, copy, pg_clause_is_create(store->change.alter_change) ? "true" : "false"};
    if (!pg_query(store->db, column_pairs, NULL, values, 3, &rows, error)) return false;
    alter->count = (size_t)PQntuples(rows);
    alter->pairs = ARENA_ARRAY(store->bound, struct pair, alter->count + 1);
    for (int i = 0; i < PQntuples(rows); i++) {
        struct pair *pair = &alter->pairs[i];
        pair->old = arena_copy(store->bound, PQgetvalue(rows, i, 0));
        pair->new = arena_copy(store->bound, PQgetvalue(rows, i, 1));
        keep(kept, store, "pair", pair->old, pair->new);
        size_t number = strtoul(PQgetvalue(rows, i, 2), NULL, 10);
        if (!is_true(rows, i, 5)) list_column(lists[FORWARD], pair->old, casts[number - 1], pair->new);
        if (!is_true(rows, i, 4)) list_column(lists[BACKWARD], pair->new, NULL, pair->old);
        if (is_true(rows, i, 6)) return pg_copy_no_identity(pair->new, error);
        if (!is_true(rows, i, 3)) continue;
        names_add(store->bound, identities, pair->new);
        keep(kept, store, "identity", pair->old, pair->new);
    }
    for (int i = 0; i < 2; i++) {
        alter->lists[i] = arena_copy(store->bound, text_get(lists[i]));
        keep(kept, store, "list", direction_name((enum direction)i), alter->lists[i]);
    }
    return true;
}

/* The entity's key is the old table's identity, under the names that the change gives it. */
static bool read_key(struct postgres_store *store, const struct bound_table *old, struct text *kept, struct error *error) {
    struct alter *alter = store->alter;
    for (size_t k = 0; k < old->identity.count; k++) {
        const char *name = old->identity.items[k], *later = NULL;
        for (size_t i = 0; i < alter->count; i++) {
            if (strcmp(alter->pairs[i].old, name) == 0) later = alter->pairs[i].new;
        }
        if (later == NULL) {
            return error_set(error, ERROR_DEFINITION, "alter.change: it takes away %s, a column of %s's key: keep it, or write the "
                             "migration in the long form", name, store->change.alter_table);
        }
        names_add(store->bound, &alter->keys[SIDE_OLD], name);
        names_add(store->bound, &alter->keys[SIDE_NEW], later);
        keep(kept, store, "key", name, later);
    }
    return true;
}

/* --- what the exchange will need ------------------------------------------------------------------------------------ */

/* The names that the new side's things get at the exchange, by those that they bear until then. */
static const char interim_names[] =
    PG_COPY_INDEXES
    "SELECT 'name', interim, relname FROM x UNION ALL SELECT 'name', " INTERIM("stxname", "new")
    ", stxname FROM pg_statistic_ext WHERE stxrelid = $1::regclass "
    "UNION ALL SELECT 'name', " INTERIM("c.relname", "new")
    ", c.relname FROM pg_partition_tree($1::regclass) p JOIN pg_class c ON c.oid = p.relid WHERE p.level > 0 "
    "UNION ALL SELECT 'removed index', c.relname, '' FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE "
    "i.indrelid = $2::regclass AND NOT EXISTS (SELECT 1 FROM x WHERE x.relname = c.relname) "
    "UNION ALL SELECT 'removed foreign key', conname, '' FROM pg_constraint o WHERE conrelid = $2::regclass AND contype = "
    "'f' AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = $1::regclass AND obj_description(k.oid, "
    "'pg_constraint') = 'midflight foreign key ' || o.conname) "
    "UNION ALL SELECT 'row security', CASE WHEN o.relrowsecurity THEN 'removed' ELSE 'added' END, '' FROM pg_class o JOIN "
    "pg_class n ON o.relrowsecurity <> n.relrowsecurity WHERE o.oid = $2::regclass AND n.oid = $1::regclass "
    /* Foreign keys that the change left, by the names that it gave them; and those that it makes, of the table to itself. */
    "UNION ALL SELECT 'foreign key', substr(obj_description(oid, 'pg_constraint'), length('midflight foreign key ') + 1), "
    "conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c' AND obj_description(oid, 'pg_constraint') "
    "LIKE 'midflight foreign key %' "
    "UNION ALL SELECT 'added foreign key', conname, '' FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f' "
    "UNION ALL SELECT 'own foreign key', conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass "
    "AND contype = 'f' AND confrelid = conrelid";

static bool keep_names(struct postgres_store *store, const char *old, const char *copy, struct text *kept, struct error *error) {
    RESULT *rows = NULL;
    const char *values[] = {copy, old};
    if (!pg_query(store->db, interim_names, NULL, values, 2, &rows, error)) return false;
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *kind = PQgetvalue(rows, i, 0);
        /* Who may read which row is no part of a CREATE TABLE. */
        if (strcmp(kind, "row security") == 0 && pg_clause_is_create(store->change.alter_change)) continue;
        keep(kept, store, kind, PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2));
    }
    return true;
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static bool whole_name(struct postgres_store *store, const char *schema, const char *name, const char **ret, struct error *error) {
    RESULT *result = NULL;
    const char *values[] = {schema, name};
    if (!pg_query(store->db, "SELECT format('%I.%I', $1::text, $2::text)", NULL, values, 2, &result, error)) return false;
    *ret = arena_copy(store->bound, PQgetvalue(result, 0, 0));
    return true;
}

static bool describe(struct postgres_store *store, const struct bound_table *table, struct text *script, struct text *kept,
                     struct error *error) {
    struct alter *alter = store->alter;
    const char *old = NULL, *copy = NULL, *owner = NULL;
    const char **casts = ARENA_ARRAY(store->bound, const char *, table->column_count + 1);
    const char *waits = pg_alter_waiting_name(store, SIDE_NEW);
    struct names identities = {0};
    if (!whole_name(store, alter->schema, table->physical, &old, error) ||
        !whole_name(store, "midflight", table->physical, &copy, error) ||
        !pg_text(store->db, "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = $1::regclass", old, store->bound, &owner,
                 error) ||
        !pg_copy_make(store, old, copy, casts, table->column_count, script, error) ||
        !read_pairs(store, old, copy, casts, kept, &identities, error) || !read_key(store, table, kept, error) ||
        !pg_copy_share_numbers(store, old, copy, &identities, script, error) || !keep_names(store, old, copy, kept, error)) {
        return false;
    }
    return pg_copy_move(store, copy, waits, owner, script, error);
}

/* Tried in a transaction that is undone. */
static bool derive(struct postgres_store *store, struct error *error) {
    struct alter *alter = store->alter;
    struct table table = {.name = store->change.alter_table};
    struct bound_table bound;
    TEXT script = {0};
    TEXT kept = {0};
    if (!pg_catalog_table(store->db, &table, NULL, store->bound, &bound, error)) return error_prefix(error, "alter");
    alter->schema = bound.schema;
    if (!pg_script(store->db, "SAVEPOINT alter", NULL, error) || !describe(store, &bound, &script, &kept, error) ||
        !pg_script(store->db, "ROLLBACK TO alter", NULL, error)) {
        return false;
    }
    keep(&kept, store, "schema", "", alter->schema);
    alter->create = arena_copy(store->bound, text_get(&script));
    alter->keep = arena_copy(store->bound, text_get(&kept));
    return true;
}

static void take_kept(struct postgres_store *store, const char *kind, const char *name, const char *text) {
    struct alter *alter = store->alter;
    if (strcmp(kind, "pair") == 0) alter->pairs[alter->count++] = (struct pair){name, text};
    if (strcmp(kind, "key") == 0) {
        names_add(store->bound, &alter->keys[SIDE_OLD], name);
        names_add(store->bound, &alter->keys[SIDE_NEW], text);
    }
    if (strcmp(kind, "list") == 0) alter->lists[strcmp(name, direction_name(FORWARD)) == 0 ? FORWARD : BACKWARD] = text;
    if (strcmp(kind, "schema") == 0) alter->schema = text;
}

/* As it was when the new table was made. */
static bool recall(struct postgres_store *store, struct error *error) {
    RESULT *rows = NULL;
    const char *values[] = {store->change.name};
    if (!pg_query(store->db, "SELECT kind, name, text FROM midflight.midflight_kept WHERE migration = $1 ORDER BY place", NULL,
                  values, 1, &rows, error)) {
        return false;
    }
    store->alter->pairs = ARENA_ARRAY(store->bound, struct pair, (size_t)PQntuples(rows) + 1);
    for (int i = 0; i < PQntuples(rows); i++) {
        take_kept(store, PQgetvalue(rows, i, 0), arena_copy(store->bound, PQgetvalue(rows, i, 1)),
                  arena_copy(store->bound, PQgetvalue(rows, i, 2)));
    }
    return true;
}

static void set_shapes(struct postgres_store *store) {
    const char *table = store->change.alter_table;
    const char *names[] = {store->standing.swapped ? pg_alter_waiting_name(store, SIDE_OLD) : table,
                           store->standing.swapped ? table : pg_alter_waiting_name(store, SIDE_NEW)};
    for (int side = 0; side < 2; side++) {
        struct table *one = ARENA_ARRAY(store->bound, struct table, 1);
        *one = (struct table){names[side], store->alter->keys[side]};
        store->change.shapes[side] = (struct shape){one, 1};
    }
}

/* SELECT "id" AS "id", ... FROM "customers" */
static void set_mappings(struct postgres_store *store) {
    for (enum direction direction = FORWARD; direction <= BACKWARD; direction++) {
        TEXT sql = {0};
        text_addf(&sql, "SELECT %s FROM ", store->alter->lists[direction]);
        pg_quote(&sql, store->change.shapes[leader_of(direction)].tables[0].name);
        struct query *query = ARENA_ARRAY(store->bound, struct query, 1);
        *query = (struct query){store->change.shapes[follower_of(direction)].tables[0].name,
                                arena_copy(store->bound, text_get(&sql))};
        store->change.mappings[direction] = (struct mapping){query, 1};
    }
}

bool pg_alter_bind(struct postgres_store *store, struct error *error) {
    struct alter *alter = store->alter = ARENA_ARRAY(store->bound, struct alter, 1);
    const char *path = NULL;
    if (!pg_text(store->db, "SELECT 'SET LOCAL search_path = ' || current_setting('search_path')", NULL, store->bound, &path,
                 error)) {
        return false;
    }
    alter->path = path;
    if (store->standing.made ? !recall(store, error) : !store->standing.names_only && !derive(store, error)) return false;
    if (store->standing.names_only) memset(alter->keys, 0, sizeof alter->keys);
    set_shapes(store);
    if (store->standing.names_only) return true;
    set_mappings(store);
    store->change.create = alter->create;
    return true;
}
