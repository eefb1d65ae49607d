/* The data API: entities as documents, on either face, whatever the stage. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/http.h"
#include "server/key.h"
#include "server/log.h"

#define LIST_DEFAULT 100
#define LIST_MAX 1000
#define BATCH_MAX 1000

/* --- what the path names --- */

static bool face_of(const char *name, mf_face *ret) {
    *ret = strcmp(name, "new") == 0 ? MF_FACE_NEW : MF_FACE_OLD;
    return strcmp(name, "old") == 0 || strcmp(name, "new") == 0;
}

/* The migration's proxy and the face; false: answered. */
static bool find_face(struct request *request, mf_proxy **ret_proxy, mf_face *ret_face) {
    mf_error error;
    if (!face_of(request->segments[3], ret_face)) {
        answer_problem(request, 404, "unknown-face", NULL, "a migration's data has two faces: .../old and .../new");
        return false;
    }
    *ret_proxy = driver_proxy(request->driver, &error);
    if (*ret_proxy == NULL) answer_error(request, &error, NULL);
    return *ret_proxy != NULL;
}

/* In the library's form. */
static bool make_key(mf_proxy *proxy, const struct key *key, char **ret, mf_error *error) {
    return mf_key(proxy, (const char *const *)key->values, key->count, ret, error) == MF_DONE;
}

static bool url_key(struct request *request, mf_proxy *proxy, const char *segment, char **ret) {
    struct key key = {0};
    mf_error error;
    if (!key_of_url(segment, &key)) {
        answer_problem(request, 400, "key", NULL,
                       "a key is the values of its columns with commas between, each percent-encoded UTF-8: 42, or de,it%%27s");
        return false;
    }
    bool ok = make_key(proxy, &key, ret, &error);
    key_free(&key);
    if (!ok) answer_error(request, &error, NULL);
    return ok;
}

static bool find_entity(struct request *request, mf_proxy **ret_proxy, mf_face *ret_face, char **ret_key) {
    return find_face(request, ret_proxy, ret_face) && url_key(request, *ret_proxy, request->segments[4], ret_key);
}

/* --- versions --- */

/* A tag that changes with the document. */
static void tag_of(const char *document, char tag[48]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[32];
    char *to = tag;
    tag[0] = '\0';
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, document, strlen(document), digest) != 0) return;
    *to++ = '"';
    for (size_t i = 0; i < 16; i++) {
        *to++ = digits[digest[i] >> 4];
        *to++ = digits[digest[i] & 15];
    }
    memcpy(to, "\"", 2);
}

/* Is the tag one of the list, "a", "b" or * ? */
static bool has_tag(const char *list, const char *tag) {
    return strcmp(list, "*") == 0 || (tag[0] != '\0' && strstr(list, tag) != NULL);
}

/* The document that an If-Match header means: *ret_expected is it, to be freed with mf_free; NULL where there is no such header.
 * False: answered. */
static bool find_expected(struct request *request, mf_proxy *proxy, mf_face face, const char *key, char **ret_expected) {
    const char *list = request_header(request, "If-Match");
    mf_error error = {0};
    char tag[48] = "", *document = NULL;
    *ret_expected = NULL;
    if (list == NULL) return true;
    if (mf_get(proxy, face, key, &document, &error) != MF_DONE) {
        answer_error(request, &error, NULL);
        return false;
    }
    if (document != NULL) tag_of(document, tag);
    if (document == NULL || !has_tag(list, tag)) {
        mf_free(document);
        answer_problem(request, 412, "conflict", NULL, "the entity is not as If-Match says any more: read it again");
        return false;
    }
    *ret_expected = document;
    return true;
}

/* --- one entity --- */

