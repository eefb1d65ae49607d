/* What ties the tables to others: who refers to them, reads them, publishes them, and to whom they refer. `check` says what
 * will become of it. Each question is one query whose rows are sentences. */
#include <stdlib.h>
#include <string.h>

#include "store/postgres/state.h"
#include "store/sql/report.h"

/* The tables of a side, with all that inherit from them; $1 is an array of names. A table that a definition's DDL made for a
 * moment is there while its transaction lasts. */
#define TABLES                                                                                                         \
    "WITH RECURSIVE t (id) AS (SELECT to_regclass(name) FROM unnest($1::text[]) AS name UNION SELECT i.inhrelid::regclass FROM "  \
    "pg_inherits i JOIN t ON i.inhparent = t.id) "

/* A foreign key from outside of the side to one of its tables: k, and t, the table that it refers to. */
#define INCOMING                                                                                                       \
    " FROM pg_constraint k JOIN t ON k.confrelid = t.id WHERE k.contype = 'f' AND k.conparentid = 0 AND "                        \
    "k.conrelid NOT IN (SELECT id FROM t)"

#define CONSTRAINT "format('%s (%s)', k.conrelid::regclass, k.conname)"

/* A view or materialized view over one of the tables: v, and t. */
#define READERS                                                                                                        \
    " FROM t JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.id AND d.classid = "                     \
    "'pg_rewrite'::regclass AND d.deptype = 'n' JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class "     \
    "WHERE v.oid <> t.id AND v.relnamespace <> pg_my_temp_schema()"

struct question {
    enum check_level level;
    const char *sql;
};

static const struct question of_old[] = {
    {CHECK_REFUSAL,
     TABLES "SELECT format('table %s holds rows of a foreign table, %s: PostgreSQL runs no statement triggers with the rows for it, "
            "so writes could not be followed. Detach it first', (SELECT id FROM t LIMIT 1), t.id) FROM t JOIN pg_class c ON c.oid = "
            "t.id WHERE c.relkind = 'f'"},
    {CHECK_WARNING,
     TABLES "SELECT DISTINCT format('%s refers to %s%s. What the new side deletes or gives another key is deleted or changed on the old "
            "side as well, with what that does to the rows there. When the migration finishes it still refers to the old table: "
            "after the cut-over let it refer to the new one (NOT VALID, then VALIDATE CONSTRAINT), or rows for new entities will be "
            "refused', " CONSTRAINT ", k.confrelid::regclass, CASE k.confdeltype WHEN 'c' THEN ' ON DELETE CASCADE' WHEN 'n' THEN "
            "' ON DELETE SET NULL' WHEN 'd' THEN ' ON DELETE SET DEFAULT' ELSE '' END)" INCOMING},
    {CHECK_WARNING,
     TABLES "SELECT DISTINCT format('view %s reads %s, and will go on reading the old table when the migration has finished: make it "
            "anew over the new tables after the cut-over', v.oid::regclass, t.id)" READERS},
    {CHECK_WARNING,
     TABLES "SELECT format('publication %s publishes %s, and not the new tables: add them (ALTER PUBLICATION) when they have been made', "
            "string_agg(DISTINCT p.pubname, ', '), t.id) FROM t JOIN pg_class c ON c.oid = t.id JOIN pg_namespace n ON n.oid = "
            "c.relnamespace JOIN pg_publication_tables p ON p.schemaname = n.nspname AND p.tablename = c.relname JOIN pg_publication b "
            "ON b.pubname = p.pubname WHERE NOT b.puballtables GROUP BY t.id"},
    {CHECK_WARNING,
     TABLES "SELECT format('row security of %s hides rows from some roles; midflight reads and writes as the owner, past it. Give the "
            "new tables policies of their own before roles may read them', t.id) FROM t JOIN pg_class c ON c.oid = t.id WHERE "
            "c.relrowsecurity"},
    {CHECK_WARNING,
     TABLES "SELECT format('triggers of %s run as well for what midflight carries over from the new side: %s', t.id, "
            "string_agg(g.tgname, ', ' ORDER BY g.tgname)) FROM t JOIN pg_trigger g ON g.tgrelid = t.id WHERE NOT g.tgisinternal AND "
            "g.tgparentid = 0 AND g.tgenabled <> 'D' AND g.tgname NOT LIKE 'midflight\\_%' GROUP BY t.id"},
};

