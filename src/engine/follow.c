/* Between two stores: the side that follows is kept current, for as long as somebody asks for that. */
#include "base/clock.h"
#include "base/interrupt.h"
#include "engine/between.h"
#include "engine/quarantine.h"

/* How often the outbox is looked at when it was empty; how long the lease is kept, left to others, and waited for. */
#define LOOK_MS 20.0
#define HOLD_MS 1000.0
#define LEAVE_MS 30.0
#define WAIT_MS 200.0
/* How often what is in quarantine is tried again, at the most; and for a tenth of the time. */
#define RETRY_MS 1000.0
#define RETRY_RESTS 9

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
        clock_sleep_ms(left < LOOK_MS ? left : LOOK_MS);
    }
}

/* What was mended follows soon: its key went through the outbox, and out of quarantine it comes here. */
static bool retry(struct flight *flight, double *next, struct error *error) {
    double began = clock_ms();
    int64_t left;
    if (began < *next || flight->at.record.quarantined == 0) return true;
    if (!quarantine_retry(flight, &left, error)) return false;
    double spent = clock_ms() - began;
    *next = began + spent + (spent * RETRY_RESTS > RETRY_MS ? spent * RETRY_RESTS : RETRY_MS);
    return true;
}

/* For as long as the lease is kept: then others may have it. */
static bool follow_a_while(struct flight *flight, double *next_retry, struct error *error) {
    double began = clock_ms();
    bool ignored, done = false;
    if (!flight_bind(flight, error) || !between_open(flight, &ignored, error) || !retry(flight, next_retry, error)) return false;
    while (!flight_stopped(flight) && clock_ms() - began < HOLD_MS) {
        if (!between_drain_some(flight, between_leading(flight), &done, error)) return false;
        if (done) rest(flight, LOOK_MS);
    }
    return true;
}

/* Another may have ended the migration meanwhile, and what we worked on is gone. */
static bool is_over(struct flight *flight) {
    struct error ignored;
    return flight_refresh(flight, &ignored) && !followable(flight);
}

bool between_follow(struct flight *flight, struct error *error) {
    double next_retry = 0;
    while (!flight_stopped(flight)) {
        interrupt_rest();
        if (!flight_refresh(flight, error)) return false;
        if (!followable(flight)) return true;
        bool ok = flight_take(flight, false, error) && follow_a_while(flight, &next_retry, error);
        flight_let_go(flight);
        if (!ok && error->code == ERROR_INTERRUPTED) return true; /* to be stopped is its only end */
        if (!ok && error->code != ERROR_HELD && error->code != ERROR_BUSY) return is_over(flight);
        rest(flight, ok ? LEAVE_MS : WAIT_MS);
    }
    return true;
}