void data_get(struct request *request) {
    mf_proxy *proxy;
    mf_face face;
    mf_error error;
    char *key = NULL, *document = NULL;
    struct text text = {0};
    if (!find_entity(request, &proxy, &face, &key)) return;
    const char *known = request_header(request, "If-None-Match");
    if (mf_get(proxy, face, key, &document, &error) != MF_DONE) {
        answer_error(request, &error, NULL);
    } else if (document == NULL) {
        answer_problem(request, 404, "unknown-key", NULL, "there is no entity of the key %s", key);
    } else {
        tag_of(document, request->etag);
        if (known != NULL && has_tag(known, request->etag)) {
            answer_nothing(request, 304);
        } else {
            text_add(&text, document);
            text_add(&text, "\n");
            answer_text(request, 200, "application/json", &text);
        }
    }
    mf_free(document);
    mf_free(key);
}

/* A document, which the library reads; here it is only seen to that it is a text and says what it is. */
static bool body_document(struct request *request) {
    const char *type = request_header(request, "Content-Type");
    if (type == NULL || strncasecmp(type, "application/json", strlen("application/json")) != 0) {
        answer_problem(request, 415, "content-type", NULL, "a document is JSON, and says so: Content-Type: application/json");
        return false;
    }
    if (request->body.length > 0 && memchr(request->body.data, '\0', request->body.length) == NULL) return true;
    answer_problem(request, 400, "json", NULL, "the body is to be a document, a JSON object");
    return false;
}

void data_put(struct request *request) {
    mf_proxy *proxy;
    mf_face face;
    mf_error error = {0};
    char *key = NULL, *expected = NULL;
    const char *none = request_header(request, "If-None-Match");
    if (!body_document(request) || !find_entity(request, &proxy, &face, &key)) return;
    if (none != NULL && strcmp(none, "*") != 0) {
        answer_problem(request, 400, "header", NULL, "If-None-Match takes * here: only if there is no such entity yet");
    } else if (find_expected(request, proxy, face, key, &expected)) {
        mf_put_how how = expected != NULL ? MF_PUT_IF_UNCHANGED : none != NULL ? MF_PUT_INSERT : MF_PUT_ANY;
        if (mf_put(proxy, face, key, request->body.data, how, expected, &error) == MF_DONE) {
            answer_nothing(request, 204);
        } else {
            answer_error(request, &error, NULL);
        }
    }
    mf_free(expected);
    mf_free(key);
}

void data_delete(struct request *request) {
    mf_proxy *proxy;
    mf_face face;
    mf_error error = {0};
    bool found = false;
    char *key = NULL, *expected = NULL;
    if (!find_entity(request, &proxy, &face, &key)) return;
    if (find_expected(request, proxy, face, key, &expected)) {
        if (mf_delete(proxy, face, key, expected, &found, &error) != MF_DONE) {
            answer_error(request, &error, NULL);
        } else if (!found) {
            answer_problem(request, 404, "unknown-key", NULL, "there is no entity of the key %s", key);
        } else {
            answer_nothing(request, 204);
        }
    }
    mf_free(expected);
    mf_free(key);
}

/* --- lists --- */

struct page {
    struct text text;
    struct key last;
    int64_t count, limit;
    bool more, broken;
};

static bool add_entity(void *context, const char *key, const char *document) {
    struct page *page = context;
    if (page->count == page->limit) {
        page->more = true;
        return false;
    }
    key_free(&page->last);
    if (!key_of_sql(key, &page->last)) {
        page->broken = true;
        return false;
    }
    text_add(&page->text, page->count == 0 ? "\n{\"key\": " : ",\n{\"key\": ");
    key_add_json(&page->text, &page->last);
    text_addf(&page->text, ", \"document\": ");
    text_add(&page->text, document);
    text_add(&page->text, "}");
    page->count++;
    return true;
}

static bool page_limit(struct request *request, int64_t *ret) {
    char *text = NULL, *end;
    *ret = LIST_DEFAULT;
    if (!request_query(request, "limit", &text)) return false;
    if (text == NULL) return true;
    *ret = strtol(text, &end, 10);
    bool ok = end != text && *end == '\0' && *ret >= 1 && *ret <= LIST_MAX;
    free(text);
    if (!ok) answer_problem(request, 400, "query", NULL, "limit is a whole number from 1 to %d", LIST_MAX);
    return ok;
}

