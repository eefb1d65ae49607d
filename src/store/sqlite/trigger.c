/* Capture: triggers that keep the follower in agreement within the writer's own transaction.
 *
 * For each table of a side, in the migration's name (here m, old side, table customers):
 *   midflight_m_old_customers_insert, _update, _delete   the delta of one row's write
 *   ..._rekey               the key changed: rows with values nobody maps move along, then both keys are synced
 * and, where a REPLACE may displace rows that the insert or update itself does not name:
 *   ..._insert_before, ..._update_before                 note the rows that may be displaced
 *   ..._insert_displaced, ..._update_displaced           sync the entities of those that were
 * and, in the migration's name:
 *   midflight_m_guard       one row: who is syncing what now, and how far the backfill is
 *   midflight_m_forward, midflight_m_backward            views; INSERT of a key performs its sync
 *   midflight_m_forward_now_people, ..._was_people       what the query yields, and yielded, for the entity being synced
 *   midflight_m_forward_stash_people                     what nobody maps, while a REPLACE is under way
 *   midflight_m_old_customers                            a view of the table, out of reach of its shadows
 *
 * Loops: a direction's sync stamps the guard with julianday('now') and the entity's key. The time is constant within one
 * statement of the application, so that a stamp left behind by a statement that failed half way (OR FAIL) expires by
 * itself, after a millisecond at most. The other side's triggers stand back from that entity while the stamp is now's.
 *
 * Rows ahead of the backfill's cursor are the backfill's: their triggers stand back too. Cursor and rows commit
 * together and SQLite has one writer, so every write is on one side of the cursor or the other.
 *
 * A row that the follower refuses (NOT NULL, UNIQUE, type, CHECK) does not fail the application's write: it is left
 * out, found missing by the trigger's last statement, and its entity recorded in quarantine. Where only the follower
 * itself knows whether it will refuse (CHECK, its own triggers), an explicit conflict clause of the application's
 * statement reigns over ours and the statement may fail; OR FAIL keeps what was done until then, so the entity is
 * recorded before, and released after.
 *
 * Under recursive_triggers = ON a REPLACE is a DELETE and an INSERT, for SQLite and so for us.
 */
#include <string.h>

#include "store/sql/catalog.h"
#include "store/sqlite/trigger.h"

#define NOW_MS "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"

static const struct bound_table *trigger_table(const struct trigger *trigger) {
    return &trigger->store->tables[leader_of(trigger->direction)][trigger->leader];
}

static const char *trigger_name(const struct trigger *trigger, const char *event) {
    return own_name(trigger->store,
                    arena_format(trigger->store->bound, "%s_%s_%s", side_name(leader_of(trigger->direction)),
                                 trigger_table(trigger)->table->name, event));
}

static void trigger_head(const struct trigger *trigger, const char *name, const char *when) {
    text_clear(trigger->sql);
    text_add(trigger->sql, "CREATE TRIGGER ");
    sqlite_quote(trigger->sql, trigger_name(trigger, name));
    text_addf(trigger->sql, " %s ON ", when);
    sqlite_quote(trigger->sql, trigger_table(trigger)->physical);
    text_add(trigger->sql, "\nWHEN ");
}

static bool trigger_create(const struct trigger *trigger, const char *name) {
    text_add(trigger->sql, "END");
    return connection_script(trigger->store->db, text_get(trigger->sql), name, trigger->error);
}

/* (NEW."a", NEW."b") */
static void add_tuple(struct text *text, const char *prefix, const struct names *names) {
    text_add(text, "(");
    sync_names(text, &sqlite_dialect, prefix, names);
    text_add(text, ")");
}

/* Letters of the guard's key columns: the entity that a direction is syncing. */
static const char *stamp_letter(enum direction direction) {
    return direction == FORWARD ? "f" : "b";
}

/* row."id" IS midflight_g.f1 AND ...; the row's column first, as its collation is the key's */
static void add_stamped(const struct trigger *trigger, enum direction direction, const char *row) {
    const struct names *key = &trigger_table(trigger)->table->key;
    for (size_t i = 0; i < key->count; i++) {
        text_addf(trigger->sql, "%s%s.", i > 0 ? " AND " : "", row);
        sqlite_quote(trigger->sql, key->items[i]);
        text_addf(trigger->sql, " IS midflight_g.%s%zu", stamp_letter(direction), i + 1);
    }
}

/* The backfill has passed row's entity, or will not come to it. */
static void add_passed(const struct trigger *trigger, const char *row) {
    const struct names *key = &trigger_table(trigger)->table->key;
    struct text *text = trigger->sql;
    add_tuple(text, row, key);
    text_add(text, " <= (");
    for (size_t i = 0; i < key->count; i++) text_addf(text, "%smidflight_g.k%zu", i > 0 ? ", " : "", i + 1);
    text_add(text, ") OR ");
    add_tuple(text, row, key);
    text_add(text, " > (");
    for (size_t i = 0; i < key->count; i++) text_addf(text, "%smidflight_g.h%zu", i > 0 ? ", " : "", i + 1);
    text_add(text, ")");
}

/* A condition: the other direction is not just now syncing the entity of `row` (or of `also`), and that entity is not
 * the backfill's. Both NULL: the other direction is not syncing at all. */
