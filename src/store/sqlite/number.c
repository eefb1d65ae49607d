#include "store/sqlite/number.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whatever is longer has more digits than a real holds. */
#define NUMBER_BYTES 512
#define EXPONENT_MAX 100000L

/* 0.d1d2d3... times ten to the exponent; d1 and the last digit are not 0. */
struct decimal {
    char digits[NUMBER_BYTES];
    size_t count;
    long exponent;
};

/* [+-]digits[.digits][e[+-]digits], and nothing else */
static bool is_number(const char *text) {
    size_t digits = 0;
    if (*text == '+' || *text == '-') text++;
    for (; isdigit((unsigned char)*text); text++) digits++;
    if (*text == '.') {
        for (text++; isdigit((unsigned char)*text); text++) digits++;
    }
    if (digits == 0) return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-') text++;
        if (!isdigit((unsigned char)*text)) return false;
        while (isdigit((unsigned char)*text)) text++;
    }
    return *text == '\0';
}

static struct decimal decimal_of(const char *text) {
    struct decimal decimal = {.count = 0};
    bool fraction = false;
    if (*text == '+' || *text == '-') text++;
    for (; isdigit((unsigned char)*text) || *text == '.'; text++) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        bool leading = decimal.count == 0 && *text == '0';
        if (!leading) decimal.digits[decimal.count++] = *text;
        if (fraction && leading) decimal.exponent--;
        if (!fraction && !leading) decimal.exponent++;
    }
    if (*text != '\0') {
        long power = strtol(text + 1, NULL, 10); /* far beyond what a real holds it is all one */
        decimal.exponent += power > EXPONENT_MAX ? EXPONENT_MAX : power < -EXPONENT_MAX ? -EXPONENT_MAX : power;
    }
    while (decimal.count > 0 && decimal.digits[decimal.count - 1] == '0') decimal.count--;
    if (decimal.count == 0) decimal.exponent = 0;
    return decimal;
}

static bool same_decimal(const char *left, const char *right) {
    struct decimal l = decimal_of(left), r = decimal_of(right);
    return l.count == r.count && l.exponent == r.exponent && memcmp(l.digits, r.digits, l.count) == 0;
}

/* Up to 15 digits: every integer among them is a real as well. */
static bool short_integer(const char *data, size_t size, struct number *ret) {
    size_t at = size > 0 && *data == '-';
    int64_t value = 0;
    if (size == at || size - at > 15) return false;
    for (size_t i = at; i < size; i++) {
        if (!isdigit((unsigned char)data[i])) return false;
        value = value * 10 + (data[i] - '0');
    }
    if (at > 0) value = -value;
    *ret = (struct number){true, true, true, value, (double)value};
    return true;
}

struct number number_read(const char *data, size_t size) {
    struct number number = {0};
    char text[NUMBER_BYTES] = {0}, back[REAL_TEXT_BYTES];
    if (short_integer(data, size, &number)) return number;
    if (size >= sizeof text) return number; /* the caller keeps such a one as text, or refuses it */
    memcpy(text, data, size);
    text[size] = '\0';
    if (strlen(text) != size || !is_number(text)) return number;
    number.is = true;
    if (strpbrk(text, ".eE") == NULL) {
        errno = 0;
        number.integer = strtoll(text, NULL, 10);
        number.in_integer = errno == 0;
    }
    number.real = strtod(text, NULL);
    if (isinf(number.real)) return number;
    real_write(number.real, back);
    number.in_real = same_decimal(text, back);
    return number;
}

size_t real_write(double value, char text[REAL_TEXT_BYTES]) {
    if (isinf(value)) return (size_t)snprintf(text, REAL_TEXT_BYTES, value > 0 ? "Infinity" : "-Infinity");
    if (value == floor(value) && fabs(value) < 1e15) return (size_t)snprintf(text, REAL_TEXT_BYTES, "%.1f", value);
    int length = 0, few = fabs(value) < DBL_MIN ? 1 : 15; /* the smallest have fewer digits that mean something */
    for (int digits = few; digits <= 17; digits++) {
        length = snprintf(text, REAL_TEXT_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    if (strpbrk(text, ".e") == NULL) length = snprintf(text, REAL_TEXT_BYTES, "%.1f", value);
    return (size_t)length;
}
