#include "server/driver.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wait.h"
#include "server/log.h"

/* How often it is looked whether there is something to carry on; how long after a failure, at first and at most. */
#define LOOK_MS 1000.0
#define RETRY_MS_MIN 1000.0
#define RETRY_MS_MAX 60000.0
#define NOTES_MAX 50
#define DIFFERENCES_MAX 100
#define DRIVER "driver" /* who orders what nobody asked for */

struct driver {
    char *file;
    char name[MF_NAME_BYTES];
    struct driver_options options;
    pthread_t thread;
    bool begun;

    pthread_mutex_t lock; /* of what follows, and of every work */
    pthread_cond_t changed;
    mf_migration *handle; /* the thread's; others may halt it, with the lock */
    struct work *running, *next, *last; /* `next` waits until `running` has stopped */
    struct waiter *waiters;
    bool paused, closing;
    bool halting; /* what runs was asked to stop */
    int64_t works;
    double look_ms;  /* when there is next to be looked */
    double retry_ms; /* the last pause after a failure; 0: there was none */
    char failure[256]; /* that was told last, so that it is not told again every time */

    pthread_mutex_t look_lock;
    mf_migration *look;

    pthread_mutex_t proxy_lock;
    mf_proxy *proxy;
    mf_error proxy_error;
    double proxy_ms; /* when it was last tried to open it */
};

mf_result driver_new(const char *file, const struct driver_options *options, struct driver **ret, mf_error *error) {
    struct driver *driver = calloc(1, sizeof *driver);
    if (driver == NULL) abort();
    mf_result result = mf_name_read(file, driver->name, error);
    if (result != MF_DONE) {
        free(driver);
        return result;
    }
    driver->file = strdup(file);
    if (driver->file == NULL) abort();
    driver->options = *options;
    driver->paused = options->paused;
    wait_init(&driver->changed);
    pthread_mutex_init(&driver->lock, NULL);
    pthread_mutex_init(&driver->look_lock, NULL);
    pthread_mutex_init(&driver->proxy_lock, NULL);
    *ret = driver;
    return MF_DONE;
}

const char *driver_name(const struct driver *driver) {
    return driver->name;
}

/* --- what the verb at work tells --- */

static void on_progress(void *context, const char *phase, int64_t done, int64_t total, double rows_s) {
    struct driver *driver = context;
    pthread_mutex_lock(&driver->lock);
    struct work *work = driver->running;
    if (work != NULL) {
        snprintf(work->phase, sizeof work->phase, "%s", phase);
        work->rows_done = done;
        work->rows_total = total;
        work->rows_s = rows_s;
    }
    pthread_mutex_unlock(&driver->lock);
}

static void on_note(void *context, const char *text) {
    struct driver *driver = context;
    pthread_mutex_lock(&driver->lock);
    if (driver->running != NULL) work_keep(driver->running->notes, json_text(text), NOTES_MAX);
    pthread_mutex_unlock(&driver->lock);
    log_event(LOG_INFO, "note", json_pack("{s:s, s:o}", "migration", driver->name, "text", json_text(text)));
}

static void on_difference(void *context, const mf_difference *difference) {
    struct driver *driver = context;
    pthread_mutex_lock(&driver->lock);
    if (driver->running != NULL) work_keep(driver->running->differences, difference_json(difference), DIFFERENCES_MAX);
    pthread_mutex_unlock(&driver->lock);
}

/* --- the thread --- */

static void forget_handle(struct driver *driver) {
    pthread_mutex_lock(&driver->lock);
    mf_migration *handle = driver->handle;
    driver->handle = NULL;
    pthread_mutex_unlock(&driver->lock);
    mf_close(handle);
}

static mf_result open_handle(struct driver *driver, mf_error *error) {
    mf_observer observer = {driver, on_progress, on_note, on_difference};
    mf_migration *handle = NULL;
    if (driver->handle != NULL) return MF_DONE;
    mf_result result = mf_open(driver->file, &observer, &handle, error);
    if (result != MF_DONE) return result;
    pthread_mutex_lock(&driver->lock);
    driver->handle = handle;
    mf_halt(handle, driver->halting);
    pthread_mutex_unlock(&driver->lock);
    return MF_DONE;
}

