#include "engine/pace.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "engine/patience.h"

#define ROWS_FIRST 64
#define ROWS_MAX 100000

/* How long a chunk aims to hold the writers: less than it may, as rows differ. While others write it is held shorter
 * still, and rests for longer than it was held: SQLite's waiters look again after 1 and then 2 ms, so whoever comes while it
 * is held finds it free at the second look. */
#define AIM_QUIET 0.7
#define AIM_BUSY_MS 2.8
#define REST_BUSY 1.05 /* by the chunk's hold */
/* Others are taken to be writing for so long after they were last seen to. */
#define BUSY_MS 500.0

/* Who waits for the lock cannot be seen, only who wrote; and a waiter that comes too late each time sleeps longer and longer.
 * So when nobody was seen for longer than usual, the rest goes on until somebody is, or until it has been longer than such a
 * waiter sleeps between two looks (SQLite's own: mostly 25 ms). Usual is counted in the time that the lock was free. */
#define REST_MS 26.0
#define UNUSUAL 2.0
/* Where nobody writes there is such a rest as well, after so long; where somebody does, for others who never get the lock. */
#define WORK_QUIET_MS 200.0
#define WORK_BUSY_MS 1000.0
/* How often a rest looks whether somebody wrote. */
#define LOOK_MS 0.5

/* A store in which a chunk locks nobody out is slowed down by it all the same: processors, memory and the disk are shared. A chunk is
 * short there, because a processor is given to who wakes up when the one that has it waits, and otherwise only after some ms; and a
 * rest follows, so that somebody's turn is not always beside ours. The store's *pulse* tells the rest: how long a small write takes that
 * waits for the disk, against how long it took before. While it takes much longer the rests grow, up to so many times a chunk's own
 * time; else they shrink; and where nobody else writes there are none. */
#define AIM_SHARED_MS 3.0
#define PULSE_MS 50.0 /* from one to the next */
#define PULSES_FIRST 8
#define PULSE_SLOWER 2.0
#define PULSE_SLACK_MS 0.5
#define REST_GROWS 1.5
#define REST_SHRINKS 0.85
#define REST_SHARED_MAX 8.0
#define REST_SHARED_MIN 0.3

/* Between two stores a chunk ends with a commit in either, and locks nobody out of the one that is in use: it may be longer, and is so
 * sooner. */
#define HOLD_APART_MS 1000.0
#define GROWS_APART 8.0
#define GROWS 2.0
#define SHRINKS 0.25
#define SHRINKS_SHARED 0.5 /* a long one was more likely disturbed than large */
#define AIM_APART_MS 50.0

