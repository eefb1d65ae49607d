/* Between two stores: the side that follows is kept current, for as long as somebody asks for that.
 *
 * One leads: it has the migration's lease, and opens the ranges of the drain (drain.c). It and all others, threads, processes, hosts,
 * take ranges. Once a second it leaves the lease to others for a moment. A lease that another took ends the ranges, and so does
 * the leader itself, by taking it anew, when something is to be done that is not a range's. */
#include <stdatomic.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "engine/between.h"
#include "engine/crew.h"
#include "engine/drain.h"
#include "engine/quarantine.h"

/* How long the lease is kept, left to others, and waited for. */
#define HOLD_MS 1000.0
#define LEAVE_MS 30.0
#define WAIT_MS 200.0
/* How often what is in quarantine is tried again, at the most; and for a tenth of the time. */
#define RETRY_MS 1000.0
#define RETRY_RESTS 9
/* What the stores keep of a binding grows a little with every parcel: after so long they are bound anew. */
#define BOUND_MS 60000.0
/* Ranges that nobody else takes are made one again after so long. */
#define ALONE_MS 6000

enum direction between_leading(const struct flight *flight) {
    return flight->at.stage == STAGE_AWAITING_FINALIZATION ? BACKWARD : FORWARD;
}

static bool followable(const struct flight *flight) {
    return flight->at.stage == STAGE_AWAITING_ADDITIONAL_ACTION ||
           (flight->at.stage == STAGE_AWAITING_FINALIZATION && has_way_back(flight));
}

static void rest(const struct flight *flight, double ms) {
    for (double until = clock_ms() + ms, now; (now = clock_ms()) < until && !flight_stopped(flight);) {
        double left = until - now;
        clock_sleep_ms(left < DRAIN_LOOK_MS ? left : DRAIN_LOOK_MS);
    }
}

static bool bind(struct flight *flight, double *ret_at, struct error *error) {
    *ret_at = clock_ms();
    return flight_bind(flight, error);
}

static bool bind_again(struct flight *flight, double *at, struct error *error) {
    return clock_ms() - *at < BOUND_MS || bind(flight, at, error);
}

/* --- leading ------------------------------------------------------------------------------------------------------ */

/* What the leader knows from one turn to the next. */
struct lead {
    int64_t era;        /* whose ranges are open: our lease's token; 0: none are */
    int64_t lost;       /* the token of a lease under which something failed */
    bool spans;         /* something does not fit that ranges alone cannot judge */
    bool scattered;     /* there are several ranges, and nobody else takes any */
    double retry_after; /* when quarantine may be tried again */
    double bound;       /* when the stores were, by clock_ms */
};

static bool retry_is_due(const struct flight *flight, const struct lead *lead) {
    return flight->at.record.quarantined > 0 && clock_ms() >= lead->retry_after;
}

/* What was mended follows soon: its key went through the outbox, and out of quarantine it comes here. */
static bool retry(struct flight *flight, struct lead *lead, struct error *error) {
    double began = clock_ms();
    int64_t left;
    if (!retry_is_due(flight, lead)) return true;
    if (!quarantine_retry(flight, &left, error)) return false;
    double spent = clock_ms() - began;
    lead->retry_after = began + spent + (spent * RETRY_RESTS > RETRY_MS ? spent * RETRY_RESTS : RETRY_MS);
    return true;
}

static bool drain_alone(struct flight *flight, struct error *error) {
    double until = clock_ms() + HOLD_MS;
    for (bool done = false; !done && !flight_stopped(flight) && clock_ms() < until;) {
        if (!between_drain_some(flight, between_leading(flight), &done, error)) return false;
    }
    return true;
}

/* A lease of our own that nobody's range was taken under. */
static bool take_anew(struct flight *flight, struct lead *lead, struct error *error) {
    bool stale = lead->spans || lead->scattered || retry_is_due(flight, lead);
    if (lead->era > 0 && lead->era == flight->token && !stale) return true;
    if (lead->era > 0 && lead->era == flight->token && !drain_recall(flight, lead->era, error)) return false;
    lead->era = 0;
    return flight_take(flight, false, error);
}

static bool begin_era(struct flight *flight, struct lead *lead, struct error *error) {
    bool ignored;
    if (!bind(flight, &lead->bound, error) || !between_go_on(flight, &ignored, error) || !retry(flight, lead, error) ||
        (lead->spans && !drain_alone(flight, error)) || (drain_has_ranges(flight) && !drain_open(flight, error))) {
        return false;
    }
    *lead = (struct lead){.era = flight->token, .retry_after = lead->retry_after, .bound = lead->bound};
    return true;
}

static bool is_alone(const struct drain_look *stand) {
    return stand->ranges > 1 && stand->free >= stand->ranges - 1 && stand->wanted_ms < clock_wall_ms() - ALONE_MS;
}

static bool drain_by_ranges(struct flight *flight, struct lead *lead, struct error *error) {
    double until = clock_ms() + HOLD_MS;
    struct drain_look stand = {0};
    while (!flight_stopped(flight) && clock_ms() < until && !lead->spans) {
        bool taken;
        if (!flight_renew(flight, error) || !drain_range(flight, flight->token, until, &taken, &stand, error)) return false;
        lead->spans = stand.recalled;
    }
    lead->scattered = is_alone(&stand);
    return true;
}

