/* What becomes of a value on its way into a column of another type, where the text of the one is the text of the other.
 *
 * A text that is no value of the column's type is an error of the server's, for quarantine. The types below take more than they keep,
 * and would round, cut or shift in silence: a value for them waits in a wider type until it is seen that it stays what it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgres/half.h"

/* "numeric(10,2)[]": base "numeric[]", first 10, second 2; -1 where there is none. */
struct type {
    char base[128];
    int first, second;
};

static struct type type_of(const char *name) {
    struct type type = {.first = -1, .second = -1};
    const char *open = strchr(name, '('), *close = open == NULL ? NULL : strchr(open, ')');
    if (close == NULL || strchr(name, '"') != NULL) {
        snprintf(type.base, sizeof type.base, "%s", name);
        return type;
    }
    snprintf(type.base, sizeof type.base, "%.*s%s", (int)(open - name), name, close + 1);
    type.first = atoi(open + 1);
    const char *comma = strchr(open, ',');
    if (comma != NULL && comma < close) type.second = atoi(comma + 1);
    return type;
}

static bool is(const struct type *type, const char *base) {
    return strcmp(type->base, base) == 0;
}

static bool begins(const struct type *type, const char *word) {
    return strncmp(type->base, word, strlen(word)) == 0;
}

static bool is_integer(const struct type *type) {
    return is(type, "smallint") || is(type, "integer") || is(type, "bigint");
}

static bool is_moment(const struct type *type) {
    return begins(type, "timestamp") || begins(type, "time ") || begins(type, "interval");
}

/* The second number of numeric(10,2), where it has the first; the digits of a second. */
static int scale(const struct type *type) {
    return type->second < 0 ? 0 : type->second;
}

static int digits(const struct type *type) {
    return type->first < 0 ? 6 : type->first;
}

/* Of one and the same base: does the column keep as many digits? Lengths are another matter: what is too long is an error. */
static bool keeps(const struct type *yields, const struct type *column) {
    if (column->first < 0) return true;
    if (begins(column, "numeric")) return yields->first >= 0 && scale(column) >= scale(yields);
    return !is_moment(column) || digits(column) >= digits(yields);
}

static struct passage waits(const char *stage, const char *type, const char *same) {
    return (struct passage){.stage = stage, .same = same, .type = type};
}

struct passage pg_passage(const char *yields, const char *name, const char *value, struct arena *arena) {
    struct type column = type_of(name), from = type_of(yields == NULL ? "" : yields);
    bool alike = yields != NULL && is(&from, column.base);
    const char *type = arena_copy(arena, name);
    if (alike && keeps(&from, &column)) return (struct passage){.raw = true, .type = type};
    if (!alike && (is(&column, "real") || is(&column, "double precision"))) {
        bool exact = is(&from, "smallint") || (is(&column, "double precision") && (is(&from, "integer") || is(&from, "real")));
        if (!exact) return waits("text", type, arena_format(arena, "%s::numeric = %s::%s::text::numeric", value, value, type));
    }
    if (!alike && is(&column, "date")) return waits("text", type, arena_format(arena, "%s::timestamp = %s::date", value, value));
    if (!alike && is(&column, "timestamp without time zone") && !is(&from, "date")) {
        return waits("text", type, arena_format(arena, "%s::timestamptz = %s::timestamp AT TIME ZONE 'UTC' AND %s::timestamp = %s::%s",
                                                value, value, value, value, type));
    }
    if (column.first < 0 || (is_integer(&from) && begins(&column, "numeric"))) return (struct passage){.type = type};
    if (begins(&column, "numeric") || is_moment(&column)) {
        return waits(arena_copy(arena, column.base), type, arena_format(arena, "%s = %s::%s", value, value, type));
    }
    return (struct passage){.type = type};
}
