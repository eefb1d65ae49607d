/* What goes with a table's name, each kind by one query over the catalogs: it yields, in order, the statements that take a thing
 * from the bearer (before the exchange) and that give it to the table which has the name then (after). PostgreSQL's own functions
 * write the definitions; names are whole, so the bearer's stands for the other table once that has it. */
#include "store/postgres/dependants.h"

#include <string.h>

/* Of every query: b, w: the bearer and the waiting table; t: the name that goes from one to the other; a: the bearer's later. */
#define EXCHANGE \
    "WITH e AS (SELECT $1::regclass::oid AS b, $2::regclass::oid AS w, $1::text AS t, $3::text AS a, $4::text AS migration, $5::boolean AS back) "

/* A foreign key is checked again after the exchange (settle.c), while nobody waits: that it holds is known already. PostgreSQL
 * has no NOT VALID for a partitioned table. */
#define FOREIGN_KEY(table, name, partitioned)                                                                                            \
    "format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', " table ", " name ", regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''), CASE WHEN " \
    partitioned " THEN '' ELSE ' NOT VALID' END)"

/* Those that the change took away are the old table's still: they wait for the way back. A partitioned table has its own from the
 * start to the end, as PostgreSQL has no NOT VALID for it. */
static const char own_foreign_keys[] =
    EXCHANGE
    ", k AS (SELECT c.*, e.*, CASE WHEN back THEN coalesce((SELECT name FROM midflight.midflight_kept m WHERE m.migration = e.migration AND kind = "
    "'foreign key' AND m.text = conname), conname) ELSE coalesce((SELECT text FROM midflight.midflight_kept m WHERE m.migration = e.migration AND kind = "
    "'foreign key' AND name = conname), conname) END AS later, EXISTS (SELECT 1 FROM midflight.midflight_kept m WHERE m.migration = e.migration AND kind = "
    "'removed foreign key' AND name = conname) AND NOT back OR (SELECT relkind = 'p' FROM pg_class WHERE oid = w) AS removed, EXISTS (SELECT 1 FROM midflight.midflight_kept m WHERE m.migration = e.migration "
    "AND kind = 'added foreign key' AND name = conname) AND back AS added FROM pg_constraint c JOIN e ON c.conrelid = b WHERE contype = 'f' AND conparentid = 0 AND "
    "(SELECT relkind = 'r' FROM pg_class WHERE oid = b)) "
    "SELECT phase, statement FROM ("
    "SELECT oid, 1 AS rank, 'before' AS phase, format('ALTER TABLE %s DROP CONSTRAINT %I', t, conname) AS statement FROM k "
    "UNION ALL SELECT oid, 2, 'after', " FOREIGN_KEY("t", "later", "(SELECT relkind = 'p' FROM pg_class WHERE oid = w)") " FROM k WHERE NOT removed AND NOT added "
    "UNION ALL SELECT oid, 3, 'after', format('COMMENT ON CONSTRAINT %I ON %s IS %L', later, t, obj_description(oid, 'pg_constraint')) FROM k WHERE NOT "
    "removed AND NOT added AND obj_description(oid, 'pg_constraint') IS NOT NULL "
    "UNION ALL SELECT oid, 4, 'after', format('INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES (%L, ''validate'', %L, %L) ON "
    "CONFLICT DO NOTHING', migration, t, later) FROM k WHERE NOT removed AND NOT added AND convalidated "
    "UNION ALL SELECT oid, 5, 'after', format('INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES (%L, ''restore'', %L, %L)', "
    "migration, conname, concat(" FOREIGN_KEY("t", "conname", "false") ", CASE WHEN convalidated THEN format('; INSERT INTO midflight.midflight_kept (migration, kind, name, text) "
    "VALUES (%L, ''validate'', %L, %L) ON CONFLICT DO NOTHING', migration, t, conname) END)) FROM k WHERE removed AND NOT back "
    /* What the change made of the table to itself could not be there while rows were copied. */
    "UNION ALL SELECT 0, 6, 'after', format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', t, m.name, replace(m.text, format('midflight.%I', c.relname), t), "
    "CASE WHEN (SELECT relkind = 'p' FROM pg_class WHERE oid = w) THEN '' ELSE ' NOT VALID' END) FROM e JOIN pg_class c ON c.oid = b JOIN "
    "midflight.midflight_kept m ON m.migration = e.migration AND m.kind = 'own foreign key' WHERE NOT back "
    "UNION ALL SELECT 0, 7, 'after', format('INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES (%L, ''validate'', %L, %L) ON "
    "CONFLICT DO NOTHING', e.migration, t, m.name) FROM e JOIN midflight.midflight_kept m ON m.migration = e.migration AND m.kind = 'own foreign key' WHERE "
    "NOT back "
    "UNION ALL SELECT 0, 8, 'after', m.text FROM e JOIN midflight.midflight_kept m ON m.migration = e.migration AND m.kind = 'restore' WHERE back "
    ") AS moves ORDER BY rank, oid";

