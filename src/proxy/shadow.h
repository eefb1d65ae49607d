/* The shadow: some of the reads are done again on both sides, off the path of the request, and compared.
 *
 * A sample waits in a queue of fixed size, or is left out and counted; a thread with a connection of its own takes it from there. What
 * differs is read again after a while, and counts only if it still differs, is in neither the outbox nor quarantine, and agrees in neither
 * shape: new = forward(old) or old = backward(new) will do. Gates look at the samples of a window; a red one demotes. */
#pragma once

#include "proxy/node.h"

struct rule {
    const char *column; /* "table.column", or "column" */
    bool ignore, trim, fold;
    double tolerance;
};

/* 0: no such gate. */
struct gates {
    double mismatch_rate, error_rate, latency_ratio;
    int64_t window_ms, samples_min;
};

struct comparison {
    double sample;
    const struct rule *rules; /* copied */
    size_t rule_count;
    struct gates gates;
};

struct side_report {
    int64_t reads, errors;
    double p50_ms, p99_ms;
};
struct comparison_report {
    int64_t compared, mismatched, left_out;
    struct side_report leader, follower;
    bool mismatch_red, error_red, latency_red;
    char demoted[256]; /* why it did, last; empty: never */
};

struct shadow;

/* `definition` and `node` must outlive it. */
MUST_USE bool shadow_open(const struct definition *definition, struct nodekeeper *node, const struct comparison *comparison,
                          struct shadow **ret, struct error *error);
void shadow_close(struct shadow *shadow); /* accepts NULL */

/* A read of that face was served; it may be compared. Never waits for anything but a moment's lock. */
void shadow_offer(struct shadow *shadow, enum side face, const char *key);
void shadow_report(struct shadow *shadow, struct comparison_report *ret);
