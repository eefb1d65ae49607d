/* The door itself: connections, requests, their limits; and what all handlers share. */
#pragma once

#include "server/access.h"
#include "server/metrics.h"
#include "server/request.h"
#include "server/server.h"

struct MHD_Daemon;

struct server {
    const struct server_options *options;
    struct access *access;
    struct driver **drivers;
    size_t driver_count;
    struct MHD_Daemon *daemon;
    struct links *links;
    struct metrics metrics;
    atomic_int active; /* requests under way */
    atomic_bool draining;
    int threads;
    char host[64]; /* that we listen on; "" off loopback */
    char mark[20]; /* that the ids of our requests begin with */
};

/* Listens and answers, on threads of its own. */
bool http_begin(struct server *server, mf_error *error);
/* Takes no more connections. */
void http_quiesce(struct server *server);
/* Ends all connections. No request may be asleep. */
void http_end(struct server *server);
/* Every quarter of a second: what takes too long is ended. */
void http_tick(struct server *server);

static inline bool server_drains(const struct server *server) { return atomic_load(&server->draining); }
struct driver *server_driver(const struct server *server, const char *name); /* or NULL */

/* Sleeps until `work` has ended or `wait_s` have passed; the route's handler is then called again. False: no need to. The request
 * takes its hold on the work over. */
bool request_sleep(struct request *request, struct work *work, double wait_s);

/* --- route.c --- */

struct route {
    const char *method, *pattern; /* "/v1/migrations/{name}/start" */
    size_t segments; /* of the pattern */
    unsigned right;
    void (*handle)(struct request *request);
};
extern const struct route routes[];
extern const size_t route_count;

/* Finds the route; else answers with the problem and returns false. */
bool route_find(struct request *request);
/* The same for the migration that the path names, if it does. */
bool route_prepare(struct request *request);
/* The methods that the path takes, for an Allow header; valid on this thread until the next call. */
const char *route_allowed(const struct request *request);

/* --- control.c --- */
void control_health(struct request *request);
void control_ready(struct request *request);
void control_metrics(struct request *request);
void control_description(struct request *request);
void control_list(struct request *request);
void control_status(struct request *request);
void control_history(struct request *request);
void control_findings(struct request *request);
void control_work(struct request *request);
void control_check(struct request *request);
void control_start(struct request *request);
void control_verify(struct request *request);
void control_advance(struct request *request);
void control_demote(struct request *request);
void control_rollback(struct request *request);
void control_pause(struct request *request);
void control_resume(struct request *request);
void control_rollout(struct request *request);
void control_rollout_set(struct request *request);
void control_comparison(struct request *request);

/* --- data.c --- */
void data_get(struct request *request);
void data_put(struct request *request);
void data_delete(struct request *request);
void data_list(struct request *request);
void data_batch(struct request *request);