struct pace {
    double hold_ms_max;
    double load;
    double looked;   /* when we last looked whether others wrote */
    double seen;     /* when they were last seen to; 0: never */
    double let_in;   /* when they last could have been let in, however long they slept; 0: never */
    double held_ms;  /* for how long the last chunk held the lock */
    double free_ms;  /* since `seen`, without the time that we held the lock */
    double usual_ms; /* what free_ms usually is when they are seen again */
    bool apart;      /* between two stores */
    bool shared;     /* chunks lock nobody out */
    double calm_ms;  /* its pulse before the work; 0: not known */
    double pulse_ms; /* lately */
    double pulsed;   /* when it was last felt */
    double rest_share; /* how long to rest, by the chunk's time */
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

static bool pace_busy(const struct pace *pace) {
    return pace->seen > 0 && pace->looked - pace->seen < BUSY_MS;
}

/* The next chunk's size, by the last one. */
static void pace_follow(struct pace *pace, const struct chunk *chunk) {
    pace->held_ms = chunk->hold_ms;
    double aim = pace->hold_ms_max * AIM_QUIET, busy = pace->apart ? AIM_APART_MS : pace->shared ? AIM_SHARED_MS : AIM_BUSY_MS;
    if (pace_busy(pace) && aim > busy) aim = busy;
    double factor = aim / fmax(chunk->hold_ms, 0.01);
    factor = fmin(factor, pace->apart ? GROWS_APART : GROWS);
    factor = fmax(factor, pace->shared ? SHRINKS_SHARED : SHRINKS);
    /* A chunk cut short by the range's end says nothing about size. */
    if (chunk->rows >= pace->rows / 2 || factor < 1) pace->rows = (int64_t)((double)pace->rows * factor);
    if (pace->rows < 1) pace->rows = 1;
    if (pace->rows > ROWS_MAX) pace->rows = ROWS_MAX;
}

/* The rest after a chunk, at the least. */
static double pace_rest_ms(const struct pace *pace) {
    double rest = !pace_busy(pace) ? 0 : pace->held_ms * (pace->shared ? pace->rest_share : REST_BUSY);
    double share = pace->load > 0 && pace->load < 1 ? pace->held_ms * (1 - pace->load) / pace->load : 0;
    return rest > share ? rest : share;
}

/* Nobody wrote for longer than usual. */
static bool pace_unusual(const struct pace *pace) {
    return pace->free_ms > UNUSUAL * pace->usual_ms;
}

/* Others may be waiting unseen. */
static bool pace_overdue(const struct pace *pace) {
    return pace_unusual(pace) || pace->looked - pace->let_in >= (pace_busy(pace) ? WORK_BUSY_MS : WORK_QUIET_MS);
}

/* Have others written? `held_ms`: for how long since the last look they could not. */
static bool pace_look(struct pace *pace, struct store *store, double held_ms, struct error *error) {
    bool wrote;
    if (!store->ops->others_write(store, &wrote, error)) return false;
    double now = clock_ms();
    pace->free_ms += now - pace->looked - held_ms;
    pace->looked = now;
    if (!wrote) return true;
    pace->usual_ms += (pace->free_ms - pace->usual_ms) / 8;
    pace->free_ms = 0;
    pace->seen = now;
    return true;
}

/* How long a rest is to be, as far as can be seen by now. */
static double pace_rest_goal(const struct pace *pace, double rest_ms) {
    return !pace->shared && pace_overdue(pace) ? fmax(rest_ms, REST_MS) : rest_ms;
}

/* Copying the log holds nobody up, so it is part of the rest. */
static bool pace_rest(struct pace *pace, struct store *store, double rest_ms, struct error *error) {
    double began = pace->looked;
    bool overdue = pace_overdue(pace);
    if (!store->ops->tidy(store, overdue || rest_ms > 0, error) || !pace_look(pace, store, 0, error)) return false;
    for (double left; !interrupt_requested() && (left = began + pace_rest_goal(pace, rest_ms) - pace->looked) > 0;) {
        clock_sleep_ms(fmin(LOOK_MS, left));
        interrupt_rest();
        if (!pace_look(pace, store, 0, error)) return false;
    }
    if (pace->looked - began < REST_MS) return true;
    pace->let_in = pace->looked;
    if (pace_unusual(pace)) {
        pace->free_ms = 0;
        pace->usual_ms = fmin(pace->usual_ms * 2, REST_MS);
    }
    return true;
}

/* What the pulse is when we do nothing. */
static bool pulse_begin(struct pace *pace, struct store *store, struct error *error) {
    double sum = 0;
    for (int i = 0; i < PULSES_FIRST; i++) {
        double ms;
        if (!store->ops->pulse(store, &ms, error)) return false;
        sum += ms;
    }
    pace->calm_ms = pace->pulse_ms = sum / PULSES_FIRST;
    return true;
}

static bool pulse_feel(struct pace *pace, struct store *store, struct error *error) {
    double ms, now = clock_ms();
    if (store->ops->pulse == NULL || now - pace->pulsed < PULSE_MS) return true;
    pace->pulsed = now;
    if (!pace_busy(pace)) return true;
    if (pace->calm_ms == 0) return pulse_begin(pace, store, error);
    if (!store->ops->pulse(store, &ms, error)) return false;
    pace->pulse_ms += (ms - pace->pulse_ms) / 4;
    bool slower = pace->pulse_ms > pace->calm_ms * PULSE_SLOWER + PULSE_SLACK_MS;
    pace->rest_share = fmin(fmax(pace->rest_share * (slower ? REST_GROWS : REST_SHRINKS), REST_SHARED_MIN), REST_SHARED_MAX);
    return true;
}

bool pace_chunks(struct flight *flight, const char *phase, int64_t done, int64_t total, chunk_work *work,
                 struct error *error) {
    bool apart = flight->other != NULL;
    double hold_ms_max = flight->definition->hold_ms_max > 0 ? flight->definition->hold_ms_max
                         : apart                             ? HOLD_APART_MS
                                                             : flight->store->ops->hold_ms_max;
    struct pace pace = {.hold_ms_max = hold_ms_max, .load = flight->load, .looked = clock_ms(), .usual_ms = REST_MS, .apart = apart,
                        .shared = apart || flight->store->ops->pulse != NULL, .rest_share = REST_SHARED_MIN, .rows = ROWS_FIRST};
    struct meter meter = {0};
    struct patience patience = {0};
    char passed[64];
    while (true) {
        interrupt_rest();
        if (flight_stopped(flight)) {
            return error_set(error, ERROR_INTERRUPTED, "stopped in the middle of: %s. The same command goes on from there",
                             phase);
        }
        if (!pulse_feel(&pace, flight->store, error)) return false;
        struct chunk chunk = {.rows = pace.rows, .hold_ms_max = pace.hold_ms_max};
        if (!work(flight, &chunk, error)) {
            if (error->code == ERROR_SCHEMA || error->code == ERROR_ROWS) return flight_overtaken(flight, error);
            if (!patience_again(&patience, flight, phase, error)) return false;
            pace.rows = pace.rows / 4 > 0 ? pace.rows / 4 : 1;
            if (!pace_look(&pace, flight->store, chunk.hold_ms, error)) return false;
            continue;
        }
        patience = (struct patience){0};
        snprintf(passed, sizeof passed, "%s, chunk", phase);
        FAILPOINT(passed);
        done += chunk.rows;
        meter_add(&meter, flight, phase, chunk.rows, done, total);
        if (chunk.done) return true;
        if (!pace_look(&pace, flight->store, chunk.hold_ms, error)) return false;
        pace_follow(&pace, &chunk);
        if (!pace_rest(&pace, flight->store, pace_rest_ms(&pace), error)) return false;
    }
}
