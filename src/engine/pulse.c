#include "engine/pulse.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* From one to the next, of those felt while we work, and while we do not; so many of the latter at first. */
#define PULSE_MS 50.0
#define CALM_MS 100.0
#define CALM_FIRST 8
/* A single one says little: what counts is how long they take lately. */
#define NEWEST_SHARE (1.0 / 8)
#define SLOWER 1.5
#define SLACK_MS 0.2
#define REST_GROWS 1.2
#define REST_SHRINKS 0.9
#define REST_SHARE_MIN 0.05
#define REST_SHARE_MAX 8.0
/* How long a turn is waited for at the most: whoever has it may have been stopped. */
#define TURN_S 1

struct pulse {
    sem_t turns;
    bool alone;           /* who has a turn: there is one */
    pthread_mutex_t lock; /* of what follows */
    double work_ms;       /* how long a small write takes lately while we work; 0: not known */
    double calm_ms;       /* the same while we do not */
    double felt, rested;  /* when either was last felt */
    double rest_share;
};

struct pulse *pulse_new(int turns, double rest_share) {
    struct pulse *pulse = calloc(1, sizeof *pulse);
    if (pulse == NULL || sem_init(&pulse->turns, 0, (unsigned)turns) != 0) abort();
    pthread_mutex_init(&pulse->lock, NULL);
    pulse->alone = turns == 1;
    pulse->rest_share = fmax(rest_share, REST_SHARE_MIN);
    return pulse;
}

void pulse_free(struct pulse *pulse) {
    if (pulse == NULL) return;
    pthread_mutex_destroy(&pulse->lock);
    sem_destroy(&pulse->turns);
    free(pulse);
}

/* How long each of so many small writes took, those before `counted` left out. */
static bool write_small(struct store *store, int writes, int counted, double *ret_ms, struct error *error) {
    double sum = 0;
    for (int i = 0; i < writes; i++) {
        double ms;
        if (!store->ops->pulse(store, &ms, error)) return false;
        if (i >= counted) sum += ms;
    }
    *ret_ms = sum / (writes - counted);
    return true;
}

static bool feel_first(struct pulse *pulse, struct store *store, struct error *error) {
    double ms = 0;
    if (!write_small(store, CALM_FIRST, 0, &ms, error)) return false;
    pulse->calm_ms = pulse->work_ms = ms;
    return true;
}

/* The first takes what was left to be written to the disk, and wakes whom it needs: the second counts. */
static bool write_two(struct store *store, double *ret_ms, struct error *error) {
    return write_small(store, 2, 1, ret_ms, error);
}

static bool feel_work(struct pulse *pulse, struct store *store, struct error *error) {
    double ms = 0;
    if (pulse->calm_ms == 0) return feel_first(pulse, store, error);
    if (!write_two(store, &ms, error)) return false;
    pulse->work_ms += (ms - pulse->work_ms) * NEWEST_SHARE;
    bool slower = pulse->work_ms > pulse->calm_ms * SLOWER + SLACK_MS;
    pulse->rest_share = fmin(fmax(pulse->rest_share * (slower ? REST_GROWS : REST_SHRINKS), REST_SHARE_MIN), REST_SHARE_MAX);
    return true;
}

static bool feel_calm(struct pulse *pulse, struct store *store, struct error *error) {
    double ms = 0;
    struct turn turn = {.pulse = pulse};
    if (pulse->calm_ms == 0) return true;
    pulse_turn(&turn, true);
    bool ok = write_two(store, &ms, error);
    pulse_turn(&turn, false);
    if (!ok) return false;
    pulse->calm_ms += (ms - pulse->calm_ms) * NEWEST_SHARE;
    return true;
}

/* Who comes while another feels it has no need to. */
static bool when_due(struct pulse *pulse, struct store *store, double every_ms, double *last,
                     bool (*feel)(struct pulse *pulse, struct store *store, struct error *error), struct error *error) {
    bool ok = true;
    if (store->ops->pulse == NULL || pthread_mutex_trylock(&pulse->lock) != 0) return true;
    if (clock_ms() - *last >= every_ms) {
        *last = clock_ms();
        ok = feel(pulse, store, error);
    }
    pthread_mutex_unlock(&pulse->lock);
    return ok;
}

bool pulse_feel(struct pulse *pulse, struct store *store, struct error *error) {
    return when_due(pulse, store, PULSE_MS, &pulse->felt, feel_work, error);
}

bool pulse_feel_calm(struct pulse *pulse, struct store *store, struct error *error) {
    return !pulse->alone || when_due(pulse, store, CALM_MS, &pulse->rested, feel_calm, error);
}

double pulse_rest_share(struct pulse *pulse) {
    pthread_mutex_lock(&pulse->lock);
    double share = pulse->rest_share;
    pthread_mutex_unlock(&pulse->lock);
    return share > REST_SHARE_MIN ? share : 0;
}

static bool take_turn(struct pulse *pulse) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TURN_S;
    while (sem_clockwait(&pulse->turns, CLOCK_MONOTONIC, &until) != 0) {
        if (errno != EINTR) return false;
    }
    return true;
}

void pulse_turn(void *context, bool begins) {
    struct turn *turn = context;
    if (begins) {
        turn->taken = take_turn(turn->pulse);
    } else if (turn->taken) {
        turn->taken = false;
        sem_post(&turn->pulse->turns);
    }
}
