/* One connection to a SQLite file: statements, errors, waiting for the writer's lock. */
#pragma once

#include <sqlite3.h>

#include "base/arena.h"
#include "store/sql/connection.h"
#include "store/sql/sync.h"
#include "store/store.h"

struct sqlite_store;

#define STATEMENT __attribute__((cleanup(statement_finalize))) sqlite3_stmt
void statement_finalize(sqlite3_stmt **statement);

/* Prepares `sql` on any database handle; `what` says for messages whose it is ("forward.people"), NULL: ours. */
MUST_USE bool statement_prepare(sqlite3 *db, const char *sql, const char *what, sqlite3_stmt **ret,
                                struct error *error);
/* The same of one that stays: it leaves the connection's quick memory to those that do not. */
MUST_USE bool statement_prepare_kept(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct error *error);
/* SQLITE_ROW: *ret_row is true. Errors are classed; see error_from. */
MUST_USE bool statement_step(sqlite3_stmt *statement, bool *ret_row, struct error *error);
MUST_USE bool statement_run(sqlite3_stmt *statement, struct error *error); /* steps to the end, then resets */
MUST_USE bool connection_script(sqlite3 *db, const char *sql, const char *what, struct error *error);
MUST_USE bool connection_integer(sqlite3 *db, const char *sql, int64_t *ret, struct error *error);

/* Turns the handle's last error into ours: locked, full, corrupt, refused rows, or the store's own trouble. */
bool error_from(sqlite3 *db, const char *what, struct error *error);

/* `wait_until_ms` is looked at whenever the file's lock is waited for; see struct store. */
MUST_USE bool connection_open(const char *address, const double *wait_until_ms, sqlite3 **ret, const char **ret_name, struct arena *arena,
                              struct error *error);

/* SQLite as a dialect of the sync generator. */
extern const struct dialect sqlite_dialect;
void sqlite_quote(struct text *text, const char *identifier);
void sqlite_quote_text(struct text *text, const char *value);

/* Keys as text: SQL literals with commas between, as quote() makes them. "42", "'de','a''b'", "x'00ff'". */
void key_text_expression(struct text *text, const char *prefix, const struct names *key);
MUST_USE bool key_bind(sqlite3_stmt *statement, int first, const char *key, size_t count, struct error *error);
