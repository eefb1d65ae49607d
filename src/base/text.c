#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_reserve(struct text *text, size_t more) {
    size_t wanted = text->length + more + 1;
    if (wanted <= text->capacity) return;
    size_t capacity = text->capacity == 0 ? 256 : text->capacity;
    while (capacity < wanted) capacity *= 2;
    char *data = realloc(text->data, capacity);
    if (data == NULL) abort();
    text->data = data;
    text->capacity = capacity;
}

void text_free(struct text *text) {
    free(text->data);
    *text = (struct text){0};
}

void text_add(struct text *text, const char *piece) {
    text_add_n(text, piece, strlen(piece));
}

void text_add_integer(struct text *text, int64_t value) {
    char number[24], *at = number + sizeof number;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0) *--at = '-';
    text_add_n(text, at, (size_t)(number + sizeof number - at));
}

void text_addf(struct text *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    text_reserve(text, 0);
    size_t room = text->capacity - text->length;
    size_t length = (size_t)vsnprintf(text->data + text->length, room, format, arguments);
    if (length >= room) {
        text_reserve(text, length);
        vsnprintf(text->data + text->length, length + 1, format, again);
    }
    text->length += length;
    va_end(again);
    va_end(arguments);
}

void text_clear(struct text *text) {
    text->length = 0;
    if (text->data != NULL) text->data[0] = '\0';
}

const char *text_get(const struct text *text) {
    return text->data == NULL ? "" : text->data;
}
