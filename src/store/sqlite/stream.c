#include "store/sqlite/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* No value of SQLite's is longer. */
#define FIELD_BYTES_MAX 1000000000u

/* --- writing ---------------------------------------------------------------------------------------------------- */

static size_t write_integer(int64_t value, char text[24]) {
    char digits[24];
    size_t count = 0, at = 0;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) text[at++] = '-';
    while (count > 0) text[at++] = digits[--count];
    return at;
}

/* The letter that stands for a byte behind a backslash; 0: the byte stands for itself. */
static char escape_of(unsigned char byte) {
    switch (byte) {
    case '\\': return '\\';
    case '\t': return 't';
    case '\n': return 'n';
    case '\r': return 'r';
    default: return 0;
    }
}

static bool write_escaped(struct text *text, const char *data, size_t size) {
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)data[i];
        if (byte > '\r' && byte != '\\') continue;
        char letter = escape_of(byte);
        if (byte == '\0') return false;
        if (letter == 0) continue;
        char pair[2] = {'\\', letter};
        text_add_n(text, data + from, i - from);
        text_add_n(text, pair, 2);
        from = i + 1;
    }
    text_add_n(text, data + from, size - from);
    return true;
}

static void write_hex(struct text *text, const unsigned char *data, size_t size) {
    static const char digits[] = "0123456789abcdef";
    char piece[512];
    text_add_n(text, "\\\\x", 3);
    while (size > 0) {
        size_t some = size < sizeof piece / 2 ? size : sizeof piece / 2;
        for (size_t i = 0; i < some; i++) {
            piece[2 * i] = digits[data[i] >> 4];
            piece[2 * i + 1] = digits[data[i] & 15];
        }
        text_add_n(text, piece, 2 * some);
        data += some;
        size -= some;
    }
}

static bool write_value(struct text *text, sqlite3_stmt *statement, int column) {
    char number[REAL_TEXT_BYTES];
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        text_add_n(text, "\\N", 2);
        return true;
    case SQLITE_INTEGER:
        text_add_n(text, number, write_integer(sqlite3_column_int64(statement, column), number));
        return true;
    case SQLITE_FLOAT:
        text_add_n(text, number, real_write(sqlite3_column_double(statement, column), number));
        return true;
    case SQLITE_BLOB: {
        const unsigned char *data = sqlite3_column_blob(statement, column);
        write_hex(text, data, (size_t)sqlite3_column_bytes(statement, column));
        return true;
    }
    default: {
        const char *data = (const char *)sqlite3_column_text(statement, column);
        return write_escaped(text, data, (size_t)sqlite3_column_bytes(statement, column));
    }
    }
}

static void add_little(struct text *text, uint64_t value, size_t bytes) {
    char data[8];
    for (size_t i = 0; i < bytes; i++) data[i] = (char)(value >> (8 * i));
    text_add_n(text, data, bytes);
}

static void add_bytes(struct text *text, char letter, const void *data, size_t size) {
    text_add_n(text, &letter, 1);
    add_little(text, size, 4);
    if (size > 0) text_add_n(text, data, size);
}

static void write_raw(struct text *text, sqlite3_stmt *statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        text_add_n(text, "n", 1);
        break;
    case SQLITE_INTEGER:
        text_add_n(text, "i", 1);
        add_little(text, (uint64_t)sqlite3_column_int64(statement, column), 8);
        break;
    case SQLITE_FLOAT: {
        double value = sqlite3_column_double(statement, column);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        text_add_n(text, "r", 1);
        add_little(text, bits, 8);
        break;
    }
    case SQLITE_BLOB: {
        const void *data = sqlite3_column_blob(statement, column);
        add_bytes(text, 'b', data, (size_t)sqlite3_column_bytes(statement, column));
        break;
    }
    default: {
        const void *data = sqlite3_column_text(statement, column);
        add_bytes(text, 't', data, (size_t)sqlite3_column_bytes(statement, column));
    }
    }
}