/* Of old tables that are to be dropped: DROP TABLE would refuse, when there is no way back any more. */
static const struct question of_dropped[] = {
    {CHECK_REFUSAL,
     TABLES "SELECT DISTINCT format('retire: drop: %s refers to %s, which could not be dropped. Drop that constraint first, or choose "
            "`retire: rename`', " CONSTRAINT ", k.confrelid::regclass)" INCOMING},
    {CHECK_REFUSAL,
     TABLES "SELECT DISTINCT format('retire: drop: view %s reads %s, which could not be dropped. Drop the view first, or choose "
            "`retire: rename`', v.oid::regclass, t.id)" READERS},
};

static const struct question of_new[] = {
    {CHECK_WARNING,
     TABLES "SELECT format('table %s is UNLOGGED: a crash of the server empties it, which only a comparison finds', t.id) FROM t JOIN "
            "pg_class c ON c.oid = t.id WHERE c.relpersistence = 'u'"},
    {CHECK_REFUSAL,
     TABLES "SELECT format('table %s is temporary: it would vanish with the session that makes it', t.id) FROM t JOIN pg_class c ON "
            "c.oid = t.id WHERE c.relpersistence = 't'"},
};

#define COUNT(questions) (sizeof(questions) / sizeof *(questions))

/* {"public"."customers",...} */
static const char *names_of(struct postgres_store *store, enum side side) {
    TEXT list = {0};
    text_add(&list, "{");
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        TEXT name = {0};
        pg_dialect.table(&name, &store->tables[side][i]);
        text_add(&list, i > 0 ? ",\"" : "\"");
        for (const char *c = text_get(&name); *c != '\0'; c++) {
            if (*c == '"' || *c == '\\') text_add(&list, "\\");
            text_add_n(&list, c, 1);
        }
        text_add(&list, "\"");
    }
    text_add(&list, "}");
    return arena_copy(store->bound, text_get(&list));
}

static bool ask(struct postgres_store *store, enum side side, const struct question *questions, size_t count,
                struct check_report *report, struct error *error) {
    const char *values[] = {names_of(store, side)};
    for (size_t i = 0; i < count; i++) {
        RESULT *sentences = NULL;
        if (!pg_query(store->db, questions[i].sql, NULL, values, 1, &sentences, error)) return false;
        for (int row = 0; row < PQntuples(sentences); row++) {
            report_say(report, questions[i].level, "%s", PQgetvalue(sentences, row, 0));
        }
    }
    return true;
}

bool pg_ties_of_old(struct postgres_store *store, struct check_report *report, struct error *error) {
    return ask(store, SIDE_OLD, of_old, COUNT(of_old), report, error) &&
           (store->change.retire != RETIRE_DROP || ask(store, SIDE_OLD, of_dropped, COUNT(of_dropped), report, error));
}

bool pg_ties_of_new(struct postgres_store *store, struct check_report *report, struct error *error) {
    return ask(store, SIDE_NEW, of_new, COUNT(of_new), report, error);
}

bool pg_referred(struct postgres_store *store, enum side side, const char **ret, struct error *error) {
    RESULT *tables = NULL;
    const char *values[] = {names_of(store, side)};
    if (!pg_query(store->db,
                  TABLES "SELECT string_agg(DISTINCT k.confrelid::regclass::text, ', ') FROM pg_constraint k JOIN t ON k.conrelid = t.id "
                         "WHERE k.contype = 'f' AND k.confrelid NOT IN (SELECT id FROM t)", NULL, values, 1, &tables, error)) {
        return false;
    }
    const char *list = result_text(tables, 0, 0);
    *ret = list == NULL ? NULL : arena_copy(store->bound, list);
    return true;
}

bool pg_referring(struct postgres_store *store, enum side side, const char **ret, struct error *error) {
    RESULT *drops = NULL;
    const char *values[] = {names_of(store, side)};
    if (!pg_query(store->db,
                  TABLES "SELECT string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname), '; ') FROM "
                         "pg_constraint k JOIN t ON k.conrelid = t.id WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid NOT IN "
                         "(SELECT id FROM t)", NULL, values, 1, &drops, error)) {
        return false;
    }
    const char *list = result_text(drops, 0, 0);
    *ret = list == NULL ? NULL : arena_copy(store->bound, list);
    return true;
}
