/* Errors: one list of codes, one object, one convention.
 *
 * A function that can fail returns bool (true: done) and takes a `struct error *` as its last argument.
 * On failure it fills the error and leaves its other outputs untouched. Bugs are asserted, never returned.
 * Callers that decide what to do next read the class only; the message is for people: what happened, to
 * what, and what to do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* What the caller may do about an error. The command line turns it into an exit status. */
enum error_class {
    CLASS_USAGE,    /* the request itself is wrong: change it */
    CLASS_GATE,     /* refused until something else is true */
    CLASS_RETRY,    /* passing trouble: the same request may succeed */
    CLASS_FATAL,    /* the store or the system failed: mend it, then the same request goes on */
    CLASS_DIVERGED, /* the two sides differ */
};

/* X(code, class, name) */
#define ERROR_CODES(X)                                    \
    X(ERROR_USAGE, CLASS_USAGE, "usage")                  \
    X(ERROR_DEFINITION, CLASS_USAGE, "definition")        \
    X(ERROR_FILE, CLASS_USAGE, "file")                    \
    X(ERROR_REFUSED, CLASS_GATE, "refused")               \
    X(ERROR_GATE, CLASS_GATE, "gate")                     \
    X(ERROR_CONFLICT, CLASS_GATE, "conflict")             \
    X(ERROR_EPOCH, CLASS_RETRY, "epoch")                  \
    X(ERROR_HELD, CLASS_RETRY, "held")                    \
    X(ERROR_BUSY, CLASS_RETRY, "busy")                    \
    X(ERROR_OVERTIME, CLASS_RETRY, "overtime")            \
    X(ERROR_INTERRUPTED, CLASS_RETRY, "interrupted")      \
    X(ERROR_ROWS, CLASS_FATAL, "rows")                    \
    X(ERROR_STORE, CLASS_FATAL, "store")                  \
    X(ERROR_FULL, CLASS_FATAL, "full")                    \
    X(ERROR_CORRUPT, CLASS_FATAL, "corrupt")              \
    X(ERROR_SCHEMA, CLASS_FATAL, "schema")                \
    X(ERROR_DIVERGED, CLASS_DIVERGED, "diverged")

enum error_code {
    ERROR_NONE,
#define ERROR_ENUM(code, class, name) code,
    ERROR_CODES(ERROR_ENUM)
#undef ERROR_ENUM
};

struct error {
    enum error_code code;
    char message[2048];
};

/* Fills `error` and returns false, so that `return error_set(...)` is the whole failure path. */
bool error_set(struct error *error, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the message that is there; returns false. */
bool error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

enum error_class error_class(enum error_code code);
const char *error_name(enum error_code code);
