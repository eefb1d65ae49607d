/* Does the short form fit among everything there is? Asked before the start: by the catalogs, and by an exchange that is undone. */
#include <string.h>

#include "store/postgres/dependants.h"
#include "store/sql/report.h"

/* What neither goes with the name nor stays right without it. $1: the table. */
static const char in_the_way[] =
    "WITH t AS (SELECT c.*, y.typarray FROM pg_class c JOIN pg_type y ON y.oid = c.reltype WHERE c.oid = $1::regclass), "
    "f AS (SELECT d.classid, d.objid, d.objsubid, d.deptype FROM pg_depend d JOIN t ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (reltype, typarray) OR "
    "d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid) "
    "SELECT format('table %s is a partition of %s: change that one', t.oid::regclass, inhparent::regclass) FROM t JOIN pg_inherits ON inhrelid = t.oid WHERE "
    "relispartition "
    "UNION ALL SELECT format('table %s inherits from %s: NO INHERIT it first', t.oid::regclass, inhparent::regclass) FROM t JOIN pg_inherits ON inhrelid = t.oid "
    "WHERE NOT relispartition "
    "UNION ALL SELECT format('table %s inherits from %s: NO INHERIT it first', inhrelid::regclass, t.oid::regclass) FROM t JOIN pg_inherits ON inhparent = t.oid "
    "WHERE relkind = 'r' "
    "UNION ALL SELECT format('table %s is OF type %s: ALTER TABLE ... NOT OF first', t.oid::regclass, reloftype::regtype) FROM t WHERE reloftype <> 0 "
    "UNION ALL SELECT format('table %s belongs to extension %s, which would lose it', t.oid::regclass, extname) FROM t JOIN pg_depend d ON d.classid = "
    "'pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e' JOIN pg_extension x ON x.oid = d.refobjid "
    "UNION ALL SELECT format('table %s has a security label, which cannot be carried over', t.oid::regclass) FROM t WHERE EXISTS (SELECT 1 FROM pg_seclabel WHERE "
    "objoid = t.oid AND classoid = 'pg_class'::regclass) "
    "UNION ALL SELECT format('column %s.%I holds rows of table %s: give it another type first', a.attrelid::regclass, attname, t.oid::regclass) FROM t CROSS JOIN f "
    "JOIN pg_attribute a ON f.classid = 'pg_class'::regclass AND a.attrelid = f.objid AND a.attnum = f.objsubid AND a.atttypid IN (t.reltype, t.typarray) JOIN pg_class c "
    "ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'c', 'f') WHERE a.attrelid <> t.oid "
    "UNION ALL SELECT format('%s is made for rows of table %s: drop it for the time being', pg_describe_object(f.classid, f.objid, 0), t.oid::regclass) FROM t CROSS JOIN "
    "f WHERE f.deptype = 'n' AND (f.classid IN ('pg_cast'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass) OR f.classid = 'pg_type'::regclass OR f.classid = "
    "'pg_proc'::regclass AND EXISTS (SELECT 1 FROM pg_proc p WHERE p.oid = f.objid AND p.prokind = 'a')) "
    "UNION ALL SELECT format('materialized view %s reads materialized view %s, which is to be built anew: drop it for the time being', r2.ev_class::regclass, "
    "m.oid::regclass) FROM t JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid JOIN pg_rewrite r ON "
    "r.oid = d.objid JOIN pg_class m ON m.oid = r.ev_class AND m.relkind = 'm' JOIN pg_depend d2 ON d2.classid = 'pg_rewrite'::regclass AND d2.refclassid = "
    "'pg_class'::regclass AND d2.refobjid = m.oid JOIN pg_rewrite r2 ON r2.oid = d2.objid AND r2.ev_class <> m.oid JOIN pg_class m2 ON m2.oid = r2.ev_class AND "
    "m2.relkind = 'm' "
    "UNION ALL SELECT format('the default of %s.%I draws from the identity of table %s: give it a sequence of its own', a.adrelid::regclass, n.attname, t.oid::regclass) "
    "FROM t JOIN pg_depend i ON i.refclassid = 'pg_class'::regclass AND i.refobjid = t.oid AND i.deptype = 'i' AND i.classid = 'pg_class'::regclass JOIN pg_depend d ON "
    "d.refclassid = 'pg_class'::regclass AND d.refobjid = i.objid AND d.classid = 'pg_attrdef'::regclass JOIN pg_attrdef a ON a.oid = d.objid JOIN pg_attribute n ON "
    "n.attrelid = a.adrelid AND n.attnum = a.adnum WHERE a.adrelid <> t.oid";

