/* Connections and how long each may take for what it is at. libmicrohttpd ends those that are silent; this ends those that
 * send a byte now and then, and those whose client has ended in the middle of a request. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct links;

struct link {
    int fd;
    char client[46]; /* the other end's address */
    atomic_int_fast64_t until_ms; /* by clock_ms; INT64_MAX: it is ours to be quick */
    atomic_bool receiving;        /* a request that is not whole yet */
    bool gone;                    /* nothing more will come of it, as was seen last time */
    struct link *before, *after;
};

struct links *links_new(void);
void links_free(struct links *links); /* accepts NULL */

struct link *links_add(struct links *links, int fd, const char *client, int64_t until_ms);
void links_remove(struct links *links, struct link *link);
/* To be called again and again: shuts those down whose time is over, or whose client is gone; how many. */
size_t links_cut(struct links *links, int64_t now_ms);
size_t links_count(struct links *links);
