/* The key of an entity, as URLs and JSON write it and as the library does: SQL values with commas between. */
#pragma once

#include <jansson.h>

#include "base/text.h"

#define KEY_VALUES_MAX 16

struct key {
    char *values[KEY_VALUES_MAX]; /* plain texts, one for each key column */
    size_t count;
};

/* Of a segment of a path: values with commas between, each percent-encoded. */
bool key_of_url(const char *segment, struct key *ret);
/* Of JSON: a text or a whole number, or a list of them. */
bool key_of_json(const json_t *json, struct key *ret);
/* Of the library's form: 42 or 'de','x'. */
bool key_of_sql(const char *sql, struct key *ret);
void key_free(struct key *key);

void key_add_url(struct text *text, const struct key *key);
/* A list of texts. */
void key_add_json(struct text *text, const struct key *key);