static void add_guard(const struct trigger *trigger, const char *row, const char *also) {
    struct text *text = trigger->sql;
    enum direction other = trigger->direction == FORWARD ? BACKWARD : FORWARD;
    text_addf(text, "(SELECT NOT (midflight_g.%s IS julianday('now')", direction_name(other));
    if (row != NULL) {
        text_add(text, " AND (");
        add_stamped(trigger, other, row);
        if (also != NULL) {
            text_add(text, " OR ");
            add_stamped(trigger, other, also);
        }
        text_add(text, ")");
    }
    text_add(text, ")");
    if (trigger->direction == FORWARD && row != NULL) {
        text_add(text, " AND (midflight_g.done OR ");
        add_passed(trigger, row);
        if (also != NULL) {
            text_add(text, " OR ");
            add_passed(trigger, also);
        }
        text_add(text, ")");
    }
    text_add(text, " FROM ");
    own_add(text, trigger->store, "guard");
    text_add(text, " AS midflight_g)");
}

/* Stamps the guard for the entity of the scope's row, or, `row` NULL, takes the stamp off. */
static void add_stamp(struct text *text, const struct sqlite_store *store, enum direction direction, const char *row,
                      const struct names *key) {
    text_add(text, "  UPDATE ");
    own_add(text, store, "guard");
    text_addf(text, " SET %s = %s", direction_name(direction), row != NULL ? "julianday('now')" : "0");
    for (size_t i = 0; row != NULL && i < key->count; i++) {
        text_addf(text, ", %s%zu = %s.", stamp_letter(direction), i + 1, row);
        sqlite_quote(text, key->items[i]);
    }
    text_add(text, ";\n");
}

static bool flow_reads(const struct flow *flow, size_t leader) {
    return flow->reads[leader].count > 0;
}

/* --- the sync of one entity ----------------------------------------------------------------------------------- */

const char *now_table(const struct sqlite_store *store, enum direction direction, const struct flow *flow) {
    return own_name(store, arena_format(store->bound, "%s_now_%s", direction_name(direction), flow->target->table->name));
}

const char *was_table(const struct sqlite_store *store, enum direction direction, const struct flow *flow) {
    return own_name(store, arena_format(store->bound, "%s_was_%s", direction_name(direction), flow->target->table->name));
}

static const char *quoted(const struct sqlite_store *store, const char *name) {
    TEXT text = {0};
    sqlite_quote(&text, name);
    return arena_copy(store->bound, text_get(&text));
}

/* INSERT INTO "midflight_m_forward_now_people" SELECT columns FROM */
static void add_hold(struct text *text, const struct sqlite_store *store, enum direction direction,
                     const struct flow *flow, bool now) {
    text_add(text, "  INSERT INTO ");
    sqlite_quote(text, now ? now_table(store, direction, flow) : was_table(store, direction, flow));
    text_add(text, " SELECT ");
    sync_names(text, &sqlite_dialect, NULL, &flow->yielded);
    text_add(text, "\n    FROM ");
}

/* What each query yields for the scope's entity, now and before the write; where it does not depend on the leader that
 * was written, nothing. No event: what was is what the follower holds, so that whatever differs is synced. */
static void add_yield(struct text *text, const struct sqlite_store *store, enum direction direction,
                      const struct scope *scope, struct image image) {
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        const struct flow *flow = &store->flows[direction][i];
        text_addf(text, "  DELETE FROM %s;\n", quoted(store, now_table(store, direction, flow)));
        text_addf(text, "  DELETE FROM %s;\n", quoted(store, was_table(store, direction, flow)));
        if (image.event != EVENT_NONE && !flow_reads(flow, image.leader)) continue;
        add_hold(text, store, direction, flow, true);
        sync_query(text, &sqlite_dialect, flow, scope, IMAGE_STORED);
        text_add(text, ";\n");
        add_hold(text, store, direction, flow, false);
        if (image.event != EVENT_NONE) {
            sync_query(text, &sqlite_dialect, flow, scope, image);
        } else {
            sqlite_quote(text, flow->target->physical);
            text_add(text, " WHERE ");
            sync_scope(text, &sqlite_dialect, scope, NULL, &flow->target->table->key);
        }
        text_add(text, ";\n");
    }
}

/* The target's columns that the flow leaves alone and that hold values of their own. */
static struct names unmapped_columns(const struct sqlite_store *store, const struct flow *flow) {
    struct names names = {0};
    for (size_t i = 0; i < flow->target->column_count; i++) {
        const struct column *column = &flow->target->columns[i];
        if (!column->generated && !names_have(&flow->yielded, column->name)) names_add(store->bound, &names, column->name);
    }
    return names;
}

const char *stash_table(const struct sqlite_store *store, enum direction direction, const struct flow *flow) {
    return own_name(store, arena_format(store->bound, "%s_stash_%s", direction_name(direction), flow->target->table->name));
}

/* Under recursive_triggers = ON a REPLACE deletes before it inserts. Where a row was noted as about to be displaced, the
 * follower's rows that go are kept for a moment, for the values that nobody maps. */
static void add_stash(struct text *text, const struct sqlite_store *store, enum direction direction,
                      const struct flow *flow, const char *now, const char *was) {
    struct names unmapped = unmapped_columns(store, flow);
    if (unmapped.count == 0) return;
    text_add(text, "  INSERT INTO ");
    sqlite_quote(text, stash_table(store, direction, flow));
    text_add(text, " (midflight_at, ");
    sync_names(text, &sqlite_dialect, NULL, &flow->match);
    text_add(text, ", ");
    sync_names(text, &sqlite_dialect, NULL, &unmapped);
    text_add(text, ") SELECT julianday('now'), ");
    sync_names(text, &sqlite_dialect, "midflight_t", &flow->match);
    text_add(text, ", ");
    sync_names(text, &sqlite_dialect, "midflight_t", &unmapped);
    text_addf(text, " FROM %s AS midflight_b, ", was);
    sqlite_quote(text, flow->target->physical);
    text_add(text, " AS midflight_t\n    WHERE EXISTS (SELECT 1 FROM ");
    own_add(text, store, "displaced");
    text_add(text, " AS midflight_d WHERE midflight_d.at IS julianday('now'))");
    for (size_t i = 0; i < flow->match.count; i++) {
        text_add(text, " AND midflight_t.");
        sqlite_quote(text, flow->match.items[i]);
        text_add(text, " = midflight_b.");
        sqlite_quote(text, flow->match.items[i]);
    }
    text_addf(text, "\n    AND NOT EXISTS (SELECT 1 FROM %s AS midflight_a WHERE ", now);
    for (size_t i = 0; i < flow->match.count; i++) {
        text_add(text, i > 0 ? " AND midflight_a." : "midflight_a.");
        sqlite_quote(text, flow->match.items[i]);
        text_add(text, " = midflight_b.");
        sqlite_quote(text, flow->match.items[i]);
    }
    text_add(text, ");\n");
}

