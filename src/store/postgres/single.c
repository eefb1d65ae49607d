/* The quick way of one row: PL/pgSQL over records, whose plans are made once a session.
 *
 * OLD and NEW hold the row, as in a trigger FOR EACH ROW. Where an entity is several rows, lists.c goes on from there; where it is one
 * on both sides, after an UPDATE (here with one flow, to people):
 *
 *   SELECT ROW(...)::midflight_m_forward_row_people AS now_1, ROW(...)::midflight_m_forward_row_people AS was_1
 *     INTO STRICT midflight_row                     what the query yields now, and did before the write
 *   if they are the same, nothing is left to do; else
 *   UPDATE people SET email = now_1.email, ... WHERE id = now_1.id AND <people's row is was_1>
 *     RETURNING <people's row is now_1> INTO midflight_settled
 *
 * or an INSERT, or a DELETE. Rows are compared whole, by their images: PostgreSQL makes a statement ready anew each time it runs,
 * and a comparison for every column takes longer to make ready than a whole row takes to compare. "Now" is read from the table, not
 * from NEW: the application's own triggers may have changed the row once more since. What comes back from the follower is what its
 * own triggers made of it. Where the follower does not hold what the query yielded (a value that the mapping cannot represent, a row
 * that the backfill has not reached), or not what it yields (a trigger, a race), the careful way does the rest. STRICT fails where
 * there is not exactly one row of an image, or of what was written at all: that, and whatever else fails, ends the block, and leaves
 * all to the other ways. */
#include <string.h>

#include "store/postgres/program.h"

/* Does the flow's match tell entities apart, and nothing less? */
static bool matches_by_key(const struct flow *flow) {
    const struct names *key = &flow->target->table->key;
    for (size_t i = 0; i < flow->match.count; i++) {
        if (!names_have(key, flow->match.items[i])) return false;
    }
    return flow->target->sole && flow->match.count == key->count;
}

bool pg_is_plain(const struct capture *capture) {
    const struct postgres_store *store = capture->store;
    bool plain = capture->event != EVENT_NONE && pg_is_alone(store, capture->direction);
    for (size_t i = 0; i < store->change.mappings[capture->direction].count; i++) {
        const struct flow *flow = &store->flows[capture->direction][i];
        plain = plain && flow->reads[capture->leader].count > 0 && flow->written.count > 0 && matches_by_key(flow);
    }
    return plain;
}

/* A flow's image: now_1, or was_1 for what was. */
static const char *image_of(const struct capture *capture, size_t number, const char *image) {
    return arena_format(capture->store->bound, "midflight_row.%s_%zu", image, number);
}

/* The image of a padded column has its blanks no more, however long the column is. */
void pg_add_row(struct text *text, const struct capture *capture, const struct flow *flow, const char *row) {
    text_add(text, "ROW(");
    for (size_t i = 0; i < flow->yielded.count; i++) {
        text_addf(text, "%s%s.", i > 0 ? ", " : "", row);
        pg_quote(text, flow->yielded.items[i]);
        if (pg_is_padded(sync_column(flow->target, flow->yielded.items[i]))) text_add(text, "::text::bpchar");
    }
    text_addf(text, ")::%s", pg_row_type(capture->store, capture->direction, flow));
}

/* A condition: the follower's row is an image. */
static void add_is(struct text *text, const struct capture *capture, const struct flow *flow, size_t number, const char *image) {
    TEXT target = {0};
    pg_quote(&target, flow->target->physical);
    text_add(text, "record_image_eq(");
    pg_add_row(text, capture, flow, text_get(&target));
    text_addf(text, ", %s)", image_of(capture, number, image));
}

/* (midflight_row.now_1)."id" */
static void add_field(struct text *text, const struct capture *capture, size_t number, const char *image, const char *name) {
    text_addf(text, "(%s).", image_of(capture, number, image));
    pg_quote(text, name);
}

/* "people"."id" = (midflight_row.now_1)."id" */
static void add_matched(struct text *text, const struct capture *capture, const struct flow *flow, size_t number, const char *image) {
    for (size_t i = 0; i < flow->match.count; i++) {
        if (i > 0) text_add(text, " AND ");
        pg_quote(text, flow->target->physical);
        text_add(text, ".");
        pg_quote(text, flow->match.items[i]);
        text_add(text, " = ");
        add_field(text, capture, number, image, flow->match.items[i]);
    }
}

