/* A migration in the care of the server: a thread that carries it out, one verb at a time, and goes on with what was
 * begun: a start, a rollback, a finish that was cut short, and, between two stores, following. */
#pragma once

#include "server/work.h"

struct driver;

struct driver_options {
    bool paused;
    double sample;
    int connections;
};

/* Reads the definition; the store need not be there. The thread begins with driver_begin. */
mf_result driver_new(const char *file, const struct driver_options *options, struct driver **ret, mf_error *error);
bool driver_begin(struct driver *driver);
/* Stops at the next safe point; those who wait for work are woken. Then driver_free waits for the thread. */
void driver_end(struct driver *driver);
void driver_free(struct driver *driver); /* accepts NULL; nobody else may use it any more */

const char *driver_name(const struct driver *driver);

/* Asks for a verb. *ret is to be dropped: the work that was begun, or that of the same verb which is under way already. Refused
 * (MF_REFUSED, "busy") while another verb is at work; a rollback stops that first. */
mf_result driver_order(struct driver *driver, const struct order *order, struct work **ret, mf_error *error);

/* Stops at the next safe point, and carries nothing on; or does again. */
void driver_pause(struct driver *driver, bool pause);

/* Somebody who waits for work to end. */
struct waiter {
    struct work *work;
    double until_ms; /* by clock_ms */
    void (*sleep)(void *context); /* called by driver_wait, with the driver's lock */
    void (*wake)(void *context);  /* called once, on any thread, with the driver's lock */
    void *context;
    struct waiter *next;
};
/* False: it has ended, and nobody sleeps. */
bool driver_wait(struct driver *driver, struct waiter *waiter);
void driver_wake_late(struct driver *driver, double now_ms);

/* The work as JSON. */
json_t *driver_work_json(struct driver *driver, const struct work *work);
/* {"paused": ..., "work": ..., "last": ...} joins `object`. */
void driver_describe(struct driver *driver, json_t *object);
/* How the work stands: *ret_error is filled when it has failed or was stopped. */
enum work_state driver_work_state(struct driver *driver, const struct work *work, mf_error *ret_error);

/* A handle for a look at where the migration stands, not the one that works: NULL with an error when the store cannot be
 * opened. Every look is ended; `failed`: the handle is no good any more. */
mf_migration *driver_look(struct driver *driver, mf_error *error);
void driver_look_end(struct driver *driver, bool failed);

/* The proxy of the migration's data, opened when it is first asked for. NULL with an error when it cannot be had now. */
mf_proxy *driver_proxy(struct driver *driver, mf_error *error);
/* The same, if it was opened already. */
mf_proxy *driver_proxy_opened(struct driver *driver);
