#include "migration/yaml.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* libyaml is asked for events, not for a document: then it builds nothing, resolves nothing, and the tree below
 * is all the memory that a file can claim. */
struct reader {
    struct arena *arena;
    yaml_parser_t parser;
    const char *file;
    const char *text; /* the file, ending in LF */
    size_t length;
    const char *rest; /* what follows the lines that block_locate has passed */
    int passed;       /* how many those are */
    int line, column; /* of what was read last */
    size_t nodes;
    struct error *error;
};

struct event {
    yaml_event_type_t type;
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

/* No control character, and none that ends a line for YAML 1.1 but not for an editor. */
static bool character_allowed(uint32_t code) {
    if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
    if (code >= 0x7F && code <= 0x9F) return false;
    if (code == 0x2028 || code == 0x2029) return false;
    if (code >= 0xD800 && code <= 0xDFFF) return false;
    return code <= 0x10FFFF && code != 0xFFFE && code != 0xFFFF;
}

/* The bytes of the UTF-8 character that `text` begins with; 0 if it is none, or one that is not allowed. */
static size_t character_bytes(const char *text, size_t left) {
    static const uint32_t least[] = {[1] = 0, [2] = 0x80, [3] = 0x800, [4] = 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    if (left == 0 || (byte[0] >= 0x80 && byte[0] < 0xC0) || byte[0] >= 0xF8) return 0;
    size_t bytes = byte[0] < 0x80 ? 1 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    uint32_t code = bytes == 1 ? byte[0] : byte[0] & (0x7FU >> bytes);
    if (bytes > left) return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((byte[i] & 0xC0) != 0x80) return 0;
        code = code << 6 | (byte[i] & 0x3F);
    }
    return code >= least[bytes] && character_allowed(code) ? bytes : 0;
}

/* The bytes of the line end that `text` begins with; 0 if it begins with none. */
static size_t line_end(const char *text) {
    if (text[0] == '\r') return text[1] == '\n' ? 2 : 1;
    return text[0] == '\n' ? 1 : 0;
}

struct excerpt excerpt(const char *text) {
    static const char dots[] = "...";
    struct excerpt shown = {{0}};
    size_t left = strlen(text), used = 0;
    for (size_t bytes; left > 0; text += bytes, left -= bytes, used += bytes) {
        bytes = line_end(text) > 0 ? 0 : character_bytes(text, left);
        if (bytes == 0 || used + bytes + sizeof dots > sizeof shown.text) {
            memcpy(shown.text + used, dots, sizeof dots);
            break;
        }
        memcpy(shown.text + used, text, bytes);
    }
    return shown;
}

/* The characters of the file, which messages quote, and so does JSON output: libyaml would tell at which byte one is
 * wrong, but not in which line. And no directives, since libyaml compares each with all those before it. */
static bool characters_check(struct reader *reader) {
    for (size_t at = 0, bytes; at < reader->length; at += bytes) {
        const char *text = reader->text + at;
        bytes = line_end(text);
        if (bytes > 0) {
            reader->line++;
            reader->column = 1;
            continue;
        }
        bytes = character_bytes(text, reader->length - at);
        if (bytes == 0) {
            return reader_fail(reader, "the byte 0x%02x; expected UTF-8 text without control characters",
                               (unsigned char)text[0]);
        }
        if (reader->column == 1 && text[0] == '%') {
            return reader_fail(reader, "a directive (a line that begins with '%%'); expected the definition alone");
        }
        reader->column++;
    }
    reader->line = reader->column = 1;
    return true;
}

static void reader_locate(struct reader *reader, const yaml_mark_t *mark) {
    reader->line = (int)mark->line + 1;
    reader->column = (int)mark->column + 1;
}

/* libyaml gave up: where, and what it was about since when. */
static bool syntax_fail(struct reader *reader) {
    const yaml_parser_t *parser = &reader->parser;
    char context[128] = "";
    if (parser->error == YAML_MEMORY_ERROR) abort(); /* as in the arena */
    if (parser->context != NULL) {
        snprintf(context, sizeof context, " %s (line %zu)", parser->context, parser->context_mark.line + 1);
    }
    reader_locate(reader, &parser->problem_mark);
    return reader_fail(reader, "this is not YAML: %s%s; expected YAML (SQL is best written as a block after '|')",
                       parser->problem, context);
}

/* From the '|' on to the first character of its text, in the next line that is not blank. */
static void block_locate(struct reader *reader) {
    size_t blanks = 0;
    while (reader->passed < reader->line || line_end(reader->rest + blanks) > 0) {
        reader->rest += strcspn(reader->rest, "\r\n");
        reader->rest += line_end(reader->rest);
        reader->passed++;
        blanks = strspn(reader->rest, " ");
    }
    reader->line = reader->passed + 1;
    reader->column = (int)blanks + 1;
}

static bool node_new(struct reader *reader, enum yaml_kind kind, struct yaml **ret) {
    if (++reader->nodes > YAML_NODES_MAX) {
        return reader_fail(reader, "too many values; expected at most %d keys and values", YAML_NODES_MAX);
    }
    struct yaml *node = ARENA_ARRAY(reader->arena, struct yaml, 1);
    *node = (struct yaml){.kind = kind, .file = reader->file, .line = reader->line, .column = reader->column};
    *ret = node;
    return true;
}

/* Nothing is folded: a line of SQL that ends in a -- comment would swallow the next one. */
static bool text_new(struct reader *reader, const yaml_event_t *event, struct yaml **ret) {
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    yaml_scalar_style_t style = event->data.scalar.style;
    bool block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    bool lines = event->start_mark.line != event->end_mark.line;
    if (block) block_locate(reader);
    if (lines && style != YAML_LITERAL_SCALAR_STYLE) {
        return reader_fail(reader, "a text of several lines; expected its end in this line, or a block after '|'");
    }
    for (size_t at = 0, bytes; at < length; at += bytes) { /* what came of escapes such as "\0" */
        bytes = character_bytes(text + at, length - at);
        if (bytes == 0) return reader_fail(reader, "an escaped control character; expected text without them");
    }
    if (!node_new(reader, YAML_TEXT, ret)) return false;
    (*ret)->text = arena_copy_n(reader->arena, text, length);
    return true;
}

/* What libyaml lets through and a definition has no use for. */
static bool plain_check(struct reader *reader, const yaml_char_t *anchor, const yaml_char_t *tag) {
    if (anchor != NULL) return reader_fail(reader, "an anchor or alias; expected the value itself, written out");
    if (tag == NULL) return true;
    return reader_fail(reader, "a tag (a word after '!'); expected the value alone, or in quotes");
}

static bool event_copy(struct reader *reader, const yaml_event_t *from, struct event *to) {
    *to = (struct event){.type = from->type};
    reader_locate(reader, &from->start_mark);
    switch (from->type) {
    case YAML_SCALAR_EVENT:
        return plain_check(reader, from->data.scalar.anchor, from->data.scalar.tag) &&
               text_new(reader, from, &to->node);
    case YAML_SEQUENCE_START_EVENT:
        return plain_check(reader, from->data.sequence_start.anchor, from->data.sequence_start.tag) &&
               node_new(reader, YAML_LIST, &to->node);
    case YAML_MAPPING_START_EVENT:
        return plain_check(reader, from->data.mapping_start.anchor, from->data.mapping_start.tag) &&
               node_new(reader, YAML_MAP, &to->node);
    case YAML_ALIAS_EVENT:
        return plain_check(reader, from->data.alias.anchor, NULL);
    default:
        return true;
    }
}

static bool event_next(struct reader *reader, struct event *ret) {
    yaml_event_t event;
    if (!yaml_parser_parse(&reader->parser, &event)) return syntax_fail(reader);
    bool copied = event_copy(reader, &event, ret);
    yaml_event_delete(&event);
    return copied;
}

static bool key_check(struct reader *reader, const struct yaml *map, const struct yaml *key) {
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
        if (event.node == NULL) return true; /* the end of the parent */
        if (parent->kind == YAML_MAP) {
            key = event.node;
            if (!key_check(reader, parent, key) || !event_next(reader, &event)) return false;
        }
        assert(event.node != NULL); /* a key always has a value, though it may be empty */
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
    if (event.type == YAML_STREAM_END_EVENT) {
        reader->line = reader->column = 1;
        return reader_fail(reader, "the file is empty; expected a definition, 'migration: NAME' and so on");
    }
    if (!event_next(reader, &root)) return false;
    assert(root.node != NULL);
    if (!members_read(reader, root.node, 1) || !event_next(reader, &event) || !event_next(reader, &event)) return false;
    if (event.type != YAML_STREAM_END_EVENT) {
        return reader_fail(reader, "another document follows after '---'; expected one migration in a file");
    }
    *ret = root.node;
    return true;
}

bool yaml_parse(struct arena *arena, const char *file, const char *text, size_t length, struct yaml **ret,
                struct error *error) {
    struct reader reader = {.arena = arena, .file = file, .line = 1, .column = 1, .error = error};
    if (length > YAML_BYTES_MAX) {
        return reader_fail(&reader, "the file is larger than 1 MiB; expected a definition, which is a page or two");
    }
    char *ended = arena_alloc(arena, length + 2);
    if (length > 0) memcpy(ended, text, length);
    /* A block that the end of the file cuts short is whole all the same. */
    if (length == 0 || text[length - 1] != '\n') ended[length++] = '\n';
    reader.text = reader.rest = ended;
    reader.length = length;
    if (!characters_check(&reader)) return false;
    if (!yaml_parser_initialize(&reader.parser)) abort(); /* out of memory, as in the arena */
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)ended, length);
    bool read = document_read(&reader, ret);
    yaml_parser_delete(&reader.parser);
    return read;
}
