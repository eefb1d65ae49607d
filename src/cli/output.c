#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

static bool line_open; /* a progress line stands unfinished on the terminal */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void output_progress_end(void) {
    if (line_open) fputs("\n", stderr);
    line_open = false;
}

void output_duration(char text[32], double seconds) {
    long s = lround(seconds < 0 ? 0 : seconds);
    if (s >= 3600) {
        snprintf(text, 32, "%ldh %02ldm", s / 3600, s / 60 % 60);
    } else if (s >= 60) {
        snprintf(text, 32, "%ldm %02lds", s / 60, s % 60);
    } else {
        snprintf(text, 32, "%lds", s);
    }
}

void output_bar(char text[32], double share) {
    int full = (int)(share * 20);
    text[0] = '[';
    for (int i = 0; i < 20; i++) text[1 + i] = i < full ? '#' : '.';
    memcpy(text + 21, "]", 2);
}

static void progress(void *context, const char *phase, int64_t done, int64_t total, double rows_per_s) {
    const struct options *options = context;
    static double told;
    static char last[64];
    static bool ended;
    bool terminal = isatty(STDERR_FILENO) != 0;
    bool other = strcmp(last, phase) != 0, finished = done >= total;
    if (!other && ended && finished) return;
    ended = finished;
    if (!other && !finished && now_s() - told < (terminal && !options->json ? 0.1 : 1.0)) return;
    if (other && line_open) output_progress_end();
    snprintf(last, sizeof last, "%s", phase);
    told = now_s();
    double share = total > 0 ? (double)done / (double)total : 1;
    if (share > 1) share = 1;
    double eta = rows_per_s > 0 && total > done ? (double)(total - done) / rows_per_s : 0;
    char left[32], bars[32];
    output_duration(left, eta);
    if (options->json) {
        fprintf(stderr, "{\"phase\": \"%s\", \"rows_done\": %" PRId64 ", \"rows_total\": %" PRId64
                ", \"rows_per_s\": %.0f, \"eta_s\": %.1f}\n", phase, done, total, rows_per_s, eta);
    } else if (terminal) {
        output_bar(bars, share);
        fprintf(stderr, "\r\033[K%-18s %s %5.1f %%  %" PRId64 " of %" PRId64 " rows  %.0f rows/s  %s left", phase, bars,
                share * 100, done, total, rows_per_s, left);
        line_open = true;
    } else {
        fprintf(stderr, "%s: %.1f %%, %" PRId64 " of %" PRId64 " rows, %.0f rows/s, %s left\n", phase, share * 100, done,
                total, rows_per_s, left);
    }
    fflush(stderr);
}

static void note(void *context, const char *text) {
    const struct options *options = context;
    output_progress_end();
    if (options->json) {
        json_t *object = json_pack("{s:s}", "note", text);
        char *line = json_dumps(object, 0);
        fprintf(stderr, "%s\n", line);
        free(line);
        json_decref(object);
    } else {
        fprintf(stderr, "note: %s\n", text);
    }
}

static void difference(void *context, const mf_difference *d) {
    const struct options *options = context;
    output_progress_end();
    if (options->json) {
        output_json(output_difference(d));
        return;
    }
    printf("%s entity %s, table %s\n  expected %s\n  found    %s\n", d->repaired ? "repaired:" : "differs:", d->key,
           d->table, d->expected == NULL ? "no row" : d->expected, d->found == NULL ? "no row" : d->found);
}

mf_observer output_observer(const struct options *options) {
    return (mf_observer){(void *)(uintptr_t)options, progress, note, difference};
}

mf_result output_error(const struct options *options, const mf_error *error) {
    output_progress_end();
    if (options->json) {
        output_json(json_pack("{s:s, s:i, s:s}", "error", error->code, "status", (int)error->result, "message",
                              error->message));
    } else {
        fprintf(stderr, "midflight: %s\n", error->message);
    }
    return error->result;
}

void output_json(json_t *object) {
    char *line = object == NULL ? NULL : json_dumps(object, JSON_REAL_PRECISION(6));
    /* Text that is not UTF-8 has no JSON form. */
    puts(line == NULL ? "{\"error\": \"a text that is not UTF-8 cannot be shown as JSON\"}" : line);
    free(line);
    json_decref(object);
    fflush(stdout);
}

/* The length of the UTF-8 sequence at `text`; 0: none begins there. */
static size_t utf8_length(const unsigned char *text) {
    size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                  : text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return length;
}

/* A JSON string; bytes that are no UTF-8 become U+FFFD. NULL becomes null. */
static json_t *json_text(const char *text) {
    if (text == NULL) return json_null();
    json_t *string = json_string(text);
    if (string != NULL) return string;
    char *clean = malloc(strlen(text) * 3 + 1), *to = clean;
    if (clean == NULL) abort();
    for (const char *from = text; *from != '\0';) {
        size_t length = utf8_length((const unsigned char *)from);
        memcpy(to, length > 0 ? from : "\xef\xbf\xbd", length > 0 ? length : 3);
        to += length > 0 ? length : 3;
        from += length > 0 ? length : 1;
    }
    *to = '\0';
    string = json_string(clean);
    free(clean);
    return string == NULL ? json_null() : string;
}

json_t *output_difference(const mf_difference *d) {
    return json_pack("{s:o, s:s, s:o, s:o, s:b}", "key", json_text(d->key), "table", d->table, "expected",
                     json_text(d->expected), "found", json_text(d->found), "repaired", (int)d->repaired);
}
