#include "store/sql/document.h"

#include <string.h>
#include <strings.h>

/* --- bytes ------------------------------------------------------------------------------------------------------ */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool add_hex(const char *digits, size_t length, struct text *ret) {
    if (length % 2 != 0) return false;
    for (size_t i = 0; i < length; i += 2) {
        int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
        if (high < 0 || low < 0) return false;
        char byte = (char)(high * 16 + low);
        text_add_n(ret, &byte, 1);
    }
    return true;
}

bool document_bytes(const char *text, size_t length, struct text *ret) {
    return length >= 2 && text[0] == '\\' && text[1] == 'x' && add_hex(text + 2, length - 2, ret);
}

void document_add_bytes(struct text *text, const void *data, size_t length) {
    static const char digits[] = "0123456789abcdef";
    text_add(text, "\"\\\\x");
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = ((const unsigned char *)data)[i];
        char pair[] = {digits[byte >> 4], digits[byte & 15]};
        text_add_n(text, pair, 2);
    }
    text_add(text, "\"");
}

void document_add_tagged(struct text *text, const char *tag, const void *data, size_t length) {
    text_addf(text, "{\"%s\":", tag);
    document_add_bytes(text, data, length);
    text_add(text, "}");
}

bool document_tagged(const struct json *value, const char *column, bool *ret_is_text, struct text *ret, struct error *error) {
    const struct json *held = value->kind == JSON_OBJECT && value->count == 1 ? value->first : NULL;
    bool is_text = held != NULL && strcmp(held->name, "text") == 0, is_bytes = held != NULL && strcmp(held->name, "bytes") == 0;
    if ((is_text || is_bytes) && held->kind == JSON_STRING && document_bytes(held->text, held->length, ret)) {
        *ret_is_text = is_text;
        return true;
    }
    return error_set(error, ERROR_USAGE,
                     "column %s: a value is null, true, false, a number or a string; JSON that a column holds is written as a "
                     "string with its text", column);
}

/* --- keys ------------------------------------------------------------------------------------------------------- */

/* 'a''b' at *cursor, into `text`; moves past the closing quote. */
static bool take_quoted(const char **cursor, struct text *text) {
    const char *c = *cursor + 1;
    for (; *c != '\0'; c++) {
        if (*c == '\'' && c[1] != '\'') break;
        if (*c == '\'') c++;
        text_add_n(text, c, 1);
    }
    if (*c != '\'') return false;
    *cursor = c + 1;
    return true;
}

/* X'00ff' or t'00ff' at *cursor: {"bytes": "\\x00ff"} or {"text": ...}. */
static bool take_tagged(const char **cursor, struct arena *arena, struct json *ret) {
    TEXT digits = {0};
    TEXT ignored = {0};
    bool is_text = **cursor == 't';
    ++*cursor;
    if (!take_quoted(cursor, &digits) || !add_hex(text_get(&digits), digits.length, &ignored)) return false;
    struct json *held = arena_alloc(arena, sizeof *held);
    *held = (struct json){.kind = JSON_STRING, .name = is_text ? "text" : "bytes", .length = digits.length + 2};
    held->text = arena_format(arena, "\\x%s", text_get(&digits));
    *ret = (struct json){.kind = JSON_OBJECT, .first = held, .count = 1};
    return true;
}

static bool take_value(const char **cursor, struct arena *arena, struct json *ret) {
    TEXT text = {0};
    char c = **cursor;
    if ((c == 'X' || c == 'x' || c == 't') && (*cursor)[1] == '\'') return take_tagged(cursor, arena, ret);
    if (c == '\'') {
        if (!take_quoted(cursor, &text)) return false;
        if (strncmp(text_get(&text), "\\x", 2) == 0) { /* text all the same: only X'..' are bytes */
            TEXT tagged = {0};
            struct error unused;
            const struct json *parsed;
            document_add_tagged(&tagged, "text", text_get(&text), text.length);
            bool ok = json_parse(text_get(&tagged), "the key", arena, &parsed, &unused);
            if (ok) *ret = *parsed;
            return ok;
        }
        *ret = (struct json){.kind = JSON_STRING, .text = arena_copy_n(arena, text_get(&text), text.length), .length = text.length};
        return true;
    }
    size_t length = strcspn(*cursor, ",");
    *ret = (struct json){.kind = JSON_NUMBER, .text = arena_copy_n(arena, *cursor, length), .length = length};
    *cursor += length;
    return length > 0 && strspn(ret->text, "+-0123456789.eE") == length;
}

