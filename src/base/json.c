#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Deeper than any document of ours is, and no danger to the stack. */
#define DEPTH_MAX 64

struct reader {
    const char *start, *at;
    const char *what;
    struct arena *arena;
    struct error *error;
    int depth;
};

static bool fail(struct reader *reader, const char *expected) {
    return error_set(reader->error, ERROR_USAGE, "%s is no JSON at byte %zu: expected %s", reader->what,
                     (size_t)(reader->at - reader->start) + 1, expected);
}

static void skip_blanks(struct reader *reader) {
    while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t' || *reader->at == '\r') reader->at++;
}

/* --- characters ------------------------------------------------------------------------------------------------- */

static size_t put_character(char *to, unsigned code) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xC0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xE0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3F));
        to[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3F));
    to[2] = (char)(0x80 | (code >> 6 & 0x3F));
    to[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The four digits after \u. */
static bool read_code(struct reader *reader, unsigned *ret) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*reader->at);
        if (digit < 0) return fail(reader, "four hexadecimal digits");
        code = code * 16 + (unsigned)digit;
        reader->at++;
    }
    *ret = code;
    return true;
}

static bool read_unicode(struct reader *reader, char **to) {
    unsigned code = 0, low = 0;
    if (!read_code(reader, &code)) return false;
    if (code >= 0xDC00 && code < 0xE000) return fail(reader, "a whole character: this is the second half of one");
    if (code >= 0xD800 && code < 0xDC00) {
        if (reader->at[0] != '\\' || reader->at[1] != 'u') return fail(reader, "the second half of the character");
        reader->at += 2;
        if (!read_code(reader, &low)) return false;
        if (low < 0xDC00 || low >= 0xE000) return fail(reader, "the second half of the character");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    *to += put_character(*to, code);
    return true;
}

static bool read_escape(struct reader *reader, char **to) {
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    reader->at++;
    if (*reader->at == 'u') {
        reader->at++;
        return read_unicode(reader, to);
    }
    const char *found = *reader->at == '\0' ? NULL : strchr(from, *reader->at);
    if (found == NULL) return fail(reader, "an escape that JSON has");
    *(*to)++ = into[found - from];
    reader->at++;
    return true;
}

/* Where the string that begins at `at` ends; NULL: nowhere. */
static const char *string_end(const char *at) {
    for (at++; *at != '"'; at++) {
        if (*at == '\\') at++;
        if (*at == '\0') return NULL;
    }
    return at;
}

static bool read_string(struct reader *reader, const char **ret, size_t *ret_length) {
    const char *end = string_end(reader->at);
    if (end == NULL) return fail(reader, "the end of a string that begins here");
    char *text = arena_alloc(reader->arena, (size_t)(end - reader->at)), *to = text;
    reader->at++;
    while (reader->at < end) {
        if ((unsigned char)*reader->at < 0x20) return fail(reader, "no control character within a string: write \\n or \\u0000");
        if (*reader->at == '\\') {
            if (!read_escape(reader, &to)) return false;
            continue;
        }
        size_t size = utf8_character(reader->at, (size_t)(end - reader->at));
        if (size == 0) return fail(reader, "UTF-8");
        memcpy(to, reader->at, size);
        to += size;
        reader->at += size;
    }
    reader->at++;
    *to = '\0';
    *ret = text;
    *ret_length = (size_t)(to - text);
    return true;
}

static const char *digits(const char *at) {
    while (*at >= '0' && *at <= '9') at++;
    return at;
}

static bool read_number(struct reader *reader, struct json *ret) {
    const char *at = reader->at, *from;
    if (*at == '-') at++;
    from = at;
    at = digits(at);
    bool good = at > from && (*from != '0' || at == from + 1);
    if (good && *at == '.') {
        from = ++at;
        at = digits(at);
        good = at > from;
    }
    if (good && (*at == 'e' || *at == 'E')) {
        at++;
        if (*at == '+' || *at == '-') at++;
        from = at;
        at = digits(at);
        good = at > from;
    }
    if (!good) return fail(reader, "a value: null, true, false, a number, a string, [...] or {...}");
    ret->kind = JSON_NUMBER;
    ret->length = (size_t)(at - reader->at);
    ret->text = arena_copy_n(reader->arena, reader->at, ret->length);
    reader->at = at;
    return true;
}

static bool read_value(struct reader *reader, struct json *ret);

static bool read_name(struct reader *reader, const struct json *object, struct json *item) {
    size_t length = 0;
    skip_blanks(reader);
    if (*reader->at != '"') return fail(reader, "a name in quotes");
    if (!read_string(reader, &item->name, &length)) return false;
    if (strlen(item->name) != length) return fail(reader, "a name without \\u0000");
    if (json_member(object, item->name) != NULL) {
        return error_set(reader->error, ERROR_USAGE, "%s names %s twice", reader->what, item->name);
    }
    skip_blanks(reader);
    if (*reader->at != ':') return fail(reader, "a colon");
    reader->at++;
    return true;
}

/* What follows [ or {, up to its end. */
static bool read_items(struct reader *reader, struct json *ret, char end) {
    struct json **place = &ret->first;
    if (++reader->depth > DEPTH_MAX) return fail(reader, "fewer values within values");
    reader->at++;
    skip_blanks(reader);
    bool more = *reader->at != end;
    while (more) {
        struct json *item = arena_alloc(reader->arena, sizeof *item);
        if (end == '}' && !read_name(reader, ret, item)) return false;
        if (!read_value(reader, item)) return false;
        *place = item;
        place = &item->next;
        ret->count++;
        skip_blanks(reader);
        more = *reader->at == ',';
        if (more) reader->at++;
    }
    if (*reader->at != end) return fail(reader, end == '}' ? "a comma or }" : "a comma or ]");
    reader->at++;
    reader->depth--;
    return true;
}

static bool read_value(struct reader *reader, struct json *ret) {
    static const struct {
        const char *word;
        enum json_kind kind;
    } words[] = {{"null", JSON_NULL}, {"false", JSON_FALSE}, {"true", JSON_TRUE}};
    skip_blanks(reader);
    switch (*reader->at) {
    case '"':
        ret->kind = JSON_STRING;
        return read_string(reader, &ret->text, &ret->length);
    case '[':
        ret->kind = JSON_LIST;
        return read_items(reader, ret, ']');
    case '{':
        ret->kind = JSON_OBJECT;
        return read_items(reader, ret, '}');
    default:
        break;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].word);
        if (strncmp(reader->at, words[i].word, length) != 0) continue;
        ret->kind = words[i].kind;
        reader->at += length;
        return true;
    }
    return read_number(reader, ret);
}