/* Gives what was kept back to the rows that came in their place. */
static void add_unstash(const struct trigger *trigger, const struct flow *flow) {
    const struct sqlite_store *store = trigger->store;
    struct names unmapped = unmapped_columns(store, flow);
    struct text *text = trigger->sql;
    if (unmapped.count == 0) return;
    text_add(text, "  UPDATE ");
    sqlite_quote(text, flow->target->physical);
    text_add(text, " SET ");
    for (size_t i = 0; i < unmapped.count; i++) {
        if (i > 0) text_add(text, ", ");
        sqlite_quote(text, unmapped.items[i]);
        text_add(text, " = midflight_s.");
        sqlite_quote(text, unmapped.items[i]);
    }
    text_add(text, "\n    FROM ");
    sqlite_quote(text, stash_table(store, trigger->direction, flow));
    text_add(text, " AS midflight_s WHERE midflight_s.midflight_at IS julianday('now')");
    for (size_t i = 0; i < flow->match.count; i++) {
        text_add(text, " AND ");
        sqlite_quote(text, flow->target->physical);
        text_add(text, ".");
        sqlite_quote(text, flow->match.items[i]);
        text_add(text, " = midflight_s.");
        sqlite_quote(text, flow->match.items[i]);
    }
    text_add(text, ";\n  DELETE FROM ");
    sqlite_quote(text, stash_table(store, trigger->direction, flow));
    text_add(text, ";\n");
}

#define HALF_WAY "a statement with its own conflict clause failed half way"

/* A finding of our entity, by its text. */
static void add_finding_of(struct text *text, const struct sqlite_store *store, enum direction direction,
                           const struct scope *scope) {
    text_add(text, "migration = ");
    sqlite_quote_text(text, store->change.name);
    text_addf(text, " AND kind = 'quarantine %s' AND entity_key = ", direction_name(direction));
    key_text_expression(text, scope->row, scope->row_key);
}

/* INSERT INTO midflight_finding ... our entity, with that reason, if there is none: to be followed by further conditions. */
static void add_finding(struct text *text, const struct sqlite_store *store, enum direction direction,
                        const struct scope *scope, const char *reason) {
    text_add(text, "  INSERT INTO midflight_finding (migration, kind, entity_key, reason, at_ms)\n    SELECT ");
    sqlite_quote_text(text, store->change.name);
    text_addf(text, ", 'quarantine %s', ", direction_name(direction));
    key_text_expression(text, scope->row, scope->row_key);
    text_add(text, ", ");
    sqlite_quote_text(text, reason);
    text_add(text, ", " NOW_MS "\n    WHERE NOT EXISTS (SELECT 1 FROM midflight_finding WHERE ");
    add_finding_of(text, store, direction, scope);
    text_add(text, ")");
}

/* Records the scope's entity when the follower refused a row of `flow`. */
static void add_quarantine(struct text *text, const struct sqlite_store *store, enum direction direction,
                           const struct flow *flow, const struct scope *scope, const char *now,
                           const char *was) {
    add_finding(text, store, direction, scope,
                arena_format(store->bound, "table %s refuses a row (NOT NULL, UNIQUE, CHECK or type)",
                             flow->target->table->name));
    text_add(text, "\n    AND ");
    sync_refused(text, &sqlite_dialect, flow, now, was);
    text_add(text, ";\n");
}

/* Before and after the writes to followers that may refuse for reasons of their own. */
static void add_half_way(struct text *text, const struct sqlite_store *store, enum direction direction,
                         const struct scope *scope, bool before) {
    if (!before) {
        text_add(text, "  DELETE FROM midflight_finding WHERE reason = '" HALF_WAY "' AND ");
        add_finding_of(text, store, direction, scope);
        text_add(text, ";\n");
        return;
    }
    add_finding(text, store, direction, scope, HALF_WAY);
    text_add(text, ";\n");
}

static bool any_strict(const struct flow *flows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (flows[i].target->strict) return true;
    }
    return false;
}

const char *apply_view(const struct sqlite_store *store, enum direction direction) {
    return own_name(store, arena_format(store->bound, "%s_apply", direction_name(direction)));
}

/* A condition: the leader's rows of the entity are not what the other direction's queries yield over the follower's. */
static void add_disagree(struct text *text, const struct sqlite_store *store, enum direction direction,
                         const struct scope *scope) {
    enum direction other = direction == FORWARD ? BACKWARD : FORWARD;
    if (!has_way(store, other)) {
        text_add(text, "1");
        return;
    }
    for (size_t i = 0; i < store->change.mappings[other].count; i++) {
        TEXT query = {0};
        sync_query(&query, &sqlite_dialect, &store->flows[other][i], scope, IMAGE_STORED);
        text_add(text, i > 0 ? " OR EXISTS (" : "(EXISTS (");
        sync_different(text, &sqlite_dialect, &store->flows[other][i], scope, text_get(&query));
        text_add(text, ")");
    }
    text_add(text, ")");
}

