#include "store/sqlite/intake.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_any_of(const char *type, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        if (strncasecmp(type, words[i], length) == 0 && (type[length] == '\0' || strchr("( ", type[length]) != NULL)) return true;
    }
    return false;
}

#define IS_ANY_OF(type, words) is_any_of(type, words, sizeof(words) / sizeof *(words))

/* Names of types as PostgreSQL's format_type says them. */
static const char *const TEXTS[] = {"text", "character varying", "character", "\"char\"", "name", "uuid", "json", "jsonb", "xml",
                                    "date", "time", "timestamp", "interval", "inet", "cidr", "macaddr", "macaddr8", "bit", "bit varying",
                                    "citext", "money", "tsvector", "int4range", "int8range", "numrange", "tsrange", "tstzrange",
                                    "daterange"};
static const char *const NUMBERS[] = {"smallint", "integer", "bigint", "numeric", "oid"};
static const char *const REALS[] = {"real", "double precision"};

static enum reading reading_of(const char *type) {
    size_t length = strlen(type);
    if (length > 2 && strcmp(type + length - 2, "[]") == 0) return READING_TEXT;
    if (strcasecmp(type, "boolean") == 0) return READING_TRUTH;
    if (strcasecmp(type, "bytea") == 0) return READING_BYTES;
    if (IS_ANY_OF(type, NUMBERS)) return READING_NUMBER;
    if (IS_ANY_OF(type, REALS)) return READING_REAL;
    return IS_ANY_OF(type, TEXTS) ? READING_TEXT : READING_ANY;
}

/* SQLite's rules, datatype3.html, 3.1 */
static enum affinity affinity_of(const struct column *column) {
    const char *declared = column->declared;
    if (strcasecmp(declared, "ANY") == 0 && column->loose) return AFFINITY_NONE;
    if (strcasestr(declared, "INT") != NULL) return AFFINITY_INTEGER;
    if (strcasestr(declared, "CHAR") != NULL || strcasestr(declared, "CLOB") != NULL || strcasestr(declared, "TEXT") != NULL) {
        return AFFINITY_TEXT;
    }
    if (*declared == '\0' || strcasestr(declared, "BLOB") != NULL) return AFFINITY_NONE;
    bool real = strcasestr(declared, "REAL") != NULL || strcasestr(declared, "FLOA") != NULL || strcasestr(declared, "DOUB") != NULL;
    return real ? AFFINITY_REAL : AFFINITY_NUMERIC;
}

struct intake intake_of(const struct column *column, const char *type) {
    return (struct intake){column, reading_of(type), affinity_of(column)};
}

/* --- values ------------------------------------------------------------------------------------------------------ */

static bool is_converting(const struct intake *intake) {
    return intake->affinity == AFFINITY_INTEGER || intake->affinity == AFFINITY_REAL || intake->affinity == AFFINITY_NUMERIC;
}

static const char *bind_text(sqlite3_stmt *statement, int index, const struct field *field) {
    sqlite3_bind_text(statement, index, field->size == 0 ? "" : field->data, (int)field->size, SQLITE_STATIC);
    return NULL;
}

static const char *bind_real(sqlite3_stmt *statement, int index, const struct intake *intake, double value) {
    char text[REAL_TEXT_BYTES];
    if (intake->affinity == AFFINITY_TEXT) { /* SQLite itself would write 15 digits */
        size_t length = real_write(value, text);
        sqlite3_bind_text(statement, index, text, (int)length, SQLITE_TRANSIENT);
    } else {
        sqlite3_bind_double(statement, index, value);
    }
    return NULL;
}

static const char *bind_integer(sqlite3_stmt *statement, int index, const struct intake *intake, int64_t value) {
    bool exact = llabs(value >> 1) <= (INT64_C(1) << 52);
    if (intake->affinity == AFFINITY_REAL && !exact) {
        struct field field;
        char text[24];
        field.data = sqlite3_snprintf(sizeof text, text, "%lld", (long long)value);
        field.size = strlen(text);
        if (!number_read(field.data, field.size).in_real) return "a REAL does not hold this integer to the last digit";
    }
    sqlite3_bind_int64(statement, index, value);
    return NULL;
}

