/* `midflight serve`: migrations carried out, and their data served, over HTTP. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "midflight.h"

struct server_options {
    const char *const *files; /* definitions; a folder stands for all the *.yaml and *.yml in it */
    size_t file_count;
    const char *listen;      /* "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:443" */
    const char *certificate; /* PEM files; NULL: no TLS */
    const char *key;
    const char *tokens; /* NULL: nobody is asked for one */
    int threads;        /* that answer; 0: twice the processors, 4 at least */
    int connections_max;
    long body_bytes_max;
    int idle_s;    /* a connection that asks nothing is closed after so long */
    int request_s; /* a request must have come in whole within so long */
    int drain_s;   /* when told to stop: requests under way get so long to end */
    double sample; /* the share of reads that are compared with the other side */
    bool paused;   /* carry nothing on until told to */
    bool quiet;    /* log failures alone, not every request */
};

#define SERVER_DEFAULTS                                                                                                \
    (struct server_options) {                                                                                          \
        .listen = "127.0.0.1:8080", .connections_max = 4096, .body_bytes_max = 1 << 20, .idle_s = 60, .request_s = 30, \
        .drain_s = 20                                                                                                  \
    }

/* Serves until SIGTERM or SIGINT, then drains. What stands in the way at the start is in `error`. */
mf_result server_run(const struct server_options *options, mf_error *error);
