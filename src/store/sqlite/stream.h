/* Rows as they travel between two stores (store.h): as text, which every store reads, or raw between two SQLite files, where
 * every value keeps its kind: a row is the number of its fields (2 bytes), then each field's letter (n, i, r, t, b) with what
 * follows it (nothing; 8 bytes; 8 bytes; 4 bytes of length and the bytes). Numbers are little-endian. */
#pragma once

#include <sqlite3.h>

#include "base/text.h"
#include "store/sqlite/number.h"

/* What both ends call the raw form. */
#define STREAM_RAW "sqlite"

enum field_kind {
    FIELD_NULL,
    FIELD_WRITTEN, /* as text travels: of whatever kind */
    FIELD_INTEGER,
    FIELD_REAL,
    FIELD_TEXT,
    FIELD_BYTES,
};

struct field {
    enum field_kind kind;
    int64_t integer;
    double real;
    const char *data; /* WRITTEN, TEXT, BYTES: borrowed until the visitor returns */
    size_t size;
};

/* Appends the statement's row. *ret_column: of a text with a NUL byte, which the text form cannot carry; then it is false. */
MUST_USE bool stream_write(struct text *text, sqlite3_stmt *statement, bool raw, int *ret_column);

typedef bool row_visit(void *context, const struct field *fields, struct error *error);

/* Takes a stream in pieces and gives out its rows. */
struct stream_reader {
    size_t columns;
    bool raw;
    row_visit *visit;
    void *context;
    struct field *fields; /* columns of them; the reader's owner gives and frees them */
    struct text rest;     /* the beginning of a row whose end has not come yet */
    struct text scratch;  /* of a row as text: its fields without escapes */
    int64_t rows;
};

/* Whatever is no such stream is an error, ERROR_STORE. */
MUST_USE bool stream_feed(struct stream_reader *reader, const char *data, size_t size, struct error *error);
MUST_USE bool stream_end(struct stream_reader *reader, struct error *error); /* it ends here: not within a row */
void stream_reset(struct stream_reader *reader);                            /* frees what it holds itself */
