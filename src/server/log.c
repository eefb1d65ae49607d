#include "server/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static const char *const level_names[] = {"info", "warning", "error"};

/* The length of the UTF-8 sequence at `text`; 0: none begins there. */
static size_t utf8_length(const unsigned char *text) {
    size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                  : text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    if (text[0] == 0xe0 && text[1] < 0xa0) return 0;
    if (text[0] == 0xed && text[1] >= 0xa0) return 0;
    if (text[0] == 0xf0 && text[1] < 0x90) return 0;
    if (text[0] == 0xf4 && text[1] >= 0x90) return 0;
    return length;
}

void text_add_json(struct text *text, const char *string) {
    text_add_n(text, "\"", 1);
    for (const char *at = string; *at != '\0';) {
        size_t length = utf8_length((const unsigned char *)at);
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\') text_add_n(text, "\\", 1);
        if (length == 0) {
            text_add(text, "\xef\xbf\xbd");
        } else if (c < ' ') {
            text_addf(text, "\\u%04x", c);
        } else {
            text_add_n(text, at, length);
        }
        at += length > 0 ? length : 1;
    }
    text_add_n(text, "\"", 1);
}

json_t *json_text(const char *string) {
    if (string == NULL) return json_null();
    json_t *plain = json_string(string);
    if (plain != NULL) return plain;
    TEXT quoted = {0};
    text_add_json(&quoted, string);
    return json_loads(text_get(&quoted), JSON_DECODE_ANY, NULL);
}

/* --- lines that wait --- */

#define WAITING_BYTES_MAX 65536

static struct {
    pthread_mutex_t lock, writing; /* in the order writing, lock */
    struct text lines;
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER, .writing = PTHREAD_MUTEX_INITIALIZER};

/* What cannot be written is gone: there is nobody to tell. */
void log_flush(void) {
    pthread_mutex_lock(&waiting.writing);
    pthread_mutex_lock(&waiting.lock);
    struct text lines = waiting.lines;
    waiting.lines = (struct text){0};
    pthread_mutex_unlock(&waiting.lock);
    for (size_t at = 0; at < lines.length;) {
        ssize_t size = write(STDERR_FILENO, lines.data + at, lines.length - at);
        if (size < 0 && errno != EINTR) break;
        if (size > 0) at += (size_t)size;
    }
    pthread_mutex_unlock(&waiting.writing);
    text_free(&lines);
}

static void put(struct text *line, bool waits) {
    text_add_n(line, "\n", 1);
    pthread_mutex_lock(&waiting.lock);
    text_add_n(&waiting.lines, line->data, line->length);
    bool full = waiting.lines.length >= WAITING_BYTES_MAX;
    pthread_mutex_unlock(&waiting.lock);
    if (!waits || full) log_flush();
}

static void head(struct text *line, enum log_level level, const char *event) {
    char at[CLOCK_TEXT_BYTES];
    text_addf(line, "{\"at\": \"%s\", \"level\": \"%s\", \"event\": \"%s\"", clock_text(clock_wall_ms(), at), level_names[level], event);
}

void log_event(enum log_level level, const char *event, json_t *more) {
    TEXT line = {0};
    char *members = more == NULL ? NULL : json_dumps(more, 0);
    head(&line, level, event);
    if (members != NULL && members[1] != '}') {
        text_add(&line, ", ");
        text_add(&line, members + 1);
    } else {
        text_add(&line, "}");
    }
    put(&line, false);
    free(members);
    json_decref(more);
}

void log_request(enum log_level level, const struct log_request *request) {
    TEXT line = {0};
    head(&line, level, "request");
    text_addf(&line, ", \"id\": \"%s\", \"client\": \"%s\", \"who\": ", request->id, request->client);
    text_add_json(&line, request->who);
    text_add(&line, ", \"method\": ");
    text_add_json(&line, request->method);
    text_add(&line, ", \"path\": ");
    text_add_json(&line, request->path);
    text_addf(&line, ", \"status\": %u, \"ms\": %.2f, \"received\": %zu}", request->status, request->ms, request->received);
    put(&line, level == LOG_INFO);
}