bool stream_write(struct text *text, sqlite3_stmt *statement, bool raw, int *ret_column) {
    int columns = sqlite3_data_count(statement);
    if (raw) add_little(text, (uint64_t)columns, 2);
    for (int i = 0; i < columns; i++) {
        if (raw) {
            write_raw(text, statement, i);
            continue;
        }
        if (i > 0) text_add_n(text, "\t", 1);
        if (!write_value(text, statement, i)) {
            *ret_column = i;
            return false;
        }
    }
    if (!raw) text_add_n(text, "\n", 1);
    return true;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static bool malformed(const struct stream_reader *reader, const char *what, struct error *error) {
    return error_set(error, ERROR_STORE, "what arrived from the other store is no stream of rows: row %" PRId64 " %s. Nothing of it was "
                     "written: run the same command again, and if it comes again, report it",
                     reader->rows + 1, what);
}

/* The byte that a letter behind a backslash stands for; 0: none. */
static char unescape(char letter) {
    switch (letter) {
    case '\\': return '\\';
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'v': return '\v';
    default: return 0;
    }
}

static bool read_written(struct stream_reader *reader, const char *data, size_t size, struct field *ret, struct error *error) {
    *ret = (struct field){.kind = FIELD_WRITTEN, .data = data, .size = size};
    if (size == 2 && data[0] == '\\' && data[1] == 'N') {
        *ret = (struct field){.kind = FIELD_NULL};
        return true;
    }
    if (memchr(data, '\\', size) == NULL) return true;
    char *to = reader->scratch.data + reader->scratch.length; /* room for the whole row is there */
    ret->data = to;
    for (size_t i = 0; i < size; i++) {
        char byte = data[i];
        if (byte == '\\') {
            byte = '\0';
            if (++i < size) byte = unescape(data[i]);
            if (byte == '\0') return malformed(reader, "has a backslash that means nothing", error);
        }
        *to++ = byte;
    }
    ret->size = (size_t)(to - ret->data);
    reader->scratch.length += ret->size;
    return true;
}

static void make_room(struct text *scratch, size_t size) {
    if (scratch->capacity <= size) {
        text_clear(scratch);
        while (scratch->length < size) text_add_n(scratch, "                                                                ", 64);
    }
    text_clear(scratch);
}

/* One row without its line feed. */
static bool read_line(struct stream_reader *reader, const char *line, size_t size, struct error *error) {
    const char *end = line + size;
    if (memchr(line, '\0', size) != NULL) return malformed(reader, "has a NUL byte", error);
    make_room(&reader->scratch, size);
    for (size_t i = 0; i < reader->columns; i++) {
        const char *tab = line == NULL ? NULL : memchr(line, '\t', (size_t)(end - line));
        if ((tab == NULL) != (i + 1 == reader->columns)) return malformed(reader, "has not as many fields as there are columns", error);
        const char *until = tab == NULL ? end : tab;
        if (!read_written(reader, line, (size_t)(until - line), &reader->fields[i], error)) return false;
        line = until + 1;
    }
    if (!reader->visit(reader->context, reader->fields, error)) return false;
    reader->rows++;
    return true;
}

static uint64_t little(const char *data, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) value |= (uint64_t)(unsigned char)data[i] << (8 * i);
    return value;
}

/* *ret_size: how long it is, 0 while its end has not come. */
static bool read_raw_field(const struct stream_reader *reader, const char *data, size_t size, struct field *ret, size_t *ret_size,
                           struct error *error) {
    *ret_size = 0;
    if (size == 0) return true;
    if (*data == 'n') {
        *ret = (struct field){.kind = FIELD_NULL};
        *ret_size = 1;
        return true;
    }
    if (*data == 'i' || *data == 'r') {
        if (size < 9) return true;
        uint64_t bits = little(data + 1, 8);
        *ret = (struct field){.kind = *data == 'i' ? FIELD_INTEGER : FIELD_REAL, .integer = (int64_t)bits};
        memcpy(&ret->real, &bits, sizeof bits);
        *ret_size = 9;
        return true;
    }
    if (*data != 't' && *data != 'b') return malformed(reader, "has a value of no known kind", error);
    if (size < 5) return true;
    uint64_t length = little(data + 1, 4);
    if (length > FIELD_BYTES_MAX) return malformed(reader, "has a value longer than any there is", error);
    if (size - 5 < length) return true;
    *ret = (struct field){.kind = *data == 't' ? FIELD_TEXT : FIELD_BYTES, .data = data + 5, .size = (size_t)length};
    *ret_size = 5 + (size_t)length;
    return true;
}

/* *ret_size: how long the row is, 0 while its end has not come. */
static bool read_raw_row(struct stream_reader *reader, const char *data, size_t size, size_t *ret_size, struct error *error) {
    size_t at = 2;
    *ret_size = 0;
    if (size < 2) return true;
    if (little(data, 2) != reader->columns) return malformed(reader, "has not as many fields as there are columns", error);
    for (size_t i = 0; i < reader->columns; i++) {
        size_t some;
        if (!read_raw_field(reader, data + at, size - at, &reader->fields[i], &some, error)) return false;
        if (some == 0) return true;
        at += some;
    }
    if (!reader->visit(reader->context, reader->fields, error)) return false;
    reader->rows++;
    *ret_size = at;
    return true;
}

/* *ret_size: as much of it as is whole rows, which were given out. */
static bool read_rows(struct stream_reader *reader, const char *data, size_t size, size_t *ret_size, struct error *error) {
    size_t at = 0;
    while (at < size) {
        size_t some = 0;
        if (reader->raw) {
            if (!read_raw_row(reader, data + at, size - at, &some, error)) return false;
        } else {
            const char *feed = memchr(data + at, '\n', size - at);
            if (feed != NULL) {
                size_t line = (size_t)(feed - (data + at));
                if (!read_line(reader, data + at, line, error)) return false;
                some = line + 1;
            }
        }
        if (some == 0) break;
        at += some;
    }
    *ret_size = at;
    return true;
}

bool stream_feed(struct stream_reader *reader, const char *data, size_t size, struct error *error) {
    size_t taken;
    if (reader->rest.length == 0) {
        if (!read_rows(reader, data, size, &taken, error)) return false;
        text_add_n(&reader->rest, data + taken, size - taken);
        return true;
    }
    if (!reader->raw && memchr(data, '\n', size) == NULL) {
        text_add_n(&reader->rest, data, size);
        return true;
    }
    text_add_n(&reader->rest, data, size);
    if (!read_rows(reader, reader->rest.data, reader->rest.length, &taken, error)) return false;
    memmove(reader->rest.data, reader->rest.data + taken, reader->rest.length - taken);
    reader->rest.length -= taken;
    return true;
}

bool stream_end(struct stream_reader *reader, struct error *error) {
    return reader->rest.length == 0 || malformed(reader, "ends in the middle", error);
}

void stream_reset(struct stream_reader *reader) {
    text_free(&reader->rest);
    text_free(&reader->scratch);
}
