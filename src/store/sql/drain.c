/* The ledger's statements about the ranges of the drain.
 *
 * They belong to an era: the lease of that token. A range's token begins with its era's number, so that none is given out twice. Every
 * range has room for places of its own, which it shares with the one that is split off. */
#include "ledger_sql.h"
#include "store/sql/ledger.h"

#include "base/clock.h"

/* Places that the first range has; how often a range may be taken in one era. */
#define ROOM DRAIN_PLACE
#define TOKENS_BITS 32

static bool run(struct store *store, const char *sql, const struct sql_value *binds, size_t count, sql_visit *visit, void *context,
                int64_t *ret_changed, struct error *error) {
    struct sql_connection *connection = &((struct sql_store *)store)->connection;
    return connection->run(connection, sql, binds, count, visit, context, ret_changed, error);
}

#define RUN(sql, visit, context, ret_changed, ...) run(store, sql, SQL_BINDS(__VA_ARGS__), visit, context, ret_changed, error)

bool sql_drain_open(struct store *store, const char *name, int64_t era, struct error *error) {
    return RUN(SQL_ledger_forget_drain, NULL, NULL, NULL, sql_text(name)) &&
           RUN(SQL_drain_open, NULL, NULL, NULL, sql_text(name), sql_integer(DRAIN_PLACE), sql_integer(ROOM), sql_integer(era),
               sql_integer(era << TOKENS_BITS));
}

struct taken {
    struct arena *arena;
    struct drain_range *range;
};

static const char *kept(const struct taken *taken, const char *text) {
    return text == NULL ? NULL : arena_copy(taken->arena, text);
}

static bool taken_row(void *context, const struct sql_value *c, struct error *error) {
    const struct taken *taken = context;
    (void)error;
    *taken->range = (struct drain_range){.place = c[0].integer, .token = c[1].integer, .room = c[2].integer, .era = taken->range->era,
                                         .lower = kept(taken, c[3].text), .upper = kept(taken, c[4].text)};
    return true;
}

bool sql_drain_take(struct store *store, const char *name, int64_t era, const char *owner, struct arena *arena,
                    struct drain_range *ret, struct error *error) {
    int64_t now = clock_wall_ms();
    struct taken taken = {arena, ret};
    *ret = (struct drain_range){.era = era};
    return RUN(SQL_drain_take, taken_row, &taken, NULL, sql_text(name), sql_integer(era), sql_text(owner), sql_integer(now + LEASE_MS),
               sql_integer(now));
}

bool sql_drain_return(struct store *store, const char *name, const struct drain_range *range, struct error *error) {
    return RUN(SQL_drain_return, NULL, NULL, NULL, sql_text(name), sql_integer(range->place), sql_integer(range->token),
               sql_integer(clock_wall_ms()));
}

bool sql_drain_split(struct store *store, const char *name, struct drain_range *range, const char *middle, struct error *error) {
    int64_t changed, half = range->room / 2;
    if (!RUN(SQL_drain_shorten, NULL, NULL, &changed, sql_text(name), sql_integer(range->place), sql_integer(range->token),
             sql_integer(range->era), sql_text(middle))) {
        return false;
    }
    if (changed != 1) {
        return error_set(error, ERROR_HELD, "a range of migration %s is in other hands by now; look at `midflight status`", name);
    }
    return RUN(SQL_drain_split, NULL, NULL, NULL, sql_text(name), sql_integer(range->place + half), sql_integer(half),
               sql_integer(range->era), sql_integer(range->token), sql_text(middle), sql_text(range->upper));
}

bool sql_drain_recall(struct store *store, const char *name, int64_t era, struct error *error) {
    return RUN(SQL_drain_recall, NULL, NULL, NULL, sql_text(name), sql_integer(era));
}

bool sql_drain_want(struct store *store, const char *name, int64_t era, struct error *error) {
    return RUN(SQL_drain_want, NULL, NULL, NULL, sql_text(name), sql_integer(era), sql_integer(DRAIN_PLACE),
               sql_integer(clock_wall_ms()));
}

static bool look_row(void *context, const struct sql_value *c, struct error *error) {
    struct drain_look *look = context;
    (void)error;
    *look = (struct drain_look){.ranges = c[0].integer, .free = c[1].integer, .wanted_ms = c[2].integer, .recalled = c[3].integer != 0,
                                .held = c[4].integer != 0 && c[3].integer == 0};
    return true;
}

bool sql_drain_look(struct store *store, const char *name, int64_t era, const struct drain_range *range, struct drain_look *ret,
                    struct error *error) {
    return RUN(SQL_drain_look, look_row, ret, NULL, sql_text(name), sql_integer(era), sql_integer(range == NULL ? 0 : range->place),
               sql_integer(range == NULL ? 0 : range->token), sql_integer(clock_wall_ms()));
}
