/* Patience: what came to nothing because others were at work on the same rows (ERROR_OVERTIME: it is undone) is tried again. */
#pragma once

#include "engine/flight.h"

/* Of one piece of work; all 0 to begin with, and when it got on. */
struct patience {
    double since; /* when it first came to nothing, by clock_ms */
    int tries;    /* that came to nothing */
};

/* After a try that failed: rests, longer each time, and returns true: again. False: the failure is another one, or there have been
 * enough of them (ERROR_BUSY); `error` says so of `what`. */
MUST_USE bool patience_again(struct patience *patience, const struct flight *flight, const char *what, struct error *error);

/* Does `work`, again and again while others are in its way. */
typedef bool patience_work(struct flight *flight, struct error *error);
MUST_USE bool patience_do(struct flight *flight, const char *what, patience_work *work, struct error *error);