const char *settle_view(const struct sqlite_store *store, enum direction direction) {
    return own_name(store, arena_format(store->bound, "%s_settle", direction_name(direction)));
}

const char *whole_view(const struct sqlite_store *store, enum direction direction) {
    return own_name(store, arena_format(store->bound, "%s_whole", direction_name(direction)));
}

/* CREATE TRIGGER "<view>_sync" INSTEAD OF INSERT ON "<view>" BEGIN */
static void add_program_head(struct text *text, const struct sqlite_store *store, const char *view) {
    text_add(text, "CREATE TRIGGER ");
    sqlite_quote(text, arena_format(store->bound, "%s_sync", view));
    text_add(text, " INSTEAD OF INSERT ON ");
    sqlite_quote(text, view);
    text_add(text, "\nBEGIN\n");
}

static bool program_create(struct sqlite_store *store, struct text *text, struct error *error) {
    text_add(text, "END");
    return connection_script(store->db, text_get(text), NULL, error);
}

/* INSERT INTO "<view>" SELECT the scope's key, to be followed by a WHERE */
static void add_call(struct text *text, const char *view, const struct scope *scope) {
    text_add(text, "  INSERT INTO ");
    sqlite_quote(text, view);
    text_add(text, " SELECT ");
    sync_names(text, &sqlite_dialect, scope->row, scope->row_key);
}

/* Makes the followers equal to all that now holds, whatever was; what they refuse goes to quarantine. */
static bool create_whole(struct sqlite_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    struct scope scope = {.row = "NEW", .row_key = &store->key};
    const struct flow *flows = store->flows[direction];
    size_t count = store->change.mappings[direction].count;
    add_program_head(&sql, store, whole_view(store, direction));
    for (size_t i = count; i-- > 0;) {
        sync_delete(&sql, &sqlite_dialect, &flows[i], &scope, quoted(store, now_table(store, direction, &flows[i])));
    }
    for (size_t i = 0; i < count; i++) {
        const char *now = quoted(store, now_table(store, direction, &flows[i]));
        sync_update(&sql, &sqlite_dialect, &flows[i], now, NULL, true);
        sync_insert(&sql, &sqlite_dialect, &flows[i], now, NULL, true);
    }
    if (any_strict(flows, count)) add_half_way(&sql, store, direction, &scope, false);
    for (size_t i = 0; i < count; i++) {
        add_quarantine(&sql, store, direction, &flows[i], &scope, quoted(store, now_table(store, direction, &flows[i])), NULL);
    }
    return program_create(store, &sql, error);
}

/* What the delta left undone, where the two sides agree in neither direction: the write changed one of two columns that
 * the mapping makes of one, or the follower did not hold what the delta took for granted (the entity was ahead of the
 * backfill, in quarantine, not alone there, or the same in other words). Programs of their own, since they are seldom run
 * and SQLite sets up a program whole each time it is; two, since the first write already changes what is asked here. */
static bool create_settle(struct sqlite_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    struct scope scope = {.row = "NEW", .row_key = &store->key};
    add_program_head(&sql, store, settle_view(store, direction));
    add_call(&sql, whole_view(store, direction), &scope);
    text_add(&sql, "\n    WHERE ");
    add_disagree(&sql, store, direction, &scope);
    text_add(&sql, ";\n");
    return program_create(store, &sql, error);
}

/* Settles the scope's entity when the followers are not all that now holds, and nothing else. */
static void add_call_settle(struct text *text, const struct sqlite_store *store, enum direction direction,
                            const struct scope *scope) {
    add_call(text, settle_view(store, direction), scope);
    text_add(text, "\n    WHERE ");
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        const struct flow *flow = &store->flows[direction][i];
        text_add(text, i > 0 ? " OR EXISTS (" : "EXISTS (");
        sync_different(text, &sqlite_dialect, flow, scope, quoted(store, now_table(store, direction, flow)));
        text_add(text, ")");
    }
    text_add(text, ";\n");
}

/* Compares what the queries yield with what they yielded, and writes the difference to the followers. One program a
 * direction, called by every trigger: SQLite compiles all that a statement can reach, each time it is prepared. */
static bool create_apply(struct sqlite_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    struct scope scope = {.row = "NEW", .row_key = &store->key};
    const struct flow *flows = store->flows[direction];
    size_t count = store->change.mappings[direction].count;
    bool strict = any_strict(flows, count);
    const char **now = ARENA_ARRAY(store->bound, const char *, count), **was = ARENA_ARRAY(store->bound, const char *, count);
    add_program_head(&sql, store, apply_view(store, direction));
    add_stamp(&sql, store, direction, scope.row, scope.row_key);
    if (strict) add_half_way(&sql, store, direction, &scope, true);
    for (size_t i = count; i-- > 0;) {
        now[i] = quoted(store, now_table(store, direction, &flows[i]));
        was[i] = quoted(store, was_table(store, direction, &flows[i]));
        if (!flows[i].target->sole) {
            text_addf(&sql, "  INSERT INTO %s ", was[i]);
            sync_recall(&sql, &sqlite_dialect, &flows[i], &scope, now[i], was[i]);
            text_add(&sql, ";\n");
        }
        add_stash(&sql, store, direction, &flows[i], now[i], was[i]);
        sync_delete_gone(&sql, &sqlite_dialect, &flows[i], now[i], was[i]);
    }
    for (size_t i = 0; i < count; i++) {
        sync_update(&sql, &sqlite_dialect, &flows[i], now[i], was[i], true);
        sync_insert(&sql, &sqlite_dialect, &flows[i], now[i], was[i], true);
    }
    add_call_settle(&sql, store, direction, &scope);
    if (strict) add_half_way(&sql, store, direction, &scope, false);
    for (size_t i = 0; i < count; i++) add_quarantine(&sql, store, direction, &flows[i], &scope, now[i], was[i]);
    add_stamp(&sql, store, direction, NULL, NULL);
    return program_create(store, &sql, error);
}