/* One image of a flow: what is selected, and from what. */
static void add_image(struct text *text, struct text *from, const struct capture *capture, size_t number, const char *image) {
    const struct flow *flow = &capture->store->flows[capture->direction][number - 1];
    struct scope scope = {.row = capture->event == EVENT_DELETE ? "OLD" : "NEW", .row_key = &capture->table->table->key};
    struct image before = {.event = capture->event, .leader = capture->leader};
    bool now = strcmp(image, "now") == 0;
    const char *rows = arena_format(capture->store->bound, "midflight_%s_%zu", image, number);
    if (from->length > 0) {
        text_add(text, ",\n      ");
        text_add(from, ",\n    ");
    }
    pg_add_row(text, capture, flow, rows);
    text_addf(text, " AS %s_%zu", image, number);
    sync_query(from, &pg_dialect, flow, &scope, now ? IMAGE_STORED : before);
    text_addf(from, " AS %s", rows);
}

/* The images that an event has, of all flows in one snapshot: now, after a DELETE none, and what was, before an INSERT none. */
static void add_row_images(struct text *text, const struct capture *capture) {
    const struct names *key = &capture->table->table->key;
    TEXT from = {0};
    text_add(text, "    SELECT ");
    for (size_t i = 1; i <= capture->store->change.mappings[capture->direction].count; i++) {
        if (capture->event != EVENT_DELETE) add_image(text, &from, capture, i, "now");
        if (capture->event != EVENT_INSERT) add_image(text, &from, capture, i, "was");
    }
    text_addf(text, "\n    INTO STRICT midflight_row FROM %s", text_get(&from));
    if (capture->event == EVENT_DELETE) { /* somebody's trigger may have put the row back */
        struct scope scope = {.row = "OLD", .row_key = key};
        text_addf(text, "\n    WHERE NOT EXISTS (SELECT FROM %s AS midflight_l WHERE ", pg_relation(capture->store, capture->table));
        sync_scope(text, &pg_dialect, &scope, "midflight_l", key);
        text_add(text, ")");
    }
    text_add(text, ";\n");
}

/* RETURNING what is held is what the query yields INTO midflight_settled; which becomes NULL where no row was written. */
static void add_returning(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "\n      RETURNING ");
    add_is(text, capture, flow, number, "now");
    text_add(text, " INTO midflight_settled;\n");
}

/* The follower's row is written if it is what the query yielded. */
static void add_row_write(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "    UPDATE ");
    pg_dialect.table(text, flow->target);
    text_add(text, " SET ");
    for (size_t i = 0; i < flow->written.count; i++) {
        if (i > 0) text_add(text, ", ");
        pg_quote(text, flow->written.items[i]);
        text_add(text, " = ");
        add_field(text, capture, number, "now", flow->written.items[i]);
    }
    text_add(text, "\n      WHERE ");
    add_matched(text, capture, flow, number, "now");
    text_add(text, " AND ");
    add_is(text, capture, flow, number, "was");
    add_returning(text, capture, flow, number);
}

/* A flow that yields what it yielded, beside others that do not, is looked at alone. */
static void add_row_update(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    bool several = capture->store->change.mappings[capture->direction].count > 1;
    if (several) {
        text_addf(text, "    IF record_image_ne(%s, %s) THEN\n", image_of(capture, number, "now"), image_of(capture, number, "was"));
    }
    add_row_write(text, capture, flow, number);
    if (!several) return;
    text_add(text, "    ELSE\n    SELECT ");
    add_is(text, capture, flow, number, "now");
    text_add(text, " INTO midflight_settled FROM ");
    pg_dialect.table(text, flow->target);
    text_add(text, " WHERE ");
    add_matched(text, capture, flow, number, "now");
    text_add(text, ";\n    END IF;\n");
}

