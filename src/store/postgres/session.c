/* Opening a session, and how it is set up. */
#include <stdlib.h>
#include <string.h>

#include "store/postgres/connection.h"

/* The address as it may be shown: host, port and database. */
static const char *shown_name(const PGconn *db, struct arena *arena) {
    const char *host = PQhost(db), *database = PQdb(db);
    return arena_format(arena, "postgresql://%s:%s/%s", host == NULL ? "" : host, PQport(db),
                        database == NULL ? "" : database);
}

static void keep_quiet(void *context, const char *message) {
    (void)context, (void)message;
}

/* Our own session, whatever the role and the database are set to.
 *
 * No timeout of the server's may cut a long pass short; no row may be hidden from us (row_security off makes that an error);
 * locks first and reads in a second statement want READ COMMITTED; keys are kept as text, so the text must mean the same in
 * every session; midflight's own tables are found after the application's. It brings workers of its own, as many as it is told:
 * those that the server would add to a long pass take the processors that the application needs.
 *
 * What we have committed is on the disk, unless we say that it need not be.
 *
 * A midflight that is stopped, or whose packets are dropped, must not hold its row locks for ever: the server ends a
 * transaction of ours that is silent for 10 s (none ever is), and looks after the connection as we do at our end. */
#define SILENCE_S "10" /* PG_SILENCE */
#define SILENCE_MS "10000"
static const char settings[] =
    "SET client_encoding = 'UTF8'; SET client_min_messages = warning; SET standard_conforming_strings = on; "
    "SET default_transaction_read_only = off; SET default_transaction_isolation = 'read committed'; "
    "SET default_transaction_deferrable = off; SET row_security = off; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; "
    "SET max_parallel_workers_per_gather = 0; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET statement_timeout = 0; SET lock_timeout = " PG_LOCK_WAIT "; "
    "SET idle_in_transaction_session_timeout = " PG_SILENCE "; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; "
    "SET tcp_keepalives_count = 3; SET tcp_user_timeout = '" SILENCE_S "s'; "
    "SELECT set_config(s.name, v.value, false) FROM pg_settings s JOIN (VALUES ('idle_session_timeout', '0'), "
    "('transaction_timeout', '0'), ('client_connection_check_interval', '5s')) AS v (name, value) ON v.name = s.name; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; "
    "SELECT set_config('search_path', current_setting('search_path') || ', midflight', false)";

/* The server answered, and will not have us: no such database, role or password. libpq has no SQLSTATE for this. */
static bool refused(const char *message) {
    return strstr(message, "FATAL") != NULL && strstr(message, "starting up") == NULL &&
           strstr(message, "shutting down") == NULL && strstr(message, "recovery") == NULL &&
           strstr(message, "too many") == NULL;
}

/* What holds unless the address says otherwise. A server that vanished, or whose packets are dropped, is noticed: by what
 * it does not acknowledge while it is to hear from us, by probes while we wait for it. */
static PGconn *connect_to(const char *address) {
    const char *patience = getenv("PGCONNECT_TIMEOUT");
    const char *words[] = {"fallback_application_name", "connect_timeout", "keepalives_idle", "keepalives_interval",
                           "keepalives_count", "tcp_user_timeout", "dbname", NULL};
    const char *values[] = {"midflight", patience == NULL ? SILENCE_S : patience, "5", "2", "3", SILENCE_MS, address, NULL};
    return PQconnectdbParams(words, values, true);
}

/* A pooler between us and the server hands out a number of its own. It may give each of our transactions to another session
 * of the server, and ours to another client: what we set, prepare and lock would be theirs. */
static bool refuse_pooler(PGconn *db, struct error *error) {
    int64_t pid;
    if (!pg_integer(db, "SELECT pg_backend_pid()", &pid, error)) return false;
    if (pid == PQbackendPID(db)) return true;
    return error_set(error, ERROR_REFUSED,
                     "PostgreSQL: %s port %s is a connection pooler (PgBouncer or the like), which may give every transaction "
                     "another session; midflight needs one of its own. Name the server itself in the store's address; the "
                     "application may go on through the pooler", PQhost(db), PQport(db));
}

bool pg_open(const char *address, PGconn **ret, const char **ret_name, struct arena *arena,
                     struct error *error) {
    char *complaint = NULL; /* it may quote the address, with the password in it */
    PQconninfoOption *options = PQconninfoParse(address, &complaint);
    PQfreemem(complaint);
    if (options == NULL) {
        return error_set(error, ERROR_USAGE,
                         "the store's address is no address of PostgreSQL; expected postgresql://user@host:port/database");
    }
    PQconninfoFree(options);
    PGconn *db = connect_to(address);
    if (PQstatus(db) != CONNECTION_OK) {
        const char *message = PQerrorMessage(db);
        error_set(error, refused(message) ? ERROR_FILE : ERROR_STORE,
                  "PostgreSQL: %.*s. Check the store's address, that the server runs, and the rights of the role",
                  pg_trimmed(message), message);
        PQfinish(db);
        return false;
    }
    PQsetNoticeProcessor(db, keep_quiet, NULL);
    *ret_name = shown_name(db, arena);
    if (!refuse_pooler(db, error) || !pg_script(db, settings, NULL, error)) {
        PQfinish(db);
        return false;
    }
    *ret = db;
    return true;
}