/* What was begun and not ended. False: nothing. */
static bool carry_on_verb(const mf_status *status, enum verb *ret) {
    const char *stage = status->stage;
    bool shadow = strcmp(stage, "Awaiting Additional Action") == 0;
    if (strcmp(stage, "Initializing") == 0 || strcmp(stage, "Running") == 0) {
        *ret = VERB_START;
    } else if (strcmp(stage, "Rolling Back") == 0) {
        *ret = VERB_ROLLBACK;
    } else if (strcmp(stage, "Finishing") == 0) {
        *ret = VERB_ADVANCE;
    } else if (status->follows && (shadow || (strcmp(stage, "Awaiting Finalization") == 0 && status->way_back))) {
        *ret = VERB_FOLLOW;
    } else {
        return false;
    }
    return true;
}

/* With the lock: the work that is to be done now becomes the running one, unless the thread is to end. */
static bool take_up(struct driver *driver, struct work *own) {
    struct work *work = driver->next != NULL ? driver->next : own;
    if (work == NULL || driver->closing || (work == own && driver->paused)) return false;
    if (work == own) work_hold(own);
    driver->next = NULL;
    driver->running = work;
    work->state = WORK_RUNNING;
    work->began_ms = clock_wall_ms();
    driver->halting = false;
    if (driver->handle != NULL) mf_halt(driver->handle, false);
    return true;
}

static void wake_those_of(struct driver *driver, const struct work *work) {
    for (struct waiter **at = &driver->waiters; *at != NULL;) {
        struct waiter *waiter = *at;
        if (work != NULL && waiter->work != work) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        waiter->wake(waiter->context);
    }
}

/* Another midflight is at work, or we were asked to stop: no news. */
static bool passing(const mf_error *error) {
    return strcmp(error->code, "held") == 0 || strcmp(error->code, "interrupted") == 0;
}

static void tell(struct driver *driver, const struct work *work, mf_result result, const mf_error *error) {
    bool own = strcmp(work->order.by, DRIVER) == 0;
    if (own && result != MF_DONE && (passing(error) || strncmp(driver->failure, error->message, sizeof driver->failure - 1) == 0)) return;
    snprintf(driver->failure, sizeof driver->failure, "%.255s", result == MF_DONE ? "" : error->message);
    json_t *more = json_pack("{s:s, s:s, s:s, s:I}", "migration", driver->name, "verb", verb_name(work->order.verb), "by", work->order.by,
                             "work", (json_int_t)work->id);
    if (result != MF_DONE) {
        json_object_set_new(more, "code", json_string(error->code));
        json_object_set_new(more, "detail", json_text(error->message));
    }
    log_event(result == MF_DONE ? LOG_INFO : LOG_WARNING, result == MF_DONE ? "done" : "not done", more);
}

static void set_retry(struct driver *driver, bool done, bool soon) {
    if (done || soon) {
        driver->retry_ms = 0;
        driver->look_ms = clock_ms() + (soon ? LOOK_MS : 0);
        return;
    }
    driver->retry_ms = driver->retry_ms == 0 ? RETRY_MS_MIN : 2 * driver->retry_ms;
    if (driver->retry_ms > RETRY_MS_MAX) driver->retry_ms = RETRY_MS_MAX;
    driver->look_ms = clock_ms() + driver->retry_ms;
}

static void put_down(struct driver *driver, mf_result result, json_t *outcome, const mf_error *error) {
    pthread_mutex_lock(&driver->lock);
    struct work *work = driver->running;
    bool stopped = result != MF_DONE && strcmp(error->code, "interrupted") == 0;
    work->state = result == MF_DONE ? WORK_DONE : stopped ? WORK_STOPPED : WORK_FAILED;
    work->ended_ms = clock_wall_ms();
    work->result = outcome;
    if (result != MF_DONE) work->error = *error;
    driver->running = NULL;
    bool own = strcmp(work->order.by, DRIVER) == 0;
    set_retry(driver, result == MF_DONE, result != MF_DONE && passing(error));
    tell(driver, work, result, error);
    wake_those_of(driver, work);
    if (own && (result == MF_DONE || passing(error))) { /* nobody asked, and there is nothing to see */
        work_drop(work);
    } else {
        work_drop(driver->last);
        driver->last = work;
    }
    pthread_mutex_unlock(&driver->lock);
}

static void work_on(struct driver *driver) {
    mf_error error = {0};
    json_t *outcome = NULL;
    mf_result result = open_handle(driver, &error);
    if (result == MF_DONE) result = work_run(driver->handle, &driver->running->order, &outcome, &error);
    bool lost = result == MF_FAILED && strcmp(error.code, "store") == 0;
    put_down(driver, result, outcome, &error);
    if (lost) forget_handle(driver);
}

static void rest(struct driver *driver) {
    double left = driver->look_ms - clock_ms();
    if (left <= 0) left = driver->paused ? LOOK_MS : 1;
    wait_until(&driver->changed, &driver->lock, clock_ms() + left);
}

