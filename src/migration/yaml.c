#include "migration/yaml.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* libfyaml is asked for events, not for a document: then it builds nothing, resolves nothing, and the tree
 * below is all the memory that a file can claim.
 *
 * What libfyaml 0.7.12 gets wrong (found by test/fuzz, and by comparison with another parser) is kept from it:
 * - it loops for ever on some bytes that are not UTF-8, which are refused first;
 * - its time grows with the square of blank lines in a row, so those are bounded;
 * - whether a block ends in a line end, when the end of the file cuts it short, depends on memory that it never
 *   set, so the file always ends in one;
 * - it folds some lines wrongly, so nothing is folded: a text of several lines must be a block after '|'. In SQL
 *   folding would be a trap anyway, since a line that ends in a -- comment swallows the next one;
 * - it reads '''' in single quotes as three quotes, so single quotes are undone here. */
struct reader {
    struct arena *arena;
    struct fy_parser *parser;
    struct fy_diag *diag; /* collects what libfyaml would print on stderr */
    const char *file;
    const char *text; /* the file, ending in LF */
    size_t length;
    int line, column; /* of the last node: where an empty value, which has no place of its own, is reported */
    size_t nodes;
    struct error *error;
};

struct event {
    enum fy_event_type type;
    struct yaml *node; /* of a text, list or map that begins; NULL for other events */
};

static void fail_at(const char *file, int line, int column, struct error *error, const char *format,
                    va_list arguments) {
    char message[sizeof error->message];
    vsnprintf(message, sizeof message, format, arguments);
    error_set(error, ERROR_DEFINITION, "%s:%d:%d: %s", file, line, column, message);
}

bool yaml_fail(const struct yaml *at, struct error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail_at(at->file, at->line, at->column, error, format, arguments);
    va_end(arguments);
    return false;
}

/* Fails at the last place read. */
PRINTF_LIKE(2, 3) static bool reader_fail(const struct reader *reader, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail_at(reader->file, reader->line, reader->column, reader->error, format, arguments);
    va_end(arguments);
    return false;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key) {
    for (const struct yaml *value = map->first; value != NULL; value = value->next) {
        if (strcmp(value->key->text, key) == 0) return value;
    }
    return NULL;
}

/* The bytes of the UTF-8 character that `text` begins with; 0 if it is none, or a control character. */
static size_t character_bytes(const char *text, size_t left) {
    const unsigned char *byte = (const unsigned char *)text;
    if (left == 0) return 0;
    if (byte[0] < 0x80) return byte[0] >= 0x20 || byte[0] == '\t' || byte[0] == '\n' || byte[0] == '\r';
    size_t bytes = byte[0] >= 0xF0 ? 4 : byte[0] >= 0xE0 ? 3 : 2;
    if (byte[0] < 0xC2 || byte[0] > 0xF4 || bytes > left) return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((byte[i] & 0xC0) != 0x80) return 0;
    }
    bool overlong = (byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xF0 && byte[1] < 0x90);
    bool surrogate = byte[0] == 0xED && byte[1] > 0x9F;
    bool beyond = byte[0] == 0xF4 && byte[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : bytes;
}

struct excerpt excerpt(const char *text) {
    static const char dots[] = "...";
    struct excerpt shown = {{0}};
    size_t left = strlen(text), used = 0;
    for (size_t bytes; left > 0; text += bytes, left -= bytes, used += bytes) {
        bytes = *text == '\n' ? 0 : character_bytes(text, left);
        if (bytes == 0 || used + bytes + sizeof dots > sizeof shown.text) {
            memcpy(shown.text + used, dots, sizeof dots);
            break;
        }
        memcpy(shown.text + used, text, bytes);
    }
    return shown;
}

/* Moves on by the character at `at`. A line ends in LF, CR LF or CR. */
static void reader_pass(struct reader *reader, size_t at) {
    const char *text = reader->text + at;
    reader->column++;
    if (text[0] != '\n' && (text[0] != '\r' || text[1] == '\n')) return; /* text[1] exists: text ends in LF */
    reader->line++;
    reader->column = 1;
}

/* The file must be UTF-8 without control characters: messages quote it, and so does JSON output. */
static bool characters_check(struct reader *reader) {
    for (size_t at = 0, bytes, blanks = 0; at < reader->length; at += bytes) {
        bytes = character_bytes(reader->text + at, reader->length - at);
        if (bytes == 0) {
            return reader_fail(reader, "the byte 0x%02x; expected UTF-8 text without control characters",
                               (unsigned char)reader->text[at]);
        }
        reader_pass(reader, at);
        blanks = strchr(" \t\r\n", reader->text[at]) == NULL ? 0 : blanks + 1;
        if (blanks > YAML_BLANKS_MAX) {
            return reader_fail(reader, "too much empty space; expected at most %d blanks in a row", YAML_BLANKS_MAX);
        }
    }
    reader->line = reader->column = 1;
    return true;
}

/* libfyaml gave up: its first complaint tells why. */
static bool syntax_fail(struct reader *reader) {
    void *iterator = NULL;
    const struct fy_diag_error *found = fy_diag_errors_iterate(reader->diag, &iterator);
    if (found == NULL) return reader_fail(reader, "this is not YAML from here on; expected YAML 1.2");
    reader->line = found->line;
    reader->column = found->column;
    return reader_fail(reader, "this is not YAML: %s; expected YAML (SQL is best written as a block after '|')",
                       excerpt(found->msg).text);
}

/* Where a token begins, as a person would say: at the quote, or at a block's first character. */
static void reader_locate(struct reader *reader, struct fy_token *token) {
    const struct fy_mark *mark = token == NULL ? NULL : fy_token_start_mark(token);
    if (mark == NULL) return;
    reader->line = mark->line + 1;
    reader->column = mark->column + 1;
    enum fy_scalar_style style = fy_token_scalar_style(token);
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) reader->column--;
    if (style != FYSS_LITERAL && style != FYSS_FOLDED) return;
    for (size_t at = mark->input_pos; at < reader->length && strchr(" \r\n", reader->text[at]) != NULL; at++) {
        reader_pass(reader, at);
    }
}

/* The text in single quotes that begins at `at`: two quotes stand for one, a single one ends it. */
static void quoted_add(const struct reader *reader, size_t at, struct text *text) {
    for (const char *next = reader->text + at; *next != '\0'; next++) {
        if (*next == '\'' && *++next != '\'') return;
        text_add_n(text, next, 1);
    }
}

/* Any other text. By an iterator, because fy_token_get_text leaks memory. */
static void token_add(struct fy_token *token, struct text *text) {
    struct fy_token_iter *iterator = fy_token_iter_create(token);
    if (iterator == NULL) abort(); /* out of memory, as in the arena */
    const struct fy_iter_chunk *chunk = NULL;
    while ((chunk = fy_token_iter_chunk_next(iterator, chunk, NULL)) != NULL) text_add_n(text, chunk->str, chunk->len);
    fy_token_iter_destroy(iterator);
}

static bool text_read(struct reader *reader, struct fy_token *token, const char **ret) {
    TEXT text = {0};
    const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);
    enum fy_scalar_style style = fy_token_scalar_style(token);
    bool lines = start != NULL && end != NULL && start->line != end->line;
    if (style == FYSS_FOLDED || (lines && style != FYSS_LITERAL)) {
        return reader_fail(reader, "a text of several lines; expected a block after '|', which keeps them as they are");
    }
    if (style == FYSS_SINGLE_QUOTED && start != NULL) {
        quoted_add(reader, start->input_pos, &text);
    } else {
        token_add(token, &text);
    }
    for (size_t at = 0, bytes; at < text.length; at += bytes) { /* what came of escapes such as "\0" */
        bytes = character_bytes(text.data + at, text.length - at);
        if (bytes == 0) return reader_fail(reader, "an escaped control character; expected text without them");
    }
    *ret = arena_copy(reader->arena, text_get(&text));
    return true;
}

static bool node_new(struct reader *reader, enum yaml_kind kind, struct fy_token *token, struct yaml **ret) {
    reader_locate(reader, token);
    if (++reader->nodes > YAML_NODES_MAX) {
        return reader_fail(reader, "too many values; expected at most %d keys and values", YAML_NODES_MAX);
    }
    struct yaml *node = ARENA_ARRAY(reader->arena, struct yaml, 1);
    *node = (struct yaml){.kind = kind, .file = reader->file, .line = reader->line, .column = reader->column};
    *ret = node;
    if (kind != YAML_TEXT) return true;
    node->text = "";
    return token == NULL || text_read(reader, token, &node->text);
}

/* What libfyaml lets through and a definition has no use for. */
static bool plain_check(struct reader *reader, struct fy_token *anchor, struct fy_token *tag) {
    if (anchor == NULL && tag == NULL) return true;
    reader_locate(reader, anchor != NULL ? anchor : tag);
    if (anchor != NULL) return reader_fail(reader, "an anchor or alias; expected the value itself, written out");
    return reader_fail(reader, "a tag (a word after '!'); expected the value alone, or in quotes");
}

static bool event_copy(struct reader *reader, const struct fy_event *from, struct event *to) {
    *to = (struct event){.type = from->type};
    switch (from->type) {
    case FYET_SCALAR:
        return plain_check(reader, from->scalar.anchor, from->scalar.tag) &&
               node_new(reader, YAML_TEXT, from->scalar.value, &to->node);
    case FYET_SEQUENCE_START:
        return plain_check(reader, from->sequence_start.anchor, from->sequence_start.tag) &&
               node_new(reader, YAML_LIST, from->sequence_start.sequence_start, &to->node);
    case FYET_MAPPING_START:
        return plain_check(reader, from->mapping_start.anchor, from->mapping_start.tag) &&
               node_new(reader, YAML_MAP, from->mapping_start.mapping_start, &to->node);
    case FYET_ALIAS:
        return plain_check(reader, from->alias.anchor, NULL);
    default:
        return true;
    }
}

static bool event_next(struct reader *reader, struct event *ret) {
    struct fy_event *event = fy_parser_parse(reader->parser);
    if (event == NULL) return syntax_fail(reader);
    bool copied = event_copy(reader, event, ret);
    fy_parser_event_free(reader->parser, event);
    return copied;
}

static bool key_check(struct reader *reader, const struct yaml *map, const struct yaml *key) {
    if (key == NULL) return syntax_fail(reader);
    if (key->kind != YAML_TEXT || key->text[0] == '\0') {
        return yaml_fail(key, reader->error, "a key that is no name; expected 'name: value'");
    }
    const struct yaml *twin = yaml_get(map, key->text);
    if (twin == NULL) return true;
    return yaml_fail(key, reader->error, "a second '%s', after the one in line %d; expected each key once",
                     excerpt(key->text).text, twin->key->line);
}

/* Reads the members of a list or map whose beginning was read already. Recursion is bounded by YAML_DEPTH_MAX. */
static bool members_read(struct reader *reader, struct yaml *parent, int depth) {
    if (parent->kind == YAML_TEXT) return true;
    if (depth > YAML_DEPTH_MAX) {
        return yaml_fail(parent, reader->error, "nested too deep; expected at most %d levels", YAML_DEPTH_MAX);
    }
    for (struct yaml **tail = &parent->first;; tail = &(*tail)->next, parent->count++) {
        struct event event = {0};
        struct yaml *key = NULL;
        if (!event_next(reader, &event)) return false;
        if (event.type == FYET_MAPPING_END || event.type == FYET_SEQUENCE_END) return true;
        if (parent->kind == YAML_MAP) {
            key = event.node;
            if (!key_check(reader, parent, key) || !event_next(reader, &event)) return false;
        }
        if (event.node == NULL) return syntax_fail(reader);
        if (!members_read(reader, event.node, depth + 1)) return false;
        event.node->key = key;
        *tail = event.node;
    }
}

/* The events of a file with one document: stream start, document start, the root, document end, stream end. */
static bool document_read(struct reader *reader, struct yaml **ret) {
    struct event event = {0}, root = {0};
    if (!event_next(reader, &event)) return false;
    if (!event_next(reader, &event)) return false;
    if (event.type == FYET_STREAM_END) {
        return reader_fail(reader, "the file is empty; expected a definition, 'migration: NAME' and so on");
    }
    if (!event_next(reader, &root)) return false;
    if (root.node == NULL) return syntax_fail(reader);
    if (!members_read(reader, root.node, 1) || !event_next(reader, &event) || !event_next(reader, &event)) return false;
    if (event.type != FYET_STREAM_END) {
        return reader_fail(reader, "another document follows after '---'; expected one migration in a file");
    }
    *ret = root.node;
    return true;
}

static void reader_open(struct reader *reader) {
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    reader->diag = fy_diag_create(&quiet);
    if (reader->diag == NULL) abort(); /* out of memory, as in the arena */
    fy_diag_set_collect_errors(reader->diag, true);
    struct fy_parse_cfg settings = {.flags = FYPCF_QUIET | FYPCF_JSON_NONE, .diag = reader->diag};
    reader->parser = fy_parser_create(&settings);
    if (reader->parser == NULL || fy_parser_set_string(reader->parser, reader->text, reader->length) != 0) abort();
}

bool yaml_parse(struct arena *arena, const char *file, const char *text, size_t length, struct yaml **ret,
                struct error *error) {
    struct reader reader = {.arena = arena, .file = file, .line = 1, .column = 1, .error = error};
    if (length > YAML_BYTES_MAX) {
        return reader_fail(&reader, "the file is larger than 1 MiB; expected a definition, which is a page or two");
    }
    char *ended = arena_alloc(arena, length + 2);
    if (length > 0) memcpy(ended, text, length);
    if (length == 0 || text[length - 1] != '\n') ended[length++] = '\n';
    reader.text = ended;
    reader.length = length;
    if (!characters_check(&reader)) return false;
    reader_open(&reader);
    bool read = document_read(&reader, ret);
    fy_parser_destroy(reader.parser);
    fy_diag_destroy(reader.diag);
    return read;
}
