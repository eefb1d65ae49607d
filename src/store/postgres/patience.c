/* Locks on the application's tables. A lock that waits makes everybody behind it wait: it waits briefly, and often. */
#include <stdint.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "store/postgres/connection.h"

#define REST_MS 200
#define JITTER_MS 100
#define TRIES 150

/* Who held locks on the application's tables when we gave up, for the message. */
static bool give_up(PGconn *db, const char *what, int tries, struct error *error) {
    RESULT *holders = NULL;
    struct error failure;
    if (!pg_script(db, PG_UNDO_PATIENCE, NULL, &failure) ||
        !pg_query(db,
                  "SELECT string_agg(DISTINCT l.pid::text, ', ') FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE "
                  "d.datname = current_database() AND l.locktype = 'relation' AND l.relation >= 16384 AND l.granted AND "
                  "l.pid <> pg_backend_pid()", NULL, NULL, 0, &holders, &failure)) {
        *error = failure;
        return false;
    }
    const char *pids = result_text(holders, 0, 0);
    return error_prefix(error, "%s (%d tries); pid %s held locks on tables just now, see pg_stat_activity", what,
                        tries, pids == NULL ? "none" : pids);
}

/* Undoes a try that came to nothing, and lets everybody through. */
static bool rest(PGconn *db, struct error *error) {
    if (!pg_script(db, PG_UNDO_PATIENCE, NULL, error)) return false;
    clock_sleep_ms(REST_MS + (double)((int64_t)(clock_ms() * 1000) % JITTER_MS)); /* not all of us at once */
    return true;
}

bool pg_patiently(PGconn *db, pg_work *work, void *context, const char *what, struct error *error) {
    if (!pg_script(db, PG_BEGIN_PATIENCE, NULL, error)) return false;
    for (int tries = 1; !work(context, error); tries++) {
        if (error->code != ERROR_BUSY) return false;
        if (tries == TRIES || interrupt_requested()) return give_up(db, what, tries, error);
        if (!rest(db, error)) return false;
    }
    return pg_script(db, PG_END_PATIENCE, NULL, error);
}