/* `after` as it stands in the query: the form that a path has. NULL: there is none. */
static char *raw_after(const struct request *request) {
    for (const char *at = request->query; at != NULL && *at != '\0'; at += *at == '&') {
        size_t size = strcspn(at, "&");
        if (strncmp(at, "after=", strlen("after=")) == 0) return strndup(at + strlen("after="), size - strlen("after="));
        at += size;
    }
    return NULL;
}

static void answer_page(struct request *request, struct page *page) {
    text_add(&page->text, "],\n\"next\": ");
    if (page->more) {
        TEXT next = {0};
        key_add_url(&next, &page->last);
        text_add_json(&page->text, text_get(&next));
    } else {
        text_add(&page->text, "null");
    }
    text_add(&page->text, "}\n");
    answer_text(request, 200, "application/json", &page->text);
}

void data_list(struct request *request) {
    mf_proxy *proxy;
    mf_face face;
    mf_error error = {0};
    struct page page = {0};
    char *after = NULL, *key = NULL;
    if (!find_face(request, &proxy, &face) || !page_limit(request, &page.limit)) return;
    after = raw_after(request);
    if (after == NULL || url_key(request, proxy, after, &key)) {
        text_add(&page.text, "{\"entities\": [");
        if (mf_list(proxy, face, key, page.limit + 1, add_entity, &page, &error) != MF_DONE) {
            answer_error(request, &error, NULL);
        } else if (page.broken) {
            answer_problem(request, 500, "bug", NULL, "a key of the store cannot be written in a URL");
        } else {
            answer_page(request, &page);
        }
    }
    text_free(&page.text);
    key_free(&page.last);
    free(after);
    mf_free(key);
}

/* --- batches --- */

struct batch {
    mf_operation operations[BATCH_MAX];
    char *documents[BATCH_MAX], *expected[BATCH_MAX];
    size_t count;
};

static void batch_free(struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        mf_free((char *)(size_t)batch->operations[i].key);
        mf_free(batch->operations[i].found_document);
        free(batch->documents[i]);
        free(batch->expected[i]);
    }
    free(batch);
}

static char *dump(const json_t *json) {
    return json == NULL ? NULL : json_dumps(json, JSON_REAL_PRECISION(17));
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c) {
    return text != NULL && (strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0);
}

/* What is wrong with the members of an operation, or NULL. */
static const char *look_at(const json_t *json) {
    const char *op = json_string_value(json_object_get(json, "op")), *face = json_string_value(json_object_get(json, "face"));
    const json_t *how = json_object_get(json, "how"), *document = json_object_get(json, "document");
    const json_t *expected = json_object_get(json, "expected");
    size_t known = 0;
    if (!json_is_object(json)) return "is no JSON object";
    for (const char *const *name = (const char *const[]){"op", "face", "key", "document", "how", "expected", NULL}; *name != NULL; name++) {
        known += json_object_get(json, *name) != NULL;
    }
    if (known < json_object_size(json)) return "has a member that nothing is called: there are op, face, key, document, how and expected";
    if (!is_one_of(op, "get", "put", "delete")) return "has no op: get, put or delete";
    if (!is_one_of(face, "old", "new", "new")) return "has no face: old or new";
    bool puts = op[0] == 'p';
    if (puts != (document != NULL) || (puts && !json_is_object(document))) return "has a document, a JSON object, if and only if it is a put";
    if (expected != NULL && (op[0] == 'g' || !json_is_object(expected))) return "expects something else than a document, or is a get";
    if (how != NULL && (!puts || !is_one_of(json_string_value(how), "any", "insert", "insert"))) return "has a how other than any or insert, or is no put";
    if (how != NULL && expected != NULL) return "has a how and expects a document: one of them";
    return NULL;
}

