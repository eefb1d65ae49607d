#include "store/postgres/connection.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/interrupt.h"

void result_clear(PGresult **result) {
    PQclear(*result);
}

const char *result_text(const PGresult *result, int row, int column) {
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

/* --- errors --------------------------------------------------------------------------------------------------- */

struct state_code {
    const char *prefix; /* of an SQLSTATE */
    enum error_code code;
    const char *advice;
};

static const struct state_code states[] = {
    {"55000", ERROR_HELD, NULL}, /* a trigger of ours, while another side takes the writes */
    {"55P03", ERROR_BUSY, "another transaction holds it: run the same command again"},
    {"40", ERROR_BUSY, "run the same command again"},
    {"57014", ERROR_OVERTIME, "it was cancelled or took longer than statement_timeout allows"},
    {"57P0", ERROR_STORE, "what was not committed is undone: run the same command again when the server answers"},
    {"25P03", ERROR_STORE, "midflight was stopped or cut off in the middle of a transaction, which the server has undone: run "
                           "the same command again"},
    {"25006", ERROR_STORE, "the server takes no writes: name the primary in the store's address"},
    {"53100", ERROR_FULL, "make room on the server's disk, then run the same command again"},
    {"42501", ERROR_STORE, "midflight needs the rights of the tables' owner, CREATE where the new tables are made, TEMPORARY "
                           "on the database, and CREATE on it or a schema midflight of its own (docs/operating.md lists them)"},
    {"42P", ERROR_SCHEMA, NULL},
    {"42", ERROR_SCHEMA, NULL},
    {"22", ERROR_ROWS, NULL},
    {"23", ERROR_ROWS, NULL},
    {"21", ERROR_ROWS, NULL},
    {"P0", ERROR_ROWS, NULL},
    {"XX001", ERROR_CORRUPT, "mend the database (a restored backup), then run the same command again"},
    {"XX002", ERROR_CORRUPT, "mend the index (REINDEX), then run the same command again"},
};

static const struct state_code *find_state(const char *state) {
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strncmp(states[i].prefix, state, strlen(states[i].prefix)) == 0) return &states[i];
    }
    return NULL;
}

int pg_trimmed(const char *message) {
    size_t length = strlen(message);
    while (length > 0 && strchr("\r\n ", message[length - 1]) != NULL) length--;
    return (int)length;
}

static bool lost(PGconn *db, struct error *error) {
    const char *message = PQerrorMessage(db);
    return error_set(error, ERROR_STORE,
                     "PostgreSQL: the connection was lost (%.*s). What was not committed is undone: run the same command "
                     "again when the server answers",
                     pg_trimmed(message), message);
}

bool pg_fail(PGconn *db, const PGresult *result, const char *what, struct error *error) {
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL) return lost(db, error);
    if (strcmp(state, "57014") == 0 && interrupt_requested()) {
        return error_set(error, ERROR_INTERRUPTED, "stopped in the middle of a statement, which the server has undone. The same "
                                                   "command goes on from there");
    }
    const struct state_code *known = find_state(state);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = known != NULL && known->advice != NULL ? known->advice : PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    return error_set(error, known == NULL ? ERROR_STORE : known->code, "%s%sPostgreSQL: %s%s%s%s%s%s",
                     what == NULL ? "" : what, what == NULL ? "" : ": ", message, detail == NULL ? "" : " (",
                     detail == NULL ? "" : detail, detail == NULL ? "" : ")", hint == NULL ? "" : ": ",
                     hint == NULL ? "" : hint);
}

/* --- waiting -------------------------------------------------------------------------------------------------- */

/* Who asks midflight to stop does not wait for the end of a long statement: it is cancelled, and undone by the server. What
 * is short comes to its end, so that transactions are ended and the lease is given back. */
#define LONG_MS 1000.0
#define LOOK_MS 200

