/* What paths there are, and who may ask for them. openapi.json describes the same; test/server holds the two together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/http.h"

#define MIGRATION "/v1/migrations/{name}"

/* Those with a {face} last: words of their own go before them. */
const struct route routes[] = {
    {"GET", "/healthz", 1, RIGHT_NONE, control_health},
    {"GET", "/readyz", 1, RIGHT_NONE, control_ready},
    {"GET", "/openapi.json", 1, RIGHT_NONE, control_description},
    {"GET", "/metrics", 1, RIGHT_ANY, control_metrics},
    {"GET", "/v1/migrations", 2, RIGHT_ANY, control_list},
    {"GET", MIGRATION, 3, RIGHT_ANY, control_status},
    {"GET", MIGRATION "/history", 4, RIGHT_ANY, control_history},
    {"GET", MIGRATION "/findings", 4, RIGHT_READ, control_findings},
    {"GET", MIGRATION "/work", 4, RIGHT_OPERATE, control_work},
    {"POST", MIGRATION "/check", 4, RIGHT_OPERATE, control_check},
    {"POST", MIGRATION "/start", 4, RIGHT_OPERATE, control_start},
    {"POST", MIGRATION "/verify", 4, RIGHT_OPERATE, control_verify},
    {"POST", MIGRATION "/advance", 4, RIGHT_OPERATE, control_advance},
    {"POST", MIGRATION "/demote", 4, RIGHT_OPERATE, control_demote},
    {"POST", MIGRATION "/rollback", 4, RIGHT_OPERATE, control_rollback},
    {"POST", MIGRATION "/pause", 4, RIGHT_OPERATE, control_pause},
    {"POST", MIGRATION "/resume", 4, RIGHT_OPERATE, control_resume},
    {"GET", MIGRATION "/rollout", 4, RIGHT_ANY, control_rollout},
    {"PUT", MIGRATION "/rollout", 4, RIGHT_OPERATE, control_rollout_set},
    {"GET", MIGRATION "/comparison", 4, RIGHT_READ, control_comparison},
    {"POST", MIGRATION "/batch", 4, RIGHT_ANY, data_batch}, /* which looks at the rights itself */
    {"GET", MIGRATION "/{face}", 4, RIGHT_READ, data_list},
    {"GET", MIGRATION "/{face}/{key}", 5, RIGHT_READ, data_get},
    {"PUT", MIGRATION "/{face}/{key}", 5, RIGHT_WRITE, data_put},
    {"DELETE", MIGRATION "/{face}/{key}", 5, RIGHT_WRITE, data_delete},
};
const size_t route_count = sizeof routes / sizeof *routes;

_Static_assert(sizeof routes / sizeof *routes <= METRIC_ROUTES_MAX, "metrics have a row for each route");

static bool split(struct request *request) {
    char *rest = request->room = strdup(request->path);
    if (rest == NULL) abort();
    if (*rest != '/') return false;
    while (rest != NULL) {
        if (request->segment_count == SEGMENTS_MAX) return false;
        *rest++ = '\0';
        request->segments[request->segment_count++] = rest;
        rest = strchr(rest, '/');
    }
    return true;
}

/* Does the path have the form of the route's pattern? */
static bool fits(const struct request *request, const struct route *route) {
    const char *pattern = route->pattern;
    if (request->segment_count != route->segments) return false;
    for (size_t i = 0; i < request->segment_count; i++) {
        if (*pattern++ != '/') return false;
        size_t length = strcspn(pattern, "/");
        const char *segment = request->segments[i];
        if (*pattern == '{' ? *segment == '\0' : strlen(segment) != length || memcmp(segment, pattern, length) != 0) return false;
        pattern += length;
    }
    return *pattern == '\0';
}

static bool names_face(const struct route *route) {
    return strstr(route->pattern, "{face}") != NULL;
}

const char *route_allowed(const struct request *request) {
    static _Thread_local char text[64];
    bool own = false;
    text[0] = '\0';
    for (size_t i = 0; i < route_count; i++) {
        if (!fits(request, &routes[i]) || (own && names_face(&routes[i]))) continue;
        own = own || !names_face(&routes[i]);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", text[0] == '\0' ? "" : ", ", routes[i].method);
        if (strcmp(routes[i].method, "GET") == 0) snprintf(text + strlen(text), sizeof text - strlen(text), ", HEAD");
    }
    return text;
}

static bool find_driver(struct request *request) {
    char *name = url_decode(request->segments[2], strlen(request->segments[2]));
    request->driver = name == NULL ? NULL : server_driver(request->server, name);
    free(name);
    if (request->driver != NULL) return true;
    answer_problem(request, 404, "unknown-migration", NULL,
                   "this server has no migration of that name: GET /v1/migrations lists those that it has");
    return false;
}

bool route_find(struct request *request) {
    bool own = false;
    if (!split(request)) request->segment_count = 0;
    for (size_t i = 0; i < route_count && request->segment_count > 0; i++) {
        const struct route *route = &routes[i];
        if (!fits(request, route) || (own && names_face(route))) continue;
        own = own || !names_face(route);
        if (strcmp(route->method, request->method) == 0) {
            request->route = route;
            return true;
        }
    }
    if (request->segment_count > 0 && route_allowed(request)[0] != '\0') {
        answer_problem(request, 405, "method", NULL, "this path takes %s", route_allowed(request));
    } else {
        answer_problem(request, 404, "unknown-path", NULL, "there is nothing at this path: GET /openapi.json describes what there is");
    }
    return false;
}

bool route_prepare(struct request *request) {
    return strstr(request->route->pattern, "{name}") == NULL || find_driver(request);
}
