/* One connection to a PostgreSQL server: statements, errors, keys as text. */
#pragma once

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/text.h"
#include "store/sql/connection.h"
#include "store/sql/sync.h"

/* An expression: the server's clock, in ms since 1970. */
#define PG_NOW_MS "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

#define RESULT __attribute__((cleanup(result_clear))) PGresult
void result_clear(PGresult **result);

/* Opens "postgresql://..." as libpq reads it (TLS, .pgpass and PG* variables included); *ret_name is the address without
 * its password. */
MUST_USE bool pg_open(const char *address, PGconn **ret, const char **ret_name, struct arena *arena,
                              struct error *error);

/* Runs one statement with text values for $1... `what` says for messages whose it is ("forward.people"), NULL: ours. */
MUST_USE bool pg_query(PGconn *db, const char *sql, const char *what, const char *const *values, size_t count,
                               PGresult **ret, struct error *error);
/* The name of a prepared statement, which EXECUTE takes as it is. */
#define PG_PREPARED_NAME 32
/* Has the server plan a statement that is run often, once a connection; `known`: those that were, in the arena. */
MUST_USE bool pg_prepare(PGconn *db, const char *sql, struct names *known, struct arena *arena, char ret_name[PG_PREPARED_NAME],
                         struct error *error);
/* pg_query for such a statement of ours. */
MUST_USE bool pg_query_often(PGconn *db, const char *sql, const char *const *values, size_t count, struct names *known,
                             struct arena *arena, PGresult **ret, struct error *error);
/* Runs several statements without values. */
MUST_USE bool pg_script(PGconn *db, const char *sql, const char *what, struct error *error);
/* The same in two: nothing else may be asked of the connection in between. Where nothing was asked there is no more to say. */
MUST_USE bool pg_ask(PGconn *db, const char *sql, struct error *error);
MUST_USE bool pg_answered(PGconn *db, struct error *error);
/* The first column of the first row, as text that lives as long as `arena`; NULL: no row, or NULL. */
MUST_USE bool pg_text(PGconn *db, const char *sql, const char *value, struct arena *arena, const char **ret,
                              struct error *error);
MUST_USE bool pg_integer(PGconn *db, const char *sql, int64_t *ret, struct error *error);

/* COPY ... TO STDOUT: each row, as it comes, goes to `sink`. */
typedef bool pg_sink(void *context, const char *data, size_t size, struct error *error);
MUST_USE bool pg_copy_out(PGconn *db, const char *sql, const char *what, pg_sink *sink, void *context, struct error *error);
/* COPY ... FROM STDIN: begun, fed in slices of any size, and ended. */
MUST_USE bool pg_copy_begin(PGconn *db, const char *sql, const char *what, struct error *error);
MUST_USE bool pg_copy_put(PGconn *db, const char *data, size_t size, struct error *error);
MUST_USE bool pg_copy_end(PGconn *db, const char *what, int64_t *ret_rows, struct error *error);
/* Ends a transaction, in the middle of a COPY or not: `undo` is ROLLBACK, or leads back to a savepoint. */
void pg_abandon(PGconn *db, const char *undo);

/* What a result that is none says: fills the error, and returns false. */
bool pg_fail(PGconn *db, const PGresult *result, const char *what, struct error *error);
/* Asks the server to end the statement under way. */
void pg_cancel(PGconn *db);

/* How long a transaction of ours may be silent that others may have to wait for. */
#define PG_SILENCE "'10s'"
/* How long a statement of ours waits for a lock, unless something shorter is said. */
#define PG_LOCK_WAIT "'5s'"

/* From here to the end of the transaction each of our locks is waited for briefly: less long than any session of the server waits
 * before it looks for a deadlock, so that of two who wait for one another it is we who give way, never the application. [tx] */
#define PG_GIVE_WAY                                                                                                             \
    "SELECT set_config('lock_timeout', greatest(1, least(50, extract(epoch FROM current_setting('deadlock_timeout')::interval) " \
    "* 500))::integer || 'ms', true)"

/* What stands before statements that give way, after them, and after one that failed: as it was before them. [tx] */
#define PG_BEGIN_PATIENCE PG_GIVE_WAY "; SAVEPOINT midflight_patience"
#define PG_END_PATIENCE "RELEASE midflight_patience; SET LOCAL lock_timeout = " PG_LOCK_WAIT
#define PG_UNDO_PATIENCE "ROLLBACK TO midflight_patience"

/* Does `work` in a savepoint, giving way. When a lock is not to be had everything is undone, so that nobody queues behind what we
 * hold meanwhile, and tried again after a rest: up to 150 times. [tx] */
typedef bool pg_work(void *context, struct error *error);
MUST_USE bool pg_patiently(PGconn *db, pg_work *work, void *context, const char *what, struct error *error);

/* How much of a message of libpq's is no line end. */
int pg_trimmed(const char *message);

/* The result's text, or NULL. */
const char *result_text(const PGresult *result, int row, int column);

/* PostgreSQL as a dialect of the sync generator. */
extern const struct dialect pg_dialect;
void pg_quote(struct text *text, const char *identifier);
void pg_quote_text(struct text *text, const char *value);
/* A type whose image counts blanks that its values do not have: char(n). */
bool pg_is_padded(const struct column *column);

/* Keys as text: SQL literals with commas between: "42", "'de','a''b'". */
void pg_key_text(struct text *text, const char *prefix, const struct names *key);
/* Takes a key's text apart into the values of `count` columns, in the arena; "NULL" becomes NULL. */
MUST_USE bool pg_key_values(const char *key, const char **ret, size_t count, struct arena *arena, struct error *error);
