#include "proxy/difference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

struct cause {
    const struct comparison *comparison;
    char *text;
    size_t size;
};

/* Returns false, so that comparing ends. */
static bool found(struct cause *cause, const char *table, const char *column, const char *kind) {
    snprintf(cause->text, cause->size, "%.100s%s%.100s: %s", table, column == NULL ? "" : ".", column == NULL ? "" : column, kind);
    return false;
}

static bool rule_is_for(const struct rule *rule, const char *table, const char *column) {
    const char *dot = strchr(rule->column, '.');
    if (dot == NULL) return strcmp(rule->column, column) == 0;
    return strlen(table) == (size_t)(dot - rule->column) && strncmp(table, rule->column, strlen(table)) == 0 && strcmp(dot + 1, column) == 0;
}

static struct rule rule_of(const struct comparison *comparison, const char *table, const char *column) {
    for (size_t i = 0; i < comparison->rule_count; i++) {
        if (rule_is_for(&comparison->rules[i], table, column)) return comparison->rules[i];
    }
    return (struct rule){0};
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **text, size_t *length) {
    while (*length > 0 && is_blank((*text)[*length - 1])) --*length;
    while (*length > 0 && is_blank(**text)) {
        ++*text;
        --*length;
    }
}

static bool same_text(const struct json *left, const struct json *right, bool trimmed, bool folded) {
    const char *l = left->text, *r = right->text;
    size_t l_length = left->length, r_length = right->length;
    if (trimmed) {
        trim(&l, &l_length);
        trim(&r, &r_length);
    }
    return l_length == r_length && (folded ? strncasecmp(l, r, l_length) == 0 : memcmp(l, r, l_length) == 0);
}

/* Decimals are strings; both are numbers as a whole, or it is no matter of tolerance. */
static bool as_number(const struct json *value, double *ret) {
    char *end;
    if ((value->kind != JSON_NUMBER && value->kind != JSON_STRING) || value->length == 0) return false;
    *ret = strtod(value->text, &end);
    return *end == '\0';
}

static bool within(const struct json *left, const struct json *right, double tolerance) {
    double l, r;
    return tolerance > 0 && as_number(left, &l) && as_number(right, &r) && fabs(l - r) <= tolerance;
}

static const char *kind_of(const struct json *left, const struct json *right) {
    double l, r;
    if (left->kind == JSON_NULL || right->kind == JSON_NULL) return "null";
    if (left->kind != right->kind) return "type";
    if (left->kind == JSON_STRING && same_text(left, right, true, false)) return "blanks";
    if (left->kind == JSON_STRING && same_text(left, right, true, true)) return "case";
    if (as_number(left, &l) && as_number(right, &r) && fabs(l - r) <= 1e-6 * fmax(fabs(l), fabs(r))) return "rounding";
    return "value";
}

static bool same_value(struct cause *cause, const char *table, const struct json *left, const struct json *right) {
    struct rule rule = rule_of(cause->comparison, table, left->name);
    if (rule.ignore || json_same(left, right) || within(left, right, rule.tolerance)) return true;
    if (left->kind == JSON_STRING && right->kind == JSON_STRING && same_text(left, right, rule.trim, rule.fold)) return true;
    return found(cause, table, left->name, kind_of(left, right));
}

/* In the columns that both have. */
static bool same_row(struct cause *cause, const char *table, const struct json *left, const struct json *right) {
    JSON_EACH(member, left) {
        const struct json *other = json_member(right, member->name);
        if (other != NULL && !same_value(cause, table, member, other)) return false;
    }
    return true;
}

static bool same_rows(struct cause *cause, const struct json *left, const struct json *right) {
    const struct json *other = right->first;
    if (left->count != right->count) return found(cause, left->name, NULL, "rows");
    JSON_EACH(row, left) {
        if (!same_row(cause, left->name, row, other)) return false;
        other = other->next;
    }
    return true;
}

static void compare(struct cause *cause, const char *table, const struct json *left, const struct json *right) {
    bool lists = left->first != NULL && left->first->kind == JSON_LIST;
    if (!lists) {
        (void)same_row(cause, table, left, right); /* what it found stands in `cause` */
        return;
    }
    JSON_EACH(member, left) {
        const struct json *other = json_member(right, member->name);
        if (other != NULL && !same_rows(cause, member, other)) return;
    }
}

bool difference_find(const char *left, const char *right, const char *table, const struct comparison *comparison, char *ret,
                     size_t size, struct error *error) {
    struct cause cause = {comparison, ret, size};
    *ret = '\0';
    if (left == NULL || right == NULL) {
        if (left != right) found(&cause, table, NULL, left == NULL ? "only the follower has it" : "only the leader has it");
        return true;
    }
    struct arena *arena = arena_new();
    const struct json *l, *r;
    bool ok = json_parse(left, "the leader's document", arena, &l, error) && json_parse(right, "the follower's document", arena, &r, error);
    if (ok) compare(&cause, table, l, r);
    arena_free(arena);
    return ok;
}
