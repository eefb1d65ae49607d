/* PgBouncer's console, by two connections that are opened before they are needed and kept: one waits for the end of PAUSE, which
 * answers when the last transaction has ended and to nobody else; the other looks on meanwhile and says RESUME. Whoever waits when
 * RESUME comes is never answered, so that its connection is closed and another opened in its place.
 *
 * The console knows simple statements alone, and no parameters. */
#include "store/postgres/bouncer.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/interrupt.h"
#include "store/postgres/line.h"
#include "store/postgres/state.h"
#include "store/sql/report.h"

/* How long the console may take to answer, and to have read the file again. */
#define ANSWER_MS 5000.0
#define LOOK_MS 50
#define RELOAD_MS 200.0
/* Before clients are held no session is opened to the server for so long; which is waited for so long. */
#define CALM_MS 20.0
#define OPENING_MS 10000.0

struct bouncer {
    PGconn *console, *pausing;
    struct arena *arena; /* of what was last read */
    struct line line;
    struct place target, now; /* where the line would lead after the cut-over, and leads */
    const char *targets[2];   /* by side: as pairs; of the old side NULL, while the line says what it was */
    /* While clients wait nothing waits for the disk: the file's successor is written before, and is sure to be named after. */
    bool prepared, named;
    struct stat prepared_for; /* the file that it succeeds */
};

void bouncer_free(struct bouncer *bouncer) {
    if (bouncer == NULL) return;
    PQfinish(bouncer->console);
    PQfinish(bouncer->pausing);
    arena_free(bouncer->arena);
    free(bouncer);
}

static struct bouncer *bouncer_of(struct store *base) {
    struct postgres_store *store = postgres_store_of(base);
    if (store->bouncer == NULL) {
        store->bouncer = calloc(1, sizeof *store->bouncer);
        if (store->bouncer == NULL) abort();
        *store->bouncer = (struct bouncer){.arena = arena_new(), .target = {"", "", ""}, .now = {"", "", ""}};
    }
    return store->bouncer;
}

/* --- the console -------------------------------------------------------------------------------------------------- */

static bool console_fail(PGconn *db, const PGresult *result, struct error *error) {
    const char *said = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *message = said == NULL ? PQerrorMessage(db) : said;
    return error_set(error, ERROR_STORE, "PgBouncer: %.*s", pg_trimmed(message), message);
}

static void keep_quiet(void *context, const char *message) {
    (void)context, (void)message;
}

static bool console_open(const struct pooler *pooler, PGconn **ret, struct error *error) {
    const char *words[] = {"fallback_application_name", "connect_timeout", "tcp_user_timeout", "dbname", NULL};
    const char *values[] = {"midflight", "5", "5000", pooler->admin, NULL};
    PGconn *db = PQconnectdbParams(words, values, true);
    if (PQstatus(db) == CONNECTION_OK) {
        PQsetNoticeProcessor(db, keep_quiet, NULL);
        *ret = db;
        return true;
    }
    error_set(error, ERROR_STORE, "PgBouncer's console does not answer: %.*s. Check pgbouncer.admin, and that PgBouncer runs",
              pg_trimmed(PQerrorMessage(db)), PQerrorMessage(db));
    PQfinish(db);
    return false;
}

/* Until an answer is there: false when it took too long, or somebody asked us to stop and `stops`. */
static bool await(PGconn *db, double ms_max, bool stops) {
    double until = clock_ms() + ms_max;
    while (PQisBusy(db)) {
        double left = until - clock_ms();
        if (left <= 0 || (stops && interrupt_requested())) return false;
        struct pollfd answer = {.fd = PQsocket(db), .events = POLLIN};
        (void)poll(&answer, 1, left < LOOK_MS ? (int)left + 1 : LOOK_MS);
        if (!PQconsumeInput(db)) return true; /* it is lost, as PQgetResult says */
    }
    return true;
}