void pg_cancel(PGconn *db) {
    char ignored[256]; /* it ends, then, as it would have */
    PGcancel *request = PQgetCancel(db);
    if (request != NULL) (void)PQcancel(request, ignored, sizeof ignored);
    PQfreeCancel(request);
}

static void await(PGconn *db) {
    double began = clock_ms();
    bool cancelled = false;
    while (PQisBusy(db)) {
        struct pollfd answer = {.fd = PQsocket(db), .events = POLLIN};
        (void)poll(&answer, 1, LOOK_MS); /* a signal ends it early, which does no harm */
        if (!PQconsumeInput(db)) return;
        if (cancelled || !interrupt_requested() || clock_ms() - began < LONG_MS) continue;
        pg_cancel(db);
        cancelled = true;
    }
}

/* What was sent has come to its end: the last result, or the one that says what failed. NULL: it could not be sent. */
static PGresult *finish(PGconn *db, int sent) {
    PGresult *last = NULL;
    while (sent != 0) {
        await(db);
        PGresult *result = PQgetResult(db);
        if (result == NULL) break;
        PQclear(last);
        last = result;
        if (PQstatus(db) == CONNECTION_BAD) break;
    }
    return last;
}

/* --- statements ----------------------------------------------------------------------------------------------- */

static bool check_result(PGconn *db, PGresult *result, const char *what, struct error *error) {
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY ||
           pg_fail(db, result, what, error);
}

/* Hands a result over, if it is a good one and somebody wants it. */
static bool give(PGconn *db, PGresult *from, const char *what, PGresult **ret, struct error *error) {
    RESULT *result = from;
    if (!check_result(db, result, what, error)) return false;
    if (ret == NULL) return true;
    *ret = result;
    result = NULL;
    return true;
}

bool pg_query(PGconn *db, const char *sql, const char *what, const char *const *values, size_t count,
                      PGresult **ret, struct error *error) {
    return give(db, finish(db, PQsendQueryParams(db, sql, (int)count, NULL, values, NULL, NULL, 0)), what, ret, error);
}

/* Under its digest. */
bool pg_prepare(PGconn *db, const char *sql, struct names *known, struct arena *arena, char ret_name[PG_PREPARED_NAME],
                struct error *error) {
    snprintf(ret_name, PG_PREPARED_NAME, "midflight_%016llx", (unsigned long long)XXH3_64bits(sql, strlen(sql)));
    if (names_have(known, ret_name)) return true;
    RESULT *prepared = finish(db, PQsendPrepare(db, ret_name, sql, 0, NULL));
    if (!check_result(db, prepared, NULL, error)) return false;
    names_add(arena, known, arena_copy(arena, ret_name));
    return true;
}

bool pg_query_often(PGconn *db, const char *sql, const char *const *values, size_t count, struct names *known,
                    struct arena *arena, PGresult **ret, struct error *error) {
    char name[PG_PREPARED_NAME];
    if (!pg_prepare(db, sql, known, arena, name, error)) return false;
    return give(db, finish(db, PQsendQueryPrepared(db, name, (int)count, values, NULL, NULL, 0)), NULL, ret, error);
}

bool pg_script(PGconn *db, const char *sql, const char *what, struct error *error) {
    RESULT *result = finish(db, PQsendQuery(db, sql));
    return check_result(db, result, what, error);
}

bool pg_ask(PGconn *db, const char *sql, struct error *error) {
    return PQsendQuery(db, sql) != 0 || lost(db, error);
}

bool pg_answered(PGconn *db, struct error *error) {
    PGTransactionStatusType status = PQtransactionStatus(db);
    if (status == PQTRANS_UNKNOWN) return lost(db, error);
    if (status != PQTRANS_ACTIVE) return true;
    RESULT *result = finish(db, 1);
    return check_result(db, result, NULL, error);
}

bool pg_text(PGconn *db, const char *sql, const char *value, struct arena *arena, const char **ret,
                     struct error *error) {
    RESULT *result = NULL;
    if (!pg_query(db, sql, NULL, &value, value == NULL ? 0 : 1, &result, error)) return false;
    const char *text = PQntuples(result) == 0 ? NULL : result_text(result, 0, 0);
    *ret = text == NULL ? NULL : arena_copy(arena, text);
    return true;
}

