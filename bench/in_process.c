/* A get or a put through the library, beside the same statement written by hand against the client library, turn by turn on one thread:
 *   in-process DEFINITION STORE TABLE COLUMNS ROWS SECONDS SAMPLE
 * TABLE is that of the side which leads, COLUMNS its columns, the key first, the others texts. Prints a line for get and for put: what
 * one takes by hand and through the library, medians of the turns, and the ratio of the speeds. */
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "midflight.h"

#define TURNS_MAX 100000
#define COLUMNS_MAX 8
#define ROW_BYTES 512

/* A service's own row, read by hand. */
struct row {
    long long id;
    char texts[COLUMNS_MAX][ROW_BYTES];
};

struct bench {
    mf_proxy *proxy;
    mf_face face;
    long long rows, asked;
    const char *table, *columns[COLUMNS_MAX];
    int column_count;
    sqlite3 *db;
    sqlite3_stmt *get, *put;
    PGconn *connection;
};

static void fail(const char *what) {
    fprintf(stderr, "in-process: %s\n", what);
    exit(1);
}

static double now_s(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static long long next_key(struct bench *bench) {
    return bench->asked++ * 7919 % bench->rows + 1;
}

/* The same text for both ways, another every time. */
static void value_of(const struct bench *bench, int column, char text[ROW_BYTES]) {
    snprintf(text, ROW_BYTES, "%s%lld", bench->columns[column], bench->asked);
}

/* --- by hand --- */

static void write_statements(const struct bench *bench, const char *bind, char get[2048], char put[2048]) {
    char names[512] = "", binds[256] = "", sets[1024] = "";
    for (int c = 0; c < bench->column_count; c++) {
        const char *comma = c > 0 ? ", " : "", *name = bench->columns[c];
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", comma, name);
        snprintf(binds + strlen(binds), sizeof binds - strlen(binds), "%s%s%d", comma, bind, c + 1);
        if (c > 0) snprintf(sets + strlen(sets), sizeof sets - strlen(sets), "%s%s = excluded.%s", c > 1 ? ", " : "", name, name);
    }
    snprintf(get, 2048, "SELECT %s FROM %s WHERE %s = %s1", names, bench->table, bench->columns[0], bind);
    snprintf(put, 2048, "INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s", bench->table, names, binds, bench->columns[0],
             sets);
}

static void open_by_hand(struct bench *bench, const char *store) {
    char get[2048], put[2048];
    if (strncmp(store, "sqlite:", 7) == 0) {
        write_statements(bench, "?", get, put);
        if (sqlite3_open(store + 7, &bench->db) != SQLITE_OK || sqlite3_busy_timeout(bench->db, 10000) != SQLITE_OK ||
            sqlite3_exec(bench->db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000", NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_prepare_v3(bench->db, get, -1, SQLITE_PREPARE_PERSISTENT, &bench->get, NULL) != SQLITE_OK ||
            sqlite3_prepare_v3(bench->db, put, -1, SQLITE_PREPARE_PERSISTENT, &bench->put, NULL) != SQLITE_OK) {
            fail(sqlite3_errmsg(bench->db));
        }
        return;
    }
    write_statements(bench, "$", get, put);
    bench->connection = PQconnectdb(store);
    if (PQstatus(bench->connection) != CONNECTION_OK) fail(PQerrorMessage(bench->connection));
    PQclear(PQprepare(bench->connection, "get", get, 0, NULL));
    PQclear(PQprepare(bench->connection, "put", put, 0, NULL));
}

static void close_by_hand(struct bench *bench) {
    sqlite3_finalize(bench->get);
    sqlite3_finalize(bench->put);
    sqlite3_close(bench->db);
    PQfinish(bench->connection);
}

static void take_text(struct row *row, int column, const char *text) {
    snprintf(row->texts[column], ROW_BYTES, "%s", text == NULL ? "" : text);
}

static void get_by_hand(struct bench *bench) {
    struct row row;
    long long key = next_key(bench);
    if (bench->db != NULL) {
        sqlite3_bind_int64(bench->get, 1, key);
        if (sqlite3_step(bench->get) != SQLITE_ROW) fail("no such row");
        row.id = sqlite3_column_int64(bench->get, 0);
        for (int c = 1; c < bench->column_count; c++) take_text(&row, c, (const char *)sqlite3_column_text(bench->get, c));
        if (sqlite3_step(bench->get) != SQLITE_DONE) fail("more than one row");
        sqlite3_reset(bench->get);
        return;
    }
    char text[32];
    const char *values[] = {text};
    snprintf(text, sizeof text, "%lld", key);
    PGresult *result = PQexecPrepared(bench->connection, "get", 1, values, NULL, NULL, 0);
    if (PQntuples(result) != 1) fail(PQerrorMessage(bench->connection));
    row.id = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    for (int c = 1; c < bench->column_count; c++) take_text(&row, c, PQgetvalue(result, 0, c));
    PQclear(result);
}

static void put_by_hand(struct bench *bench) {
    char key[32], texts[COLUMNS_MAX][ROW_BYTES];
    const char *values[COLUMNS_MAX] = {key};
    snprintf(key, sizeof key, "%lld", next_key(bench));
    for (int c = 1; c < bench->column_count; c++) {
        value_of(bench, c, texts[c]);
        values[c] = texts[c];
    }
    if (bench->db != NULL) {
        for (int c = 0; c < bench->column_count; c++) sqlite3_bind_text(bench->put, c + 1, values[c], -1, SQLITE_STATIC);
        if (sqlite3_step(bench->put) != SQLITE_DONE) fail(sqlite3_errmsg(bench->db));
        sqlite3_reset(bench->put);
        return;
    }
    PGresult *result = PQexecPrepared(bench->connection, "put", bench->column_count, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(PQerrorMessage(bench->connection));
    PQclear(result);
}

/* --- through the library --- */

static void get_through(struct bench *bench) {
    char key[32], *document = NULL;
    mf_error error;
    snprintf(key, sizeof key, "%lld", next_key(bench));
    if (mf_get(bench->proxy, bench->face, key, &document, &error) != MF_DONE) fail(error.message);
    if (document == NULL) fail("no such entity");
    mf_free(document);
}

static void put_through(struct bench *bench) {
    char key[32], text[ROW_BYTES], document[COLUMNS_MAX * ROW_BYTES] = "{";
    mf_error error;
    snprintf(key, sizeof key, "%lld", next_key(bench));
    for (int c = 1; c < bench->column_count; c++) {
        value_of(bench, c, text);
        snprintf(document + strlen(document), sizeof document - strlen(document), "%s\"%s\": \"%s\"", c > 1 ? ", " : "", bench->columns[c], text);
    }
    strcat(document, "}");
    if (mf_put(bench->proxy, bench->face, key, document, MF_PUT_ANY, NULL, &error) != MF_DONE) fail(error.message);
}

/* --- turns --- */

static double turn_s(struct bench *bench, int calls, void (*once)(struct bench *bench)) {
    double began = now_s();
    for (int i = 0; i < calls; i++) once(bench);
    return now_s() - began;
}

static int by_size(const void *left, const void *right) {
    double l = *(const double *)left, r = *(const double *)right;
    return l < r ? -1 : l > r;
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

/* Turns are short and many, so that those which somebody else on the machine lengthens are beyond the median. */
static void measure(struct bench *bench, const char *name, double seconds, int calls, void (*by_hand)(struct bench *bench),
                    void (*through)(struct bench *bench)) {
    static double hand[TURNS_MAX], library[TURNS_MAX];
    int turns = 0;
    for (int i = 0; i < 50; i++) by_hand(bench), through(bench); /* plans, caches */
    for (double began = now_s(); turns < TURNS_MAX && now_s() - began < seconds; turns++) {
        bool first = turns % 2 == 0;
        if (first) hand[turns] = turn_s(bench, calls, by_hand);
        library[turns] = turn_s(bench, calls, through);
        if (!first) hand[turns] = turn_s(bench, calls, by_hand);
    }
    double one = median(hand, turns) / calls, other = median(library, turns) / calls;
    printf("%s: %.1f us by hand, %.1f us through the library, medians of %d turns: %.2f\n", name, one * 1e6, other * 1e6, turns, one / other);
}

int main(int count, char **words) {
    struct bench bench = {0};
    mf_error error;
    if (count != 8) fail("in-process DEFINITION STORE TABLE COLUMNS ROWS SECONDS SAMPLE");
    bench.table = words[3];
    bench.face = strcmp(bench.table, "customers") == 0 ? MF_FACE_OLD : MF_FACE_NEW;
    for (char *name = strtok(words[4], ","); name != NULL && bench.column_count < COLUMNS_MAX; name = strtok(NULL, ",")) {
        bench.columns[bench.column_count++] = name;
    }
    bench.rows = strtoll(words[5], NULL, 10);
    double seconds = strtod(words[6], NULL);
    mf_proxy_options options = {.sample = strtod(words[7], NULL)};
    if (mf_proxy_open(words[1], &options, &bench.proxy, &error) != MF_DONE) fail(error.message);
    open_by_hand(&bench, words[2]);
    measure(&bench, "get", seconds, 20, get_by_hand, get_through);
    measure(&bench, "put", seconds, 2, put_by_hand, put_through);
    close_by_hand(&bench);
    mf_proxy_close(bench.proxy);
    return 0;
}