/* A number that was written out, to a column that makes numbers of such texts. */
static const char *bind_number(sqlite3_stmt *statement, int index, const struct intake *intake, struct number number) {
    if (intake->affinity != AFFINITY_REAL && number.in_integer) {
        sqlite3_bind_int64(statement, index, number.integer);
        return NULL;
    }
    if (!number.in_real) return "neither an integer nor a REAL of SQLite holds this number to the last digit: declare the column TEXT to keep it";
    sqlite3_bind_double(statement, index, number.real);
    return NULL;
}

static bool begins_number(char byte) {
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' || byte == '.';
}

static bool is_infinite(const struct field *field, double *ret) {
    static const char *const words[] = {"Infinity", "-Infinity"};
    for (size_t i = 0; i < 2; i++) {
        if (field->size != strlen(words[i]) || memcmp(field->data, words[i], field->size) != 0) continue;
        *ret = i == 0 ? INFINITY : -INFINITY;
        return true;
    }
    return false;
}

static const char *bind_written_number(sqlite3_stmt *statement, int index, const struct intake *intake, const struct field *field) {
    double infinite;
    if (intake->affinity == AFFINITY_TEXT) return bind_text(statement, index, field);
    struct number number = number_read(field->data, field->size);
    if (number.is && intake->reading == READING_REAL) return bind_real(statement, index, intake, number.real); /* it was one */
    if (number.is && (is_converting(intake) || number.in_integer || number.in_real)) {
        return bind_number(statement, index, intake, number);
    }
    if (is_infinite(field, &infinite)) return bind_real(statement, index, intake, infinite);
    if (is_converting(intake) && field->size > 0 && begins_number(field->data[0])) {
        return "SQLite holds no number of so many digits: declare the column TEXT to keep it";
    }
    return bind_text(statement, index, field); /* NaN */
}

/* A text to a column that makes numbers of those that look like one: only if it reads the same afterwards. */
static const char *bind_words(sqlite3_stmt *statement, int index, const struct intake *intake, const struct field *field) {
    char text[REAL_TEXT_BYTES];
    if (!is_converting(intake)) return bind_text(statement, index, field);
    size_t at = 0, end = field->size; /* SQLite passes over space around a number */
    while (at < end && strchr(" \t\n\v\f\r", field->data[at]) != NULL) at++;
    while (end > at && strchr(" \t\n\v\f\r", field->data[end - 1]) != NULL) end--;
    struct number number = number_read(field->data + at, end - at);
    bool long_digits = end - at >= 400 && begins_number(field->data[at]);
    if (!number.is && !long_digits) return bind_text(statement, index, field);
    bool whole = number.real == floor(number.real) && fabs(number.real) < 9e18;
    if (intake->affinity != AFFINITY_REAL && (number.in_integer || whole)) {
        sqlite3_snprintf(sizeof text, text, "%lld", (long long)(number.in_integer ? number.integer : (int64_t)number.real));
    } else {
        real_write(number.real, text);
    }
    if (!long_digits && strlen(text) == field->size && memcmp(text, field->data, field->size) == 0) return bind_text(statement, index, field);
    return "this text looks like a number, and the column would make one of it that reads otherwise: declare the column TEXT";
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \x00ff */
static bool bind_hex(sqlite3_stmt *statement, int index, const struct field *field) {
    if (field->size < 2 || field->size % 2 != 0 || memcmp(field->data, "\\x", 2) != 0) return false;
    size_t size = (field->size - 2) / 2;
    char *bytes = sqlite3_malloc64(size + 1);
    if (bytes == NULL) abort();
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(field->data[2 + 2 * i]), low = hex_digit(field->data[3 + 2 * i]);
        if (high < 0 || low < 0) {
            sqlite3_free(bytes);
            return false;
        }
        bytes[i] = (char)(high * 16 + low);
    }
    sqlite3_bind_blob64(statement, index, bytes, size, sqlite3_free);
    return true;
}