/* What cannot be had of partitioned tables, and what belongs to a single partition. */
static const char partitions_own[] =
    "SELECT format('partition %s has %s of its own, which does not come with it: drop it for the time being', p.relid::regclass, own) FROM "
    "pg_partition_tree($1::regclass) p CROSS JOIN LATERAL (SELECT format('trigger %I', tgname) FROM pg_trigger WHERE tgrelid = p.relid AND NOT tgisinternal AND tgparentid = 0 AND "
    "tgname NOT LIKE 'midflight\\_%' UNION ALL SELECT format('index %s', indexrelid::regclass) FROM pg_index JOIN pg_class x ON x.oid = indexrelid WHERE indrelid = p.relid "
    "AND NOT x.relispartition UNION ALL SELECT format('foreign key %I', conname) FROM pg_constraint WHERE conrelid = p.relid AND contype = 'f' AND conparentid = 0 UNION ALL "
    "SELECT format('policy %I', polname) FROM pg_policy WHERE polrelid = p.relid UNION ALL SELECT 'a list of rights' FROM pg_class x WHERE x.oid = p.relid AND relacl IS NOT "
    "NULL) AS o (own) WHERE p.level > 0 "
    "UNION ALL SELECT format('foreign key %s of partitioned table %s refers to the table itself, which cannot hold while rows are copied: drop it for the time being', "
    "conname, t.oid::regclass) FROM pg_class t JOIN pg_constraint k ON k.conrelid = t.oid AND confrelid = t.oid AND contype = 'f' AND conparentid = 0 WHERE relkind = 'p' AND t.oid = $1::regclass "
    "UNION ALL SELECT format('foreign key %s of partitioned table %s refers to table %s: PostgreSQL can only check all of it while everybody waits. Drop it for the "
    "time being', conname, conrelid::regclass, t.oid::regclass) FROM pg_class t JOIN pg_constraint k ON k.confrelid = t.oid AND contype = 'f' AND conparentid = 0 AND conrelid "
    "<> t.oid JOIN pg_class c ON c.oid = conrelid AND c.relkind = 'p' WHERE t.oid = $1::regclass";

/* What the user should know. $2: the new table. */
static const char to_know[] =
    "SELECT format('publication %I publishes every table there is, or of the schema: subscribers need a table %s as well, or they stop', pubname, $2::text) FROM "
    "pg_publication WHERE puballtables "
    "UNION ALL SELECT format('column %s.%I refers to %s.%I and goes on being %s: a value that only fits the new type cannot be referred to. Change it by a migration "
    "of its own', k.conrelid::regclass, a.attname, k.confrelid::regclass, o.attname, format_type(a.atttypid, a.atttypmod)) FROM pg_constraint k CROSS JOIN LATERAL "
    "unnest(conkey, confkey) AS c (here, there) JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = c.here JOIN pg_attribute o ON o.attrelid = confrelid AND "
    "o.attnum = c.there JOIN pg_attribute n ON n.attrelid = to_regclass($2::text) AND n.attname = CASE WHEN false THEN $1::text ELSE o.attname END WHERE contype = "
    "'f' AND conparentid = 0 AND confrelid = $1::regclass AND n.atttypid <> o.atttypid AND a.atttypid <> n.atttypid AND conrelid <> confrelid";