static void add_body(struct text *text, const struct sqlite_store *store, enum direction direction,
                     const struct scope *scope, struct image image) {
    add_yield(text, store, direction, scope, image);
    add_call(text, apply_view(store, direction), scope);
    text_add(text, ";\n");
}

static bool create_sync(struct sqlite_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    struct scope scope = {.row = "NEW", .row_key = &store->key};
    add_program_head(&sql, store, sync_view(store, direction));
    text_add(&sql, "  DELETE FROM midflight_finding WHERE ");
    add_finding_of(&sql, store, direction, &scope);
    text_add(&sql, ";\n");
    add_body(&sql, store, direction, &scope, IMAGE_STORED);
    return program_create(store, &sql, error);
}

const char *park_view(const struct sqlite_store *store, enum direction direction) {
    return own_name(store, arena_format(store->bound, "%s_park", direction_name(direction)));
}

static bool create_park(struct sqlite_store *store, enum direction direction, struct error *error) {
    TEXT sql = {0};
    struct scope scope = {.row = "NEW", .row_key = &store->key};
    add_program_head(&sql, store, park_view(store, direction));
    add_stamp(&sql, store, direction, scope.row, scope.row_key);
    for (size_t i = 0; i < store->change.mappings[direction].count; i++) {
        sync_park(&sql, &sqlite_dialect, &store->flows[direction][i], &scope);
    }
    add_stamp(&sql, store, direction, NULL, NULL);
    return program_create(store, &sql, error);
}

bool trigger_sync(struct sqlite_store *store, enum direction direction, struct error *error) {
    return !has_way(store, direction) ||
           (create_whole(store, direction, error) && create_settle(store, direction, error) &&
            create_apply(store, direction, error) && create_sync(store, direction, error) &&
            create_park(store, direction, error));
}

/* --- the triggers of one table -------------------------------------------------------------------------------- */

/* OLD."a" is not NEW."a", value for value */
static void add_row_differs(struct text *text, const struct bound_table *table, const char *name) {
    TEXT old = {0};
    TEXT new = {0};
    text_add(&old, "OLD.");
    sqlite_quote(&old, name);
    text_add(&new, "NEW.");
    sqlite_quote(&new, name);
    text_add(text, "(");
    sqlite_dialect.differs(text, text_get(&old), text_get(&new), sync_column(table, name));
    text_add(text, ")");
}

static void add_names_differ(struct text *text, const struct bound_table *table, const struct names *names) {
    text_add(text, "(");
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) text_add(text, " OR ");
        add_row_differs(text, table, names->items[i]);
    }
    text_add(text, ")");
}

/* Every column of the trigger's table that some query of its direction reads. */
static struct names read_columns(const struct trigger *trigger) {
    struct names all = {0};
    const struct sqlite_store *store = trigger->store;
    for (size_t i = 0; i < store->change.mappings[trigger->direction].count; i++) {
        const struct names *reads = &store->flows[trigger->direction][i].reads[trigger->leader];
        for (size_t c = 0; c < reads->count; c++) {
            if (!names_have(&all, reads->items[c])) names_add(store->bound, &all, reads->items[c]);
        }
    }
    return all;
}

static struct scope row_scope(const struct trigger *trigger, const char *row) {
    return (struct scope){.row = row, .row_key = &trigger_table(trigger)->table->key};
}

/* AFTER UPDATE OF "midflight_a", "b": SQLite then does not even compile the trigger into other updates. An INTEGER PRIMARY KEY may
 * also be set by one of its other names. A computed column changes with columns that we do not know. */
static const char *update_of(const struct trigger *trigger, const char *when, const struct names *columns) {
    const struct bound_table *table = trigger_table(trigger);
    TEXT text = {0};
    text_addf(&text, "%s UPDATE OF ", when);
    for (size_t i = 0; i < columns->count; i++) {
        if (sync_column(table, columns->items[i])->generated) return arena_format(trigger->store->bound, "%s UPDATE", when);
        if (i > 0) text_add(&text, ", ");
        sqlite_quote(&text, columns->items[i]);
    }
    text_add(&text, ", rowid, oid, _rowid_");
    return arena_copy(trigger->store->bound, text_get(&text));
}

/* The row is its whole entity. */
static bool is_alone(const struct trigger *trigger) {
    return trigger_table(trigger)->sole && trigger->store->change.shapes[leader_of(trigger->direction)].count == 1;
}

/* A REPLACE needs the notes of _before where the new row does not tell by itself what it displaced: where another
 * unique index may be met, where an entity has more rows than this one, or where the follower holds values of its own
 * that recursive_triggers = ON would lose. */
static bool needs_notes(const struct trigger *trigger) {
    const struct sqlite_store *store = trigger->store;
    for (size_t i = 0; i < store->change.mappings[trigger->direction].count; i++) {
        if (unmapped_columns(store, &store->flows[trigger->direction][i]).count > 0) return true;
    }
    return !is_alone(trigger) || trigger_table(trigger)->unique_count > 1;
}

static bool create_insert(const struct trigger *trigger) {
    struct scope scope = row_scope(trigger, "NEW");
    struct image image = {.event = EVENT_INSERT, .leader = trigger->leader};
    trigger_head(trigger, "insert", "AFTER INSERT");
    add_guard(trigger, "NEW", NULL);
    text_add(trigger->sql, "\nBEGIN\n");
    /* The row is its whole entity: whatever the follower holds besides is of a row that this one has replaced. */
    add_body(trigger->sql, trigger->store, trigger->direction, &scope, is_alone(trigger) ? IMAGE_STORED : image);
    return trigger_create(trigger, "insert");
}