static bool tidy(struct flight *flight, struct error *error) {
    struct store *leader = flight_house(flight, leader_of(between_leading(flight)));
    return leader->ops->outbox_tidy == NULL || leader->ops->outbox_tidy(leader, error);
}

static bool drain_whole(struct flight *flight, struct error *error) {
    bool done = false;
    for (double until = clock_ms() + HOLD_MS; !flight_stopped(flight) && clock_ms() < until;) {
        if (!between_drain_some(flight, between_leading(flight), &done, error)) return false;
        if (done) rest(flight, DRAIN_LOOK_MS);
    }
    return true;
}

static bool lead_a_while(struct flight *flight, struct lead *lead, struct error *error) {
    bool ok = take_anew(flight, lead, error) && (lead->era > 0 ? bind_again(flight, &lead->bound, error) : begin_era(flight, lead, error)) &&
              (drain_has_ranges(flight) ? drain_by_ranges(flight, lead, error) : drain_whole(flight, error)) && tidy(flight, error);
    int64_t token = flight->token;
    if (ok && !flight_stopped(flight) && flight_yield(flight, LEAVE_MS, error)) return true;
    lead->lost = token;
    flight_let_go(flight);
    lead->era = 0;
    return ok && flight_stopped(flight);
}

/* --- helping ------------------------------------------------------------------------------------------------------ */

/* What a helper knows: by which state of the migration its stores are bound. */
struct help {
    int64_t epoch; /* -1: they are not */
    double bound;  /* when they were, by clock_ms */
};

static bool help_a_while(struct flight *flight, struct help *help, struct error *error) {
    int64_t era = flight->at.record.token;
    double until = clock_ms() + HOLD_MS;
    struct drain_look stand;
    bool taken = true, open = false;
    if (!drain_is_open(flight, era, &open, error)) return false;
    if (!open) {
        rest(flight, WAIT_MS);
        return true;
    }
    bool fresh = help->epoch == flight->at.record.epoch;
    help->epoch = -1;
    if (!(fresh ? bind_again(flight, &help->bound, error) : bind(flight, &help->bound, error))) return false;
    help->epoch = flight->at.record.epoch;
    while (taken && !flight_stopped(flight) && clock_ms() < until) {
        if (!drain_range(flight, era, until, &taken, &stand, error)) return false;
    }
    return true;
}

/* Who took the lease ended what was done under the one before, and the sessions that did it. */
static bool recover(struct flight *flight, struct help *help, int64_t era, struct error *error) {
    struct error failure = *error;
    help->epoch = -1;
    flight_close_stores(flight);
    if (!flight_open_stores(flight, error) || !flight_refresh(flight, error)) return false;
    if (flight->at.record.token != era || !followable(flight)) return true;
    *error = failure;
    return false;
}

/* --- following ---------------------------------------------------------------------------------------------------- */

static bool is_passing(const struct error *error) {
    return error->code == ERROR_HELD || error->code == ERROR_BUSY;
}

/* The lease is with somebody else: also while it is only left to others for a moment. */
static bool is_led(struct flight *flight, bool *ret, struct error *error) {
    int64_t era = flight->at.record.token;
    *ret = flight_is_held(flight);
    if (*ret) return true;
    rest(flight, 2 * LEAVE_MS);
    if (!flight_refresh(flight, error)) return false;
    *ret = flight_is_held(flight) || flight->at.record.token != era;
    return true;
}

/* What all threads of one process share. */
struct following {
    bool joins;      /* it never leads */
    atomic_bool led; /* one of us leads, or would */
};

static bool follow_one(struct flight *flight, void *context, struct error *error) {
    struct following *following = context;
    struct lead lead = {0};
    struct help help = {.epoch = -1};
    bool leads = !following->joins && !atomic_exchange(&following->led, true);
    while (!flight_stopped(flight)) {
        bool led = !leads;
        int64_t era = flight->at.record.token;
        interrupt_rest();
        bool ok = flight_refresh(flight, error);
        if (ok && !followable(flight)) break;
        if (ok && leads && lead.era == 0) ok = is_led(flight, &led, error);
        if (ok && led) {
            era = flight->at.record.token;
            ok = help_a_while(flight, &help, error);
        } else if (ok) {
            help.epoch = -1;
            ok = lead_a_while(flight, &lead, error);
            era = lead.lost;
        }
        if (!ok && error->code == ERROR_INTERRUPTED) break; /* to be stopped is its only end */
        if (!ok && !is_passing(error) && !recover(flight, &help, era, error)) return false;
        if (!ok || led) rest(flight, ok ? DRAIN_LOOK_MS : WAIT_MS);
    }
    return true;
}

bool between_follow(struct flight *flight, bool joins, struct error *error) {
    struct following following = {.joins = joins};
    if (flight->workers == 0) flight->workers = 1;
    return crew_run(flight, 0, follow_one, &following, error);
}