/* What is wrong with the operation, or NULL: it is one of the batch. `error` holds the text when the key is wrong. */
static const char *take_operation(mf_proxy *proxy, const json_t *json, struct batch *batch, mf_error *error) {
    mf_operation *operation = &batch->operations[batch->count];
    const char *wrong = look_at(json);
    struct key key = {0};
    char *made = NULL;
    if (wrong != NULL) return wrong;
    if (!key_of_json(json_object_get(json, "key"), &key)) return "has no key: a text or a whole number, or a list of them";
    bool ok = make_key(proxy, &key, &made, error);
    key_free(&key);
    if (!ok) return error->message;
    const char *op = json_string_value(json_object_get(json, "op")), *how = json_string_value(json_object_get(json, "how"));
    const json_t *expected = json_object_get(json, "expected");
    operation->kind = op[0] == 'g' ? MF_GET : op[0] == 'p' ? MF_PUT : MF_DELETE;
    face_of(json_string_value(json_object_get(json, "face")), &operation->face);
    operation->how = expected != NULL ? MF_PUT_IF_UNCHANGED : how != NULL && how[0] == 'i' ? MF_PUT_INSERT : MF_PUT_ANY;
    operation->key = made;
    operation->document = batch->documents[batch->count] = dump(json_object_get(json, "document"));
    operation->expected = batch->expected[batch->count] = dump(expected);
    batch->count++;
    return NULL;
}

/* False: answered. */
static bool take_operations(struct request *request, mf_proxy *proxy, json_t *body, struct batch *batch) {
    json_t *list = json_object_get(body, "operations"), *json;
    size_t i;
    mf_error error = {0};
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > BATCH_MAX) {
        answer_problem(request, 400, "member", NULL, "operations is a list of 1 to %d of them", BATCH_MAX);
        return false;
    }
    json_array_foreach(list, i, json) {
        const char *wrong = take_operation(proxy, json, batch, &error);
        unsigned right = batch->count > 0 && batch->operations[batch->count - 1].kind != MF_GET ? RIGHT_WRITE : RIGHT_READ;
        if (wrong != NULL) {
            answer_problem(request, 400, "operation", json_pack("{s:I}", "operation", (json_int_t)i), "operation %zu %s", i, wrong);
            return false;
        }
        if ((request->rights & right) == 0) {
            answer_problem(request, 403, "right", NULL, "the token of %s has no right to %s: operation %zu", request->who,
                           right == RIGHT_READ ? "read" : "write", i);
            return false;
        }
    }
    return true;
}

/* {"results": [...]}: of each operation what it found. */
static void answer_results(struct request *request, const struct batch *batch) {
    struct text text = {0};
    text_add(&text, "{\"results\": [");
    for (size_t i = 0; i < batch->count; i++) {
        const mf_operation *operation = &batch->operations[i];
        text_add(&text, i == 0 ? "\n" : ",\n");
        if (operation->kind == MF_PUT) {
            text_add(&text, "{}");
        } else if (operation->kind == MF_DELETE) {
            text_addf(&text, "{\"found\": %s}", operation->found ? "true" : "false");
        } else {
            text_addf(&text, "{\"found\": %s, \"document\": ", operation->found ? "true" : "false");
            text_add(&text, operation->found_document == NULL ? "null" : operation->found_document);
            text_add(&text, "}");
        }
    }
    text_add(&text, "]}\n");
    answer_text(request, 200, "application/json", &text);
}

void data_batch(struct request *request) {
    mf_error error = {0};
    size_t failed = 0;
    json_t *body = request_object(request, "operations");
    if (body == NULL) return;
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) abort();
    mf_proxy *proxy = driver_proxy(request->driver, &error);
    if (proxy == NULL) {
        answer_error(request, &error, NULL);
    } else if (take_operations(request, proxy, body, batch)) {
        if (mf_batch(proxy, batch->operations, batch->count, &failed, &error) == MF_DONE) {
            answer_results(request, batch);
        } else {
            answer_error(request, &error, json_pack("{s:I}", "operation", (json_int_t)failed));
        }
    }
    batch_free(batch);
    json_decref(body);
}
