#include "server/link.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct links {
    pthread_mutex_t lock; /* held while one is shut down, so that its number is not somebody else's by then */
    struct link first; /* of a ring; none itself */
    size_t count;
};

struct links *links_new(void) {
    struct links *links = calloc(1, sizeof *links);
    if (links == NULL) abort();
    pthread_mutex_init(&links->lock, NULL);
    links->first.before = links->first.after = &links->first;
    return links;
}

void links_free(struct links *links) {
    if (links == NULL) return;
    pthread_mutex_destroy(&links->lock);
    free(links);
}

struct link *links_add(struct links *links, int fd, const char *client, int64_t until_ms) {
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL) abort();
    link->fd = fd;
    snprintf(link->client, sizeof link->client, "%s", client);
    atomic_init(&link->until_ms, until_ms);
    pthread_mutex_lock(&links->lock);
    link->after = &links->first;
    link->before = links->first.before;
    link->before->after = links->first.before = link;
    links->count++;
    pthread_mutex_unlock(&links->lock);
    return link;
}

void links_remove(struct links *links, struct link *link) {
    pthread_mutex_lock(&links->lock);
    link->before->after = link->after;
    link->after->before = link->before;
    links->count--;
    pthread_mutex_unlock(&links->lock);
    free(link);
}

/* The client has said its last, for the second time, and the request is not whole. Once may be a moment too early. */
static bool has_lost_client(struct link *link) {
    char next;
    bool seen = link->gone;
    link->gone = atomic_load(&link->receiving) && recv(link->fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    return seen && link->gone;
}

size_t links_cut(struct links *links, int64_t now_ms) {
    size_t cut = 0;
    pthread_mutex_lock(&links->lock);
    for (struct link *link = links->first.after; link != &links->first; link = link->after) {
        if (atomic_load(&link->until_ms) > now_ms && !has_lost_client(link)) continue;
        shutdown(link->fd, SHUT_RDWR);
        atomic_store(&link->until_ms, INT64_MAX);
        atomic_store(&link->receiving, false);
        cut++;
    }
    pthread_mutex_unlock(&links->lock);
    return cut;
}

size_t links_count(struct links *links) {
    pthread_mutex_lock(&links->lock);
    size_t count = links->count;
    pthread_mutex_unlock(&links->lock);
    return count;
}