static void add_row_insert(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "    INSERT INTO ");
    pg_dialect.table(text, flow->target);
    text_add(text, " (");
    sync_names(text, &pg_dialect, NULL, &flow->yielded);
    text_addf(text, ")%s VALUES (", pg_dialect.overriding);
    for (size_t i = 0; i < flow->yielded.count; i++) {
        if (i > 0) text_add(text, ", ");
        add_field(text, capture, number, "now", flow->yielded.items[i]);
    }
    text_add(text, ")");
    pg_dialect.unless_there(text, flow);
    add_returning(text, capture, flow, number);
}

static void add_row_delete(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "    DELETE FROM ");
    pg_dialect.table(text, flow->target);
    text_add(text, " WHERE ");
    add_matched(text, capture, flow, number, "was");
    text_add(text, ";\n    midflight_settled := FOUND;\n");
}

static void add_row_flow(struct text *text, const struct capture *capture, size_t number) {
    const struct flow *flow = &capture->store->flows[capture->direction][number - 1];
    switch (capture->event) {
    case EVENT_UPDATE: add_row_update(text, capture, flow, number); return;
    case EVENT_INSERT: add_row_insert(text, capture, flow, number); return;
    default: add_row_delete(text, capture, flow, number); return;
    }
}

/* Does every flow yield what it yielded? */
static void add_unchanged(struct text *text, const struct capture *capture) {
    text_add(text, "    IF ");
    for (size_t i = 1; i <= capture->store->change.mappings[capture->direction].count; i++) {
        text_addf(text, "%srecord_image_eq(%s, %s)", i > 1 ? " AND " : "", image_of(capture, i, "now"), image_of(capture, i, "was"));
    }
    text_add(text, " THEN\n    midflight_settled := true;\n    ELSE\n");
}

/* The flows, one after the other for as long as each is settled: rows go in the opposite order. */
static void add_row_flows(struct text *text, const struct capture *capture) {
    size_t count = capture->store->change.mappings[capture->direction].count;
    add_row_images(text, capture);
    if (capture->event == EVENT_UPDATE) add_unchanged(text, capture);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_add(text, "    IF midflight_settled THEN\n");
        add_row_flow(text, capture, capture->event == EVENT_DELETE ? count - i : i + 1);
    }
    for (size_t i = 1; i < count; i++) text_add(text, "    END IF;\n");
    text_add(text, capture->deferred);
    if (capture->event == EVENT_UPDATE) text_add(text, "    END IF;\n");
}

/* A condition: the row has a key, and had the same before. */
static void add_key_kept(struct text *text, const struct capture *capture) {
    const struct names *key = &capture->table->table->key;
    for (size_t i = 0; i < key->count; i++) {
        text_addf(text, "%s%s.", i > 0 ? " AND " : "", capture->event == EVENT_DELETE ? "OLD" : "NEW");
        pg_quote(text, key->items[i]);
        text_add(text, " IS NOT NULL");
    }
    if (capture->event != EVENT_UPDATE) return;
    text_add(text, " AND NOT ");
    pg_add_differ(text, capture->table, "OLD", "NEW", key);
}

void pg_add_single(struct text *text, const struct capture *capture) {
    text_add(text, "  BEGIN\n");
    if (capture->event != EVENT_INSERT) text_add(text, "    SELECT * INTO STRICT OLD FROM midflight_old;\n");
    if (capture->event != EVENT_DELETE) text_add(text, "    SELECT * INTO STRICT NEW FROM midflight_new;\n");
    struct names reads = pg_read_columns(capture);
    if (capture->event == EVENT_UPDATE && reads.count < capture->table->column_count) { /* what was written may not be read at all */
        text_add(text, "    IF NOT ");
        pg_add_differ(text, capture->table, "OLD", "NEW", &reads);
        text_add(text, " THEN RETURN NULL; END IF;\n");
    }
    text_add(text, "    IF ");
    add_key_kept(text, capture);
    text_add(text, " THEN\n");
    pg_add_guard(text, capture->store, capture->direction);
    if (pg_is_plain(capture)) {
        add_row_flows(text, capture);
    } else {
        pg_add_lists(text, capture);
    }
    text_add(text, PG_RESTORE_GUARD "    IF midflight_settled THEN RETURN NULL; END IF;\n    END IF;\n"
                   "  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n  END;\n");
}
