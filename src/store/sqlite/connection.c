#include "store/sqlite/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/interrupt.h"

/* How long we wait for SQLite's one writer's lock, at most, before we say so and stop. */
#define LOCK_WAIT_MS 5000

void statement_finalize(sqlite3_stmt **statement) {
    sqlite3_finalize(*statement);
    *statement = NULL;
}

static const char *file_of(sqlite3 *db) {
    const char *file = sqlite3_db_filename(db, "main");
    return file == NULL || *file == '\0' ? "the rehearsal's copy" : file;
}

/* A trigger of ours keeps writers out for as long as another side takes the writes. */
static bool is_guard(sqlite3 *db) {
    return sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_TRIGGER && strncmp(sqlite3_errmsg(db), "midflight: ", 11) == 0;
}

bool error_from(sqlite3 *db, const char *what, struct error *error) {
    const char *file = file_of(db), *message = sqlite3_errmsg(db);
    const char *at = what == NULL ? "" : what, *colon = what == NULL ? "" : ": ";
    switch (sqlite3_errcode(db)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (interrupt_requested()) {
            return error_set(error, ERROR_INTERRUPTED, "stopped while waiting for the writer's lock of %s. The same command goes "
                             "on from there", file);
        }
        return error_set(error, ERROR_BUSY,
                         "%s%s%s is locked: another connection holds its writer's lock for longer than is waited for. End the long "
                         "transaction there, then run the same command again",
                         at, colon, file);
    case SQLITE_INTERRUPT:
        return error_set(error, ERROR_OVERTIME, "%s%s%s: a step took longer than it may hold the writers", at, colon,
                         file);
    case SQLITE_FULL:
        return error_set(error, ERROR_FULL,
                         "%s%s%s: the disk is full. Nothing is half done: make room, then run the same command again, "
                         "or `midflight rollback` to give back what the new shape takes",
                         at, colon, file);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(error, ERROR_CORRUPT,
                         "%s%s%s is damaged or no SQLite database (%s). midflight does not touch it: check it with "
                         "PRAGMA integrity_check, restore it from a backup, then start again",
                         at, colon, file, message);
    case SQLITE_IOERR:
        return error_set(error, ERROR_STORE,
                         "%s%s%s: %s. Nothing is half done: see whether the disk is full (df) or failing (dmesg), then run "
                         "the same command again",
                         at, colon, file, message);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return error_set(error, ERROR_STORE,
                         "%s%s%s: %s. Give this user the right to write the file and its folder, then run the same "
                         "command again",
                         at, colon, file, message);
    case SQLITE_SCHEMA:
        return error_set(error, ERROR_SCHEMA, "%s%s%s: the tables changed while this ran; run the same command again",
                         at, colon, file);
    default:
        return error_set(error, is_guard(db) ? ERROR_HELD : ERROR_ROWS, "%s%s%s: %s", at, colon, file, message);
    }
}

static bool prepare(sqlite3 *db, const char *sql, unsigned flags, const char *what, sqlite3_stmt **ret, struct error *error) {
    if (sqlite3_prepare_v3(db, sql, -1, flags, ret, NULL) == SQLITE_OK) return true;
    error_from(db, what, error);
    if (error->code == ERROR_ROWS) {
        error->code = what == NULL ? ERROR_SCHEMA : ERROR_DEFINITION;
        if (what == NULL) {
            char message[sizeof error->message];
            memcpy(message, error->message, sizeof message);
            return error_set(error, ERROR_SCHEMA,
                             "%.1500s. A table is not as midflight left it: undo the alteration and run the command "
                             "again, or `midflight rollback`",
                             message);
        }
    }
    return false;
}

bool statement_prepare(sqlite3 *db, const char *sql, const char *what, sqlite3_stmt **ret, struct error *error) {
    return prepare(db, sql, 0, what, ret, error);
}

bool statement_prepare_kept(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct error *error) {
    return prepare(db, sql, SQLITE_PREPARE_PERSISTENT, NULL, ret, error);
}

bool statement_step(sqlite3_stmt *statement, bool *ret_row, struct error *error) {
    int status = sqlite3_step(statement);
    if (status == SQLITE_ROW || status == SQLITE_DONE) {
        *ret_row = status == SQLITE_ROW;
        return true;
    }
    return error_from(sqlite3_db_handle(statement), NULL, error);
}

bool statement_run(sqlite3_stmt *statement, struct error *error) {
    bool row = false;
    do {
        if (!statement_step(statement, &row, error)) {
            sqlite3_reset(statement);
            return false;
        }
    } while (row);
    sqlite3_reset(statement);
    return true;
}

bool connection_script(sqlite3 *db, const char *sql, const char *what, struct error *error) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
    return error_from(db, what, error);
}

bool connection_integer(sqlite3 *db, const char *sql, int64_t *ret, struct error *error) {
    STATEMENT *statement = NULL;
    bool row = false;
    if (!statement_prepare(db, sql, NULL, &statement, error) || !statement_step(statement, &row, error)) return false;
    *ret = row ? sqlite3_column_int64(statement, 0) : 0;
    return true;
}

