/* The quick way of many rows: each flow by one statement over the transition tables, planned for as many rows as there are.
 *
 * For UPDATE, with the rows before and after paired by the key (here of customers to people):
 *
 *   WITH midflight_written AS (
 *     UPDATE people SET email = CASE WHEN <b differs from a> THEN a.email ELSE people.email END ...
 *     FROM <what the query yields now> AS midflight_a LEFT JOIN <what it yielded> AS midflight_b ON <match>
 *     WHERE <match> AND <b differs from a> RETURNING <people's row is a> AS midflight_same)
 *   SELECT count(*) FROM midflight_written WHERE midflight_same
 *
 * If that is as many as the statement changed, each of them was there, was written and agrees: nothing is left to do. Else
 * the careful way does what is left.
 *
 * PL/pgSQL would plan a statement once a session, for as many rows as the session's first statement wrote: so these are
 * EXECUTEd. */
#include "store/postgres/program.h"

#define TAG "$midflight_many$"

/* The keys of the rows written, each once: as a join, whose size PostgreSQL foresees, where it takes IN for one of 200 keys. */
static struct scope written_scope(const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    TEXT keys = {0};
    struct names *names = ARENA_ARRAY(store->bound, struct names, 1);
    text_add(&keys, "(SELECT ");
    for (size_t i = 0; i < store->key.count; i++) {
        const char *name = arena_format(store->bound, "midflight_k%zu", i + 1);
        names_add(store->bound, names, name);
        if (i > 0) text_add(&keys, ", ");
        pg_quote(&keys, capture->table->table->key.items[i]);
        text_addf(&keys, " AS %s", name);
    }
    text_addf(&keys, " FROM %s)", capture->event == EVENT_DELETE ? "midflight_old" : "midflight_new");
    return (struct scope){.set = arena_copy(store->bound, text_get(&keys)), .row_key = names, .joined = true};
}

/* What the query yields now for the rows written, and what it yielded. */
static void add_query(struct text *text, const struct capture *capture, const struct flow *flow, bool now) {
    struct scope written = written_scope(capture), all = {0};
    struct image before = {.event = capture->event, .leader = capture->leader, .rows = "midflight_old AS midflight_o",
                           .new_rows = "midflight_new"};
    sync_query(text, &pg_dialect, flow, now ? &written : &all, now ? IMAGE_STORED : before);
}

/* A condition: the yielded columns, as the target has them and as they are wanted, are the same. */
static void add_same(struct text *text, const struct flow *flow, const char *target, const char *wanted) {
    text_add(text, "NOT ");
    pg_add_differ(text, flow->target, target, wanted, &flow->yielded);
}

static void add_bulk_update(struct text *text, const struct capture *capture, const struct flow *flow) {
    TEXT now = {0};
    TEXT was = {0};
    TEXT target = {0};
    add_query(&now, capture, flow, true);
    add_query(&was, capture, flow, false);
    pg_quote(&target, flow->target->physical);
    text_add(text, "WITH midflight_written AS (");
    sync_updating(text, &pg_dialect, flow, text_get(&now), text_get(&was));
    text_add(text, "\n    RETURNING ");
    add_same(text, flow, text_get(&target), "midflight_a");
    text_add(text, " AS midflight_same) SELECT count(*) FROM midflight_written WHERE midflight_same");
}

static void add_bulk_insert(struct text *text, const struct capture *capture, const struct flow *flow) {
    TEXT now = {0};
    add_query(&now, capture, flow, true);
    text_addf(text, "WITH midflight_n AS MATERIALIZED (SELECT * FROM %s AS midflight_q), midflight_written AS (INSERT INTO ", text_get(&now));
    pg_dialect.table(text, flow->target);
    text_add(text, " AS midflight_t (");
    sync_names(text, &pg_dialect, NULL, &flow->yielded);
    text_addf(text, ")%s\n    SELECT ", pg_dialect.overriding);
    sync_names(text, &pg_dialect, NULL, &flow->yielded);
    text_add(text, " FROM midflight_n");
    pg_dialect.unless_there(text, flow);
    text_add(text, " RETURNING ");
    sync_names(text, &pg_dialect, "midflight_t", &flow->yielded);
    text_add(text, ")\n    SELECT count(*) FROM midflight_written AS midflight_w JOIN midflight_n AS midflight_a ON ");
    for (size_t i = 0; i < flow->match.count; i++) {
        if (i > 0) text_add(text, " AND ");
        text_add(text, "midflight_w.");
        pg_quote(text, flow->match.items[i]);
        text_add(text, " = midflight_a.");
        pg_quote(text, flow->match.items[i]);
    }
    text_add(text, " WHERE ");
    add_same(text, flow, "midflight_w", "midflight_a");
}

