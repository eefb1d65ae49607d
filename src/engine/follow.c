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
/* How often what is in quarantine is tried again. */
#define RETRY_MS 10000.0

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

/* For as long as the lease is kept: then others may have it. */
static bool follow_a_while(struct flight *flight, double *retried, struct error *error) {
    double began = clock_ms();
    bool ignored, done = false;
    int64_t left;
    if (!flight_bind(flight, error) || !between_open(flight, &ignored, error)) return false;
    if (began - *retried > RETRY_MS && flight->at.record.quarantined > 0) {
        *retried = began;
        if (!quarantine_retry(flight, &left, error)) return false;
    }
    while (!flight_stopped(flight) && clock_ms() - began < HOLD_MS) {
        if (!between_drain_some(flight, between_leading(flight), &done, error)) return false;
        if (done) rest(flight, LOOK_MS);
    }
    return true;
}

bool between_follow(struct flight *flight, struct error *error) {
    double retried = clock_ms();
    while (!flight_stopped(flight)) {
        interrupt_rest();
        if (!flight_refresh(flight, error)) return false;
        if (!followable(flight)) return true;
        bool ok = flight_take(flight, false, error) && follow_a_while(flight, &retried, error);
        flight_let_go(flight);
        if (!ok && error->code != ERROR_HELD && error->code != ERROR_BUSY) return false;
        rest(flight, ok ? LEAVE_MS : WAIT_MS);
    }
    return true;
}
