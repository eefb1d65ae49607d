#include "migration/field.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 64 /* longer names are not compared for likeness */
#define NAMES_SHOWN_MAX 16

static bool text_is_blank(const char *text) {
    return text[strspn(text, " \t\r\n")] == '\0';
}

static size_t min3(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many characters to add, drop or change to make one name of the other (Levenshtein, one row at a time). */
static size_t edit_distance(const char *a, const char *b) {
    size_t row[NAME_BYTES_MAX + 1], length = strlen(b);
    if (strlen(a) > NAME_BYTES_MAX || length > NAME_BYTES_MAX) return NAME_BYTES_MAX;
    for (size_t j = 0; j <= length; j++) row[j] = j;
    for (size_t i = 1; *a != '\0'; a++, i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t above = row[j];
            row[j] = min3(row[j - 1] + 1, above + 1, corner + (*a != b[j - 1]));
            corner = above;
        }
    }
    return row[length];
}

void suggestion_add(struct text *text, const struct names *names, const char *found) {
    for (size_t i = 0; i < names->count; i++) {
        size_t distance = edit_distance(found, names->items[i]);
        if (distance <= 2 && distance * 2 < strlen(names->items[i])) {
            text_addf(text, "did you mean '%s'?", names->items[i]);
            return;
        }
    }
    text_add(text, names->count == 1 ? "expected: " : "expected one of: ");
    for (size_t i = 0; i < names->count && i < NAMES_SHOWN_MAX; i++) {
        text_addf(text, "%s%s", i == 0 ? "" : ", ", excerpt(names->items[i]).text);
    }
    if (names->count > NAMES_SHOWN_MAX) text_add(text, " and others");
}

bool value_check(const struct yaml *value, const char *what, enum yaml_kind kind, const char *expected,
                 struct error *error) {
    static const char *const kinds[] = {[YAML_TEXT] = "a text", [YAML_LIST] = "a list", [YAML_MAP] = "a map"};
    const struct yaml *at = value->key == NULL ? value : value->key;
    if (value->kind == YAML_TEXT ? text_is_blank(value->text) : value->count == 0) {
        return yaml_fail(at, error, "'%s' is empty; expected %s", excerpt(what).text, expected);
    }
    if (value->kind == kind) return true;
    return yaml_fail(value, error, "'%s' is %s; expected %s", excerpt(what).text, kinds[value->kind], expected);
}

static bool unknown_fail(const struct yaml *key, const char *where, const struct field *fields, size_t count,
                         struct error *error) {
    const char *items[FIELDS_MAX];
    struct names names = {.items = items, .count = count};
    for (size_t i = 0; i < count; i++) items[i] = fields[i].name;
    TEXT suggestion = {0};
    suggestion_add(&suggestion, &names, key->text);
    return yaml_fail(key, error, "unknown key '%s' in %s; %s", excerpt(key->text).text, where, text_get(&suggestion));
}

bool fields_check(const struct yaml *map, const char *where, const struct field *fields, size_t count,
                  struct error *error) {
    assert(map->kind == YAML_MAP && count <= FIELDS_MAX);
    for (const struct yaml *value = map->first; value != NULL; value = value->next) {
        const struct field *field = fields;
        while (field < fields + count && strcmp(field->name, value->key->text) != 0) field++;
        if (field == fields + count) return unknown_fail(value->key, where, fields, count, error);
        if (!value_check(value, field->name, field->kind, field->expected, error)) return false;
    }
    for (const struct field *field = fields; field < fields + count; field++) {
        if (field->required && yaml_get(map, field->name) == NULL) {
            return yaml_fail(map, error, "%s has no '%s'; expected %s", where, field->name, field->expected);
        }
    }
    return true;
}

/* Puts the value of the variable whose name lies between `start` and `end`. */
static bool variable_add(struct arena *arena, const struct yaml *value, const char *start, const char *end,
                         struct text *filled, struct error *error) {
    const char *name = arena_copy_n(arena, start, (size_t)(end - start));
    size_t length = 0;
    while (isalnum((unsigned char)name[length]) || name[length] == '_') length++;
    if (length == 0 || name[length] != '\0' || isdigit((unsigned char)name[0])) {
        return yaml_fail(value, error, "'${%s}' names no variable; expected ${NAME}, of A-Z, a-z, 0-9 and _",
                         excerpt(name).text);
    }
    const char *found = getenv(name);
    if (found == NULL) {
        return yaml_fail(value, error, "${%s} is not set; expected %s in the environment", excerpt(name).text,
                         excerpt(name).text);
    }
    text_add(filled, found);
    return true;
}