struct waiter {
    double since_ms;
    const double *until_ms; /* see struct store */
};

/* Polls often and never in step with other pollers: SQLite's waiters do not queue, so who polls most often wins. */
static int wait_for_lock(void *context, int tries) {
    struct waiter *waiter = context;
    double now_ms = clock_ms();
    if (tries == 0) waiter->since_ms = now_ms;
    if (interrupt_requested() || now_ms - waiter->since_ms > LOCK_WAIT_MS) return 0;
    if (*waiter->until_ms > 0 && now_ms > *waiter->until_ms) return 0;
    clock_sleep_ms(tries < 20 ? 0.5 + (double)(tries % 3) * 0.3 : 2.0 + (double)(tries % 5));
    return 1;
}

static const char *path_of(const char *address) {
    const char *path = strchr(address, ':') + 1;
    return strncmp(path, "//", 2) == 0 ? path + 2 : path;
}

static bool file_check(const char *path, struct error *error) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return error_set(error, ERROR_FILE, "%s: %s. Name the database file that the application uses (sqlite:path)",
                         path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) return error_set(error, ERROR_FILE, "%s is not a file: name a SQLite database", path);
    return true;
}

bool connection_open(const char *address, const double *wait_until_ms, sqlite3 **ret, const char **ret_name, struct arena *arena,
                     struct error *error) {
    const char *path = path_of(address);
    if (*path == '\0') return error_set(error, ERROR_USAGE, "store '%s' names no file: sqlite:path/to/file.db", address);
    if (!file_check(path, error)) return false;
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        error_from(db, NULL, error);
        sqlite3_close(db);
        return false;
    }
    sqlite3_extended_result_codes(db, 0);
    struct waiter *waiter = arena_alloc(arena, sizeof *waiter);
    waiter->until_ms = wait_until_ms;
    sqlite3_busy_handler(db, wait_for_lock, waiter);
    /* Foreign keys off: rows arrive in key order, parents maybe after children; they are checked as a whole at the
     * end. Sync NORMAL: with a write-ahead log a chunk and its cursor are lost together or not at all. */
    int64_t tables;
    if (!connection_script(db,
                           "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -16000; PRAGMA recursive_triggers = OFF; "
                           "PRAGMA legacy_alter_table = ON; PRAGMA trusted_schema = ON",
                           NULL, error) ||
        !connection_integer(db, "SELECT count(*) FROM sqlite_schema", &tables, error)) {
        sqlite3_close(db);
        return false;
    }
    STATEMENT *journal = NULL;
    bool row = false;
    if (statement_prepare(db, "PRAGMA journal_mode", NULL, &journal, error) && statement_step(journal, &row, error) &&
        row && sqlite3_stricmp((const char *)sqlite3_column_text(journal, 0), "wal") == 0) {
        (void)sqlite3_exec(db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    }
    *ret = db;
    *ret_name = arena_copy(arena, path);
    return true;
}

void sqlite_quote(struct text *text, const char *identifier) {
    text_add_n(text, "\"", 1);
    for (; *identifier != '\0'; identifier++) {
        if (*identifier == '"') text_add_n(text, "\"", 1);
        text_add_n(text, identifier, 1);
    }
    text_add_n(text, "\"", 1);
}

void sqlite_quote_text(struct text *text, const char *value) {
    text_add_n(text, "'", 1);
    for (; *value != '\0'; value++) {
        if (*value == '\'') text_add_n(text, "'", 1);
        text_add_n(text, value, 1);
    }
    text_add_n(text, "'", 1);
}

static void sqlite_differs(struct text *text, const char *left, const char *right, const struct column *column) {
    text_addf(text, "%s COLLATE BINARY IS NOT %s", left, right);
    if (column != NULL && column->loose) text_addf(text, " OR typeof(%s) <> typeof(%s)", left, right);
}

static void sqlite_fits(struct text *text, const char *value, const struct column *column) {
    text_addf(text, " AND typeof(%s) IN ('null', '%s')", value, column->type);
}

static void sqlite_unlike(struct text *text, const struct column *column, const char *value) {
    (void)column;
    text_addf(text, "CASE typeof(%s) WHEN 'null' THEN NULL WHEN 'text' THEN hex(randomblob(16)) WHEN 'blob' THEN "
              "randomblob(16) ELSE random() END", value);
}

static void sqlite_same(struct text *text, const char *left, const char *right) {
    text_addf(text, "(%s) IS (%s)", left, right);
}

static void sqlite_bind(struct text *text, size_t number) {
    text_addf(text, "?%zu", number);
}

static void sqlite_table(struct text *text, const struct bound_table *table) {
    sqlite_quote(text, table->physical);
}

static void sqlite_source(struct text *text, const struct bound_table *table) {
    sqlite_quote(text, table->source);
}