static const char *bind_truth(sqlite3_stmt *statement, int index, const struct field *field) {
    if (field->size != 1 || (field->data[0] != 't' && field->data[0] != 'f')) return "what arrived is not a truth value (t or f)";
    sqlite3_bind_int(statement, index, field->data[0] == 't');
    return NULL;
}

static const char *bind_written(sqlite3_stmt *statement, int index, const struct intake *intake, const struct field *field) {
    bool bytes = intake->affinity == AFFINITY_NONE && *intake->column->declared != '\0';
    switch (intake->reading) {
    case READING_TRUTH:
        return bind_truth(statement, index, field);
    case READING_BYTES:
        return bind_hex(statement, index, field) ? NULL : "what arrived is not bytes (\\x and hexadecimal digits)";
    case READING_NUMBER:
    case READING_REAL:
        return bind_written_number(statement, index, intake, field);
    case READING_TEXT:
        return bind_words(statement, index, intake, field);
    case READING_ANY:
        break;
    }
    if (bytes && bind_hex(statement, index, field)) return NULL;
    return is_converting(intake) && number_read(field->data, field->size).is ? bind_written_number(statement, index, intake, field)
                                                                             : bind_words(statement, index, intake, field);
}

const char *intake_bind(sqlite3_stmt *statement, int index, const struct intake *intake, const struct field *field) {
    switch (field->kind) {
    case FIELD_NULL:
        sqlite3_bind_null(statement, index);
        return NULL;
    case FIELD_INTEGER:
        return bind_integer(statement, index, intake, field->integer);
    case FIELD_REAL:
        return bind_real(statement, index, intake, field->real);
    case FIELD_TEXT:
        return bind_words(statement, index, intake, field);
    case FIELD_BYTES:
        sqlite3_bind_blob(statement, index, field->size == 0 ? "" : field->data, (int)field->size, SQLITE_STATIC);
        return NULL;
    case FIELD_WRITTEN:
        break;
    }
    return bind_written(statement, index, intake, field);
}

/* --- types ------------------------------------------------------------------------------------------------------- */

/* A STRICT table's column takes one kind alone. */
static const char *strict_misfit(const struct intake *intake) {
    const char *kind = intake->column->type;
    if (kind == NULL) return NULL;
    bool number = strcmp(kind, "integer") == 0 || strcmp(kind, "real") == 0;
    bool fits = intake->reading == READING_ANY || (intake->reading == READING_BYTES && strcmp(kind, "blob") == 0) ||
                (intake->reading == READING_TEXT && strcmp(kind, "text") == 0) ||
                ((intake->reading == READING_NUMBER || intake->reading == READING_TRUTH) && (number || strcmp(kind, "text") == 0)) ||
                (intake->reading == READING_REAL && (strcmp(kind, "real") == 0 || strcmp(kind, "text") == 0));
    return fits ? NULL : "the STRICT table takes nothing of that kind there: declare another type";
}

static const char *key_misfit(const struct intake *intake, const char *type) {
    static const char *const unsteady[] = {"real", "double precision", "numeric", "time", "timestamp", "interval", "boolean"};
    if (*intake->column->declared == '\0') return "a key without a declared type would not be the same in both stores: declare one";
    return IS_ANY_OF(type, unsteady) ? "a key of that type is not written alike in both stores: take a whole number, a text, a uuid, a date or "
                                       "bytes, or yield it as text"
                                     : NULL;
}

const char *intake_misfit(const struct intake *intake, bool is_key, const char *type) {
    const char *misfit = is_key ? key_misfit(intake, type) : NULL;
    if (misfit == NULL) misfit = strict_misfit(intake);
    if (misfit != NULL) return misfit;
    bool number = intake->affinity == AFFINITY_INTEGER || intake->affinity == AFFINITY_REAL;
    if (number && intake->reading == READING_TEXT) return "the column is declared as a number: declare it TEXT, or yield a number";
    if (number && intake->reading == READING_BYTES) return "the column is declared as a number: declare it BLOB";
    return intake->affinity == AFFINITY_TEXT && intake->reading == READING_BYTES ? "the column is declared as a text: declare it BLOB" : NULL;
}
