/* What a request carries: its query, its body. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "server/http.h"

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

char *url_decode(const char *text, size_t length) {
    char *decoded = malloc(length + 1), *to = decoded;
    if (decoded == NULL) abort();
    for (size_t i = 0; i < length; i++) {
        int high = text[i] == '%' && i + 2 < length ? hex(text[i + 1]) : -1;
        int low = high >= 0 ? hex(text[i + 2]) : -1;
        if (text[i] == '%' && low < 0) goto malformed;
        *to = text[i];
        if (text[i] == '%') {
            *to = (char)(high * 16 + low);
            i += 2;
        }
        if (*to++ == '\0') goto malformed;
    }
    *to = '\0';
    if (utf8_is(decoded, (size_t)(to - decoded))) return decoded;
malformed:
    free(decoded);
    return NULL;
}

bool request_query(struct request *request, const char *name, char **ret) {
    size_t length = strlen(name);
    *ret = NULL;
    for (const char *at = request->query; at != NULL && *at != '\0'; at += *at == '&') {
        size_t size = strcspn(at, "&");
        if (size > length && strncmp(at, name, length) == 0 && at[length] == '=') {
            *ret = url_decode(at + length + 1, size - length - 1);
            if (*ret != NULL) return true;
            answer_problem(request, 400, "query", NULL, "%s in the query: bytes are percent-encoded UTF-8, and none is NUL", name);
            return false;
        }
        at += size;
    }
    return true;
}

/* "application/json", with or without parameters. */
static bool is_json(const char *type) {
    static const char json[] = "application/json";
    return type != NULL && strncasecmp(type, json, strlen(json)) == 0 && strchr("; \t", type[strlen(json)]) != NULL;
}

/* The first member that is not among those, or NULL. */
static const char *stranger(json_t *object, const char *members) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        size_t length = strlen(name);
        const char *at = length == 0 ? NULL : strstr(members, name);
        while (at != NULL && ((at > members && at[-1] != ' ') || (at[length] != ' ' && at[length] != '\0'))) at = strstr(at + 1, name);
        if (at == NULL || strchr(name, ' ') != NULL) return name;
    }
    return NULL;
}

json_t *request_object(struct request *request, const char *members) {
    json_error_t where;
    if (request->body.length == 0) return json_object();
    if (!is_json(request_header(request, "Content-Type"))) {
        answer_problem(request, 415, "content-type", NULL, "a body here is JSON, and says so: Content-Type: application/json");
        return NULL;
    }
    json_t *object = json_loadb(request->body.data, request->body.length, JSON_REJECT_DUPLICATES, &where);
    const char *strange = object != NULL && json_is_object(object) ? stranger(object, members) : NULL;
    if (object == NULL) {
        answer_problem(request, 400, "json", NULL, "the body is no JSON, line %d, column %d: %s", where.line, where.column, where.text);
    } else if (!json_is_object(object)) {
        answer_problem(request, 400, "json", NULL, "the body is to be a JSON object");
    } else if (strange != NULL) {
        answer_problem(request, 400, "member", NULL, "the body has a member '%.60s', which nothing here is called%s%s", strange,
                       members[0] == '\0' ? "" : ": there are ", members);
    } else {
        return object;
    }
    json_decref(object);
    return NULL;
}