bool json_parse(const char *text, const char *what, struct arena *arena, const struct json **ret, struct error *error) {
    struct reader reader = {text, text, what, arena, error, 0};
    struct json *json = arena_alloc(arena, sizeof *json);
    if (!read_value(&reader, json)) return false;
    skip_blanks(&reader);
    if (*reader.at != '\0') return fail(&reader, "its end");
    *ret = json;
    return true;
}

const struct json *json_member(const struct json *object, const char *name) {
    JSON_EACH(item, object) {
        if (strcmp(item->name, name) == 0) return item;
    }
    return NULL;
}

bool json_is_whole(const struct json *number) {
    return strpbrk(number->text, ".eE") == NULL;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Do eight bytes stand in a string as they are? Where one is zero, taking one from it borrows its highest bit. */
static bool is_plain(const char *data) {
    uint64_t word;
    memcpy(&word, data, sizeof word);
    uint64_t quote = word ^ EACH_BYTE * '"', backslash = word ^ EACH_BYTE * '\\';
    uint64_t found = ((word - EACH_BYTE * 0x20) & ~word) | ((quote - EACH_BYTE) & ~quote) | ((backslash - EACH_BYTE) & ~backslash);
    return (found & EACH_BYTE * 0x80) == 0;
}

static bool is_plain_throughout(const char *data, size_t length) {
    size_t at = 0;
    if (length < 8) return false; /* not worth it */
    for (; length - at > 8; at += 8) {
        if (!is_plain(data + at)) return false;
    }
    return is_plain(data + length - 8);
}

void json_add_string(struct text *text, const char *data, size_t length) {
    static const char *const named[] = {['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    size_t from = 0;
    if (is_plain_throughout(data, length)) {
        char *to = text_extend(text, length + 2);
        to[0] = to[length + 1] = '"';
        memcpy(to + 1, data, length);
        return;
    }
    text_add_n(text, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        while (length - i > 8 && is_plain(data + i)) i += 8;
        unsigned char c = (unsigned char)data[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        text_add_n(text, data + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\') {
            char escaped[] = {'\\', (char)c};
            text_add_n(text, escaped, 2);
        } else if (c < sizeof named / sizeof *named && named[c] != NULL) {
            text_add(text, named[c]);
        } else {
            text_addf(text, "\\u%04x", c);
        }
    }
    text_add_n(text, data + from, length - from);
    text_add_n(text, "\"", 1);
}

static void add_items(struct text *text, const struct json *json) {
    JSON_EACH(item, json) {
        if (item != json->first) text_add_n(text, ",", 1);
        if (json->kind == JSON_OBJECT) {
            json_add_string(text, item->name, strlen(item->name));
            text_add_n(text, ":", 1);
        }
        json_add(text, item);
    }
}

void json_add(struct text *text, const struct json *json) {
    switch (json->kind) {
    case JSON_NULL:
        text_add(text, "null");
        break;
    case JSON_FALSE:
        text_add(text, "false");
        break;
    case JSON_TRUE:
        text_add(text, "true");
        break;
    case JSON_NUMBER:
        text_add_n(text, json->text, json->length);
        break;
    case JSON_STRING:
        json_add_string(text, json->text, json->length);
        break;
    case JSON_LIST:
    case JSON_OBJECT:
        text_add_n(text, json->kind == JSON_LIST ? "[" : "{", 1);
        add_items(text, json);
        text_add_n(text, json->kind == JSON_LIST ? "]" : "}", 1);
        break;
    }
}

/* --- comparing -------------------------------------------------------------------------------------------------- */

/* Whole numbers are told apart to the last digit; of others what a double keeps. */
static bool same_number(const struct json *left, const struct json *right) {
    if (strcmp(left->text, right->text) == 0) return true;
    if (json_is_whole(left) && json_is_whole(right)) return false;
    return strtod(left->text, NULL) == strtod(right->text, NULL);
}

static bool same_items(const struct json *left, const struct json *right) {
    const struct json *other = right->first;
    if (left->count != right->count) return false;
    JSON_EACH(item, left) {
        if (left->kind == JSON_OBJECT) other = json_member(right, item->name);
        if (other == NULL || !json_same(item, other)) return false;
        other = other->next;
    }
    return true;
}

bool json_same(const struct json *left, const struct json *right) {
    if (left->kind != right->kind) return false;
    switch (left->kind) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return true;
    case JSON_NUMBER:
        return same_number(left, right);
    case JSON_STRING:
        return left->length == right->length && memcmp(left->text, right->text, left->length) == 0;
    case JSON_LIST:
    case JSON_OBJECT:
        break;
    }
    return same_items(left, right);
}