static bool create_update(const struct trigger *trigger, const struct names *reads) {
    const struct bound_table *table = trigger_table(trigger);
    struct scope scope = row_scope(trigger, "NEW");
    struct image image = {.event = EVENT_UPDATE, .leader = trigger->leader};
    trigger_head(trigger, "update", update_of(trigger, "AFTER", reads));
    add_names_differ(trigger->sql, table, reads);
    text_add(trigger->sql, " AND NOT ");
    add_names_differ(trigger->sql, table, &table->table->key);
    text_add(trigger->sql, "\n  AND ");
    add_guard(trigger, "NEW", NULL);
    text_add(trigger->sql, "\nBEGIN\n");
    add_body(trigger->sql, trigger->store, trigger->direction, &scope, image);
    return trigger_create(trigger, "update");
}

static bool create_delete(const struct trigger *trigger) {
    struct scope scope = row_scope(trigger, "OLD");
    struct image image = {.event = EVENT_DELETE, .leader = trigger->leader};
    trigger_head(trigger, "delete", "AFTER DELETE");
    add_guard(trigger, "OLD", NULL);
    text_add(trigger->sql, "\nBEGIN\n");
    add_body(trigger->sql, trigger->store, trigger->direction, &scope, image);
    return trigger_create(trigger, "delete");
}

/* A condition on the noted rows of this table in this very statement. */
static void add_noted(const struct trigger *trigger) {
    text_add(trigger->sql, "midflight_d.table_name = ");
    TEXT name = {0};
    text_addf(&name, "%s.%s", side_name(leader_of(trigger->direction)), trigger_table(trigger)->table->name);
    sqlite_quote_text(trigger->sql, text_get(&name));
    text_add(trigger->sql, " AND midflight_d.at IS julianday('now')");
}

/* midflight_d.p1 IS <row>."id" AND ... */
static void add_noted_is(const struct trigger *trigger, const char *row) {
    const struct names *identity = &trigger_table(trigger)->identity;
    for (size_t i = 0; i < identity->count; i++) {
        text_addf(trigger->sql, "%smidflight_d.p%zu IS %s.", i > 0 ? " AND " : "", i + 1, row);
        sqlite_quote(trigger->sql, identity->items[i]);
    }
}

/* Moves the follower's rows of the whole entity to its new key, so that what nobody maps moves with them. */
static void add_carry(const struct trigger *trigger, const struct flow *flow) {
    struct text *text = trigger->sql;
    const struct names *target_key = &flow->target->table->key, *key = &trigger_table(trigger)->table->key;
    struct scope old = row_scope(trigger, "OLD"), new = row_scope(trigger, "NEW");
    text_addf(text, "  UPDATE %s", sqlite_dialect.skip_refused);
    sqlite_quote(text, flow->target->physical);
    text_add(text, " SET ");
    for (size_t i = 0; i < target_key->count; i++) {
        if (i > 0) text_add(text, ", ");
        sqlite_quote(text, target_key->items[i]);
        text_add(text, " = NEW.");
        sqlite_quote(text, key->items[i]);
    }
    text_add(text, "\n    WHERE ");
    sync_scope(text, &sqlite_dialect, &old, NULL, target_key);
    text_add(text, "\n    AND NOT EXISTS (SELECT 1 FROM ");
    sqlite_quote(text, trigger_table(trigger)->source);
    text_add(text, " AS midflight_l WHERE ");
    sync_scope(text, &sqlite_dialect, &old, "midflight_l", key);
    text_add(text, ")\n    AND NOT EXISTS (SELECT 1 FROM ");
    sqlite_quote(text, flow->target->physical);
    text_add(text, " AS midflight_t WHERE ");
    sync_scope(text, &sqlite_dialect, &new, "midflight_t", target_key);
    text_add(text, ");\n");
}

/* INSERT INTO midflight_m_forward SELECT row."id": performs sync(direction, that key), if none of it is NULL */
static void add_sync(const struct trigger *trigger, const char *row) {
    struct scope scope = row_scope(trigger, row);
    add_call(trigger->sql, sync_view(trigger->store, trigger->direction), &scope);
    text_add(trigger->sql, " WHERE ");
    add_tuple(trigger->sql, row, scope.row_key);
    text_add(trigger->sql, " = ");
    add_tuple(trigger->sql, row, scope.row_key);
    text_add(trigger->sql, ";\n");
}

/* UPDATE OR REPLACE moved the entity onto another, which is gone: the follower's rows of that one make way first, so
 * that those of this one move there with what nobody maps. */
static void add_make_way(const struct trigger *trigger, const struct flow *flow) {
    struct text *text = trigger->sql;
    struct scope new = row_scope(trigger, "NEW");
    if (!trigger_table(trigger)->sole || !needs_notes(trigger)) return;
    text_add(text, "  DELETE FROM ");
    sqlite_quote(text, flow->target->physical);
    text_add(text, " WHERE ");
    sync_scope(text, &sqlite_dialect, &new, NULL, &flow->target->table->key);
    text_add(text, "\n    AND EXISTS (SELECT 1 FROM ");
    own_add(text, trigger->store, "displaced");
    text_add(text, " AS midflight_d WHERE ");
    add_noted(trigger);
    const struct names *key = &trigger_table(trigger)->table->key;
    for (size_t i = 0; i < key->count; i++) {
        text_add(text, " AND NEW.");
        sqlite_quote(text, key->items[i]);
        text_addf(text, " = midflight_d.k%zu", i + 1);
    }
    text_add(text, ");\n");
}

