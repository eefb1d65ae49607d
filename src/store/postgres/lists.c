/* The quick way of one written row whose entity is several rows, on either side:
 *
 *   the followers' rows are locked, unless the row that was written is the entity's lock
 *   SELECT ARRAY(...), ARRAY(...), ARRAY(...) INTO midflight_now_1, midflight_was_1, midflight_held_1, ...
 *                                                 what each flow yields, yielded before the write, and what its follower holds
 *   where what is held is not what was yielded, the careful way does all; else, of each flow that yields something else now,
 *   DELETE, UPDATE and INSERT the rows that differ, and
 *   SELECT <what is held is what is yielded> INTO midflight_settled
 *
 * Lists are compared by their images, as single.c compares rows, and in the order of what tells their rows apart. A flow that yields
 * what it yielded is compared with what is held all the same: it may be that the entity agrees in the other direction alone, and the
 * careful way has to look. */
#include "store/postgres/program.h"

/* The key of the row that was written, which it bore before as well. */
static struct scope written(const struct capture *capture) {
    return (struct scope){.row = capture->event == EVENT_DELETE ? "OLD" : "NEW", .row_key = &capture->table->table->key};
}

/* The flows, from 0. */
static const struct flow *flow_of(const struct capture *capture, size_t i) {
    return &capture->store->flows[capture->direction][i];
}

static size_t count_of(const struct capture *capture) {
    return capture->store->change.mappings[capture->direction].count;
}

void pg_add_listed(struct text *text, const struct capture *capture) {
    for (size_t i = 0; i < count_of(capture); i++) {
        text_addf(text, "  midflight_held_%zu %s[];\n", i + 1, pg_row_type(capture->store, capture->direction, flow_of(capture, i)));
    }
}

/* ARRAY(SELECT ROW(...)::type FROM rows AS midflight_r), in the order of the match. */
static void add_list(struct text *text, const struct capture *capture, const struct flow *flow, const char *rows) {
    text_add(text, "ARRAY(SELECT ");
    pg_add_row(text, capture, flow, "midflight_r");
    text_addf(text, " FROM %s AS midflight_r ORDER BY ", rows);
    sync_names(text, &pg_dialect, "midflight_r", &flow->match);
    text_add(text, ")");
}

static void add_held(struct text *text, const struct capture *capture, const struct flow *flow) {
    struct scope scope = written(capture);
    add_list(text, capture, flow, pg_held_of(capture->store, flow, &scope));
}

/* All of all flows in one snapshot, which is as late as the lock. */
static void add_all(struct text *text, const struct capture *capture) {
    struct image before = {.event = capture->event, .leader = capture->leader};
    struct scope scope = written(capture);
    TEXT into = {0};
    text_add(text, "    SELECT ");
    for (size_t i = 0; i < count_of(capture); i++) {
        const struct flow *flow = flow_of(capture, i);
        if (i > 0) text_add(text, ",\n      ");
        add_list(text, capture, flow, pg_query_of(capture->store, flow, &scope, IMAGE_STORED));
        text_add(text, ",\n      ");
        add_list(text, capture, flow, pg_query_of(capture->store, flow, &scope, before));
        text_add(text, ",\n      ");
        add_held(text, capture, flow);
        text_addf(&into, "%smidflight_now_%zu, midflight_was_%zu, midflight_held_%zu", i > 0 ? ", " : "", i + 1, i + 1, i + 1);
    }
    text_addf(text, "\n    INTO %s;\n", text_get(&into));
}

/* ROW(midflight_now_1, midflight_now_2, ...): one kind of list of all flows. */
static void add_lists(struct text *text, const struct capture *capture, const char *kind) {
    text_add(text, "ROW(");
    for (size_t i = 0; i < count_of(capture); i++) text_addf(text, "%smidflight_%s_%zu", i > 0 ? ", " : "", kind, i + 1);
    text_add(text, ")");
}

/* A condition: the lists of one kind have the images of those of another. */
static void add_alike(struct text *text, const struct capture *capture, const char *one, const char *another) {
    text_add(text, "record_image_eq(");
    add_lists(text, capture, one);
    text_add(text, ", ");
    add_lists(text, capture, another);
    text_add(text, ")");
}

/* IF there are so many rows in a flow's list THEN */
static void add_if_count(struct text *text, const char *kind, size_t i, const char *many) {
    text_addf(text, "    IF cardinality(midflight_%s_%zu) %s THEN\n  ", kind, i + 1, many);
}

/* Statements that make the follower's rows what the flow yields: what is gone first, in the opposite order of the flows. Where an entity
 * has one row at most, it is one of the three. A flow that is the only one has changed, or nothing is written. */
static void add_writes(struct text *text, const struct capture *capture) {
    struct scope scope = written(capture);
    bool several = count_of(capture) > 1;
    for (size_t i = count_of(capture); i-- > 0;) {
        const struct flow *flow = flow_of(capture, i);
        if (several) pg_add_if_changed(text, i);
        add_if_count(text, flow->target->sole ? "now" : "held", i, flow->target->sole ? "= 0" : "> 0");
        sync_delete(text, &pg_dialect, flow, &scope, pg_now_of(capture->store, i));
        text_add(text, several ? "    END IF;\n  END IF;\n" : "    END IF;\n");
    }
    for (size_t i = 0; i < count_of(capture); i++) {
        const struct flow *flow = flow_of(capture, i);
        if (several) pg_add_if_changed(text, i);
        add_if_count(text, "held", i, "> 0");
        sync_update(text, &pg_dialect, flow, pg_now_of(capture->store, i), NULL, false);
        text_add(text, "    END IF;\n");
        add_if_count(text, flow->target->sole ? "held" : "now", i, flow->target->sole ? "= 0" : "> 0");
        sync_insert(text, &pg_dialect, flow, pg_now_of(capture->store, i), NULL, false);
        text_add(text, several ? "    END IF;\n  END IF;\n" : "    END IF;\n");
    }
    text_add(text, capture->deferred);
}

/* What came of it, with what the followers' own triggers made of it. */
static void add_settled(struct text *text, const struct capture *capture) {
    text_add(text, "    SELECT record_image_eq(ROW(");
    for (size_t i = 0; i < count_of(capture); i++) {
        if (i > 0) text_add(text, ", ");
        add_held(text, capture, flow_of(capture, i));
    }
    text_add(text, "), ");
    add_lists(text, capture, "now");
    text_add(text, ") INTO midflight_settled;\n");
}

void pg_add_lists(struct text *text, const struct capture *capture) {
    struct scope scope = written(capture);
    if (!pg_is_alone(capture->store, capture->direction)) {
        pg_add_lock(text, capture->store, follower_of(capture->direction), &scope, "NO KEY UPDATE");
    }
    add_all(text, capture);
    text_add(text, "    midflight_settled := ");
    add_alike(text, capture, "held", "was");
    text_add(text, ";\n    IF midflight_settled AND NOT ");
    add_alike(text, capture, "now", "was");
    text_add(text, " THEN\n");
    add_writes(text, capture);
    add_settled(text, capture);
    text_add(text, "    END IF;\n");
}
