#include "engine/pace.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"

#define ROWS_FIRST 64
#define ROWS_MAX 100000

/* How long a chunk aims to hold the writers: less than it may, as rows differ. While others write it is held shorter
 * still: SQLite's waiters look again after 1, 2, 5 ms ..., and should find the lock free by then. */
#define AIM_QUIET 0.7
#define AIM_BUSY_MS 3.0
/* The rest after a chunk, by its hold, while others write. */
#define REST_BUSY 0.75
/* Who waits for the lock cannot be seen, and who never gets it is never seen to write. So even where nobody seems to write
 * there is a rest now and then that is longer than such a waiter sleeps between two looks (SQLite's own: mostly 25 ms). */
#define WORK_MS 200.0
#define REST_MS 26.0
/* Others are taken to be writing for so long after they were last seen to. */
#define BUSY_MS 500.0

struct pace {
    double hold_ms_max;
    double load;
    double busy_until;
    double rested; /* when there was last a rest as long as REST_MS, or somebody else's write */
    int64_t rows;
};

void meter_add(struct meter *meter, struct flight *flight, const char *phase, int64_t rows, int64_t done,
               int64_t total) {
    double now = clock_ms();
    if (meter->since == 0) meter->since = meter->told = now;
    meter->rows += rows;
    if (now - meter->since >= 1000 || (meter->rate == 0 && now - meter->since >= 100)) {
        meter->rate = (double)(meter->rows - meter->rows_since) * 1000 / (now - meter->since);
        meter->since = now;
        meter->rows_since = meter->rows;
    }
    if (flight->observer.progress == NULL || (now - meter->told < 100 && done < total)) return;
    meter->told = now;
    flight->observer.progress(flight->observer.context, phase, done, total, meter->rate);
}

static double pace_aim(const struct pace *pace, bool busy) {
    double aim = pace->hold_ms_max * AIM_QUIET;
    return busy && aim > AIM_BUSY_MS ? AIM_BUSY_MS : aim;
}

/* The next chunk's size, and the rest before it. */
static double pace_follow(struct pace *pace, const struct chunk *chunk, int64_t asked) {
    double now = clock_ms();
    if (chunk->others_write) pace->busy_until = now + BUSY_MS;
    bool busy = now < pace->busy_until;
    double factor = pace_aim(pace, busy) / (chunk->hold_ms > 0.01 ? chunk->hold_ms : 0.01);
    if (factor > 2) factor = 2;
    if (factor < 0.25) factor = 0.25;
    /* A chunk cut short by the range's end says nothing about size. */
    if (chunk->rows >= asked / 2 || factor < 1) pace->rows = (int64_t)((double)asked * factor);
    if (pace->rows < 1) pace->rows = 1;
    if (pace->rows > ROWS_MAX) pace->rows = ROWS_MAX;
    double rest = busy ? chunk->hold_ms * REST_BUSY : 0;
    if (busy || pace->rested == 0) pace->rested = now;
    if (now - pace->rested >= WORK_MS) {
        rest = REST_MS;
        pace->rested = now;
    }
    double share = pace->load > 0 && pace->load < 1 ? chunk->hold_ms * (1 - pace->load) / pace->load : 0;
    return rest > share ? rest : share;
}

bool pace_chunks(struct flight *flight, const char *phase, int64_t done, int64_t total, chunk_work *work,
                 struct error *error) {
    struct pace pace = {.hold_ms_max = flight->definition->hold_ms_max, .load = flight->load, .rows = ROWS_FIRST};
    struct meter meter = {0};
    char passed[64];
    while (true) {
        interrupt_rest();
        if (interrupt_requested()) {
            return error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: %s. The same command goes on from there",
                             phase);
        }
        struct chunk chunk = {.rows = pace.rows, .hold_ms_max = pace.hold_ms_max};
        if (!work(flight, &chunk, error)) {
            if (error->code == ERROR_SCHEMA || error->code == ERROR_ROWS) return flight_overtaken(flight, error);
            if (error->code != ERROR_OVERTIME) return false;
            pace.rows = pace.rows / 4 > 0 ? pace.rows / 4 : 1;
            clock_sleep_ms(1);
            continue;
        }
        snprintf(passed, sizeof passed, "%s, chunk", phase);
        FAILPOINT(passed);
        done += chunk.rows;
        meter_add(&meter, flight, phase, chunk.rows, done, total);
        double rest = pace_follow(&pace, &chunk, pace.rows);
        if (!flight->store->ops->tidy(flight->store, error)) return false;
        if (chunk.done) return true;
        clock_sleep_ms(rest);
    }
}