/* ERROR_OVERTIME: there is no answer yet; the connection is of no more use. */
static bool ask(PGconn *db, const char *sql, double ms_max, bool stops, PGresult **ret, struct error *error) {
    RESULT *result = NULL;
    if (db == NULL) return error_set(error, ERROR_STORE, "PgBouncer: the connection to its console was lost");
    if (PQsendQuery(db, sql) == 0) return console_fail(db, NULL, error);
    for (;;) {
        if (!await(db, ms_max, stops)) return error_set(error, ERROR_OVERTIME, "PgBouncer: no answer to %s in %.0f ms", sql, ms_max);
        PGresult *next = PQgetResult(db);
        if (next == NULL) break;
        PQclear(result);
        result = next;
        if (PQstatus(db) == CONNECTION_BAD) break;
    }
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return console_fail(db, result, error);
    if (ret != NULL) {
        *ret = result;
        result = NULL;
    }
    return true;
}

static bool say(PGconn *db, const char *verb, const struct pooler *pooler, double ms_max, bool stops, struct error *error) {
    TEXT sql = {0};
    text_addf(&sql, "%s ", verb);
    pg_quote(&sql, pooler->database);
    return ask(db, text_get(&sql), ms_max, stops, NULL, error);
}

static void drop(PGconn **db) {
    PQfinish(*db);
    *db = NULL;
}

/* Both connections are there, and answer: they may have been idle for long. */
static bool connect_both(struct bouncer *bouncer, const struct pooler *pooler, struct error *error) {
    PGconn **both[] = {&bouncer->console, &bouncer->pausing};
    struct error ignored;
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        if (*both[i] != NULL && !ask(*both[i], "SHOW VERSION", ANSWER_MS, false, NULL, &ignored)) drop(both[i]);
        if (*both[i] == NULL && !console_open(pooler, both[i], error)) return false;
    }
    return true;
}

static const char *field(const PGresult *result, int row, const char *column) {
    int number = PQfnumber(result, column);
    const char *text = number < 0 ? NULL : result_text(result, row, number);
    return text == NULL ? "" : text;
}

/* The row of SHOW DATABASES; -1: there is none. */
static bool find_database(PGconn *console, const struct pooler *pooler, PGresult **ret, int *ret_row, struct error *error) {
    if (!ask(console, "SHOW DATABASES", ANSWER_MS, false, ret, error)) return false;
    *ret_row = -1;
    for (int row = 0; row < PQntuples(*ret); row++) {
        if (strcmp(field(*ret, row, "name"), pooler->database) == 0) *ret_row = row;
    }
    return true;
}