/* What is to be carried on, if it is time to look; else NULL. Without the lock. */
static struct work *own_work(struct driver *driver) {
    mf_error error = {0};
    mf_status status;
    struct order order = {.by = DRIVER, .sample = 1};
    mf_result result = open_handle(driver, &error);
    if (result == MF_DONE) result = mf_status_read(driver->handle, &status, &error);
    if (result != MF_DONE) {
        if (strncmp(driver->failure, error.message, sizeof driver->failure - 1) != 0) {
            snprintf(driver->failure, sizeof driver->failure, "%.255s", error.message);
            log_event(LOG_WARNING, "store", json_pack("{s:s, s:o}", "migration", driver->name, "detail", json_text(error.message)));
        }
        forget_handle(driver);
    }
    bool some = result == MF_DONE && carry_on_verb(&status, &order.verb);
    pthread_mutex_lock(&driver->lock);
    if (!some) set_retry(driver, false, result == MF_DONE);
    struct work *work = some ? work_new(&order, ++driver->works) : NULL;
    pthread_mutex_unlock(&driver->lock);
    return work;
}

static void *thread_main(void *context) {
    struct driver *driver = context;
    pthread_mutex_lock(&driver->lock);
    while (!driver->closing) {
        bool look = driver->next == NULL && !driver->paused && clock_ms() >= driver->look_ms;
        if (driver->next == NULL && !look) {
            rest(driver);
            continue;
        }
        pthread_mutex_unlock(&driver->lock);
        struct work *own = look ? own_work(driver) : NULL;
        pthread_mutex_lock(&driver->lock);
        bool taken = take_up(driver, own);
        pthread_mutex_unlock(&driver->lock);
        if (taken) work_on(driver);
        work_drop(own);
        pthread_mutex_lock(&driver->lock);
    }
    pthread_mutex_unlock(&driver->lock);
    forget_handle(driver);
    return NULL;
}

bool driver_begin(struct driver *driver) {
    driver->begun = pthread_create(&driver->thread, NULL, thread_main, driver) == 0;
    return driver->begun;
}

static void halt(struct driver *driver) {
    driver->halting = true;
    if (driver->handle != NULL) mf_halt(driver->handle, true);
}

void driver_end(struct driver *driver) {
    pthread_mutex_lock(&driver->lock);
    driver->closing = true;
    halt(driver);
    wake_those_of(driver, NULL);
    pthread_cond_broadcast(&driver->changed);
    pthread_mutex_unlock(&driver->lock);
}

void driver_free(struct driver *driver) {
    if (driver == NULL) return;
    if (driver->begun) pthread_join(driver->thread, NULL);
    work_drop(driver->next);
    work_drop(driver->last);
    mf_close(driver->look);
    mf_proxy_close(driver->proxy);
    pthread_cond_destroy(&driver->changed);
    pthread_mutex_destroy(&driver->lock);
    pthread_mutex_destroy(&driver->look_lock);
    pthread_mutex_destroy(&driver->proxy_lock);
    free(driver->file);
    free(driver);
}

/* --- what others ask --- */

static mf_result refuse(mf_error *error, const char *code, const char *format, const char *name, const char *verb) {
    error->result = MF_REFUSED;
    error->code = code;
    snprintf(error->message, sizeof error->message, format, name, verb);
    return MF_REFUSED;
}

/* With the lock: may the order be taken? What is in its way and gives way is asked to stop. */
static mf_result make_way(struct driver *driver, const struct order *order, mf_error *error) {
    const struct work *running = driver->running;
    if (driver->closing) return refuse(error, "closing", "migration %s: the server is about to end: ask again when it is back", driver->name, "");
    if (driver->paused && order->verb != VERB_ROLLBACK && order->verb != VERB_CHECK) {
        return refuse(error, "paused", "migration %s is paused: POST to its resume first", driver->name, "");
    }
    if (driver->next != NULL) {
        return refuse(error, "busy", "migration %s: %s is about to begin: ask again when it has ended", driver->name,
                      verb_name(driver->next->order.verb));
    }
    if (running == NULL) return MF_DONE;
    if (running->order.verb != VERB_FOLLOW && order->verb != VERB_ROLLBACK) {
        return refuse(error, "busy", "migration %s is at work at %s: wait for its end, or POST to pause, which stops it", driver->name,
                      verb_name(running->order.verb));
    }
    halt(driver);
    return MF_DONE;
}

