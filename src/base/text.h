/* A text that grows: what every builder of SQL and output appends to. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

struct text {
    char *data; /* NUL-terminated once something was added; NULL before */
    size_t length, capacity;
};

#define TEXT __attribute__((cleanup(text_free))) struct text

void text_free(struct text *text);
void text_add(struct text *text, const char *piece);
/* Room for so many bytes more, and the NUL. */
void text_reserve(struct text *text, size_t more);
void text_add_integer(struct text *text, int64_t value);
void text_addf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_clear(struct text *text);
const char *text_get(const struct text *text); /* never NULL */

/* Makes it longer by so many bytes, which the caller writes: where they begin. */
static inline char *text_extend(struct text *text, size_t length) {
    if (text->length + length >= text->capacity) text_reserve(text, length);
    char *begin = text->data + text->length;
    text->length += length;
    text->data[text->length] = '\0';
    return begin;
}

static inline void text_add_n(struct text *text, const char *piece, size_t length) {
    memcpy(text_extend(text, length), piece, length);
}
