/* What lands here: the flows that the other store's queries feed, and how their rows come in. */
#include <string.h>

#include "store/postgres/half.h"
#include "store/sql/catalog.h"
#include "store/sql/report.h"

static const struct bound_table *find_table(const struct postgres_store *store, enum side side, const char *name) {
    for (size_t i = 0; i < store->change.shapes[side].count; i++) {
        if (strcmp(store->change.shapes[side].tables[i].name, name) == 0) return &store->tables[side][i];
    }
    return NULL;
}

static bool bind_flow(struct postgres_store *store, enum direction direction, const struct cargo *cargo, struct flow *flow,
                      struct error *error) {
    const char *what = arena_format(store->bound, "%s.%s", direction_name(direction), cargo->table);
    *flow = (struct flow){.target = find_table(store, follower_of(direction), cargo->table)};
    for (size_t i = 0; i < cargo->columns.count; i++) {
        if (!sql_flow_yield(flow, what, cargo->columns.items[i], store->bound, error)) return false;
    }
    return sql_flow_finish(flow, what, store->bound, error);
}

/* --- types ------------------------------------------------------------------------------------------------------- */

/* Of the table $1: a column $2, its type, that of its domain's values if it has one, whether the server brings it along, and whether it
 * has labels; and the same of type $3, of which nothing may be known here. */
static const char column_type[] =
    "SELECT format_type(a.atttypid, a.atttypmod), format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), "
    "a.atttypid < 16384, b.typtype = 'e' AND coalesce(y.typtype = 'e', true) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN "
    "pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END LEFT JOIN pg_type y ON y.oid = to_regtype($3) WHERE "
    "a.attrelid = $1::regclass AND a.attname = $2";

struct fit {
    struct passage passage;
    bool built_in, bytes;
};

static bool refuse_type(struct check_report *report, const char *what, const char *column, const char *yields, const char *type,
                        struct error *error) {
    static const char sentence[] = "%s yields %s as %s, and the column is %s, which does not keep such values as they are: cast it in the query";
    if (report == NULL) return error_set(error, ERROR_DEFINITION, sentence, what, column, yields, type);
    report_say(report, CHECK_REFUSAL, sentence, what, column, yields, type);
    return true;
}

static bool fit_column(struct postgres_store *store, const char *what, const struct flow *flow, const char *column, const char *yields,
                       struct fit *ret, struct check_report *report, struct error *error) {
    TEXT value = {0};
    RESULT *found = NULL;
    const char *values[] = {pg_relation(store, flow->target), column, yields};
    pg_quote(&value, column);
    if (!pg_query(store->db, column_type, NULL, values, 3, &found, error)) return false;
    if (PQntuples(found) == 0) { /* somebody finishes, or rolls back, meanwhile */
        return error_set(error, ERROR_SCHEMA, "%s: column %s of the table was dropped or renamed while it was looked at: run the same command "
                                              "again", what, column);
    }
    const char *type = PQgetvalue(found, 0, 0);
    struct passage passage = pg_passage(yields, PQgetvalue(found, 0, 1), *PQgetvalue(found, 0, 3) == 't', text_get(&value), store->bound);
    if (passage.never && !refuse_type(report, what, column, yields, type, error)) return false;
    *ret = (struct fit){passage, *PQgetvalue(found, 0, 2) == 't', strcmp(PQgetvalue(found, 0, 1), "bytea") == 0};
    if (report != NULL && yields != NULL && passage.same != NULL) {
        report_say(report, CHECK_WARNING, "%s yields %s as %s, and the column is %s: an entity with a value that would not stay the same "
                   "goes to quarantine. Cast it in the query where that is meant", what, column, yields, type);
    }
    return true;
}

/* --- streams ----------------------------------------------------------------------------------------------------- */

struct builder {
    struct text columns, now, misfits;
};

