/* Decimal numbers as text, and whether the two kinds of numbers that SQLite has hold them to the last digit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number {
    bool is;              /* it is one: [+-]digits[.digits][e[+-]digits] */
    bool in_integer, in_real; /* held so, to the last digit */
    int64_t integer;
    double real;
};

struct number number_read(const char *data, size_t size);

#define REAL_TEXT_BYTES 40
/* The shortest text that reads back as the same number; it never looks like an integer's. Returns its length. */
size_t real_write(double value, char text[REAL_TEXT_BYTES]);