/* As PostgreSQL's own ALTER TABLE refuses to drop a column that something needs. */
static const char columns_missed[] =
    "SELECT DISTINCT format('column %I goes, and %s needs it: change or drop that first', attname, CASE WHEN d.classid = 'pg_rewrite'::regclass THEN (SELECT CASE "
    "rulename WHEN '_RETURN' THEN pg_describe_object('pg_class'::regclass, ev_class, 0) ELSE pg_describe_object(d.classid, d.objid, 0) END FROM pg_rewrite r WHERE r.oid = "
    "d.objid) ELSE pg_describe_object(d.classid, d.objid, 0) END) FROM pg_attribute a JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = attrelid "
    "AND d.refobjsubid = attnum AND (d.deptype = 'n' AND d.classid <> 'pg_constraint'::regclass OR d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT 1 FROM "
    "pg_constraint k WHERE k.oid = d.objid AND k.conrelid <> attrelid) OR d.classid IN ('pg_trigger'::regclass, 'pg_policy'::regclass)) WHERE attrelid = $1::regclass AND "
    "attnum > 0 AND NOT attisdropped AND NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE d.classid = 'pg_trigger'::regclass AND g.oid = d.objid AND g.tgisinternal) AND "
    "attname NOT IN (SELECT name FROM midflight.midflight_kept WHERE migration = $2::text AND kind = 'pair') ORDER BY 1";

/* $2: what the table is to be called after the exchange. */
static const char name_taken[] =
    "SELECT format('there is a table %I already, which is what %s is to be called after the cut-over: drop it, or give it another name', c.relname, t.oid::regclass) FROM "
    "pg_class t JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = $2::text WHERE t.oid = $1::regclass";

static bool say_each(struct postgres_store *store, const char *query, const char *const *values, size_t count, enum check_level level,
                     struct check_report *report, struct error *error) {
    RESULT *rows = NULL;
    if (!pg_query(store->db, query, NULL, values, count, &rows, error)) return false;
    for (int row = 0; row < PQntuples(rows); row++) report_say(report, level, "alter: %s", PQgetvalue(rows, row, 0));
    return true;
}

static const char *table_name(struct postgres_store *store, enum side side) {
    TEXT name = {0};
    pg_dialect.table(&name, &store->tables[side][0]);
    return arena_copy(store->bound, text_get(&name));
}

/* The new table, still empty, gets the name and all that belongs to it. [tx], undone. */
static bool exchange(struct postgres_store *store, struct check_report *report, struct error *error) {
    const char *values[] = {table_name(store, SIDE_OLD), table_name(store, SIDE_NEW)};
    const char *missed[] = {values[0], store->change.name};
    int64_t before = report->refusals;
    return store->sql.base.ops->ledger_create(&store->sql.base, error) && store->sql.base.ops->shape_make(&store->sql.base, error) &&
           pg_late_build_all(store, error) && say_each(store, to_know, values, 2, CHECK_WARNING, report, error) &&
           say_each(store, columns_missed, missed, 2, CHECK_REFUSAL, report, error) &&
           (report->refusals > before || pg_swap_try(store, error));
}

bool pg_fit_check(struct postgres_store *store, struct check_report *report, struct error *error) {
    struct store *base = &store->sql.base;
    const char *table = table_name(store, SIDE_OLD);
    struct error failure = {0};
    int64_t before = report->refusals;
    const char *names[] = {table, pg_alter_waiting_name(store, SIDE_OLD)};
    if (!say_each(store, name_taken, names, 2, CHECK_REFUSAL, report, error) || !say_each(store, in_the_way, &table, 1, CHECK_REFUSAL, report, error) ||
        !say_each(store, partitions_own, &table, 1, CHECK_REFUSAL, report, error)) {
        return false;
    }
    if (report->refusals > before) return true;
    if (!base->ops->begin(base, error)) return false;
    bool fits = exchange(store, report, &failure);
    base->ops->rollback(base);
    if (fits) return true;
    if (failure.code == ERROR_STORE && PQstatus(store->db) != CONNECTION_OK) {
        *error = failure;
        return false;
    }
    if (failure.code == ERROR_BUSY) {
        report_say(report, CHECK_WARNING, "alter: the cut-over was not tried, as table %s was in use for too long: %s", store->change.alter_table,
                   failure.message);
    } else {
        report_say(report, CHECK_REFUSAL, "alter: the cut-over would fail: %s. Change or drop first what is named", failure.message);
    }
    return true;
}