static bool create_rekey(const struct trigger *trigger) {
    const struct bound_table *table = trigger_table(trigger);
    trigger_head(trigger, "rekey", update_of(trigger, "AFTER", &table->table->key));
    add_names_differ(trigger->sql, table, &table->table->key);
    text_add(trigger->sql, "\n  AND ");
    add_guard(trigger, "NEW", "OLD");
    text_add(trigger->sql, "\nBEGIN\n");
    struct text *text = trigger->sql;
    const struct sqlite_store *store = trigger->store;
    add_stamp(text, store, trigger->direction, "NEW", &table->table->key);
    for (size_t i = 0; i < store->change.mappings[trigger->direction].count; i++) {
        const struct flow *flow = &store->flows[trigger->direction][i];
        if (!flow_reads(flow, trigger->leader)) continue;
        add_make_way(trigger, flow);
        add_carry(trigger, flow);
    }
    add_stamp(text, store, trigger->direction, NULL, NULL);
    if (is_alone(trigger)) {
        /* All of it moved: from here on it is as if it had always borne the new key. */
        struct scope scope = row_scope(trigger, "NEW");
        add_body(text, store, trigger->direction, &scope, (struct image){.event = EVENT_REKEY, .leader = trigger->leader});
    } else {
        /* The new key first: a row whose own match is not the key then moves over instead of being deleted. */
        add_sync(trigger, "NEW");
    }
    add_sync(trigger, "OLD");
    return trigger_create(trigger, "rekey");
}

/* The rows, other than OLD on an update, that hold what a unique index wants for NEW: a SELECT for each index. */
static void add_rivals(const struct trigger *trigger, const char *columns, bool update) {
    struct text *text = trigger->sql;
    const struct bound_table *table = trigger_table(trigger);
    for (size_t i = 0; i < table->unique_count; i++) {
        text_addf(text, "%sSELECT %s FROM ", i > 0 ? "\n    UNION " : "", columns);
        sqlite_quote(text, table->source);
        text_add(text, " AS midflight_d WHERE ");
        struct scope scope = {.row = "NEW", .row_key = &table->uniques[i]};
        sync_scope(text, &sqlite_dialect, &scope, "midflight_d", &table->uniques[i]);
        if (!update) continue;
        text_add(text, " AND NOT (");
        struct scope itself = {.row = "OLD", .row_key = &table->identity};
        sync_scope(text, &sqlite_dialect, &itself, "midflight_d", &table->identity);
        text_add(text, ")");
    }
}

/* Before an INSERT or UPDATE that may be an OR REPLACE: what it would displace. */
static bool create_before(const struct trigger *trigger, bool update) {
    const struct bound_table *table = trigger_table(trigger);
    const char *name = update ? "update_before" : "insert_before";
    struct text *text = trigger->sql;
    trigger_head(trigger, name, update ? "BEFORE UPDATE" : "BEFORE INSERT");
    if (update) {
        text_add(text, "(");
        for (size_t i = 0; i < table->unique_count; i++) {
            if (i > 0) text_add(text, " OR ");
            add_names_differ(text, table, &table->uniques[i]);
        }
        text_add(text, ") AND ");
    }
    add_guard(trigger, NULL, NULL);
    text_add(text, " AND EXISTS (");
    add_rivals(trigger, "1", update);
    text_add(text, ")\nBEGIN\n  DELETE FROM ");
    own_add(text, trigger->store, "displaced");
    text_add(text, " WHERE at IS NOT julianday('now');\n  INSERT INTO ");
    own_add(text, trigger->store, "displaced");
    TEXT names = {0};
    TEXT columns = {0};
    text_add(&names, "table_name, at");
    for (size_t i = 0; i < table->identity.count; i++) text_addf(&names, ", p%zu", i + 1);
    for (size_t i = 0; i < table->table->key.count; i++) text_addf(&names, ", k%zu", i + 1);
    TEXT label = {0};
    text_addf(&label, "%s.%s", side_name(leader_of(trigger->direction)), table->table->name);
    sqlite_quote_text(&columns, text_get(&label));
    text_add(&columns, ", julianday('now'), ");
    sync_names(&columns, &sqlite_dialect, "midflight_d", &table->identity);
    text_add(&columns, ", ");
    sync_names(&columns, &sqlite_dialect, "midflight_d", &table->table->key);
    text_addf(text, " (%s)\n    ", text_get(&names));
    add_rivals(trigger, text_get(&columns), update);
    text_add(text, ";\n");
    return trigger_create(trigger, name);
}

/* INSERT INTO midflight_m_forward SELECT row's key WHERE it is in quarantine */
static void add_retry(const struct trigger *trigger, const char *row) {
    struct scope scope = row_scope(trigger, row);
    add_call(trigger->sql, sync_view(trigger->store, trigger->direction), &scope);
    text_add(trigger->sql, " WHERE EXISTS (SELECT 1 FROM midflight_finding WHERE ");
    add_finding_of(trigger->sql, trigger->store, trigger->direction, &scope);
    text_add(trigger->sql, ");\n");
}

/* After it: those that are gone, and the one whose place the new row has taken, have their entities synced. The row that
 * an UPSERT goes on to update was noted too, and is left to the update's own triggers. The new row's entity may have
 * been refused while what is gone was still in the follower: it is tried again. */
