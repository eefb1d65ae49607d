#include "engine/patience.h"

#include <math.h>

#include "base/clock.h"
#include "base/interrupt.h"

/* A deadlock passes at once; what holds a row for longer than this is no passing trouble. */
#define PATIENCE_MS 30000.0
#define REST_FIRST_MS 1.0
#define REST_MAX_MS 200.0
/* Two who met do not meet again for having rested equally long: up to this share is added. */
#define JITTER 0.5

static double rest_ms(int tries) {
    double jitter = fmod(clock_ms() * 1000, 100) / 100;
    return fmin(REST_FIRST_MS * pow(2, tries), REST_MAX_MS) * (1 + JITTER * jitter);
}

bool patience_again(struct patience *patience, const struct flight *flight, const char *what, struct error *error) {
    if (error->code != ERROR_OVERTIME) return false;
    double now = clock_ms();
    if (patience->tries++ == 0) patience->since = now;
    if (flight_stopped(flight)) return error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: %s", what);
    if (now - patience->since < PATIENCE_MS) {
        clock_sleep_ms(rest_ms(patience->tries));
        interrupt_rest();
        return true;
    }
    error->code = ERROR_BUSY;
    return error_prefix(error, "%s: others were in the way for %.0f s, at each of %d tries", what, (now - patience->since) / 1000,
                        patience->tries);
}

bool patience_do(struct flight *flight, const char *what, patience_work *work, struct error *error) {
    struct patience patience = {0};
    while (!work(flight, error)) {
        if (!patience_again(&patience, flight, what, error)) return false;
    }
    return true;
}
