/* Do the columns that the queries yield fit those of the tables? */
#include "store/postgres/state.h"
#include "store/sql/report.h"

void pg_check_columns(struct postgres_store *store, enum direction direction, struct check_report *report) {
    for (size_t f = 0; f < store->change.mappings[direction].count; f++) {
        const struct flow *flow = &store->flows[direction][f];
        report_missing(report, flow, direction);
        report_unmapped(report, flow, direction);
        for (size_t i = 0; i < flow->others.count; i++) report_other(report, flow, direction, flow->others.items[i]);
    }
}

/* A sentence for each column that holds less than what its query yields: no value of the one type is always one of the other,
 * or the column is shorter, or has a domain's own rules. */
static const char narrower[] =
    "SELECT format('%s.%s yields %s as %s, and the column is %s: a value that does not fit goes to quarantine', $2::text, $3::text, "
    "a.attname, format_type(y.atttypid, y.atttypmod), format_type(a.atttypid, a.atttypmod)) "
    "FROM pg_attribute y JOIN pg_attribute a ON a.attname = y.attname AND a.attrelid = $1::regclass JOIN pg_type t ON t.oid = a.atttypid "
    "WHERE y.attrelid = 'pg_temp.midflight_probe'::regclass AND y.attnum > 0 AND (CASE WHEN y.atttypid = a.atttypid THEN "
    "a.atttypmod <> -1 AND (y.atttypmod = -1 OR CASE WHEN a.atttypid = 'numeric'::regtype THEN y.atttypmod <> a.atttypmod ELSE "
    "y.atttypmod > a.atttypmod END) "
    "ELSE a.atttypmod <> -1 OR t.typtype = 'd' OR NOT EXISTS (SELECT 1 FROM pg_cast c WHERE c.castsource = y.atttypid AND c.casttarget "
    "= a.atttypid AND c.castcontext = 'i') END) ORDER BY a.attnum";

static bool check_flow(struct postgres_store *store, enum direction direction, const struct flow *flow,
                       struct check_report *report, struct error *error) {
    TEXT view = {0};
    TEXT target = {0};
    RESULT *sentences = NULL;
    text_addf(&view, "DROP VIEW IF EXISTS pg_temp.midflight_probe; CREATE TEMPORARY VIEW midflight_probe AS SELECT * FROM (%s\n) AS "
                     "midflight_query", flow->sql);
    pg_dialect.table(&target, flow->target);
    const char *values[] = {text_get(&target), direction_name(direction), flow->target->table->name};
    if (!pg_script(store->db, text_get(&view), NULL, error) ||
        !pg_query(store->db, narrower, NULL, values, 3, &sentences, error)) {
        return false;
    }
    for (int i = 0; i < PQntuples(sentences); i++) report_say(report, CHECK_WARNING, "%s", PQgetvalue(sentences, i, 0));
    return true;
}

bool pg_check_types(struct postgres_store *store, enum direction direction, struct check_report *report, struct error *error) {
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        if (!check_flow(store, direction, &store->flows[direction][i], report, error)) return false;
    }
    return true;
}