static bool create_displaced(const struct trigger *trigger, bool update) {
    const struct bound_table *table = trigger_table(trigger);
    const char *name = update ? "update_displaced" : "insert_displaced";
    struct text *text = trigger->sql;
    trigger_head(trigger, name, update ? "AFTER UPDATE" : "AFTER INSERT");
    text_add(text, "EXISTS (SELECT 1 FROM ");
    own_add(text, trigger->store, "displaced");
    text_add(text, " AS midflight_d WHERE ");
    add_noted(trigger);
    text_add(text, ")\nBEGIN\n  INSERT INTO ");
    sqlite_quote(text, sync_view(trigger->store, trigger->direction));
    text_add(text, " SELECT ");
    sync_names(text, &sqlite_dialect, "midflight_d", &trigger->store->key);
    text_add(text, " FROM ");
    own_add(text, trigger->store, "displaced");
    text_add(text, " AS midflight_d WHERE ");
    add_noted(trigger);
    text_add(text, "\n    AND ((");
    add_noted_is(trigger, "NEW");
    if (update) { /* where the key changed, _rekey makes way */
        text_add(text, ") AND NOT (");
        add_names_differ(text, table, &table->table->key);
    }
    text_add(text, ") OR NOT EXISTS (SELECT 1 FROM ");
    sqlite_quote(text, table->source);
    text_add(text, " AS midflight_l WHERE ");
    add_noted_is(trigger, "midflight_l");
    text_add(text, "))");
    if (update) {
        text_add(text, " AND NOT (");
        add_noted_is(trigger, "OLD");
        text_add(text, ")");
    }
    text_add(text, "\n    ORDER BY (");
    add_noted_is(trigger, "NEW");
    text_add(text, ");\n");
    add_retry(trigger, "NEW");
    add_stamp(text, trigger->store, trigger->direction, "NEW", &table->table->key);
    for (size_t i = 0; i < trigger->store->change.mappings[trigger->direction].count; i++) {
        add_unstash(trigger, &trigger->store->flows[trigger->direction][i]);
    }
    add_stamp(text, trigger->store, trigger->direction, NULL, NULL);
    text_add(text, "  DELETE FROM ");
    own_add(text, trigger->store, "displaced");
    if (update) text_add(text, " WHERE at IS NOT julianday('now')");
    text_add(text, ";\n");
    return trigger_create(trigger, name);
}

/* A NULL in the key names no entity: such a row cannot follow, and is not let go unnoticed. */
static bool create_keyless(const struct trigger *trigger, const char *event) {
    const struct bound_table *table = trigger_table(trigger);
    bool nullable = false;
    for (size_t i = 0; i < table->table->key.count; i++) {
        if (!sync_column(table, table->table->key.items[i])->not_null) nullable = true;
    }
    if (!nullable) return true;
    const char *name = arena_format(trigger->store->bound, "%s_keyless", event);
    trigger_head(trigger, name, arena_format(trigger->store->bound, "AFTER %s", event));
    for (size_t i = 0; i < table->table->key.count; i++) {
        text_add(trigger->sql, i > 0 ? " OR NEW." : "(NEW.");
        sqlite_quote(trigger->sql, table->table->key.items[i]);
        text_add(trigger->sql, " IS NULL");
    }
    text_add(trigger->sql, ") AND ");
    add_guard(trigger, NULL, NULL);
    text_add(trigger->sql, "\nBEGIN\n");
    struct scope scope = row_scope(trigger, "NEW");
    add_finding(trigger->sql, trigger->store, trigger->direction, &scope,
                "a row was written whose key is NULL: it belongs to no entity");
    text_add(trigger->sql, ";\n");
    return trigger_create(trigger, name);
}

bool trigger_capture(const struct trigger *trigger) {
    struct names reads = read_columns(trigger);
    if (reads.count == 0) return true;
    return create_insert(trigger) && create_update(trigger, &reads) && create_delete(trigger) &&
           create_rekey(trigger) && create_keyless(trigger, "INSERT") && create_keyless(trigger, "UPDATE") &&
           (!needs_notes(trigger) || (create_before(trigger, false) && create_before(trigger, true) &&
                                      create_displaced(trigger, false) && create_displaced(trigger, true)));
}

bool trigger_refuse(const struct trigger *trigger) {
    static const char *const events[] = {"INSERT", "UPDATE", "DELETE"};
    const struct sqlite_store *store = trigger->store;
    bool old = trigger->direction == FORWARD;
    TEXT message = {0};
    if (store->change.outbox) {
        text_addf(&message, "midflight: table %s %s %s (migration %s): write there", trigger_table(trigger)->table->name,
                  old ? "has moved to" : "is still filled from", sql_elsewhere(&store->change, NULL, old ? SIDE_OLD : SIDE_NEW, store->bound),
                  store->change.name);
    } else {
        text_addf(&message, "midflight: table %s takes no writes now: migration %s has no way %s. Write the %s shape's tables",
                  trigger_table(trigger)->table->name, store->change.name, old ? "to go on from the old side" : "backward",
                  old ? "new" : "old");
    }
    for (size_t e = 0; e < sizeof events / sizeof *events; e++) {
        const char *name = arena_format(store->bound, "refuse_%s", events[e]);
        trigger_head(trigger, name, arena_format(store->bound, "BEFORE %s", events[e]));
        add_guard(trigger, NULL, NULL);
        if (store->change.outbox) { /* a drain syncs many entities with a statement */
            text_add(trigger->sql, " AND (SELECT midflight_g.done FROM ");
            own_add(trigger->sql, store, "guard");
            text_add(trigger->sql, " AS midflight_g) <> 2");
        }
        text_add(trigger->sql, "\nBEGIN\n  SELECT RAISE(ABORT, ");
        sqlite_quote_text(trigger->sql, text_get(&message));
        text_add(trigger->sql, ");\n");
        if (!trigger_create(trigger, name)) return false;
    }
    return true;
}
