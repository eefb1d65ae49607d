#include "engine/clients.h"

#include "base/clock.h"
#include "base/failpoint.h"

/* So long whoever waited catches up, after which the disk is ours to wait for. */
#define CATCH_UP_MS 50.0

/* NULL: they come to the stores themselves. */
static const struct pooler *pooler_of(const struct flight *flight) {
    return flight->other == NULL ? NULL : flight->definition->change.pooler;
}

static enum side leading(enum stage stage) {
    bool crossed = stage == STAGE_AWAITING_FINALIZATION || stage == STAGE_FINISHING || stage == STAGE_FINISHED;
    return crossed ? SIDE_NEW : SIDE_OLD;
}

bool clients_check(struct flight *flight, struct check_report *report, struct error *error) {
    const struct store_ops *ops = flight->store->ops;
    const struct pooler *pooler = pooler_of(flight);
    if (pooler == NULL) return true;
    if (ops->clients_check != NULL) return ops->clients_check(flight->store, pooler, report, error);
    return error_set(error, ERROR_REFUSED, "%s: no pooler that midflight knows stands before such a store: take it out of the definition",
                     flight->store->name);
}

static bool find(struct flight *flight, struct clients *ret, struct error *error) {
    const struct store_ops *ops = flight->store->ops;
    if (ops->clients_find != NULL) return ops->clients_find(flight->store, pooler_of(flight), ret, error);
    return error_set(error, ERROR_REFUSED, "%s: no pooler that midflight knows stands before such a store: take it out of the definition",
                     flight->store->name);
}

static bool make_ready(struct flight *flight, struct error *error) {
    FAILPOINT("clients go on");
    return flight->store->ops->clients_ready(flight->store, pooler_of(flight), error);
}

bool clients_ready(struct flight *flight, struct error *error) {
    struct clients clients = {0};
    if (pooler_of(flight) == NULL) return true;
    if (!find(flight, &clients, error)) return false;
    if (!clients.held) return make_ready(flight, error);
    return error_set(error, ERROR_GATE, "gate clients: somebody else has the clients of %s wait at the pooler: let them go on, then run the "
                     "same command again", pooler_of(flight)->database);
}

bool clients_hold(struct flight *flight, struct error *error) {
    if (pooler_of(flight) == NULL) return true;
    double ms_max = (double)flight->definition->pause_ms_max, since;
    if (!flight->store->ops->clients_hold(flight->store, pooler_of(flight), ms_max, &since, error)) return false;
    flight->clients_held_ms = since;
    FAILPOINT("clients held");
    return true;
}

bool clients_take_over(struct flight *flight, struct error *error) {
    struct clients clients = {0};
    if (pooler_of(flight) == NULL) return true;
    if (!find(flight, &clients, error)) return false;
    if (!clients.held) return make_ready(flight, error) && clients_hold(flight, error);
    flight->clients_held_ms = clock_ms();
    return true;
}

/* Those who waited go first: whoever has the disk write a file's name down keeps a server's log from it. */
static bool keep_later(struct flight *flight, bool held, struct error *error) {
    if (held) clock_sleep_ms(CATCH_UP_MS);
    return flight->store->ops->clients_keep(flight->store, pooler_of(flight), error);
}

/* Each is done, whatever becomes of those before. */
static bool turn_and_release(struct flight *flight, enum side side, bool held, struct error *error) {
    const struct store_ops *ops = flight->store->ops;
    double since = flight->clients_held_ms;
    struct error failure;
    flight->clients_held_ms = 0;
    bool turned = ops->clients_turn(flight->store, pooler_of(flight), side, error);
    if (turned) FAILPOINT("clients turned");
    bool released = !held || ops->clients_release(flight->store, pooler_of(flight), turned ? error : &failure);
    if (released) FAILPOINT("clients released");
    if (released && since > 0) flight_note(flight, "the cut-over held the clients for %.1f ms", clock_ms() - since);
    if (!turned && !released) error_prefix(error, "%s", failure.message);
    bool kept = keep_later(flight, held, turned && released ? error : &failure);
    return turned && released && kept;
}

bool clients_lead(struct flight *flight, enum side side, struct error *error) {
    if (flight->clients_held_ms == 0) return true;
    return turn_and_release(flight, side, true, error) ||
           error_prefix(error, "the %s side leads, but not all of the clients are there: run the same command again", side_name(side));
}

bool clients_let_go(struct flight *flight, struct error *error) {
    struct standpoint at = flight->at;
    struct error failure;
    if (flight->clients_held_ms == 0) return true;
    flight->clients_held_ms = 0;
    /* Where the ledger cannot be read its store is away, and they may as well see that. */
    bool known = ledger_read(flight->store, flight->at.record.name, &at, &failure);
    if (known ? turn_and_release(flight, leading(at.stage), true, &failure)
              : flight->store->ops->clients_release(flight->store, pooler_of(flight), &failure)) {
        return true;
    }
    return error_prefix(error, "the clients could not be let go (%s), after", failure.message);
}

bool clients_settle(struct flight *flight, bool ok, bool *ret, struct error *error) {
    enum side side = leading(flight->at.stage);
    struct clients clients = {.held = false};
    struct error failure;
    *ret = false;
    if (pooler_of(flight) == NULL) return ok;
    bool found = find(flight, &clients, &failure), settled = found && !clients.held && clients.side == side && clients.led;
    if (found && !settled) {
        found = turn_and_release(flight, side, clients.held, &failure);
        *ret = found;
        if (found) flight_note(flight, "the clients%s were led to the %s side, as a midflight that was cut short had left them",
                               clients.held ? ", who waited," : "", side_name(side));
    }
    if (found) return ok;
    if (!ok) return error_prefix(error, "the clients could not be let go (%s), after", failure.message);
    *error = failure;
    return false;
}
