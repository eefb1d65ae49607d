#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *error, enum error_code code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    error->code = code;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

bool error_prefix(struct error *error, const char *format, ...) {
    char prefix[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(prefix, sizeof prefix - 2, format, arguments);
    va_end(arguments);
    strcat(prefix, ": ");
    size_t length = strlen(prefix), kept = strnlen(error->message, sizeof error->message - length - 1);
    memmove(error->message + length, error->message, kept);
    memcpy(error->message, prefix, length);
    error->message[length + kept] = '\0';
    return false;
}

enum error_class error_class(enum error_code code) {
    switch (code) {
#define ERROR_CASE(code, class, name) \
    case code:                        \
        return class;
        ERROR_CODES(ERROR_CASE)
#undef ERROR_CASE
    case ERROR_NONE:
        break;
    }
    return CLASS_FATAL;
}

const char *error_name(enum error_code code) {
    switch (code) {
#define ERROR_CASE(code, class, name) \
    case code:                        \
        return name;
        ERROR_CODES(ERROR_CASE)
#undef ERROR_CASE
    case ERROR_NONE:
        break;
    }
    return "none";
}