bool value_fill(struct arena *arena, const struct yaml *value, const char **ret, struct error *error) {
    TEXT filled = {0};
    const char *rest = value->text;
    for (const char *start, *end; (start = strstr(rest, "${")) != NULL; rest = end + 1) {
        end = strchr(start, '}');
        if (end == NULL) return yaml_fail(value, error, "'${' without its '}'; expected ${NAME}");
        text_add_n(&filled, rest, (size_t)(start - rest));
        if (!variable_add(arena, value, start + 2, end, &filled, error)) return false;
    }
    text_add(&filled, rest);
    if (text_is_blank(text_get(&filled))) {
        return yaml_fail(value, error, "'%s' is empty once filled in; expected a value in the environment",
                         excerpt(value->text).text);
    }
    *ret = arena_copy_n(arena, filled.data, filled.length);
    return true;
}

/* By hand, because strtod takes "inf", hexadecimals and the locale's comma. */
static bool duration_parse(const char *text, double *ret_ms) {
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    if (!isdigit((unsigned char)text[0])) return false;
    double digits = 0, divisor = 1;
    for (; isdigit((unsigned char)*text); text++) digits = digits * 10 + (*text - '0');
    if (*text == '.') {
        if (!isdigit((unsigned char)*++text)) return false;
        for (; isdigit((unsigned char)*text); text++, divisor *= 10) digits = digits * 10 + (*text - '0');
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0) continue;
        *ret_ms = digits / divisor * units[i].ms;
        return true;
    }
    return false;
}

bool value_duration(struct arena *arena, const struct yaml *value, const char *min, const char *max, double *ret_ms,
                    struct error *error) {
    double least = 0, most = 0, ms = 0;
    bool bounded = duration_parse(min, &least) && duration_parse(max, &most);
    assert(bounded && least <= most);
    (void)bounded;
    const char *text;
    if (!value_fill(arena, value, &text, error)) return false;
    if (!duration_parse(text, &ms)) {
        return yaml_fail(value, error, "'%s' is no duration; expected a number and ms, s, m, h or d, such as 1.5h",
                         excerpt(value->text).text);
    }
    if (!(ms >= least && ms <= most)) { /* not (a || b): so many digits that they are no number are refused too */
        return yaml_fail(value, error, "%s is out of bounds; expected %s to %s", excerpt(value->text).text, min, max);
    }
    *ret_ms = ms;
    return true;
}

static bool size_parse(const char *text, double *ret_bytes) {
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"KiB", 1024.}, {"MiB", 1048576.}, {"GiB", 1073741824.}};
    double digits = 0;
    if (!isdigit((unsigned char)text[0])) return false;
    for (; isdigit((unsigned char)*text); text++) digits = digits * 10 + (*text - '0');
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0) continue;
        *ret_bytes = digits * units[i].bytes;
        return true;
    }
    return false;
}

bool value_size(struct arena *arena, const struct yaml *value, const char *min, const char *max, int64_t *ret_bytes,
                struct error *error) {
    double least = 0, most = 0, bytes = 0;
    bool bounded = size_parse(min, &least) && size_parse(max, &most);
    assert(bounded && least <= most);
    (void)bounded;
    const char *text;
    if (!value_fill(arena, value, &text, error)) return false;
    if (!size_parse(text, &bytes)) {
        return yaml_fail(value, error, "'%s' is no size; expected a whole number and kB, MB, GB, TB, KiB, MiB or GiB, such as 500MB",
                         excerpt(value->text).text);
    }
    if (!(bytes >= least && bytes <= most)) {
        return yaml_fail(value, error, "%s is out of bounds; expected %s to %s", excerpt(value->text).text, min, max);
    }
    *ret_bytes = (int64_t)bytes;
    return true;
}

bool value_choice(struct arena *arena, const struct yaml *value, const struct names *choices, size_t *ret,
                  struct error *error) {
    const char *text = "";
    if (!value_fill(arena, value, &text, error)) return false;
    for (size_t i = 0; i < choices->count; i++) {
        if (strcmp(choices->items[i], text) != 0) continue;
        *ret = i;
        return true;
    }
    TEXT suggestion = {0};
    suggestion_add(&suggestion, choices, text);
    return yaml_fail(value, error, "'%s' is unknown here; %s", excerpt(value->text).text, text_get(&suggestion));
}
