/* The quick way of one row: PL/pgSQL over records and scalars, whose plans are made once a session.
 *
 * OLD and NEW hold the row, as in a trigger FOR EACH ROW. For every flow (here the one of people, after an UPDATE):
 *
 *   SELECT ... AS n1, ... AS w1, ... INTO STRICT midflight_row_1   what the query yields now, and did before the write
 *   UPDATE people SET email = n4, ... WHERE id = n1 AND <people's row is w> RETURNING <people's row is n> INTO midflight_settled
 *
 * or an INSERT, or a DELETE. "Now" is read from the table, not from NEW: the application's own triggers may have changed the
 * row once more since. What comes back from the follower is what its own triggers made of it. Where the follower does not hold
 * what the query yielded (a value that the mapping cannot represent, a row that the backfill has not reached), or not what it
 * yields (a trigger, a race), the careful way does the rest. STRICT fails where there is not exactly one row of an image, or of
 * what was written at all: that, and whatever else fails, ends the block, and leaves all to the other ways. */
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

/* The field that holds a yielded column: n for now, w for what was. */
static const char *field_of(const struct capture *capture, const struct flow *flow, size_t number, char image, const char *name) {
    size_t place = 0;
    while (strcmp(flow->yielded.items[place], name) != 0) place++;
    return arena_format(capture->store->bound, "midflight_row_%zu.%c%zu", number, image, place + 1);
}

/* midflight_row_1.n1, ... */
static void add_fields(struct text *text, const struct capture *capture, const struct flow *flow, size_t number, char image) {
    for (size_t i = 0; i < flow->yielded.count; i++) {
        text_addf(text, "%s%s", i > 0 ? ", " : "", field_of(capture, flow, number, image, flow->yielded.items[i]));
    }
}

/* "people"."id" = midflight_row_1.n1 */
static void add_matched(struct text *text, const struct capture *capture, const struct flow *flow, size_t number, char image) {
    for (size_t i = 0; i < flow->match.count; i++) {
        if (i > 0) text_add(text, " AND ");
        pg_quote(text, flow->target->physical);
        text_add(text, ".");
        pg_quote(text, flow->match.items[i]);
        text_addf(text, " = %s", field_of(capture, flow, number, image, flow->match.items[i]));
    }
}

/* A condition: some of these columns differ between the follower's row and an image, or, with `was`, between the images. */
static void add_differs(struct text *text, const struct capture *capture, const struct flow *flow, size_t number, char image, bool was) {
    const struct names *names = &flow->yielded;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        TEXT left = {0};
        if (was) {
            text_add(&left, field_of(capture, flow, number, 'w', name));
        } else {
            pg_quote(&left, flow->target->physical);
            text_add(&left, ".");
            pg_quote(&left, name);
        }
        text_add(text, i > 0 ? " OR " : "(");
        pg_dialect.differs(text, text_get(&left), field_of(capture, flow, number, image, name), sync_column(flow->target, name));
    }
    text_add(text, ")");
}

/* AS n1, ... or AS w1, ... of a query's rows */
static void add_image(struct text *text, const struct flow *flow, const char *rows, char image) {
    for (size_t i = 0; i < flow->yielded.count; i++) {
        text_addf(text, "%s%s.", i > 0 ? ", " : "", rows);
        pg_quote(text, flow->yielded.items[i]);
        text_addf(text, " AS %c%zu", image, i + 1);
    }
}

/* The images that an event has: now, after a DELETE none, and what was, before an INSERT none. */
static void add_row_images(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    const struct names *key = &capture->table->table->key;
    struct scope scope = {.row = capture->event == EVENT_DELETE ? "OLD" : "NEW", .row_key = key};
    struct image before = {.event = capture->event, .leader = capture->leader};
    TEXT from = {0};
    text_add(text, "    SELECT ");
    if (capture->event != EVENT_DELETE) {
        add_image(text, flow, "midflight_a", 'n');
        sync_query(&from, &pg_dialect, flow, &scope, IMAGE_STORED);
        text_add(&from, " AS midflight_a");
    }
    if (capture->event != EVENT_INSERT) {
        text_add(text, capture->event == EVENT_UPDATE ? ",\n      " : "");
        text_add(&from, capture->event == EVENT_UPDATE ? ",\n    " : "");
        add_image(text, flow, "midflight_b", 'w');
        sync_query(&from, &pg_dialect, flow, &scope, before);
        text_add(&from, " AS midflight_b");
    }
    text_addf(text, "\n    INTO STRICT midflight_row_%zu FROM %s", number, text_get(&from));
    if (capture->event == EVENT_DELETE) { /* somebody's trigger may have put the row back */
        text_addf(text, "\n    WHERE NOT EXISTS (SELECT FROM %s AS midflight_l WHERE ", pg_relation(capture->store, capture->table));
        sync_scope(text, &pg_dialect, &scope, "midflight_l", key);
        text_add(text, ")");
    }
    text_add(text, ";\n");
}

