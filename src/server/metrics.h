/* Counts of what the server does. Every member is updated without a lock. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define METRIC_ROUTES_MAX 32
#define METRIC_STATUSES_MAX 24
#define METRIC_BUCKETS 10

struct metrics {
    atomic_int_fast64_t answers[METRIC_ROUTES_MAX + 1][METRIC_STATUSES_MAX]; /* the last row: of no route */
    atomic_int_fast64_t buckets[METRIC_ROUTES_MAX + 1][METRIC_BUCKETS + 1];
    atomic_int_fast64_t sum_us[METRIC_ROUTES_MAX + 1];
    atomic_int_fast64_t cut_off; /* connections that took too long */
};

struct server;

/* `route`: its place among the routes, or route_count. */
void metrics_count(struct metrics *metrics, size_t route, unsigned status, double ms);
/* In the OpenMetrics format. */
void metrics_write(struct server *server, struct text *text);
