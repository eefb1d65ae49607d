/* A text that grows: what every builder of SQL and output appends to. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct text {
    char *data; /* NUL-terminated once something was added; NULL before */
    size_t length, capacity;
};

#define TEXT __attribute__((cleanup(text_free))) struct text

void text_free(struct text *text);
void text_add(struct text *text, const char *piece);
void text_add_n(struct text *text, const char *piece, size_t length);
void text_add_integer(struct text *text, int64_t value);
void text_addf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_clear(struct text *text);
const char *text_get(const struct text *text); /* never NULL */