/* RETURNING what is held is what the query yields INTO midflight_settled; which becomes NULL where no row was written. */
static void add_returning(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "\n      RETURNING NOT ");
    add_differs(text, capture, flow, number, 'n', false);
    text_add(text, " INTO midflight_settled;\n");
}

/* The follower's row is written if it is what the query yielded, and the query yields something else by now. */
static void add_row_write(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "    UPDATE ");
    pg_dialect.table(text, flow->target);
    text_add(text, " SET ");
    for (size_t i = 0; i < flow->written.count; i++) {
        if (i > 0) text_add(text, ", ");
        pg_quote(text, flow->written.items[i]);
        text_addf(text, " = %s", field_of(capture, flow, number, 'n', flow->written.items[i]));
    }
    text_add(text, "\n      WHERE ");
    add_matched(text, capture, flow, number, 'n');
    text_add(text, " AND NOT ");
    add_differs(text, capture, flow, number, 'w', false);
    text_add(text, " AND ");
    add_differs(text, capture, flow, number, 'n', true);
    add_returning(text, capture, flow, number);
}

/* A flow that reads nothing of what changed, beside others that do, is looked at alone. */
static void add_row_update(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    bool several = capture->store->change.mappings[capture->direction].count > 1;
    if (several) {
        text_add(text, "    IF ");
        pg_add_differ(text, capture->table, "OLD", "NEW", &flow->reads[capture->leader]);
        text_add(text, " THEN\n");
    }
    add_row_write(text, capture, flow, number);
    if (!several) return;
    text_add(text, "    ELSE\n    SELECT NOT ");
    add_differs(text, capture, flow, number, 'n', false);
    text_add(text, " INTO midflight_settled FROM ");
    pg_dialect.table(text, flow->target);
    text_add(text, " WHERE ");
    add_matched(text, capture, flow, number, 'n');
    text_add(text, ";\n    END IF;\n");
}

static void add_row_insert(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "    INSERT INTO ");
    pg_dialect.table(text, flow->target);
    text_add(text, " (");
    sync_names(text, &pg_dialect, NULL, &flow->yielded);
    text_addf(text, ")%s VALUES (", pg_dialect.overriding);
    add_fields(text, capture, flow, number, 'n');
    text_add(text, ")");
    pg_dialect.unless_there(text, flow);
    add_returning(text, capture, flow, number);
}

static void add_row_delete(struct text *text, const struct capture *capture, const struct flow *flow, size_t number) {
    text_add(text, "    DELETE FROM ");
    pg_dialect.table(text, flow->target);
    text_add(text, " WHERE ");
    add_matched(text, capture, flow, number, 'w');
    text_add(text, ";\n    midflight_settled := FOUND;\n");
}

static void add_row_flow(struct text *text, const struct capture *capture, size_t number) {
    const struct flow *flow = &capture->store->flows[capture->direction][number - 1];
    add_row_images(text, capture, flow, number);
    switch (capture->event) {
    case EVENT_UPDATE: add_row_update(text, capture, flow, number); return;
    case EVENT_INSERT: add_row_insert(text, capture, flow, number); return;
    default: add_row_delete(text, capture, flow, number); return;
    }
}

/* The flows, one after the other for as long as each is settled: rows go in the opposite order. */
static void add_row_flows(struct text *text, const struct capture *capture) {
    size_t count = capture->store->change.mappings[capture->direction].count;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_add(text, "    IF midflight_settled THEN\n");
        add_row_flow(text, capture, capture->event == EVENT_DELETE ? count - i : i + 1);
    }
    for (size_t i = 1; i < count; i++) text_add(text, "    END IF;\n");
    text_add(text, capture->deferred);
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
    if (capture->event == EVENT_UPDATE) {
        struct names reads = pg_read_columns(capture);
        text_add(text, "    IF NOT ");
        pg_add_differ(text, capture->table, "OLD", "NEW", &reads);
        text_add(text, " THEN RETURN NULL; END IF;\n");
    }
    text_add(text, "    IF ");
    add_key_kept(text, capture);
    text_add(text, " THEN\n");
    pg_add_guard(text, capture->store, capture->direction);
    add_row_flows(text, capture);
    text_add(text, PG_RESTORE_GUARD "    IF midflight_settled THEN RETURN NULL; END IF;\n    END IF;\n"
                   "  EXCEPTION WHEN OTHERS THEN\n    IF " PG_PASSING " THEN RAISE; END IF;\n  END;\n");
}
