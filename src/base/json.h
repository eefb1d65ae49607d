/* JSON, read without loss: numbers stay as they were written, texts may hold any character, NUL too. */
#pragma once

#include "base/arena.h"
#include "base/text.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_LIST, JSON_OBJECT };

struct json {
    enum json_kind kind;
    const char *text; /* of a number, as it was written; of a string, without its escapes; ends in a NUL beyond its length */
    size_t length;
    const char *name; /* as a member of an object */
    struct json *first, *next; /* of a list or an object: what is in it, in its order */
    size_t count;
};

/* What is in an object or a list. */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name that is declared takes none */
#define JSON_EACH(item, in) for (const struct json *item = (in)->first; item != NULL; item = item->next)

/* One value, and nothing after it; `what` says for messages what it is. An object names no member twice. */
MUST_USE bool json_parse(const char *text, const char *what, struct arena *arena, const struct json **ret, struct error *error);
const struct json *json_member(const struct json *object, const char *name); /* NULL: it has none of that name */
bool json_is_whole(const struct json *number); /* without a fraction and an exponent */

/* Appends. */
void json_add_string(struct text *text, const char *data, size_t length);
void json_add(struct text *text, const struct json *json);

/* The same value: the order of members does not count, nor how a number is written. */
bool json_same(const struct json *left, const struct json *right);
