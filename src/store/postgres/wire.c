/* COPY: rows by the thousand, in and out. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "store/postgres/connection.h"

/* Who asks midflight to stop does not wait for the end of a long stream. */
#define LONG_MS 1000.0
#define LOOK_MS 200

static bool copy_start(PGconn *db, const char *sql, const char *what, ExecStatusType state, struct error *error) {
    if (PQsendQuery(db, sql) == 0) return pg_fail(db, NULL, what, error);
    RESULT *result = PQgetResult(db);
    if (PQresultStatus(result) == state) return true;
    pg_fail(db, result, what, error);
    for (PGresult *rest = PQgetResult(db); rest != NULL; rest = PQgetResult(db)) PQclear(rest);
    return false;
}

/* The server has taken the statement: what it calls bad syntax from here on is in a value, of a tsvector, say. */
static bool copy_fail(PGconn *db, const PGresult *result, const char *what, struct error *error) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    pg_fail(db, result, what, error);
    if (state != NULL && strcmp(state, "42601") == 0) error->code = ERROR_ROWS;
    return false;
}

/* Everything that the statement still has to say; its first error is the one that counts. */
static bool copy_finish(PGconn *db, const char *what, int64_t *ret_rows, struct error *error) {
    bool ok = true;
    for (PGresult *result = PQgetResult(db); result != NULL; result = PQgetResult(db)) {
        if (ok && PQresultStatus(result) != PGRES_COMMAND_OK) ok = copy_fail(db, result, what, error);
        if (ok) *ret_rows = strtoll(PQcmdTuples(result), NULL, 10);
        PQclear(result);
        if (PQstatus(db) == CONNECTION_BAD) break;
    }
    return ok;
}

/* --- out -------------------------------------------------------------------------------------------------------- */

/* Waits for more of a stream; cancels it once, when it is long and somebody wants to stop. */
static void await_data(PGconn *db, double began, bool *cancelled) {
    struct pollfd answer = {.fd = PQsocket(db), .events = POLLIN};
    (void)poll(&answer, 1, LOOK_MS); /* a signal ends it early, which does no harm */
    if (*cancelled || !interrupt_requested() || clock_ms() - began < LONG_MS) return;
    pg_cancel(db);
    *cancelled = true;
}

/* Reads what is left of a stream that nobody wants. */
static void copy_discard(PGconn *db) {
    char *data;
    pg_cancel(db);
    while (PQgetCopyData(db, &data, false) > 0) PQfreemem(data);
    for (PGresult *rest = PQgetResult(db); rest != NULL; rest = PQgetResult(db)) PQclear(rest);
}

bool pg_copy_out(PGconn *db, const char *sql, const char *what, pg_sink *sink, void *context, struct error *error) {
    if (!copy_start(db, sql, what, PGRES_COPY_OUT, error)) return false;
    double began = clock_ms();
    int64_t rows = 0;
    bool cancelled = false;
    for (;;) {
        char *data = NULL;
        int size = PQgetCopyData(db, &data, true);
        if (size > 0) {
            bool ok = sink(context, data, (size_t)size, error);
            PQfreemem(data);
            if (ok) continue;
            copy_discard(db);
            return false;
        }
        if (size < 0) return copy_finish(db, what, &rows, error);
        await_data(db, began, &cancelled);
        if (PQconsumeInput(db) == 0) return pg_fail(db, NULL, what, error);
    }
}

/* --- in --------------------------------------------------------------------------------------------------------- */

bool pg_copy_begin(PGconn *db, const char *sql, const char *what, struct error *error) {
    return copy_start(db, sql, what, PGRES_COPY_IN, error);
}

bool pg_copy_put(PGconn *db, const char *data, size_t size, struct error *error) {
    return PQputCopyData(db, data, (int)size) == 1 || pg_fail(db, NULL, NULL, error);
}

bool pg_copy_end(PGconn *db, const char *what, int64_t *ret_rows, struct error *error) {
    if (PQputCopyEnd(db, NULL) != 1) return pg_fail(db, NULL, what, error);
    return copy_finish(db, what, ret_rows, error);
}

void pg_abandon(PGconn *db, const char *undo) {
    if (PQtransactionStatus(db) == PQTRANS_ACTIVE) {
        (void)PQputCopyEnd(db, "given up"); /* where nothing is copied it does nothing */
        for (PGresult *rest = PQgetResult(db); rest != NULL && PQstatus(db) != CONNECTION_BAD; rest = PQgetResult(db)) PQclear(rest);
    }
    /* A transaction whose connection is lost is undone by the server. */
    if (PQtransactionStatus(db) != PQTRANS_IDLE) PQclear(PQexec(db, undo));
}