static const char foreign_keys_here[] =
    EXCHANGE
    ", k AS (SELECT c.*, e.*, CASE WHEN conrelid = w THEN t ELSE conrelid::regclass::text END AS later, (SELECT relkind = 'p' FROM pg_class WHERE oid = "
    "conrelid) AS partitioned FROM pg_constraint c JOIN e ON c.confrelid = b WHERE contype = 'f' AND conparentid = 0 AND conrelid <> b) "
    "SELECT phase, statement FROM ("
    "SELECT oid, 1 AS rank, 'before' AS phase, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS statement FROM k "
    "UNION ALL SELECT oid, 2, 'after', " FOREIGN_KEY("later", "conname", "partitioned") " FROM k "
    "UNION ALL SELECT oid, 3, 'after', format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, later, obj_description(oid, 'pg_constraint')) FROM k WHERE "
    "obj_description(oid, 'pg_constraint') IS NOT NULL "
    "UNION ALL SELECT oid, 4, 'after', format('INSERT INTO midflight.midflight_kept (migration, kind, name, text) VALUES (%L, ''validate'', %L, %L) ON "
    "CONFLICT DO NOTHING', migration, later, conname) FROM k WHERE convalidated AND NOT partitioned "
    ") AS moves ORDER BY rank, oid";

/* Whoever has rights on the waiting table, by default privileges say, has only the bearer's when it has the name. */
static const char rights_there[] =
    EXCHANGE
    "SELECT 'after', format('REVOKE ALL ON %s FROM %s', t, string_agg(DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, "
    "', ')) FROM e JOIN pg_class c ON c.oid = w, aclexplode(relacl) WHERE grantee <> relowner GROUP BY t";

static const char triggers[] =
    EXCHANGE
    ", g AS (SELECT x.*, e.* FROM pg_trigger x JOIN e ON tgrelid = b WHERE NOT tgisinternal AND tgparentid = 0 AND tgname NOT LIKE 'midflight\\_%') "
    "SELECT phase, statement FROM ("
    "SELECT oid, 1 AS rank, 'before' AS phase, format('DROP TRIGGER %I ON %s', tgname, t) AS statement FROM g "
    "UNION ALL SELECT oid, 2, 'after', pg_get_triggerdef(oid) FROM g "
    "UNION ALL SELECT oid, 3, 'after', format('ALTER TABLE %s %s TRIGGER %I', t, CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE "
    "'ENABLE ALWAYS' END, tgname) FROM g WHERE tgenabled <> 'O' "
    "UNION ALL SELECT oid, 4, 'after', format('COMMENT ON TRIGGER %I ON %s IS %L', tgname, t, obj_description(oid, 'pg_trigger')) FROM g WHERE "
    "obj_description(oid, 'pg_trigger') IS NOT NULL"
    ") AS moves ORDER BY rank, oid";

