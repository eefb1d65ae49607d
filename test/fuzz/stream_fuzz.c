/* Whatever bytes come from another store: no crash, no leak, rows of three fields or an error that says so; and every value that is
 * taken is bound as one of SQLite's, or refused with a reason. The first byte says whether the stream is raw. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "store/sqlite/intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const TYPES[] = {"", "text", "numeric", "boolean", "bytea"};
static const struct column COLUMNS[] = {{.name = "a", .declared = "INTEGER"}, {.name = "b", .declared = "TEXT"}, {.name = "c", .declared = "REAL"},
                                        {.name = "d", .declared = "BLOB"}, {.name = "e", .declared = ""}, {.name = "f", .declared = "DATETIME"}};

static bool take_row(void *context, const struct field *fields, struct error *error) {
    (void)error;
    for (size_t i = 0; i < 3; i++) {
        for (size_t t = 0; t < sizeof TYPES / sizeof *TYPES; t++) {
            for (size_t c = 0; c < sizeof COLUMNS / sizeof *COLUMNS; c++) {
                struct intake intake = intake_of(&COLUMNS[c], TYPES[t]);
                const char *why = intake_bind(context, 1, &intake, &fields[i]);
                assert(why == NULL || strlen(why) > 10);
            }
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    struct field fields[3];
    struct error error = {0};
    if (size < 2) return 0;
    assert(sqlite3_open(":memory:", &db) == SQLITE_OK && sqlite3_prepare_v2(db, "SELECT ?1", -1, &statement, NULL) == SQLITE_OK);
    struct stream_reader reader = {.columns = 3, .raw = data[0] == 'r', .visit = take_row, .context = statement, .fields = fields};
    size_t half = size / 2;
    bool ok = stream_feed(&reader, (const char *)data + 1, half, &error) &&
              stream_feed(&reader, (const char *)data + 1 + half, size - 1 - half, &error) && stream_end(&reader, &error);
    assert(ok || (error.code == ERROR_STORE && error.message[0] != '\0'));
    stream_reset(&reader);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return 0;
}
