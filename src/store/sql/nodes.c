/* The ledger's statements about those who serve the data. */
#include <stdio.h>

#include "ledger_sql.h"
#include "store/sql/ledger.h"

static bool run(struct store *store, const char *sql, const struct sql_value *binds, size_t count, sql_visit *visit, void *context,
                int64_t *ret_changed, struct error *error) {
    struct sql_connection *connection = &((struct sql_store *)store)->connection;
    return connection->run(connection, sql, binds, count, visit, context, ret_changed, error);
}

#define RUN(sql, visit, context, ret_changed, ...) run(store, sql, SQL_BINDS(__VA_ARGS__), visit, context, ret_changed, error)

static bool stand_row(void *context, const struct sql_value *c, struct error *error) {
    (void)error;
    struct record *record = context;
    snprintf(record->stage, sizeof record->stage, "%s", c[0].text);
    record->epoch = c[1].integer;
    snprintf(record->digest, sizeof record->digest, "%s", c[2].text);
    return true;
}

bool sql_ledger_stand(struct store *store, const char *name, struct record *ret, bool *ret_found, struct error *error) {
    struct record record = {0};
    if (!RUN(SQL_ledger_stand, stand_row, &record, NULL, sql_text(name))) return false;
    *ret_found = record.stage[0] != '\0';
    snprintf(record.name, sizeof record.name, "%s", name);
    if (*ret_found) *ret = record;
    return true;
}

bool sql_node_enter(struct store *store, const char *name, const struct node *node, struct error *error) {
    return RUN(SQL_node_leave, NULL, NULL, NULL, sql_text(name), sql_text(node->name)) &&
           RUN(SQL_node_enter, NULL, NULL, NULL, sql_text(name), sql_text(node->name), sql_integer(node->epoch),
               sql_integer(node->beats));
}

bool sql_node_confirm(struct store *store, const char *name, const char *node, int64_t epoch, bool *ret_there, struct error *error) {
    int64_t changed;
    if (!RUN(SQL_node_confirm, NULL, NULL, &changed, sql_text(name), sql_text(node), sql_integer(epoch))) return false;
    *ret_there = changed == 1;
    return true;
}

bool sql_node_leave(struct store *store, const char *name, const char *node, struct error *error) {
    return RUN(SQL_node_leave, NULL, NULL, NULL, sql_text(name), sql_text(node));
}

struct nodes {
    node_visit *visit;
    void *context;
};

static bool nodes_row(void *context, const struct sql_value *c, struct error *error) {
    (void)error;
    struct nodes *nodes = context;
    struct node node = {.name = c[0].text, .epoch = c[1].integer, .beats = c[2].integer};
    return nodes->visit(nodes->context, &node);
}

bool sql_nodes(struct store *store, const char *name, node_visit *visit, void *context, struct error *error) {
    struct nodes nodes = {visit, context};
    return RUN(SQL_nodes, nodes_row, &nodes, NULL, sql_text(name));
}

static bool rollout_row(void *context, const struct sql_value *c, struct error *error) {
    (void)error;
    struct rollout *rollout = context;
    *rollout = (struct rollout){.announced = c[0].integer, .percent_e4 = c[1].integer};
    return true;
}

bool sql_rollout_get(struct store *store, const char *name, struct rollout *ret, struct error *error) {
    struct rollout rollout = {0};
    if (!RUN(SQL_rollout_get, rollout_row, &rollout, NULL, sql_text(name))) return false;
    *ret = rollout;
    return true;
}

/* There is one row a migration, once something was said. */
static bool say(struct store *store, const char *name, const char *update, int64_t value, struct rollout first, struct error *error) {
    int64_t changed;
    return RUN(update, NULL, NULL, &changed, sql_text(name), sql_integer(value)) &&
           (changed > 0 || RUN(SQL_rollout_add, NULL, NULL, NULL, sql_text(name), sql_integer(first.announced),
                               sql_integer(first.percent_e4)));
}

bool sql_rollout_announce(struct store *store, const char *name, int64_t epoch, struct error *error) {
    return say(store, name, SQL_rollout_announce, epoch, (struct rollout){.announced = epoch}, error);
}

bool sql_rollout_set(struct store *store, const char *name, int64_t percent_e4, struct error *error) {
    return say(store, name, SQL_rollout_set, percent_e4, (struct rollout){.percent_e4 = percent_e4}, error);
}

bool sql_mismatch_add(struct store *store, const char *name, const struct mismatch *m, struct error *error) {
    int64_t changed;
    return RUN(SQL_mismatch_more, NULL, NULL, &changed, sql_text(name), sql_text(m->cause), sql_integer(m->count), sql_text(m->key),
               sql_text(m->leader), sql_text(m->follower), sql_integer(m->at_ms)) &&
           (changed > 0 || RUN(SQL_mismatch_add, NULL, NULL, NULL, sql_text(name), sql_text(m->cause), sql_integer(m->count),
                               sql_text(m->key), sql_text(m->leader), sql_text(m->follower), sql_integer(m->at_ms)));
}

struct mismatches {
    mismatch_visit *visit;
    void *context;
};

static bool mismatches_row(void *context, const struct sql_value *c, struct error *error) {
    (void)error;
    struct mismatches *mismatches = context;
    struct mismatch mismatch = {.cause = c[0].text, .count = c[1].integer, .key = c[2].text, .leader = c[3].text,
                                .follower = c[4].text, .at_ms = c[5].integer};
    return mismatches->visit(mismatches->context, &mismatch);
}

bool sql_mismatches(struct store *store, const char *name, mismatch_visit *visit, void *context, struct error *error) {
    struct mismatches mismatches = {visit, context};
    return RUN(SQL_mismatches, mismatches_row, &mismatches, NULL, sql_text(name));
}