static void add_column(struct builder *builder, const struct flow *flow, const char *name, const struct fit *fit) {
    const struct column *column = sync_column(flow->target, name);
    const struct passage *passage = &fit->passage;
    TEXT quoted = {0};
    pg_quote(&quoted, name);
    const char *separator = builder->columns.length > 0 ? ", " : "";
    text_addf(&builder->columns, "%s%s %s", separator, text_get(&quoted), passage->stage != NULL ? passage->stage : column->declared);
    if (passage->stage == NULL) {
        text_addf(&builder->now, "%s%s", separator, text_get(&quoted));
        return;
    }
    text_addf(&builder->now, "%s%s::%s AS %s", separator, text_get(&quoted), column->declared, text_get(&quoted));
    text_addf(&builder->misfits, " WHEN NOT (%s) THEN ", passage->same);
    TEXT sentence = {0};
    text_addf(&sentence, ": %s would not stay what it is as %s: ", name, passage->type);
    pg_quote_text(&builder->misfits, text_get(&sentence));
    text_addf(&builder->misfits, " || quote_literal(%s)", text_get(&quoted));
}

static void finish(struct postgres_store *store, const struct builder *builder, struct stream *ret) {
    const struct flow *flow = ret->flow;
    ret->columns = arena_copy(store->bound, text_get(&builder->columns));
    TEXT yielded = {0};
    sync_names(&yielded, &pg_dialect, NULL, &flow->yielded);
    ret->yielded = arena_copy(store->bound, text_get(&yielded));
    ret->now = builder->misfits.length == 0 ? NULL : arena_copy(store->bound, text_get(&builder->now));
    if (ret->now == NULL) return;
    TEXT key = {0};
    pg_key_text(&key, NULL, &flow->target->table->key);
    ret->misfits = arena_format(store->bound, "'key ' || %s || CASE%s END", text_get(&key), text_get(&builder->misfits));
}

static bool bind_stream(struct postgres_store *store, enum direction direction, const char *raw, struct cargo *cargo,
                        struct stream *ret, struct check_report *report, struct error *error) {
    const char *what = arena_format(store->bound, "%s.%s", direction_name(direction), cargo->table);
    bool alike = raw != NULL && strcmp(raw, "postgresql") == 0, ok = true;
    struct builder builder = {{0}, {0}, {0}};
    bool *bytes = ARENA_ARRAY(store->bound, bool, ret->flow->yielded.count);
    bool same = alike;
    for (size_t i = 0; ok && i < ret->flow->yielded.count; i++) {
        struct fit fit = {0};
        ok = fit_column(store, what, ret->flow, ret->flow->yielded.items[i], alike ? cargo->types.items[i] : NULL, &fit, report, error);
        if (!ok) break;
        same = same && fit.passage.raw && fit.built_in;
        bytes[i] = fit.bytes;
        add_column(&builder, ret->flow, ret->flow->yielded.items[i], &fit);
    }
    if (ok) finish(store, &builder, ret);
    if (ok) cargo->raw = same;
    if (ok) cargo->bytes = bytes;
    text_free(&builder.columns);
    text_free(&builder.now);
    text_free(&builder.misfits);
    return ok;
}

bool postgres_land_expect(struct store *base, enum direction direction, struct manifest *manifest, struct check_report *report,
                          struct error *error) {
    struct postgres_store *store = postgres_store_of(base);
    store->flows[direction] = ARENA_ARRAY(store->bound, struct flow, manifest->count);
    struct stream *streams = store->half->streams[direction] = ARENA_ARRAY(store->bound, struct stream, manifest->count);
    manifest->apart = true;
    for (size_t i = 0; i < manifest->count; i++) {
        struct flow *flow = &store->flows[direction][i];
        streams[i].flow = flow;
        if (!bind_flow(store, direction, &manifest->cargoes[i], flow, error) ||
            !bind_stream(store, direction, manifest->raw, &manifest->cargoes[i], &streams[i], report, error)) {
            return error_prefix(error, "%s", base->name);
        }
        manifest->apart = manifest->apart && sql_flow_is_apart(flow);
    }
    if (report != NULL) pg_check_columns(store, direction, report);
    return true;
}
