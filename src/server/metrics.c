#include "server/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "server/http.h"
#include "server/link.h"

static const unsigned statuses[METRIC_STATUSES_MAX] = {0,   200, 202, 204, 304, 400, 401, 403, 404, 405, 409, 412,
                                                       413, 415, 422, 500, 503, 507};
static const double buckets_ms[METRIC_BUCKETS] = {0.25, 0.5, 1, 2.5, 5, 10, 50, 250, 1000, 5000};

/* A status that is not in the list is counted as none: 0. */
static size_t place_of(unsigned status) {
    for (size_t i = 1; i < METRIC_STATUSES_MAX; i++) {
        if (statuses[i] == status && status != 0) return i;
    }
    return 0;
}

void metrics_count(struct metrics *metrics, size_t route, unsigned status, double ms) {
    size_t bucket = 0;
    while (bucket < METRIC_BUCKETS && ms > buckets_ms[bucket]) bucket++;
    size_t row = route < METRIC_ROUTES_MAX ? route : METRIC_ROUTES_MAX;
    atomic_fetch_add_explicit(&metrics->answers[row][place_of(status)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->buckets[row][bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->sum_us[row], (int64_t)(ms * 1000), memory_order_relaxed);
}

/* --- requests --- */

static void family(struct text *text, const char *name, const char *type, const char *unit, const char *help) {
    text_addf(text, "# TYPE midflight_%s %s\n", name, type);
    if (unit != NULL) text_addf(text, "# UNIT midflight_%s %s\n", name, unit);
    text_addf(text, "# HELP midflight_%s %s\n", name, help);
}

static const struct route *route_of_row(size_t row) {
    return row < route_count ? &routes[row] : NULL;
}

static void labels(struct text *text, const struct route *route) {
    text_addf(text, "method=\"%s\",path=\"%s\"", route == NULL ? "" : route->method, route == NULL ? "" : route->pattern);
}

static void write_answers(struct metrics *metrics, struct text *text) {
    family(text, "requests", "counter", NULL, "Requests by path and status; status 0 was not answered.");
    for (size_t row = 0; row <= METRIC_ROUTES_MAX; row++) {
        for (size_t i = 0; i < METRIC_STATUSES_MAX; i++) {
            int64_t count = atomic_load(&metrics->answers[row][i]);
            if (count == 0) continue;
            text_add(text, "midflight_requests_total{");
            labels(text, route_of_row(row));
            text_addf(text, ",status=\"%u\"} %lld\n", statuses[i], (long long)count);
        }
    }
}

static void write_durations_of(struct metrics *metrics, size_t row, struct text *text) {
    int64_t count = 0;
    for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
        count += atomic_load(&metrics->buckets[row][i]);
        text_add(text, "midflight_request_seconds_bucket{");
        labels(text, route_of_row(row));
        if (i < METRIC_BUCKETS) {
            text_addf(text, ",le=\"%g\"} %lld\n", buckets_ms[i] / 1000, (long long)count);
        } else {
            text_addf(text, ",le=\"+Inf\"} %lld\n", (long long)count);
        }
    }
    text_add(text, "midflight_request_seconds_sum{");
    labels(text, route_of_row(row));
    text_addf(text, "} %.6f\n", (double)atomic_load(&metrics->sum_us[row]) / 1e6);
    text_add(text, "midflight_request_seconds_count{");
    labels(text, route_of_row(row));
    text_addf(text, "} %lld\n", (long long)count);
}

static void write_durations(struct metrics *metrics, struct text *text) {
    family(text, "request_seconds", "histogram", "seconds", "How long requests took, from their first line to the end of the answer.");
    for (size_t row = 0; row <= METRIC_ROUTES_MAX; row++) {
        int64_t count = 0;
        for (size_t i = 0; i <= METRIC_BUCKETS; i++) count += atomic_load(&metrics->buckets[row][i]);
        if (count > 0) write_durations_of(metrics, row, text);
    }
}

/* --- migrations --- */

struct seen {
    bool ok, proxied;
    mf_status status;
    mf_proxy_status proxy;
    mf_comparison comparison;
};

static void look(struct driver *driver, struct seen *seen) {
    mf_error ignored;
    mf_migration *handle = driver_look(driver, &ignored);
    if (handle != NULL) {
        seen->ok = mf_status_read(handle, &seen->status, &ignored) == MF_DONE;
        driver_look_end(driver, !seen->ok);
    }
    mf_proxy *proxy = driver_proxy_opened(driver);
    seen->proxied = proxy != NULL && mf_proxy_status_read(proxy, &seen->proxy, &ignored) == MF_DONE &&
                    mf_comparison_read(proxy, &seen->comparison, &ignored) == MF_DONE;
}

static void sample(struct text *text, const char *name, const char *migration, const char *more, double value) {
    text_addf(text, "midflight_%s{migration=\"%s\"%s} %.15g\n", name, migration, more, value);
}

static void write_stages(const struct server *server, const struct seen *seen, struct text *text) {
    static const char *const stages[] = {"Uninitialized", "Initializing", "Running", "Awaiting Additional Action",
                                         "Awaiting Finalization", "Finishing", "Finished", "Rolling Back"};
    family(text, "stage", "stateset", NULL, "Where the migration stands.");
    for (size_t i = 0; i < server->driver_count; i++) {
        if (!seen[i].ok) continue;
        for (size_t stage = 0; stage < sizeof stages / sizeof *stages; stage++) {
            text_addf(text, "midflight_stage{migration=\"%s\",midflight_stage=\"%s\"} %d\n", driver_name(server->drivers[i]), stages[stage],
                      strcmp(stages[stage], seen[i].status.stage) == 0);
        }
    }
}

/* The members of `struct seen` that are a gauge each. */
struct gauge {
    const char *name, *unit, *help;
    bool of_proxy;
    double (*value)(const struct seen *seen);
};

#define GAUGE(function, expression) \
    static double function(const struct seen *seen) { return (double)(expression); }
GAUGE(up, seen->ok)
GAUGE(epoch, seen->status.epoch)
GAUGE(rows_done, seen->status.rows_done)
GAUGE(rows_total, seen->status.rows_total)
GAUGE(outbox, seen->status.outbox)
GAUGE(outbox_bytes, seen->status.outbox_bytes)
GAUGE(lag, (double)seen->status.lag_ms / 1000)
GAUGE(quarantined, seen->status.quarantined)
GAUGE(diverged, seen->status.diverged)
GAUGE(soak, (double)seen->status.soak_left_ms / 1000)
GAUGE(verified, (double)seen->status.verified_ms / 1000)
GAUGE(confirmed, seen->proxy.confirmed)
GAUGE(rollout, seen->proxy.percent / 100)
GAUGE(nodes, seen->proxy.nodes)
GAUGE(compared, seen->comparison.compared)
GAUGE(mismatched, seen->comparison.mismatched)
GAUGE(left_out, seen->comparison.left_out)
GAUGE(leader_p99, seen->comparison.leader.p99_ms / 1000)
GAUGE(follower_p99, seen->comparison.follower.p99_ms / 1000)
GAUGE(follower_errors, seen->comparison.follower.errors)

static const struct gauge gauges[] = {
    {"up", NULL, "1 when the migration's store can be read.", false, up},
    {"epoch", NULL, "Grows by one with every change of stage.", false, epoch},
    {"rows_done", NULL, "Rows that the backfill has copied.", false, rows_done},
    {"rows_expected", NULL, "Rows that it is to copy, as counted at the start.", false, rows_total},
    {"outbox_keys", NULL, "Entities that were written and have not reached the other side.", false, outbox},
    {"outbox_bytes", "bytes", "What the outbox takes.", false, outbox_bytes},
    {"lag_seconds", "seconds", "For how long the first entity of the outbox has waited.", false, lag},
    {"quarantined", NULL, "Entities that the other side does not take.", false, quarantined},
    {"diverged", NULL, "Entities that were found to differ.", false, diverged},
    {"soak_left_seconds", "seconds", "Until the soak ends.", false, soak},
    {"verified_timestamp_seconds", "seconds", "When the whole was last compared; 0: never.", false, verified},
    {"proxy_confirmed", NULL, "1 when this server has confirmed the epoch.", true, confirmed},
    {"rollout_ratio", "ratio", "The share of reads served from the new side.", true, rollout},
    {"proxy_nodes", NULL, "Processes that serve the migration's data.", true, nodes},
    {"compared", NULL, "Entities compared with the other side in the window.", true, compared},
    {"mismatched", NULL, "Of those, entities that differed.", true, mismatched},
    {"comparisons_left_out", NULL, "Samples for which there was no room.", true, left_out},
    {"leader_p99_seconds", "seconds", "The 99th percentile of reads of the side that leads.", true, leader_p99},
    {"follower_p99_seconds", "seconds", "The same of the other side.", true, follower_p99},
    {"follower_errors", NULL, "Reads of the other side that failed in the window.", true, follower_errors},
};

static void write_gauges(const struct server *server, const struct seen *seen, struct text *text) {
    for (size_t g = 0; g < sizeof gauges / sizeof *gauges; g++) {
        family(text, gauges[g].name, "gauge", gauges[g].unit, gauges[g].help);
        for (size_t i = 0; i < server->driver_count; i++) {
            bool there = gauges[g].of_proxy ? seen[i].proxied : seen[i].ok || g == 0;
            if (there) sample(text, gauges[g].name, driver_name(server->drivers[i]), "", gauges[g].value(&seen[i]));
        }
    }
}

void metrics_write(struct server *server, struct text *text) {
    struct seen *seen = calloc(server->driver_count + 1, sizeof *seen);
    if (seen == NULL) abort();
    for (size_t i = 0; i < server->driver_count; i++) look(server->drivers[i], &seen[i]);
    write_stages(server, seen, text);
    write_gauges(server, seen, text);
    free(seen);
    write_answers(&server->metrics, text);
    write_durations(&server->metrics, text);
    family(text, "connections", "gauge", NULL, "Connections that are open.");
    text_addf(text, "midflight_connections %zu\n", links_count(server->links));
    family(text, "connections_cut", "counter", NULL, "Connections that were ended as they took too long.");
    text_addf(text, "midflight_connections_cut_total %lld\n", (long long)atomic_load(&server->metrics.cut_off));
    text_add(text, "# EOF\n");
}