/* What PgBouncer goes by now: whether the database is paused, and where it leads. */
static bool look(struct bouncer *bouncer, const struct pooler *pooler, bool *ret_paused, struct place *ret, struct error *error) {
    RESULT *databases = NULL;
    int row;
    if (!find_database(bouncer->console, pooler, &databases, &row, error)) return false;
    if (row < 0) {
        error_set(error, ERROR_REFUSED, "PgBouncer has no database %s: pgbouncer.database is the name that the application connects to",
                  pooler->database);
        return false;
    }
    *ret_paused = strcmp(field(databases, row, "paused"), "0") != 0;
    *ret = (struct place){.host = arena_copy(bouncer->arena, field(databases, row, "host")),
                          .port = arena_copy(bouncer->arena, field(databases, row, "port")),
                          .database = arena_copy(bouncer->arena, field(databases, row, "database"))};
    return true;
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

static bool read_line(struct bouncer *bouncer, const struct pooler *pooler, struct error *error) {
    arena_free(bouncer->arena);
    struct arena *arena = bouncer->arena = arena_new();
    const char *pairs = pooler->target;
    bouncer->targets[SIDE_OLD] = bouncer->targets[SIDE_NEW] = NULL;
    if (pairs == NULL && !line_pairs(pooler->stores[SIDE_NEW], "new", arena, &pairs, error)) {
        error_prefix(error, "pgbouncer.target is not given");
        return false;
    }
    bouncer->targets[SIDE_NEW] = pairs;
    if (!line_place(pairs, pooler->database, arena, &bouncer->target, error) ||
        !line_read(pooler->config, pooler->database, pooler->migration, arena, &bouncer->line, error) ||
        !line_place(bouncer->line.value, pooler->database, arena, &bouncer->now, error)) {
        return false;
    }
    return bouncer->line.before != NULL || !place_is(&bouncer->now, &bouncer->target) ||
           line_pairs(pooler->stores[SIDE_OLD], "old", arena, &bouncer->targets[SIDE_OLD], error);
}

static enum side side_of_line(const struct bouncer *bouncer) {
    return place_is(&bouncer->now, &bouncer->target) ? SIDE_NEW : SIDE_OLD;
}

bool postgres_clients_find(struct store *base, const struct pooler *pooler, struct clients *ret, struct error *error) {
    struct bouncer *bouncer = bouncer_of(base);
    struct place place;
    bool paused;
    if (!connect_both(bouncer, pooler, error) || !read_line(bouncer, pooler, error) ||
        !line_may_be_written(&bouncer->line, error) || !look(bouncer, pooler, &paused, &place, error)) {
        return false;
    }
    *ret = (struct clients){.held = paused, .side = side_of_line(bouncer), .led = place_is(&place, &bouncer->now)};
    return true;
}

/* RELOAD answers when it has read the file; a line that it does not understand it leaves as it was, and says so in its log alone. */
static bool reload(struct bouncer *bouncer, const struct pooler *pooler, struct error *error) {
    double until = clock_ms() + RELOAD_MS;
    struct place place;
    bool paused;
    if (!ask(bouncer->console, "RELOAD", ANSWER_MS, false, NULL, error)) return false;
    for (;;) {
        if (!look(bouncer, pooler, &paused, &place, error)) return false;
        if (place_is(&place, &bouncer->now)) return true;
        if (clock_ms() > until) break;
        clock_sleep_ms(1);
    }
    return error_set(error, ERROR_STORE, "PgBouncer leads %s to host %s port %s database %s still, though %s says otherwise: is that file one "
                     "that it reads? Its log says what it did not understand", pooler->database, place.host, place.port, place.database,
                     pooler->config);
}

/* There are two sides: the successor leads to the other one. */
static bool prepare_line(struct bouncer *bouncer, const struct pooler *pooler, struct error *error) {
    bool onwards = side_of_line(bouncer) == SIDE_OLD;
    bouncer->prepared = onwards ? line_turn(&bouncer->line, bouncer->targets[SIDE_NEW], pooler->migration, error)
                                : line_turn_back(&bouncer->line, bouncer->targets[SIDE_OLD], error);
    bouncer->prepared_for = bouncer->line.file;
    return bouncer->prepared;
}

static bool is_prepared(const struct bouncer *bouncer) {
    const struct stat *was = &bouncer->prepared_for, *is = &bouncer->line.file;
    return bouncer->prepared && was->st_ino == is->st_ino && was->st_size == is->st_size && was->st_mtim.tv_sec == is->st_mtim.tv_sec &&
           was->st_mtim.tv_nsec == is->st_mtim.tv_nsec;
}

static bool write_line(struct bouncer *bouncer, const struct pooler *pooler, struct error *error) {
    if ((!is_prepared(bouncer) && !prepare_line(bouncer, pooler, error)) || !line_put(&bouncer->line, error)) return false;
    bouncer->prepared = false;
    bouncer->named = true;
    return read_line(bouncer, pooler, error);
}

bool postgres_clients_turn(struct store *base, const struct pooler *pooler, enum side side, struct error *error) {
    struct bouncer *bouncer = bouncer_of(base);
    struct place place;
    bool paused;
    if (!read_line(bouncer, pooler, error)) return false; /* it may be another by now */
    if (side_of_line(bouncer) == side) {
        return look(bouncer, pooler, &paused, &place, error) && (place_is(&place, &bouncer->now) || reload(bouncer, pooler, error));
    }
    return write_line(bouncer, pooler, error) && reload(bouncer, pooler, error);
}

/* --- holding ------------------------------------------------------------------------------------------------------ */

bool postgres_clients_release(struct store *base, const struct pooler *pooler, struct error *error) {
    struct bouncer *bouncer = bouncer_of(base);
    for (int tries = 1; tries <= 2; tries++) {
        bool resumed = say(bouncer->console, "RESUME", pooler, ANSWER_MS, false, error) ||
                       strstr(error->message, "is not paused") != NULL; /* it was started anew meanwhile */
        if (resumed) return true;
        if (!connect_both(bouncer, pooler, error)) break;
    }
    return error_prefix(error, "database %s may be paused still (RESUME %s on PgBouncer's console ends that)", pooler->database,
                        pooler->database);
}

bool postgres_clients_keep(struct store *base, const struct pooler *pooler, struct error *error) {
    struct bouncer *bouncer = bouncer_of(base);
    (void)pooler;
    if (bouncer->prepared) line_drop(&bouncer->line);
    bouncer->prepared = false;
    if (!bouncer->named) return true;
    bouncer->named = false;
    return line_keep(&bouncer->line, error);
}

/* Server process 4711 for a client at 10.0.0.7 (user app): those whose transactions PAUSE waits for. */
static void name_busy(struct bouncer *bouncer, const struct pooler *pooler, struct text *text) {
    RESULT *servers = NULL;
    RESULT *clients = NULL;
    struct error ignored;
    if (!ask(bouncer->console, "SHOW SERVERS", ANSWER_MS, false, &servers, &ignored) ||
        !ask(bouncer->console, "SHOW CLIENTS", ANSWER_MS, false, &clients, &ignored)) {
        return;
    }
    for (int row = 0; row < PQntuples(servers); row++) {
        if (strcmp(field(servers, row, "database"), pooler->database) != 0 || field(servers, row, "link")[0] == '\0') continue;
        int client = 0;
        while (client < PQntuples(clients) && strcmp(field(clients, client, "ptr"), field(servers, row, "link")) != 0) client++;
        bool known = client < PQntuples(clients);
        const char *name = known ? field(clients, client, "application_name") : "";
        text_addf(text, "%sserver process %s (user %s%s%s, client at %s port %s)", text->length > 0 ? ", " : "",
                  field(servers, row, "remote_pid"), field(servers, row, "user"), name[0] == '\0' ? "" : ", ", name,
                  known ? field(clients, client, "addr") : "?", known ? field(clients, client, "port") : "?");
    }
}

static bool not_held(struct bouncer *bouncer, const struct pooler *pooler, double ms_max, struct error *error) {
    TEXT busy = {0};
    if (interrupt_requested()) return error_set(error, ERROR_INTERRUPTED, "stopped while PgBouncer waited for transactions to end");
    name_busy(bouncer, pooler, &busy);
    return error_set(error, ERROR_BUSY, "PgBouncer could not pause database %s within %.0f ms, for transactions that did not end: %s. The "
                     "clients go on with the side that leads", pooler->database, ms_max,
                     busy.length == 0 ? "those who are done by now" : text_get(&busy));
}

bool postgres_clients_ready(struct store *base, const struct pooler *pooler, struct error *error) {
    return prepare_line(bouncer_of(base), pooler, error);
}

static bool is_opening(struct bouncer *bouncer, const struct pooler *pooler, bool *ret, struct error *error) {
    RESULT *pools = NULL;
    *ret = false;
    if (!ask(bouncer->console, "SHOW POOLS", ANSWER_MS, false, &pools, error)) return false;
    for (int row = 0; row < PQntuples(pools); row++) {
        *ret = *ret || (strcmp(field(pools, row, "database"), pooler->database) == 0 && atoi(field(pools, row, "sv_login")) > 0);
    }
    return true;
}

/* PAUSE closes what is just being opened to the server as well, and PgBouncer takes that for a server that would not have it: after
 * RESUME it would open no other for 15 s (server_login_retry). It opens them one after the other. The servers' processors and disks
 * are the clients' again meanwhile, so that those transactions end soon which PAUSE waits for. */
static bool await_calm(struct bouncer *bouncer, const struct pooler *pooler, struct error *error) {
    double began = clock_ms(), calm = began;
    for (double now = began; now - calm < CALM_MS && now - began < OPENING_MS && !interrupt_requested(); now = clock_ms()) {
        bool opening;
        if (!is_opening(bouncer, pooler, &opening, error)) return false;
        if (opening) calm = clock_ms();
        clock_sleep_ms(1);
    }
    return true;
}

bool postgres_clients_hold(struct store *base, const struct pooler *pooler, double ms_max, double *ret_since_ms, struct error *error) {
    struct bouncer *bouncer = bouncer_of(base);
    if (!await_calm(bouncer, pooler, error)) return false;
    *ret_since_ms = clock_ms();
    if (say(bouncer->pausing, "PAUSE", pooler, ms_max, true, error)) return true;
    bool waits = error->code == ERROR_OVERTIME;
    struct error failure = *error, undone;
    if (waits) not_held(bouncer, pooler, ms_max, &failure);
    drop(&bouncer->pausing);
    *error = failure;
    if (base->ops->clients_release(base, pooler, &undone)) return false;
    return error_prefix(error, "%s", undone.message);
}

/* --- check -------------------------------------------------------------------------------------------------------- */

static void check_rights(struct bouncer *bouncer, struct check_report *report) {
    struct error error;
    /* It is refused to everybody, but not for the same reason. */
    if (ask(bouncer->console, "PAUSE \"pgbouncer\"", ANSWER_MS, false, NULL, &error)) return;
    if (strstr(error.message, "admin access") == NULL) {
        report_say(report, CHECK_PROOF, "PgBouncer's console answers, and the account may PAUSE");
    } else {
        report_say(report, CHECK_REFUSAL, "PgBouncer's account %s may not PAUSE: name it in admin_users", PQuser(bouncer->console));
    }
}

static const char *setting(const PGresult *config, const char *key) {
    for (int row = 0; row < PQntuples(config); row++) {
        if (strcmp(field(config, row, "key"), key) == 0) return field(config, row, "value");
    }
    return "";
}

static bool check_settings(struct bouncer *bouncer, const struct pooler *pooler, struct check_report *report, struct error *error) {
    RESULT *config = NULL;
    RESULT *databases = NULL;
    int row;
    if (!ask(bouncer->console, "SHOW CONFIG", ANSWER_MS, false, &config, error) ||
        !find_database(bouncer->console, pooler, &databases, &row, error)) {
        return false;
    }
    const char *mode = row < 0 ? "" : field(databases, row, "pool_mode");
    if (mode[0] == '\0') mode = setting(config, "pool_mode");
    if (strcmp(mode, "session") == 0) {
        report_say(report, CHECK_WARNING, "PgBouncer pools %s by sessions: it is paused when the last client has disconnected, which one "
                   "that stays connected puts off for ever (pool_mode=transaction)", pooler->database);
    } else {
        report_say(report, CHECK_PROOF, "PgBouncer pools %s by the %s: PAUSE waits for those under way", pooler->database, mode);
    }
    if (strcmp(setting(config, "so_reuseport"), "1") == 0) {
        report_say(report, CHECK_WARNING, "PgBouncer shares its port with others (so_reuseport): only the one that pgbouncer.admin leads to is "
                   "paused and led to the new store; the clients of others will be refused");
    }
    return true;
}

/* The server that a place leads to, and the database there: what no other has. `address` says how to log in. */
static bool identify(const char *address, const struct place *place, struct arena *arena, const char **ret, struct error *error) {
    const char *words[] = {"fallback_application_name", "connect_timeout", "dbname", "host", "port", "dbname", NULL};
    const char *values[] = {"midflight", "5", address, NULL, NULL, NULL, NULL};
    if (place != NULL) {
        values[3] = place->host;
        values[4] = place->port;
        values[5] = place->database;
    }
    PGconn *db = PQconnectdbParams(words, values, true);
    bool ok = PQstatus(db) == CONNECTION_OK || error_set(error, ERROR_STORE, "%.*s", pg_trimmed(PQerrorMessage(db)), PQerrorMessage(db));
    ok = ok && pg_text(db, "SELECT format('%s/%s%s', (SELECT system_identifier FROM pg_control_system()), (SELECT oid FROM pg_database "
                           "WHERE datname = current_database()), CASE WHEN pg_is_in_recovery() THEN '/standby' ELSE '' END)", NULL, arena, ret,
                       error);
    PQfinish(db);
    return ok;
}

/* PgBouncer, and who connects through it, must come to the database that the definition names. */
static void check_place(struct bouncer *bouncer, const struct pooler *pooler, enum side side, const struct place *place,
                        struct check_report *report) {
    struct error error;
    const char *there, *wanted, *what = side == SIDE_NEW ? "pgbouncer.target" : "PgBouncer's line";
    if (!identify(pooler->stores[side], NULL, bouncer->arena, &wanted, &error) ||
        !identify(pooler->stores[side], place, bouncer->arena, &there, &error)) {
        report_say(report, CHECK_REFUSAL, "%s (host=%s port=%s dbname=%s) cannot be compared with the %s store: %s", what, place->host,
                   place->port, place->database, side_name(side), error.message);
    } else if (strcmp(there, wanted) != 0) {
        report_say(report, CHECK_REFUSAL, "%s (host=%s port=%s dbname=%s) leads to another database than the %s store's address", what,
                   place->host, place->port, place->database, side_name(side));
    } else {
        report_say(report, CHECK_PROOF, "%s leads to the %s store", what, side_name(side));
    }
}

static bool check_line(struct bouncer *bouncer, const struct pooler *pooler, struct check_report *report, struct error *error) {
    struct place place;
    bool paused;
    if (!read_line(bouncer, pooler, error) || !line_may_be_written(&bouncer->line, error) ||
        !look(bouncer, pooler, &paused, &place, error)) {
        return false;
    }
    if (!place_is(&place, &bouncer->now)) {
        return error_set(error, ERROR_REFUSED, "PgBouncer leads %s to host %s port %s database %s, and %s says otherwise: is that file one "
                         "that it reads, and was it reloaded?", pooler->database, place.host, place.port, place.database, pooler->config);
    }
    if (paused) return error_set(error, ERROR_REFUSED, "PgBouncer has paused %s: RESUME it first", pooler->database);
    report_say(report, CHECK_PROOF, "%s holds one line of %s, and can be written anew", bouncer->line.path, pooler->database);
    check_place(bouncer, pooler, SIDE_OLD, &bouncer->now, report);
    check_place(bouncer, pooler, SIDE_NEW, &bouncer->target, report);
    return true;
}

bool postgres_clients_check(struct store *base, const struct pooler *pooler, struct check_report *report, struct error *error) {
    struct bouncer *bouncer = bouncer_of(base);
    struct error refusal;
    (void)error;
    if (strncmp(pooler->stores[SIDE_NEW], "postgres", strlen("postgres")) != 0) {
        report_say(report, CHECK_REFUSAL, "PgBouncer leads to PostgreSQL alone, and the new store is another");
        return true;
    }
    if (!connect_both(bouncer, pooler, &refusal)) {
        report_say(report, CHECK_REFUSAL, "%s", refusal.message);
        return true;
    }
    check_rights(bouncer, report);
    if (!check_line(bouncer, pooler, report, &refusal) || !check_settings(bouncer, pooler, report, &refusal)) {
        report_say(report, CHECK_REFUSAL, "%s", refusal.message);
    }
    return true;
}
