/* What the maps and texts of a definition file may hold: known keys, names, choices, durations, ${VARIABLES}. */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "migration/yaml.h"

/* A key that a map may have. */
struct field {
    const char *name;
    enum yaml_kind kind;
    bool required;
    const char *expected; /* ends the sentence "expected ..." */
};

#define FIELDS_MAX 16

/* Every key is one of the fields, every value is of its kind and not empty, nothing required is missing.
 * `where` is what messages call the map. */
MUST_USE bool fields_check(const struct yaml *map, const char *where, const struct field *fields, size_t count,
                           struct error *error);

/* The value is of the kind, and not empty. `what` is what messages call it. */
MUST_USE bool value_check(const struct yaml *value, const char *what, enum yaml_kind kind, const char *expected,
                          struct error *error);

/* The text with each ${NAME} replaced from the environment. Not for SQL. Messages never show what came from
 * the environment: a store's address may hold a password. */
MUST_USE bool value_fill(struct arena *arena, const struct yaml *value, const char **ret, struct error *error);

/* "1.5h" in milliseconds. The bounds are written in the same way; variables are filled in. */
MUST_USE bool value_duration(struct arena *arena, const struct yaml *value, const char *min, const char *max,
                             double *ret_ms, struct error *error);

/* "500MB" in bytes. The bounds are written in the same way; variables are filled in. */
MUST_USE bool value_size(struct arena *arena, const struct yaml *value, const char *min, const char *max, int64_t *ret_bytes,
                         struct error *error);

/* Which of the choices the text is; variables are filled in. */
MUST_USE bool value_choice(struct arena *arena, const struct yaml *value, const struct names *choices, size_t *ret,
                           struct error *error);

/* Adds "did you mean 'x'?" when one of the names is close to what was found, else "expected one of: ...". */
void suggestion_add(struct text *text, const struct names *names, const char *found);