/* The table's own rules move; those of other tables that read it read the other one afterwards. */
static const char rules[] =
    EXCHANGE
    ", r AS (SELECT x.*, e.*, ev_class = b AS own, CASE WHEN ev_class = b THEN t ELSE ev_class::regclass::text END AS target FROM pg_rewrite x CROSS JOIN e "
    "WHERE rulename <> '_RETURN' AND (ev_class = b OR EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = x.oid AND "
    "d.refclassid = 'pg_class'::regclass AND d.refobjid = b))) "
    "SELECT phase, statement FROM ("
    "SELECT oid, 1 AS rank, 'before' AS phase, format('DROP RULE %I ON %s', rulename, t) AS statement FROM r WHERE own "
    "UNION ALL SELECT oid, 2, 'after', regexp_replace(pg_get_ruledef(oid), '^CREATE RULE', 'CREATE OR REPLACE RULE') FROM r "
    "UNION ALL SELECT oid, 3, 'after', format('ALTER TABLE %s %s RULE %I', target, CASE ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE "
    "'ENABLE ALWAYS' END, rulename) FROM r WHERE own AND ev_enabled <> 'O' "
    "UNION ALL SELECT oid, 4, 'after', format('COMMENT ON RULE %I ON %s IS %L', rulename, t, obj_description(oid, 'pg_rewrite')) FROM r WHERE own AND "
    "obj_description(oid, 'pg_rewrite') IS NOT NULL"
    ") AS moves ORDER BY rank, oid";

/* The bearer keeps its policies as well: it stays as well guarded as it was. */
static const char policies[] =
    EXCHANGE
    ", q AS (SELECT p.*, e.*, concat(' USING (' || pg_get_expr(polqual, polrelid) || ')', ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')') AS "
    "conditions FROM pg_policy p CROSS JOIN e WHERE polrelid = b OR polrelid <> w AND EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = "
    "'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = b)) "
    "SELECT phase, statement FROM ("
    "SELECT p.oid, 1 AS rank, 'before' AS phase, format('DROP POLICY %I ON %s', polname, w::regclass) AS statement FROM pg_policy p JOIN e ON polrelid = w "
    "UNION ALL SELECT oid, 2, 'after', format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s', polname, t, CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE "
    "'RESTRICTIVE' END, CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, (SELECT "
    "string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ') FROM unnest(polroles) r), conditions) FROM q WHERE polrelid = b "
    "UNION ALL SELECT oid, 3, 'after', format('COMMENT ON POLICY %I ON %s IS %L', polname, t, obj_description(oid, 'pg_policy')) FROM q WHERE polrelid = b "
    "AND obj_description(oid, 'pg_policy') IS NOT NULL "
    "UNION ALL SELECT oid, 4, 'after', format('ALTER POLICY %I ON %s%s', polname, polrelid::regclass, conditions) FROM q WHERE polrelid <> b"
    ") AS moves ORDER BY rank, oid";

/* Row security that is on stays on, unless the change itself switches it. */
static const char row_security[] =
    EXCHANGE
    "SELECT 'after', format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t) FROM e JOIN pg_class o ON o.oid = b JOIN pg_class n ON n.oid = w WHERE o.relrowsecurity AND "
    "NOT n.relrowsecurity AND NOT EXISTS (SELECT 1 FROM midflight.midflight_kept k WHERE k.migration = e.migration AND kind = 'row security' AND name = CASE WHEN back "
    "THEN 'added' ELSE 'removed' END) "
    "UNION ALL SELECT 'after', format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t) FROM e JOIN pg_class o ON o.oid = b JOIN pg_class n ON n.oid = w WHERE "
    "o.relforcerowsecurity AND NOT n.relforcerowsecurity";

