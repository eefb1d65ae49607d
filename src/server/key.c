#include "server/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/log.h"
#include "server/request.h"

/* Takes the text over; NULL, or one too many, is no part of a key. */
static bool add(struct key *key, char *value) {
    if (value == NULL || key->count == KEY_VALUES_MAX) {
        free(value);
        return false;
    }
    key->values[key->count++] = value;
    return true;
}

void key_free(struct key *key) {
    while (key->count > 0) free(key->values[--key->count]);
}

static bool finish(bool ok, struct key *key, struct key *ret) {
    if (ok) *ret = *key;
    if (!ok) key_free(key);
    return ok;
}

bool key_of_url(const char *segment, struct key *ret) {
    struct key key = {0};
    for (;; segment++) {
        size_t length = strcspn(segment, ",");
        if (!add(&key, url_decode(segment, length))) return finish(false, &key, ret);
        segment += length;
        if (*segment == '\0') return finish(true, &key, ret);
    }
}

static char *value_of_json(const json_t *json) {
    char *text = NULL;
    if (json_is_string(json)) {
        text = strdup(json_string_value(json));
    } else if (json_is_integer(json)) {
        if (asprintf(&text, "%lld", (long long)json_integer_value(json)) < 0) abort();
    } else {
        return NULL;
    }
    if (text == NULL) abort();
    return text;
}

bool key_of_json(const json_t *json, struct key *ret) {
    struct key key = {0};
    size_t i;
    const json_t *value;
    if (!json_is_array(json)) return finish(add(&key, value_of_json(json)), &key, ret);
    bool ok = json_array_size(json) > 0;
    json_array_foreach(json, i, value) ok = ok && add(&key, value_of_json(value));
    return finish(ok, &key, ret);
}

/* 'it''s', from its first quote on; *at comes to stand behind it. */
static char *unquote(const char **at) {
    TEXT value = {0};
    for (const char *c = *at + 1;; c++) {
        if (*c == '\0') return NULL;
        if (*c == '\'' && *++c != '\'') {
            *at = c;
            char *text = strdup(text_get(&value));
            if (text == NULL) abort();
            return text;
        }
        text_add_n(&value, c, 1);
    }
}

bool key_of_sql(const char *sql, struct key *ret) {
    struct key key = {0};
    for (;; sql++) {
        bool quoted = *sql == '\'';
        size_t length = strcspn(sql, ",");
        char *value = quoted ? unquote(&sql) : strndup(sql, length);
        if (!quoted) sql += length;
        if (!add(&key, value) || (*sql != ',' && *sql != '\0')) return finish(false, &key, ret);
        if (*sql == '\0') return finish(true, &key, ret);
    }
}

void key_add_url(struct text *text, const struct key *key) {
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@";
    for (size_t i = 0; i < key->count; i++) {
        if (i > 0) text_add(text, ",");
        for (const char *c = key->values[i]; *c != '\0'; c++) {
            if (strchr(plain, *c) != NULL) {
                text_add_n(text, c, 1);
            } else {
                text_addf(text, "%%%02X", (unsigned char)*c);
            }
        }
    }
}

void key_add_json(struct text *text, const struct key *key) {
    text_add(text, "[");
    for (size_t i = 0; i < key->count; i++) {
        if (i > 0) text_add(text, ", ");
        text_add_json(text, key->values[i]);
    }
    text_add(text, "]");
}
