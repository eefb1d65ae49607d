/* What becomes of a value on its way into a column of another type (docs/between.md, Types), where the text of the one is read as the
 * other.
 *
 * A text that is no value of the column's type is an error of the server's, for quarantine. Where the type takes more than it keeps, and
 * would round, cut or shift in silence, a value waits in a wider type until it is seen that it stays what it is. Of types that mean
 * different things none lands in the other without a cast. */
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
    if (strcmp(name, "bpchar") == 0) name = "character"; /* so they are called without a length */
    if (strcmp(name, "\"bit\"") == 0) name = "bit";
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

static bool is_text(const struct type *type) {
    return is(type, "text") || is(type, "character varying") || is(type, "character") || is(type, "citext");
}

/* Texts of which a column keeps the beginning, in silence. */
static bool is_short_text(const struct type *type) {
    return is(type, "name") || is(type, "\"char\"");
}

/* Their texts are none of a value's: the type writes another one, and calls what is none of its own bad SQL. */
static bool is_query(const struct type *type) {
    return is(type, "tsvector") || is(type, "tsquery") || is(type, "jsonpath");
}

static bool is_integer(const struct type *type) {
    return is(type, "smallint") || is(type, "integer") || is(type, "bigint");
}

static bool is_number(const struct type *type) {
    return is_integer(type) || is(type, "numeric") || is(type, "real") || is(type, "double precision");
}

/* The element's name, in place of an array's. */
static bool is_array(struct type *type) {
    size_t length = strlen(type->base);
    if (length < 2 || strcmp(type->base + length - 2, "[]") != 0) return false;
    type->base[length - 2] = '\0';
    return true;
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

/* Of one and the same base: does the column keep as many digits, as long a text? A char(n) that is too long is an error. */
static bool keeps(const struct type *yields, const struct type *column) {
    if (column->first < 0) return true;
    if (begins(column, "numeric")) return yields->first >= 0 && scale(column) >= scale(yields);
    if (begins(column, "character varying")) return yields->first >= 0 && column->first >= yields->first;
    return !is_moment(column) || digits(column) >= digits(yields);
}

/* --- pairs of types ------------------------------------------------------------------------------------------------- */

#define TIMESTAMP "timestamp without time zone"
#define TIMESTAMPTZ "timestamp with time zone"
#define TIME "time without time zone"
#define TIMETZ "time with time zone"

/* Other types that mean the same: every value of the first is one of the second, or an error. A moment without a zone is one of UTC. */
static const char *const akin[][2] = {
    {"date", TIMESTAMP}, {"date", TIMESTAMPTZ}, {TIMESTAMP, TIMESTAMPTZ}, {TIMESTAMPTZ, TIMESTAMP}, {TIMESTAMP, "date"},
    {TIMESTAMPTZ, "date"}, {TIME, TIMETZ}, {TIMETZ, TIME}, {TIME, "interval"}, {"jsonb", "json"}, {"cidr", "inet"}, {"inet", "cidr"},
    {"bit", "bit varying"}, {"bit varying", "bit"}, {"oid", "bigint"}, {"oid", "numeric"}, {"oid", "integer"},
};

static bool are_akin(const struct type *yields, const struct type *column) {
    for (size_t i = 0; i < sizeof akin / sizeof *akin; i++) {
        if (is(yields, akin[i][0]) && is(column, akin[i][1])) return true;
    }
    return is_number(yields) && is_number(column);
}

static struct passage waits(const char *stage, const char *type, const char *same) {
    return (struct passage){.stage = stage, .same = same, .type = type};
}

/* What takes more than it keeps, whatever its digits; stage NULL: it is none of that. */
static struct passage by_kind(const struct type *from, const struct type *column, const char *type, const char *value, struct arena *arena) {
    if (is(column, "real") || is(column, "double precision")) {
        bool exact = is(from, "smallint") || (is(column, "double precision") && (is(from, "integer") || is(from, "real")));
        return exact ? (struct passage){.type = type} : waits("text", type, arena_format(arena, "%s::numeric = %s::%s::text::numeric", value, value, type));
    }
    if (is(column, "date")) return waits("text", type, arena_format(arena, "%s::timestamp = %s::date", value, value));
    if (is(column, TIMESTAMP) && !is(from, "date")) {
        return waits("text", type, arena_format(arena, "%s::timestamptz = %s::timestamp AT TIME ZONE 'UTC' AND %s::timestamp = %s::%s",
                                                value, value, value, value, type));
    }
    if (is(column, TIME)) return waits(TIMETZ, type, arena_format(arena, "%s = %s::%s::timetz", value, value, type));
    if (is(column, "oid") || is(column, "money")) {
        return waits("text", type, arena_format(arena, "%s::numeric = %s::%s::%s::numeric", value, value, type, is(column, "oid") ? "text" : "numeric"));
    }
    return (struct passage){.type = type};
}

/* What its length or its digits cut. */
static struct passage by_digits(const struct type *from, const struct type *column, const char *type, const char *value, struct arena *arena) {
    bool cuts = begins(column, "numeric") ? !is_integer(from) : is_moment(column) || begins(column, "character varying");
    if (column->first < 0 || !cuts) return (struct passage){.type = type};
    return waits(arena_copy(arena, column->base), type, arena_format(arena, "%s = %s::%s", value, value, type));
}

/* The text that the column writes must be the very text that came. */
static struct passage to_the_letter(const char *type, const char *value, struct arena *arena) {
    return waits("text", type, arena_format(arena, "%s::%s::text = %s", value, type, value));
}

static struct passage between(struct type from, struct type column, bool enums, const char *type, const char *value, struct arena *arena) {
    bool alike = is(&from, column.base);
    if (alike && keeps(&from, &column)) return (struct passage){.raw = true, .type = type};
    if (alike) return by_digits(&from, &column, type, value, arena);
    if (is_array(&column) && !is_text(&from) && !is_short_text(&from)) {
        if (!is_array(&from)) return (struct passage){.never = true};
        struct passage element = between(from, column, enums, type, value, arena);
        return element.stage == NULL ? (struct passage){.never = element.never, .type = type} : to_the_letter(type, value, arena);
    }
    if (is(&from, "bytea") && (is_text(&column) || is_short_text(&column))) return (struct passage){.never = true};
    if (is_query(&column)) return (struct passage){.never = true};
    if (is_short_text(&column) || (!is_text(&column) && (is_text(&from) || is_short_text(&from)))) return to_the_letter(type, value, arena);
    if (!is_text(&column) && !enums && !are_akin(&from, &column)) return (struct passage){.never = true};
    struct passage passage = by_kind(&from, &column, type, value, arena);
    return passage.stage != NULL ? passage : by_digits(&from, &column, type, value, arena);
}

struct passage pg_passage(const char *yields, const char *name, bool enums, const char *value, struct arena *arena) {
    struct type column = type_of(name), any = {.first = -1, .second = -1};
    const char *type = arena_copy(arena, name);
    if (yields != NULL) return between(type_of(yields), column, enums, type, value, arena);
    if (is_short_text(&column)) return to_the_letter(type, value, arena);
    struct passage passage = by_kind(&any, &column, type, value, arena);
    return passage.stage != NULL ? passage : by_digits(&any, &column, type, value, arena);
}
