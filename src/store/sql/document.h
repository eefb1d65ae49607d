/* Documents as rows: what a document says of each table of a shape. docs/proxy.md has the form. */
#pragma once

#include "base/json.h"
#include "store/sql/sync.h"

struct document_row {
    const struct json **values; /* by column of the table; NULL: the document does not name it */
};
struct document_part {
    struct document_row *rows;
    size_t count;
};

/* A key's text taken apart: numbers, strings, {"bytes": "\\x.."}; `count` of them, in the arena. */
MUST_USE bool document_key(const char *key, size_t count, struct arena *arena, const struct json ***ret, struct error *error);

/* `single`: the document is the one row of the one table. Rows get the key's values in their key columns, and columns that the
 * store computes are left out. *ret: by table. */
MUST_USE bool document_read(const struct bound_table *tables, size_t count, bool single, const struct json *const *key,
                            const char *text, struct arena *arena, struct document_part **ret, struct error *error);

/* Is it the document of one row? Of a shape of one table in which the key is unique. */
static inline bool document_is_single(const struct bound_table *tables, size_t count) {
    return count == 1 && tables[0].sole;
}

/* The bytes of a string "\x6869"; false: it is none. */
bool document_bytes(const char *text, size_t length, struct text *ret);
/* {"bytes": "\\x.."} or {"text": "\\x.."}: a value of another kind than its column's; appends what it holds. */
MUST_USE bool document_tagged(const struct json *value, const char *column, bool *ret_is_text, struct text *ret, struct error *error);
/* Appends such a value, and the bare "\\x6869". */
void document_add_bytes(struct text *text, const void *data, size_t length);
void document_add_tagged(struct text *text, const char *tag, const void *data, size_t length);