/* A comment made since the new table was. */
static const char comments[] =
    EXCHANGE
    "SELECT 'after', CASE WHEN objsubid = 0 THEN format('COMMENT ON TABLE %s IS %L', t, description) ELSE format('COMMENT ON COLUMN %s.%I IS %L', t, n.attname, "
    "description) END FROM e JOIN pg_description d ON d.objoid = b AND d.classoid = 'pg_class'::regclass LEFT JOIN pg_attribute o ON o.attrelid = b AND o.attnum "
    "= objsubid AND objsubid > 0 LEFT JOIN pg_attribute n ON n.attrelid = w AND n.attname = o.attname AND NOT n.attisdropped WHERE objsubid = 0 OR n.attname "
    "IS NOT NULL ORDER BY objsubid";

/* A sequence that belongs to a column goes on to belong to it. */
static const char owned_sequences[] =
    EXCHANGE
    "SELECT 'after', format('ALTER SEQUENCE %s OWNED BY %s.%I', d.objid::regclass, t, n.attname) FROM e JOIN pg_depend d ON d.classid = 'pg_class'::regclass "
    "AND d.refclassid = 'pg_class'::regclass AND d.refobjid = b AND d.refobjsubid > 0 AND d.deptype = 'a' JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' "
    "JOIN pg_attribute o ON o.attrelid = b AND o.attnum = d.refobjsubid JOIN pg_attribute n ON n.attrelid = w AND n.attname = o.attname AND NOT n.attisdropped "
    "ORDER BY d.objid";

/* An identity column's sequence cannot be handed over: the other table gets one of the same name that goes on where this one
 * was, and the bearer takes its numbers from there. Its bounds are its type's, unless somebody set others. */
static const char identities[] =
    EXCHANGE
    ", i AS (SELECT e.*, o.attname, o.attidentity, s.oid AS sequence, s.relacl, s.relowner, s.oid::regclass::text AS name, q.*, o.attnum, CASE q.seqtypid WHEN "
    "'smallint'::regtype THEN 32767 WHEN 'integer'::regtype THEN 2147483647 ELSE 9223372036854775807 END AS most FROM e JOIN pg_attribute o ON o.attrelid = b AND "
    "o.attidentity <> '' AND NOT o.attisdropped JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = b AND d.refobjsubid = o.attnum AND "
    "d.classid = 'pg_class'::regclass AND d.deptype = 'i' JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = s.oid JOIN "
    "midflight.midflight_kept m ON m.migration = e.migration AND m.kind = 'identity' AND o.attname = CASE WHEN back THEN m.name ELSE m.text END) "
    "SELECT phase, statement FROM ("
    "SELECT attnum, 1 AS rank, 'before' AS phase, format('ALTER SEQUENCE %s CACHE %s', name, seqcache) AS statement FROM i "
    "UNION ALL SELECT attnum, 2, 'after', format('SELECT set_config(''midflight.number'', (SELECT last_value || '','' || is_called FROM %s), true)', name) FROM i "
    "UNION ALL SELECT attnum, 3, 'after', format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', t, attname) FROM i "
    "UNION ALL SELECT attnum, 4, 'after', format('ALTER TABLE %s ALTER COLUMN %I DROP IDENTITY', a, attname) FROM i "
    "UNION ALL SELECT attnum, 5, 'after', format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s START WITH %s INCREMENT BY %s%s%s "
    "CACHE %s %s)', t, attname, CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, name, seqstart, seqincrement, CASE WHEN seqmin = CASE WHEN "
    "seqincrement > 0 THEN 1 ELSE -most - 1 END THEN '' ELSE ' MINVALUE ' || seqmin END, CASE WHEN seqmax = CASE WHEN seqincrement > 0 THEN most ELSE -1 END THEN '' "
    "ELSE ' MAXVALUE ' || seqmax END, seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) FROM i "
    "UNION ALL SELECT attnum, 6, 'after', format('SELECT setval(%L, split_part(current_setting(''midflight.number''), '','', 1)::bigint, "
    "split_part(current_setting(''midflight.number''), '','', 2)::boolean)', name) FROM i "
    "UNION ALL SELECT attnum, 7, 'after', format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT nextval(%L)', a, attname, name) FROM i "
    "UNION ALL SELECT attnum, 8, 'after', format('GRANT %s ON SEQUENCE %s TO %s%s', privilege_type, name, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE "
    "quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM i, aclexplode(relacl) WHERE grantee <> relowner "
    "UNION ALL SELECT attnum, 9, 'after', format('COMMENT ON SEQUENCE %s IS %L', name, obj_description(sequence, 'pg_class')) FROM i WHERE "
    "obj_description(sequence, 'pg_class') IS NOT NULL"
    ") AS moves ORDER BY attnum, rank";

