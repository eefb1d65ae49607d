#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/http.h"
#include "server/log.h"

static void add_headers(struct request *request, struct MHD_Response *response, const char *type) {
    char number[16];
    if (type != NULL) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, "X-Request-Id", request->id);
    if (request->etag[0] != '\0') MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, request->etag);
    if (request->location[0] != '\0') MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, request->location);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (request->retry_after_s > 0) {
        snprintf(number, sizeof number, "%d", request->retry_after_s);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, number);
    }
    if (request->status == MHD_HTTP_UNAUTHORIZED) MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (request->status == MHD_HTTP_METHOD_NOT_ALLOWED) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, route_allowed(request));
    if (server_drains(request->server)) MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static void put(struct request *request, unsigned status, const char *type, struct MHD_Response *response) {
    if (response == NULL) abort();
    request->status = status;
    add_headers(request, response, type);
    MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
}

void answer_text(struct request *request, unsigned status, const char *type, struct text *text) {
    if (text->data == NULL) text_add(text, "");
    struct MHD_Response *response = MHD_create_response_from_buffer(text->length, text->data, MHD_RESPMEM_MUST_FREE);
    *text = (struct text){0};
    put(request, status, type, response);
}

void answer_static(struct request *request, unsigned status, const char *type, const char *data, size_t size) {
    put(request, status, type, MHD_create_response_from_buffer(size, (void *)(size_t)data, MHD_RESPMEM_PERSISTENT));
}

void answer_nothing(struct request *request, unsigned status) {
    put(request, status, NULL, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

static void answer_dump(struct request *request, unsigned status, const char *type, json_t *object) {
    struct text text = {0};
    char *dumped = object == NULL ? NULL : json_dumps(object, JSON_REAL_PRECISION(17));
    if (dumped == NULL) abort(); /* every text in it went through json_text */
    text_add(&text, dumped);
    text_add(&text, "\n");
    free(dumped);
    json_decref(object);
    answer_text(request, status, type, &text);
}

void answer_json(struct request *request, unsigned status, json_t *object) {
    answer_dump(request, status, "application/json", object);
}

/* --- problems --- */

static const char *title_of(unsigned status) {
    const char *title = MHD_get_reason_phrase_for(status);
    return title == NULL ? "Problem" : title;
}

void answer_problem(struct request *request, unsigned status, const char *code, json_t *more, const char *format, ...) {
    char detail[2048], type[96], instance[96];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    snprintf(type, sizeof type, "urn:midflight:problem:%s", code);
    snprintf(instance, sizeof instance, "urn:midflight:request:%s", request->id);
    json_t *object = json_pack("{s:s, s:s, s:i, s:o, s:s, s:s}", "type", type, "title", title_of(status), "status", (int)status, "detail",
                               json_text(detail), "code", code, "instance", instance);
    if (more != NULL) json_object_update(object, more);
    json_decref(more);
    answer_dump(request, status, "application/problem+json", object);
}

/* The status by the code where that says more than the class. */
static unsigned status_of(const mf_error *error, int *retry_after_s) {
    static const struct { const char *code; unsigned status; int retry_after_s; } known[] = {
        {"epoch", 503, 1},      {"busy", 503, 1}, {"held", 503, 3},  {"overtime", 503, 5}, {"interrupted", 503, 1}, {"closing", 503, 5},
        {"conflict", 412, 0},   {"rows", 422, 0}, {"full", 507, 0},  {"store", 503, 5},    {"definition", 409, 0},  {"file", 503, 5},
        {"paused", 409, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].code, error->code) != 0) continue;
        *retry_after_s = known[i].retry_after_s;
        return known[i].status;
    }
    switch (error->result) {
    case MF_USAGE:
        return 400;
    case MF_REFUSED:
    case MF_DIVERGED:
        return 409;
    case MF_DONE:
    case MF_FAILED:
        break;
    }
    return 500;
}

void answer_error(struct request *request, const mf_error *error, json_t *more) {
    unsigned status = status_of(error, &request->retry_after_s);
    if (strcmp(error->code, "busy") == 0 && error->result == MF_REFUSED) { /* the driver's: other work is under way */
        status = 409;
        request->retry_after_s = 5;
    }
    answer_problem(request, status, error->code, more, "%s", error->message);
}
