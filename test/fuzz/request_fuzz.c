/* libFuzzer: what a request carries is refused with one problem, or taken as it was meant. The first byte chooses: a key of a path, a key
 * in SQL's form, a query, a body.
 * Built with: src/server/key.c src/server/log.c src/server/query.c -ljansson */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "server/http.h"
#include "server/key.h"
#include "server/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int problems;

void answer_problem(struct request *request, unsigned status, const char *code, json_t *more, const char *format, ...) {
    assert(status >= 400 && status < 500 && code != NULL && format != NULL);
    (void)request;
    json_decref(more);
    problems++;
}

const char *request_header(const struct request *request, const char *name) {
    (void)request, (void)name;
    return "application/json; charset=utf-8";
}

static bool same_key(const struct key *left, const struct key *right) {
    if (left->count != right->count) return false;
    for (size_t i = 0; i < left->count; i++) {
        if (strcmp(left->values[i], right->values[i]) != 0) return false;
    }
    return true;
}

/* A key is the same when it was written, as a path and as JSON, and read again. */
static void write_key(const struct key *key) {
    struct text url = {0}, list = {0};
    struct key again = {0};
    key_add_url(&url, key);
    assert(strpbrk(text_get(&url), "/?#\"' ") == NULL);
    bool read = key_of_url(text_get(&url), &again);
    assert(read && same_key(key, &again));
    key_free(&again);
    key_add_json(&list, key);
    json_t *json = json_loads(text_get(&list), 0, NULL);
    assert(json != NULL && key_of_json(json, &again) && same_key(key, &again));
    key_free(&again);
    json_decref(json);
    text_free(&url);
    text_free(&list);
}

static void read_url(const char *text) {
    struct key key = {0};
    if (!key_of_url(text, &key)) return;
    for (size_t i = 0; i < key.count; i++) assert(utf8_is(key.values[i], strlen(key.values[i])));
    write_key(&key);
    key_free(&key);
}

static void read_sql(const char *text) {
    struct key key = {0};
    if (!key_of_sql(text, &key)) return;
    bool whole = true;
    for (size_t i = 0; i < key.count; i++) whole = whole && utf8_is(key.values[i], strlen(key.values[i]));
    if (whole) write_key(&key);
    key_free(&key);
}

static void read_query(char *text) {
    struct request request = {.query = text};
    char *value = NULL;
    problems = 0;
    bool ok = request_query(&request, "limit", &value);
    assert(ok == (problems == 0));
    assert(value == NULL || (ok && utf8_is(value, strlen(value))));
    free(value);
}

static void read_body(const char *data, size_t size) {
    struct request request = {0};
    struct key key = {0};
    text_add_n(&request.body, data, size);
    problems = 0;
    json_t *object = request_object(&request, "key load workers");
    assert((object != NULL) == (problems == 0) && problems <= 1);
    if (object != NULL && key_of_json(json_object_get(object, "key"), &key)) write_key(&key);
    key_free(&key);
    json_decref(object);
    text_free(&request.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    char *text = strndup((const char *)data + 1, size - 1);
    assert(text != NULL);
    if (data[0] % 4 == 0) read_url(text);
    if (data[0] % 4 == 1) read_sql(text);
    if (data[0] % 4 == 2) read_query(text);
    if (data[0] % 4 == 3) read_body((const char *)data + 1, size - 1);
    free(text);
    return 0;
}