bool document_key(const char *key, size_t count, struct arena *arena, const struct json ***ret, struct error *error) {
    struct json *values = ARENA_ARRAY(arena, struct json, count);
    const struct json **list = ARENA_ARRAY(arena, const struct json *, count);
    const char *cursor = key;
    for (size_t i = 0; i < count; i++) {
        bool taken = take_value(&cursor, arena, &values[i]) && *cursor == (i + 1 < count ? ',' : '\0');
        if (!taken) {
            return error_set(error, ERROR_USAGE, "key %s is not %zu SQL value%s: write 42, 'text' or x'00ff', with commas between",
                             key, count, count == 1 ? "" : "s");
        }
        if (*cursor == ',') cursor++;
        list[i] = &values[i];
    }
    *ret = list;
    return true;
}

/* --- documents -------------------------------------------------------------------------------------------------- */

static bool is_plain_type(const struct column *column) {
    const char *type = column->declared == NULL ? "" : column->declared;
    return *type == '\0' || strcasestr(type, "int") != NULL || strcasestr(type, "char") != NULL || strcasestr(type, "text") != NULL ||
           strcasestr(type, "uuid") != NULL;
}

/* A key column that the document names must say what the key says; days and times may be written in several ways. */
static bool check_key(const struct bound_table *table, const struct column *column, const struct json *said, const struct json *key,
                      struct error *error) {
    bool plain = (said->kind == JSON_STRING || said->kind == JSON_NUMBER) && (key->kind == JSON_STRING || key->kind == JSON_NUMBER);
    if (said->kind != JSON_NULL && !plain) return true;
    if (said->kind != JSON_NULL && (!is_plain_type(column) || (said->length == key->length && memcmp(said->text, key->text, key->length) == 0))) {
        return true;
    }
    return error_set(error, ERROR_USAGE, "the document's %s.%s is %s, and the key of the entity is %s: an entity keeps its key; put it "
                     "under the new one and delete this one", table->table->name, column->name,
                     said->kind == JSON_NULL ? "null" : said->text, key->text);
}

static bool read_member(const struct bound_table *table, const struct json *member, const struct json *const *key,
                        struct document_row *row, struct error *error) {
    const struct column *column = sync_column(table, member->name);
    if (column == NULL) {
        return error_set(error, ERROR_USAGE, "the document names %s, which table %s does not have", member->name, table->table->name);
    }
    if (column->generated) return true;
    size_t place = (size_t)(column - table->columns);
    for (size_t i = 0; i < table->table->key.count; i++) {
        if (strcasecmp(table->table->key.items[i], column->name) == 0) return check_key(table, column, member, key[i], error);
    }
    row->values[place] = member;
    return true;
}

static bool read_row(const struct bound_table *table, const struct json *object, const struct json *const *key, struct arena *arena,
                     struct document_row *row, struct error *error) {
    if (object->kind != JSON_OBJECT) {
        return error_set(error, ERROR_USAGE, "the document: a row of table %s is an object of its columns", table->table->name);
    }
    row->values = ARENA_ARRAY(arena, const struct json *, table->column_count);
    JSON_EACH(member, object) {
        if (!read_member(table, member, key, row, error)) return false;
    }
    for (size_t i = 0; i < table->table->key.count; i++) {
        row->values[sync_column(table, table->table->key.items[i]) - table->columns] = key[i];
    }
    return true;
}

static bool read_part(const struct bound_table *table, const struct json *list, const struct json *const *key, struct arena *arena,
                      struct document_part *part, struct error *error) {
    if (list->kind != JSON_LIST) {
        return error_set(error, ERROR_USAGE, "the document: %s is a table, so a list of rows, each an object of its columns",
                         table->table->name);
    }
    part->rows = ARENA_ARRAY(arena, struct document_row, list->count);
    JSON_EACH(object, list) {
        if (!read_row(table, object, key, arena, &part->rows[part->count++], error)) return false;
    }
    return true;
}

static const struct bound_table *table_named(const struct bound_table *tables, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tables[i].table->name, name) == 0) return &tables[i];
    }
    return NULL;
}

bool document_read(const struct bound_table *tables, size_t count, bool single, const struct json *const *key, const char *text,
                   struct arena *arena, struct document_part **ret, struct error *error) {
    const struct json *document;
    struct document_part *parts = ARENA_ARRAY(arena, struct document_part, count);
    if (!json_parse(text, "the document", arena, &document, error)) return false;
    if (document->kind != JSON_OBJECT) {
        return error_set(error, ERROR_USAGE, "the document is to be an object of %s",
                         single ? "the columns of its row" : "tables, each a list of rows");
    }
    if (single) {
        parts[0] = (struct document_part){.rows = ARENA_ARRAY(arena, struct document_row, 1), .count = 1};
        *ret = parts;
        return read_row(&tables[0], document, key, arena, &parts[0].rows[0], error);
    }
    JSON_EACH(member, document) {
        const struct bound_table *table = table_named(tables, count, member->name);
        if (table == NULL) return error_set(error, ERROR_USAGE, "the document names %s, and no table of this shape is called so", member->name);
        if (!read_part(table, member, key, arena, &parts[table - tables], error)) return false;
    }
    *ret = parts;
    return true;
}