bool pg_integer(PGconn *db, const char *sql, int64_t *ret, struct error *error) {
    RESULT *result = NULL;
    if (!pg_query(db, sql, NULL, NULL, 0, &result, error)) return false;
    *ret = PQntuples(result) == 0 || PQgetisnull(result, 0, 0) ? 0 : strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    return true;
}

/* --- the dialect ---------------------------------------------------------------------------------------------- */

void pg_quote(struct text *text, const char *identifier) {
    text_add_n(text, "\"", 1);
    for (; *identifier != '\0'; identifier++) {
        if (*identifier == '"') text_add_n(text, "\"", 1);
        text_add_n(text, identifier, 1);
    }
    text_add_n(text, "\"", 1);
}

void pg_quote_text(struct text *text, const char *value) {
    text_add_n(text, "'", 1);
    for (; *value != '\0'; value++) {
        if (*value == '\'') text_add_n(text, "'", 1);
        text_add_n(text, value, 1);
    }
    text_add_n(text, "'", 1);
}

bool pg_is_padded(const struct column *column) {
    return strcmp(column->declared, "bpchar") == 0;
}

/* Types of which equal values are written alike, so that they need not be compared by their images. */
static bool is_exact(const struct column *column) {
    static const char *const types[] = {"bigint", "integer", "smallint", "boolean", "uuid", "date", "bytea"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(column->declared, types[i]) == 0) return true;
    }
    return strncmp(column->declared, "timestamp", strlen("timestamp")) == 0;
}

static bool is_text(const struct column *column) {
    return strcmp(column->declared, "text") == 0 || strcmp(column->declared, "character varying") == 0;
}

/* NULLs are equal; 1.0 and 1.00 are not, nor are two texts that a collation takes for one: the images of such values are
 * compared, which every type has. That takes ten times as long as a comparison of its own, for types that have one. */
static void pg_differs(struct text *text, const char *left, const char *right, const struct column *column) {
    if (column != NULL && pg_is_padded(column)) {
        text_addf(text, "%s::text IS DISTINCT FROM %s::text", left, right);
    } else if (column != NULL && is_text(column)) {
        text_addf(text, "%s COLLATE \"C\" IS DISTINCT FROM %s", left, right);
    } else if (column != NULL && is_exact(column)) {
        text_addf(text, "%s IS DISTINCT FROM %s", left, right);
    } else {
        text_addf(text, "record_image_ne(ROW(%s), ROW(%s))", left, right);
    }
}

static void pg_same(struct text *text, const char *left, const char *right) {
    text_addf(text, "record_image_eq(ROW(%s), ROW(%s))", left, right);
}

static void pg_bind(struct text *text, size_t number) {
    text_addf(text, "$%zu", number);
}

static void pg_table(struct text *text, const struct bound_table *table) {
    if (table->schema != NULL) {
        pg_quote(text, table->schema);
        text_add(text, ".");
    }
    pg_quote(text, table->physical);
}

/* A shadow reads the table by its whole name, which no shadow bears, or what stands in for it. */
static void pg_source(struct text *text, const struct bound_table *table) {
    if (table->source != NULL) {
        text_addf(text, "%s AS midflight_s", table->source);
        return;
    }
    pg_table(text, table);
    text_add(text, " AS midflight_s");
}

static void pg_yielded(struct text *text, const struct column *column) {
    pg_quote(text, column->name);
    text_addf(text, "::%s", column->declared);
}

/* Only the match: whatever else is unique and taken is an error, for quarantine. */
static void pg_unless_there(struct text *text, const struct flow *flow) {
    if (flow->target->ruled) return; /* PostgreSQL takes no ON CONFLICT there: the other writer's row is an error, for quarantine too */
    text_add(text, "\n    ON CONFLICT (");
    sync_names(text, &pg_dialect, NULL, &flow->match);
    text_add(text, ") DO NOTHING");
}

