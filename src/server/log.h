/* One JSON object a line on standard error: {"at": ..., "level": ..., "event": ..., ...}. Safe from every thread. Those of
 * requests that went well wait for log_flush, or for many of them, and for any other line. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/text.h"

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

/* `more` joins the line, and is taken over; NULL: nothing more. */
void log_event(enum log_level level, const char *event, json_t *more);

struct log_request {
    const char *id, *method, *path, *who, *client;
    unsigned status;
    double ms;
    size_t received;
};
/* The same for a request, without making objects for it. */
void log_request(enum log_level level, const struct log_request *request);

void log_flush(void);

/* Appends a JSON string; bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *text, const char *string);
/* The same as an object of its own; NULL becomes null. */
json_t *json_text(const char *string);
