#include "server/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

static const char *const level_names[] = {"info", "warning", "error"};

/* How many bytes from here on stand in a JSON string as they are, of those of ASCII. */
static size_t plain_length(const char *text) {
    const char *at = text;
    while ((signed char)*at >= ' ' && *at != '"' && *at != '\\') at++; /* bytes from 0x80 on are negative */
    return (size_t)(at - text);
}

void text_add_json(struct text *text, const char *string) {
    text_add_n(text, "\"", 1);
    for (const char *at = string; *at != '\0';) {
        size_t plain = plain_length(at), length = plain > 0 ? plain : utf8_character(at, strlen(at));
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
    struct text lines, spare; /* spare: empty, and as large as lines have been; whoever writes has it */
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER, .writing = PTHREAD_MUTEX_INITIALIZER};

/* What cannot be written is gone: there is nobody to tell. */
void log_flush(void) {
    pthread_mutex_lock(&waiting.writing);
    pthread_mutex_lock(&waiting.lock);
    struct text lines = waiting.lines;
    waiting.lines = waiting.spare;
    pthread_mutex_unlock(&waiting.lock);
    for (size_t at = 0; at < lines.length;) {
        ssize_t size = write(STDERR_FILENO, lines.data + at, lines.length - at);
        if (size < 0 && errno != EINTR) break;
        if (size > 0) at += (size_t)size;
    }
    text_clear(&lines);
    waiting.spare = lines;
    pthread_mutex_unlock(&waiting.writing);
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
    const char *const pieces[] = {"{\"at\": \"", clock_text(clock_wall_ms(), at), "\", \"level\": \"", level_names[level], "\", \"event\": \"", event, "\""};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) text_add(line, pieces[i]);
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

static void member(struct text *line, const char *name, const char *value) {
    text_add(line, name);
    text_add_json(line, value);
}

void log_request(enum log_level level, const struct log_request *request) {
    TEXT line = {0};
    long long hundredths = (long long)(request->ms * 100);
    head(&line, level, "request");
    member(&line, ", \"id\": ", request->id);
    member(&line, ", \"client\": ", request->client);
    member(&line, ", \"who\": ", request->who);
    member(&line, ", \"method\": ", request->method);
    member(&line, ", \"path\": ", request->path);
    text_add(&line, ", \"status\": ");
    text_add_integer(&line, request->status);
    text_add(&line, ", \"ms\": ");
    text_add_integer(&line, hundredths / 100);
    text_add(&line, hundredths % 100 < 10 ? ".0" : ".");
    text_add_integer(&line, hundredths % 100);
    text_add(&line, ", \"received\": ");
    text_add_integer(&line, (int64_t)request->received);
    text_add(&line, "}");
    put(&line, level == LOG_INFO);
}