/* By type: what no value that an application made is likely to be. */
static void pg_unlike(struct text *text, const struct column *column, const char *value) {
    const char *type = column->declared;
    text_addf(text, "CASE WHEN %s IS NOT NULL THEN ", value);
    if (strcmp(type, "uuid") == 0) {
        text_add(text, "gen_random_uuid()");
    } else if (strcmp(type, "bytea") == 0) {
        text_add(text, "decode(md5(random()::text), 'hex')");
    } else if (strcmp(type, "bigint") == 0 || strcmp(type, "numeric") == 0) {
        text_add(text, "-(random() * 9e15)::bigint");
    } else if (strcmp(type, "integer") == 0) {
        text_add(text, "-(random() * 2e9)::integer");
    } else {
        text_addf(text, "md5(random()::text)::%s", type);
    }
    text_add(text, " END");
}

const struct dialect pg_dialect = {
    .quote = pg_quote,
    .differs = pg_differs,
    .unlike = pg_unlike,
    .skip_refused = "",
    .bind = pg_bind,
    .same = pg_same,
    .typed_rows = true,
    .anti_join = true,
    .overriding = " OVERRIDING SYSTEM VALUE",
    .table = pg_table,
    .source = pg_source,
    .yielded = pg_yielded,
    .unless_there = pg_unless_there,
};

/* --- keys ----------------------------------------------------------------------------------------------------- */

/* Integers as they are, everything else in quotes; days and times as JSON has them, whatever the session's DateStyle is, since
 * another session will read it. */
void pg_key_text(struct text *text, const char *prefix, const struct names *key) {
    for (size_t i = 0; i < key->count; i++) {
        TEXT name = {0};
        if (prefix != NULL) text_addf(&name, "%s.", prefix);
        pg_quote(&name, key->items[i]);
        const char *column = text_get(&name);
        text_addf(text,
                  "%sCASE WHEN %s IS NULL THEN 'NULL' WHEN pg_typeof(%s) IN ('bigint'::regtype, 'integer', 'smallint') THEN "
                  "%s::text WHEN pg_typeof(%s) IN ('date'::regtype, 'timestamp', 'timestamptz') THEN '''' || (to_jsonb(%s) #>> '{}') "
                  "|| '''' ELSE '''' || replace(%s::text COLLATE \"C\", '''', '''''') || '''' END",
                  i > 0 ? " || ',' || " : "", column, column, column, column, column, column);
    }
}

/* 'a''b' at *cursor: its value; moves past the closing quote. */
static bool take_quoted(const char **cursor, struct text *value) {
    const char *c = *cursor + 1;
    for (; *c != '\0'; c++) {
        if (*c == '\'' && c[1] != '\'') break;
        if (*c == '\'') c++;
        text_add_n(value, c, 1);
    }
    if (*c != '\'') return false;
    *cursor = c + 1;
    return true;
}

bool pg_key_values(const char *key, const char **ret, size_t count, struct arena *arena, struct error *error) {
    const char *cursor = key;
    for (size_t i = 0; i < count; i++) {
        TEXT value = {0};
        bool taken = true, null = strncmp(cursor, "NULL", 4) == 0;
        if (*cursor == '\'') {
            taken = take_quoted(&cursor, &value);
        } else {
            size_t length = strcspn(cursor, ",");
            taken = length > 0;
            text_add_n(&value, cursor, length);
            cursor += length;
        }
        if (!taken || *cursor != (i + 1 < count ? ',' : '\0')) {
            return error_set(error, ERROR_USAGE, "key %s is not %zu SQL value%s: write 42 or 'text', with commas between",
                             key, count, count == 1 ? "" : "s");
        }
        ret[i] = null ? NULL : arena_copy(arena, text_get(&value));
        if (*cursor == ',') cursor++;
    }
    return true;
}