/* The columns and the filter of a publication came with PostgreSQL 15. */
#define PUBLICATIONS(columns, filter)                                                                                                     \
    EXCHANGE                                                                                                                              \
    "SELECT phase, statement FROM (SELECT p.oid, 1 AS rank, 'before' AS phase, format('ALTER PUBLICATION %I DROP TABLE %s', pubname, t) AS statement FROM e JOIN "      \
    "pg_publication_rel r ON prrelid = b JOIN pg_publication p ON p.oid = prpubid UNION ALL SELECT p.oid, 2, 'after', format('ALTER PUBLICATION %I ADD TABLE " \
    "%s%s%s', pubname, t, " columns ", " filter ") FROM e JOIN pg_publication_rel r ON prrelid = b JOIN pg_publication p ON p.oid = prpubid) AS moves ORDER BY "   \
    "rank, oid"
static const char publications_before_15[] = PUBLICATIONS("''", "''");
static const char publications[] =
    PUBLICATIONS("(SELECT ' (' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')' FROM pg_attribute WHERE attrelid = b AND attnum = ANY (prattrs))",
                 "' WHERE (' || pg_get_expr(prqual, prrelid) || ')'");

/* Functions that take the table's row, or whose body PostgreSQL keeps as read. With the name's new meaning it is another
 * function of the same name; the old one goes when nothing uses it any more. */
static const char functions[] =
    EXCHANGE
    ", y AS (SELECT unnest(ARRAY[c.reltype, t.typarray]) AS type FROM e JOIN pg_class c ON c.oid = b JOIN pg_type t ON t.oid = c.reltype), "
    "f AS (SELECT p.*, e.*, p.oid::regprocedure::text AS signature, EXISTS (SELECT 1 FROM y WHERE type = ANY (proargtypes)) AS another, EXISTS (SELECT 1 FROM y "
    "WHERE type = prorettype OR type = ANY (proallargtypes)) AS returns FROM pg_proc p CROSS JOIN e WHERE EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = "
    "'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'n' AND (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (SELECT type FROM y) OR d.refclassid = "
    "'pg_class'::regclass AND d.refobjid = b))) "
    "SELECT phase, statement FROM ("
    "SELECT oid, 1 AS rank, 'before' AS phase, format('DROP ROUTINE %s', signature) AS statement FROM f WHERE returns AND NOT another "
    "UNION ALL SELECT oid, 2, 'after', pg_get_functiondef(oid) FROM f "
    "UNION ALL SELECT oid, 3, 'after', format('ALTER ROUTINE %s OWNER TO %I', signature, pg_get_userbyid(proowner)) FROM f WHERE proowner <> (SELECT oid FROM "
    "pg_roles WHERE rolname = current_user) "
    "UNION ALL SELECT oid, 4, 'after', format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', signature) FROM f WHERE proacl IS NOT NULL AND (another OR returns) "
    "UNION ALL SELECT oid, 5, 'after', format('GRANT EXECUTE ON ROUTINE %s TO %s%s', signature, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE "
    "quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM f, aclexplode(proacl) WHERE (another OR returns) "
    "AND grantee <> proowner "
    "UNION ALL SELECT oid, 1, 'last', format('DO $midflight$ BEGIN EXECUTE ''DROP ROUTINE '' || %s::regprocedure; END $midflight$', oid) FROM f WHERE another "
    "UNION ALL SELECT oid, 6, 'after', format('COMMENT ON FUNCTION %s IS %L', signature, obj_description(oid, 'pg_proc')) FROM f WHERE (another OR returns) AND "
    "obj_description(oid, 'pg_proc') IS NOT NULL"
    ") AS moves ORDER BY rank, oid";