static void sqlite_yielded(struct text *text, const struct column *column) {
    sqlite_quote(text, column->name);
}

const struct dialect sqlite_dialect = {
    .quote = sqlite_quote,
    .differs = sqlite_differs,
    .fits = sqlite_fits,
    .unlike = sqlite_unlike,
    .skip_refused = "OR IGNORE ",
    .bind = sqlite_bind,
    .same = sqlite_same,
    .overriding = "",
    .table = sqlite_table,
    .source = sqlite_source,
    .yielded = sqlite_yielded,
};

/* quote() stops at a NUL: such a text is written t'68690000', its bytes in hexadecimal. */
void key_text_expression(struct text *text, const char *prefix, const struct names *key) {
    for (size_t i = 0; i < key->count; i++) {
        TEXT name = {0};
        if (prefix != NULL) text_addf(&name, "%s.", prefix);
        sqlite_quote(&name, key->items[i]);
        const char *column = text_get(&name);
        text_addf(text, "%sCASE WHEN typeof(%s) = 'text' AND instr(CAST(%s AS BLOB), x'00') > 0 THEN 't''' || hex(%s) || '''' "
                        "ELSE quote(%s) END",
                  i > 0 ? " || ',' || " : "", column, column, column, column);
    }
}

/* 'a''b' at *cursor: binds a'b and moves past the closing quote. */
static bool bind_quoted(sqlite3_stmt *statement, int index, const char **cursor) {
    TEXT value = {0};
    const char *c = *cursor + 1;
    for (; *c != '\0'; c++) {
        if (*c == '\'' && c[1] != '\'') break;
        if (*c == '\'') c++;
        text_add_n(&value, c, 1);
    }
    if (*c != '\'') return false;
    sqlite3_bind_text(statement, index, text_get(&value), (int)value.length, SQLITE_TRANSIENT);
    *cursor = c + 1;
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* X'00ff' or t'00ff' at *cursor */
static bool bind_blob(sqlite3_stmt *statement, int index, const char **cursor) {
    TEXT value = {0};
    const char *c = *cursor + 2;
    while (hex_digit(c[0]) >= 0 && hex_digit(c[1]) >= 0) {
        char byte = (char)(hex_digit(c[0]) * 16 + hex_digit(c[1]));
        text_add_n(&value, &byte, 1);
        c += 2;
    }
    if (*c != '\'') return false;
    if (**cursor == 't') {
        sqlite3_bind_text(statement, index, text_get(&value), (int)value.length, SQLITE_TRANSIENT);
    } else {
        sqlite3_bind_blob(statement, index, text_get(&value), (int)value.length, SQLITE_TRANSIENT);
    }
    *cursor = c + 1;
    return true;
}

/* 42, -7: so many digits as fit for certain; where there are more, or none, the cursor stays. */
static bool bind_digits(sqlite3_stmt *statement, int index, const char **cursor) {
    const char *first = *cursor + (**cursor == '-'), *c = first;
    int64_t value = 0;
    for (; *c >= '0' && *c <= '9' && c - first < 18; c++) value = value * 10 + (*c - '0');
    if (c == first || (*c != ',' && *c != '\0')) return false;
    sqlite3_bind_int64(statement, index, **cursor == '-' ? -value : value);
    *cursor = c;
    return true;
}

static bool bind_number(sqlite3_stmt *statement, int index, const char **cursor) {
    char *end;
    if (bind_digits(statement, index, cursor)) return true;
    errno = 0;
    long long integer = strtoll(*cursor, &end, 10);
    if (end != *cursor && errno == 0 && (*end == ',' || *end == '\0')) {
        sqlite3_bind_int64(statement, index, integer);
    } else {
        double real = strtod(*cursor, &end);
        if (end == *cursor) return false;
        sqlite3_bind_double(statement, index, real);
    }
    *cursor = end;
    return true;
}

bool key_bind(sqlite3_stmt *statement, int first, const char *key, size_t count, struct error *error) {
    const char *cursor = key;
    for (size_t i = 0; i < count; i++) {
        int index = first + (int)i;
        bool bound;
        if (*cursor == '\'') {
            bound = bind_quoted(statement, index, &cursor);
        } else if ((*cursor == 'X' || *cursor == 'x' || *cursor == 't') && cursor[1] == '\'') {
            bound = bind_blob(statement, index, &cursor);
        } else if (strncmp(cursor, "NULL", 4) == 0) {
            bound = true;
            cursor += 4;
        } else {
            bound = bind_number(statement, index, &cursor);
        }
        bound = bound && *cursor == (i + 1 < count ? ',' : '\0');
        if (!bound) {
            return error_set(error, ERROR_USAGE,
                             "key %s is not %zu SQL value%s: write 42, 'text' or x'00ff', with commas between", key,
                             count, count == 1 ? "" : "s");
        }
        if (*cursor == ',') cursor++;
    }
    return true;
}
