#include "server/server.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/http.h"
#include "server/link.h"
#include "server/log.h"

#define TICK_MS 250
#define MIGRATIONS_MAX 256

static bool fail(mf_error *error, const char *format, const char *name, const char *more) {
    error->result = MF_USAGE;
    error->code = "usage";
    snprintf(error->message, sizeof error->message, format, name, more);
    return false;
}

/* --- definitions --- */

static bool add_file(struct server *server, const char *file, mf_error *error) {
    struct driver_options options = {server->options->paused, server->options->sample, server->threads};
    if (server->driver_count == MIGRATIONS_MAX) return fail(error, "%s: a server takes 256 migrations at most%s", file, "");
    struct driver *driver = NULL;
    if (driver_new(file, &options, &driver, error) != MF_DONE) return false;
    if (server_driver(server, driver_name(driver)) != NULL) {
        fail(error, "%s: there is another migration %s already: names are what paths are made of", file, driver_name(driver));
        driver_free(driver);
        return false;
    }
    server->drivers[server->driver_count++] = driver;
    return true;
}

static int is_definition(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static bool add_folder(struct server *server, const char *folder, mf_error *error) {
    struct dirent **entries;
    int count = scandir(folder, &entries, is_definition, alphasort);
    bool ok = count > 0 || fail(error, count < 0 ? "%s: %s" : "%s: there is no definition in it: files of .yaml or .yml%.0s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", folder, entries[i]->d_name);
        ok = ok && add_file(server, file, error);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return ok;
}

static bool add_all(struct server *server, mf_error *error) {
    for (size_t i = 0; i < server->options->file_count; i++) {
        struct stat info;
        const char *file = server->options->files[i];
        bool folder = stat(file, &info) == 0 && S_ISDIR(info.st_mode);
        if (!(folder ? add_folder(server, file, error) : add_file(server, file, error))) return false;
    }
    return true;
}

/* --- the life of the server --- */

/* As many connections as we allow, and files beside them. */
static void raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int threads_of(const struct server_options *options) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (options->threads > 0) return options->threads;
    return processors < 2 ? 4 : (int)(2 * processors);
}

/* Signals are the main thread's alone; the others are made with them blocked. */
static void block_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Until a signal. */
static int serve(struct server *server, const sigset_t *set) {
    const struct timespec tick = {0, TICK_MS * 1000000L};
    for (;;) {
        int got = sigtimedwait(set, NULL, &tick);
        if (got > 0) return got;
        http_tick(server);
    }
}

/* Requests under way end; none begins. What migrations are at stops at the next safe point, to be gone on with. */
static void drain(struct server *server) {
    double until = clock_ms() + server->options->drain_s * 1000.0;
    atomic_store(&server->draining, true);
    http_quiesce(server);
    for (size_t i = 0; i < server->driver_count; i++) driver_end(server->drivers[i]);
    while (atomic_load(&server->active) > 0 && clock_ms() < until) {
        clock_sleep_ms(10);
        http_tick(server);
    }
    int left = atomic_load(&server->active);
    log_event(left > 0 ? LOG_WARNING : LOG_INFO, "drained", json_pack("{s:i}", "cut_off", left));
}

static mf_result begin(struct server *server, mf_error *error) {
    if (!add_all(server, error)) return error->result;
    server->access = access_new(server->options->tokens, error);
    if (server->access == NULL || !http_begin(server, error)) return error->result;
    for (size_t i = 0; i < server->driver_count; i++) {
        if (driver_begin(server->drivers[i])) continue;
        fail(error, "%s: no thread can be had for it: %s", driver_name(server->drivers[i]), strerror(errno));
        error->result = MF_FAILED;
        return MF_FAILED;
    }
    return MF_DONE;
}

static void end(struct server *server) {
    for (size_t i = 0; i < server->driver_count; i++) driver_end(server->drivers[i]);
    http_end(server);
    for (size_t i = 0; i < server->driver_count; i++) driver_free(server->drivers[i]);
    access_free(server->access);
    log_flush();
    free(server->drivers);
    free(server);
}

mf_result server_run(const struct server_options *options, mf_error *error) {
    sigset_t set;
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) abort();
    server->options = options;
    server->threads = threads_of(options);
    server->drivers = calloc(MIGRATIONS_MAX, sizeof *server->drivers);
    if (server->drivers == NULL) abort();
    raise_limit();
    block_signals(&set);
    mf_result result = begin(server, error);
    if (result == MF_DONE) {
        int signal = serve(server, &set);
        log_event(LOG_INFO, "draining", json_pack("{s:s}", "signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"));
        drain(server);
    }
    end(server);
    return result;
}