static void add_move(struct postgres_store *store, struct moves *moves, const PGresult *rows, int row) {
    const char *phase = PQgetvalue(rows, row, 0);
    struct names *names = strcmp(phase, "before") == 0 ? &moves->before : strcmp(phase, "after") == 0 ? &moves->after : &moves->last;
    names_add(store->bound, names, arena_copy(store->bound, PQgetvalue(rows, row, 1)));
}

const char *pg_dependants_script(struct postgres_store *store, const struct names *statements) {
    TEXT text = {0};
    for (size_t i = 0; i < statements->count; i++) text_addf(&text, "%s;\n", statements->items[i]);
    return arena_copy(store->bound, text_get(&text));
}

bool pg_dependants_read(struct postgres_store *store, const struct exchange *exchange, struct moves *moves, struct error *error) {
    bool filters = PQserverVersion(store->db) >= 150000;
    const char *const queries[] = {own_foreign_keys, foreign_keys_here, rights_there, triggers, rules, row_security, policies, comments, owned_sequences, identities,
                                   filters ? publications : publications_before_15, functions};
    const char *values[] = {exchange->bearer, exchange->waiting, exchange->aside, store->change.name, exchange->back ? "true" : "false"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        RESULT *rows = NULL;
        if (!pg_alter_rows(store, queries[i], values, 5, &rows, error)) return false;
        for (int row = 0; row < PQntuples(rows); row++) add_move(store, moves, rows, row);
    }
    return pg_dependants_rights(store, exchange->bearer, exchange->bearer, exchange->waiting, &moves->after, error);
}

/* Its owner's are written out as well, as they may have been taken away. No rights on record: those that an owner has anyway. */
static const char rights[] =
    "WITH c AS (SELECT c.*, $2::text AS t FROM pg_class c WHERE c.oid = $1::regclass), g AS (SELECT t, relowner, grantee, is_grantable, privilege_type, '' AS "
    "columns FROM c, aclexplode(relacl) UNION ALL SELECT t, relowner, grantee, is_grantable, privilege_type, format(' (%I)', attname) FROM c JOIN pg_attribute ON "
    "attrelid = c.oid AND NOT attisdropped AND attname IN (SELECT attname FROM pg_attribute WHERE attrelid = $3::regclass AND NOT attisdropped), "
    "aclexplode(attacl)) "
    "SELECT format('REVOKE ALL ON %s FROM PUBLIC, %I', t, pg_get_userbyid(relowner)) FROM c WHERE relacl IS NOT NULL "
    "UNION ALL SELECT format('GRANT %s ON %s TO %s%s', string_agg(privilege_type || columns, ', ' ORDER BY privilege_type), t, CASE grantee WHEN 0 THEN 'PUBLIC' "
    "ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM g GROUP BY t, grantee, is_grantable, "
    "columns";

bool pg_dependants_rights(struct postgres_store *store, const char *from, const char *to, const char *columns, struct names *ret,
                       struct error *error) {
    RESULT *rows = NULL;
    const char *values[] = {from, to, columns};
    if (!pg_alter_rows(store, rights, values, 3, &rows, error)) return false;
    for (int row = 0; row < PQntuples(rows); row++) names_add(store->bound, ret, arena_copy(store->bound, PQgetvalue(rows, row, 0)));
    return true;
}