/* Those that are back by now stay, and are the careful way's. */
static void add_bulk_delete(struct text *text, const struct capture *capture, const struct flow *flow) {
    const struct names *key = &capture->table->table->key;
    struct scope written = {.row = "midflight_o", .row_key = key};
    TEXT target = {0};
    pg_quote(&target, flow->target->physical);
    text_add(text, "WITH midflight_written AS (DELETE FROM ");
    pg_dialect.table(text, flow->target);
    text_add(text, " USING midflight_old AS midflight_o WHERE ");
    sync_scope(text, &pg_dialect, &written, text_get(&target), &flow->target->table->key);
    text_addf(text, "\n    AND NOT EXISTS (SELECT FROM %s AS midflight_l WHERE ", pg_relation(capture->store, capture->table));
    sync_scope(text, &pg_dialect, &written, "midflight_l", key);
    text_add(text, ") RETURNING 1) SELECT count(*) FROM midflight_written");
}

static void add_bulk_flow(struct text *text, const struct capture *capture, const struct flow *flow) {
    switch (capture->event) {
    case EVENT_UPDATE: add_bulk_update(text, capture, flow); return;
    case EVENT_INSERT: add_bulk_insert(text, capture, flow); return;
    default: add_bulk_delete(text, capture, flow); return;
    }
}

static bool has_all(const struct names *names, const struct names *wanted) {
    for (size_t i = 0; i < wanted->count; i++) {
        if (!names_have(names, wanted->items[i])) return false;
    }
    return true;
}

/* How many rows bear a key that none bore before, how many changed in what any flow reads, and in what each does. A key is
 * unique here at every moment, so that no statement exchanges keys among its rows: if all are as before, none has changed.
 * PostgreSQL counts once where the condition is the same. */
static void add_counts(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    size_t count = store->change.mappings[capture->direction].count;
    if (capture->event != EVENT_UPDATE) {
        text_add(text, "  EXECUTE " TAG "SELECT ARRAY[0, count(*)");
        for (size_t i = 0; i < count; i++) text_add(text, ", count(*)");
        text_addf(text, "] FROM %s" TAG " INTO midflight_counts;\n", capture->event == EVENT_DELETE ? "midflight_old" : "midflight_new");
        return;
    }
    struct names any = pg_read_columns(capture);
    text_add(text, "  EXECUTE " TAG "SELECT ARRAY[(SELECT count(*) FROM midflight_new) - count(*),\n    count(*) FILTER (WHERE ");
    pg_add_differ(text, capture->table, "midflight_o", "midflight_n", &any);
    for (size_t i = 0; i < count; i++) {
        const struct names *reads = &store->flows[capture->direction][i].reads[capture->leader];
        text_add(text, "),\n    count(*) FILTER (WHERE ");
        pg_add_differ(text, capture->table, "midflight_o", "midflight_n", has_all(reads, &any) ? &any : reads);
    }
    struct scope before = {.row = "midflight_o", .row_key = &capture->table->table->key};
    text_add(text, ")] FROM midflight_old AS midflight_o JOIN midflight_new AS midflight_n ON ");
    sync_scope(text, &pg_dialect, &before, "midflight_n", &capture->table->table->key);
    text_add(text, TAG "\n    INTO midflight_counts;\n"
                   "  IF midflight_counts[1] = 0 AND midflight_counts[2] = 0 THEN " PG_REST_DONE " END IF;\n");
}

/* A flow that some of the changed rows do not concern is written for the others; for these it must agree as it is, or they
 * agree in the other direction alone, and the careful way has to look. */
static void add_rest(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    struct scope written = {.set = "midflight_new", .row_key = &capture->table->table->key};
    TEXT now = {0};
    add_query(&now, capture, flow, true);
    text_addf(text, "  IF midflight_settled AND midflight_counts[%zu] < midflight_counts[2] THEN\n  EXECUTE " TAG
                    "SELECT NOT EXISTS (", number + 2);
    sync_different(text, &pg_dialect, flow, &written, text_get(&now));
    text_add(text, ")" TAG "\n    INTO midflight_settled;\n  END IF;\n");
}

void pg_add_bulk(struct text *text, const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    size_t count = store->change.mappings[capture->direction].count;
    TEXT body = {0};
    text_add(text, "  IF midflight_many THEN\n");
    add_counts(text, capture);
    text_add(text, "  IF midflight_counts[1] = 0 THEN\n");
    for (size_t i = 0; i < count; i++) {
        size_t number = capture->event == EVENT_DELETE ? count - 1 - i : i;
        const struct flow *flow = &store->flows[capture->direction][number];
        if (i > 0) text_add(&body, "  IF midflight_settled THEN\n");
        text_add(&body, "  EXECUTE " TAG);
        add_bulk_flow(&body, capture, flow);
        text_addf(&body, TAG "\n    INTO midflight_count;\n  midflight_settled := midflight_count = midflight_counts[%zu];\n",
                  number + 3);
        if (count > 1 && capture->event == EVENT_UPDATE) add_rest(&body, capture, flow, number + 1);
    }
    for (size_t i = 1; i < count; i++) text_add(&body, "  END IF;\n");
    text_add(&body, capture->deferred);
    pg_add_attempt(text, capture, text_get(&body));
    text_add(text, "  END IF;\n  END IF;\n");
}
