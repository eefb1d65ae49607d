/* One request on its way: what it asks, who asks, what it is answered. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/text.h"
#include "server/driver.h"

struct MHD_Connection;
struct server;
struct link;
struct route;

#define ID_BYTES 65
#define SEGMENTS_MAX 8

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    struct link *link; /* the connection, as we watch it */
    const struct route *route;
    char id[ID_BYTES];
    const char *method; /* HEAD counts as GET */
    char *path;         /* as it came, cut at the question mark; for the log */
    char *query;        /* what came after that; NULL: nothing */
    char *segments[SEGMENTS_MAX]; /* of the path, percent-encoded still; they point into `room` */
    size_t segment_count;
    char *room;
    const char *who;
    unsigned rights;
    double began_ms;
    struct text body;
    size_t received; /* bytes of the body, those that were not kept too */
    bool begun, counted;
    unsigned status;  /* of the answer; 0: not yet */
    struct driver *driver; /* of the migration that the path names */
    struct waiter waiter;
    char etag[48]; /* for the answer; empty: none */
    char location[256];
    int retry_after_s; /* 0: none */
};

/* A header of the request, or NULL. */
const char *request_header(const struct request *request, const char *name);

/* A value of the query, decoded, to be freed. *ret NULL: it is not there. False: it is no text; the problem is answered. */
bool request_query(struct request *request, const char *name, char **ret);

/* The body as a JSON object; an empty one where there is none. NULL: it is none, which is answered. `members`: those that it may
 * have, with blanks between. */
json_t *request_object(struct request *request, const char *members);

/* Percent-decoding of `length` bytes, to be freed; NULL: it is malformed, no UTF-8, or has a NUL. */
char *url_decode(const char *text, size_t length);

/* --- answers: each request gets one --- */

void answer_json(struct request *request, unsigned status, json_t *object); /* takes the object over */
void answer_text(struct request *request, unsigned status, const char *type, struct text *text); /* takes the text over */
void answer_static(struct request *request, unsigned status, const char *type, const char *data, size_t size);
void answer_nothing(struct request *request, unsigned status);

/* A problem document (RFC 9457): what happened, and what to do. `more` joins it, and is taken over; may be NULL. */
void answer_problem(struct request *request, unsigned status, const char *code, json_t *more, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The same of an error of the library. */
void answer_error(struct request *request, const mf_error *error, json_t *more);