mf_result driver_order(struct driver *driver, const struct order *order, struct work **ret, mf_error *error) {
    mf_result result = MF_DONE;
    pthread_mutex_lock(&driver->lock);
    struct work *same = driver->next != NULL && driver->next->order.verb == order->verb         ? driver->next
                        : driver->running != NULL && driver->running->order.verb == order->verb ? driver->running
                                                                                                : NULL;
    if (same == NULL) {
        result = make_way(driver, order, error);
        if (result == MF_DONE) same = driver->next = work_new(order, ++driver->works);
    }
    if (result == MF_DONE) *ret = work_hold(same);
    pthread_cond_broadcast(&driver->changed);
    pthread_mutex_unlock(&driver->lock);
    return result;
}

void driver_pause(struct driver *driver, bool pause) {
    pthread_mutex_lock(&driver->lock);
    driver->paused = pause;
    if (pause && driver->running != NULL) halt(driver);
    if (!pause) driver->look_ms = 0;
    pthread_cond_broadcast(&driver->changed);
    pthread_mutex_unlock(&driver->lock);
}

bool driver_wait(struct driver *driver, struct waiter *waiter) {
    pthread_mutex_lock(&driver->lock);
    bool waits = !work_ended(waiter->work) && !driver->closing;
    if (waits) {
        waiter->sleep(waiter->context);
        waiter->next = driver->waiters;
        driver->waiters = waiter;
    }
    pthread_mutex_unlock(&driver->lock);
    return waits;
}

void driver_wake_late(struct driver *driver, double now_ms) {
    pthread_mutex_lock(&driver->lock);
    for (struct waiter **at = &driver->waiters; *at != NULL;) {
        struct waiter *waiter = *at;
        if (waiter->until_ms > now_ms) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        waiter->wake(waiter->context);
    }
    pthread_mutex_unlock(&driver->lock);
}

json_t *driver_work_json(struct driver *driver, const struct work *work) {
    pthread_mutex_lock(&driver->lock);
    json_t *object = work_json(work);
    pthread_mutex_unlock(&driver->lock);
    return object;
}

enum work_state driver_work_state(struct driver *driver, const struct work *work, mf_error *ret_error) {
    pthread_mutex_lock(&driver->lock);
    enum work_state state = work->state;
    if (state == WORK_FAILED || state == WORK_STOPPED) *ret_error = work->error;
    pthread_mutex_unlock(&driver->lock);
    return state;
}

void driver_describe(struct driver *driver, json_t *object) {
    pthread_mutex_lock(&driver->lock);
    const struct work *work = driver->running != NULL ? driver->running : driver->next;
    json_object_set_new(object, "paused", json_boolean(driver->paused));
    json_object_set_new(object, "work", work == NULL ? json_null() : work_json(work));
    json_object_set_new(object, "last", driver->last == NULL ? json_null() : work_json(driver->last));
    pthread_mutex_unlock(&driver->lock);
}

mf_migration *driver_look(struct driver *driver, mf_error *error) {
    pthread_mutex_lock(&driver->look_lock);
    if (driver->look == NULL && mf_open(driver->file, NULL, &driver->look, error) != MF_DONE) {
        driver->look = NULL;
        pthread_mutex_unlock(&driver->look_lock);
        return NULL;
    }
    return driver->look;
}

void driver_look_end(struct driver *driver, bool failed) {
    if (failed) {
        mf_close(driver->look);
        driver->look = NULL;
    }
    pthread_mutex_unlock(&driver->look_lock);
}

mf_proxy *driver_proxy(struct driver *driver, mf_error *error) {
    mf_proxy *proxy = __atomic_load_n(&driver->proxy, __ATOMIC_ACQUIRE);
    if (proxy != NULL) return proxy;
    pthread_mutex_lock(&driver->proxy_lock);
    if (driver->proxy == NULL && (driver->proxy_ms == 0 || clock_ms() - driver->proxy_ms > LOOK_MS)) {
        mf_proxy_options options = {.connections = driver->options.connections, .sample = driver->options.sample};
        mf_result result = mf_proxy_open(driver->file, &options, &proxy, &driver->proxy_error);
        if (result == MF_DONE) __atomic_store_n(&driver->proxy, proxy, __ATOMIC_RELEASE);
        driver->proxy_ms = clock_ms();
    }
    if (driver->proxy == NULL) *error = driver->proxy_error;
    proxy = driver->proxy;
    pthread_mutex_unlock(&driver->proxy_lock);
    return proxy;
}

mf_proxy *driver_proxy_opened(struct driver *driver) {
    return __atomic_load_n(&driver->proxy, __ATOMIC_ACQUIRE);
}
