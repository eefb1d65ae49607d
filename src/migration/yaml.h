/* YAML as a tree of nodes that know where they stand, so that whoever reads them can say file:line:column.
 *
 * Only what a definition file needs is let in: one document of maps, lists and texts. Anchors, aliases, tags and
 * directives are refused (an alias could stand for a million nodes), and so are lines that YAML would fold into one:
 * a text of several lines is a block after '|'. Depth and size are bounded. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#define YAML_BYTES_MAX (1024 * 1024)
#define YAML_NODES_MAX 4096
#define YAML_DEPTH_MAX 8

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    const char *file;
    int line, column;          /* from 1; columns are characters, not bytes */
    const char *text;          /* of a YAML_TEXT: never NULL, "" when the file gives no value */
    struct yaml *key;          /* of a value in a map: its key; NULL elsewhere */
    struct yaml *first, *next; /* a list's or map's members, in the file's order; no key comes twice */
    size_t count;
};

/* The tree lives in the arena. `file` is what messages call it. */
MUST_USE bool yaml_parse(struct arena *arena, const char *file, const char *text, size_t length, struct yaml **ret,
                         struct error *error);

/* The value of a key; NULL when the map has no such key. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/* ERROR_DEFINITION, "file:line:column: ..."; returns false. */
bool yaml_fail(const struct yaml *at, struct error *error, const char *format, ...) PRINTF_LIKE(3, 4);

/* What a message shows of a text: its first line, cut short between two characters. */
struct excerpt {
    char text[96];
};
struct excerpt excerpt(const char *text);
