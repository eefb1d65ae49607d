#include "engine/crew.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "base/interrupt.h"

/* Worker 0 is the thread that asked. */
struct worker {
    struct crew *crew;
    struct flight flight; /* the crew's, with a store and an observer of its own */
    pthread_t thread;
    bool ok;
    struct error error;
    int64_t done; /* guarded by the crew's lock, as rate is */
    double rate;
};

struct crew {
    struct flight *flight;
    int64_t before;
    crew_job *job;
    void *context;
    pthread_mutex_t lock; /* of what the workers tell */
    atomic_bool stop;
    const atomic_bool *heeded; /* by the thread that asked */
    size_t count;
    struct worker workers[WORKERS_MAX];
};

/* --- what they tell --- */

static void on_progress(void *context, const char *phase, int64_t done, int64_t total, double rows_s) {
    struct worker *worker = context;
    struct crew *crew = worker->crew;
    const struct observer *observer = &crew->flight->observer;
    pthread_mutex_lock(&crew->lock);
    worker->done = done;
    worker->rate = rows_s;
    int64_t all = crew->before;
    double rate = 0;
    for (size_t i = 0; i < crew->count; i++) {
        all += crew->workers[i].done;
        rate += crew->workers[i].rate;
    }
    if (worker == crew->workers && observer->progress != NULL) {
        observer->progress(observer->context, phase, all < total ? all : total, total, rate);
    }
    pthread_mutex_unlock(&crew->lock);
}

static void on_note(void *context, const char *text) {
    struct worker *worker = context;
    const struct observer *observer = &worker->crew->flight->observer;
    pthread_mutex_lock(&worker->crew->lock);
    if (observer->note != NULL) observer->note(observer->context, text);
    pthread_mutex_unlock(&worker->crew->lock);
}

static void on_difference(void *context, const struct difference *difference, bool repaired) {
    struct worker *worker = context;
    const struct observer *observer = &worker->crew->flight->observer;
    pthread_mutex_lock(&worker->crew->lock);
    if (observer->difference != NULL) observer->difference(observer->context, difference, repaired);
    pthread_mutex_unlock(&worker->crew->lock);
}

/* --- what they do --- */

static void worker_work(struct worker *worker) {
    struct crew *crew = worker->crew;
    worker->ok = worker->ok && crew->job(&worker->flight, crew->context, &worker->error);
    if (!worker->ok) atomic_store(&crew->stop, true);
}

static void *thread_main(void *context) {
    struct worker *worker = context;
    interrupt_heed(worker->crew->heeded);
    worker->ok = flight_open_stores(&worker->flight, &worker->error) && flight_bind(&worker->flight, &worker->error);
    worker_work(worker);
    flight_close_stores(&worker->flight);
    return NULL;
}

static void worker_init(struct crew *crew, size_t number) {
    struct worker *worker = &crew->workers[number];
    worker->crew = crew;
    worker->ok = true;
    worker->flight = *crew->flight;
    worker->flight.observer = (struct observer){worker, on_progress, on_note, on_difference};
    worker->flight.stop = &crew->stop;
    if (number > 0) worker->flight.store = worker->flight.other = NULL;
}

/* Of the failures the one that stopped the others, not theirs. */
static bool outcome(const struct crew *crew, struct error *error) {
    const struct worker *failed = NULL;
    for (size_t i = 0; i < crew->count; i++) {
        const struct worker *worker = &crew->workers[i];
        if (!worker->ok && (failed == NULL || failed->error.code == ERROR_INTERRUPTED)) failed = worker;
    }
    if (failed == NULL) return true;
    *error = failed->error;
    return false;
}

/* One thread less to be had is one worker less. */
static void recruit(struct crew *crew, size_t workers) {
    while (crew->count < workers &&
           pthread_create(&crew->workers[crew->count].thread, NULL, thread_main, &crew->workers[crew->count]) == 0) {
        pthread_mutex_lock(&crew->lock);
        crew->count++;
        pthread_mutex_unlock(&crew->lock);
    }
}

bool crew_run(struct flight *flight, int64_t done, crew_job *job, void *context, struct error *error) {
    int workers = flight->workers > 0 ? flight->workers : flight->store->ops->workers;
    if (flight->store->ops->workers == 1) workers = 1;
    if (workers > WORKERS_MAX) workers = WORKERS_MAX;
    struct crew *crew = calloc(1, sizeof *crew);
    if (crew == NULL) abort();
    *crew = (struct crew){.flight = flight, .before = done, .job = job, .context = context,
                           .heeded = interrupt_heeded()};
    pthread_mutex_init(&crew->lock, NULL);
    for (int i = 0; i < workers; i++) worker_init(crew, (size_t)i);
    crew->count = 1;
    recruit(crew, (size_t)workers);
    worker_work(&crew->workers[0]);
    for (size_t i = 1; i < crew->count; i++) pthread_join(crew->workers[i].thread, NULL);
    flight->store = crew->workers[0].flight.store; /* it may have opened them anew */
    flight->other = crew->workers[0].flight.other;
    bool ok = outcome(crew, error);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
    return ok;
}

/* --- chunks --- */

struct chunks {
    const char *phase;
    int64_t total;
    chunk_work *work;
};

static bool chunks_job(struct flight *flight, void *context, struct error *error) {
    const struct chunks *chunks = context;
    return pace_chunks(flight, chunks->phase, 0, chunks->total, chunks->work, error);
}

bool crew_chunks(struct flight *flight, const char *phase, int64_t done, int64_t total, chunk_work *work,
                 struct error *error) {
    struct chunks chunks = {phase, total, work};
    return crew_run(flight, done, chunks_job, &chunks, error);
}

bool crew_backfill(struct flight *flight, chunk_work *work, struct error *error) {
    int64_t before = flight->at.record.rows_done;
    double began = clock_ms();
    if (!crew_chunks(flight, "backfill", before, flight->at.record.rows_total, work, error) ||
        !flight_refresh(flight, error)) {
        return false;
    }
    double spent_s = (clock_ms() - began) / 1000;
    int64_t rows = flight->at.record.rows_done - before;
    flight_note(flight, "backfill: %" PRId64 " rows in %.2f s, %.0f rows/s", rows, spent_s, (double)rows / spent_s);
    return true;
}
