/* Threads with a handle each: one carries a migration out while others ask about it, and another carries out one of its
 * own elsewhere. Run under ThreadSanitizer, which fails the test if they share what they should not. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "midflight.h"

#define ROWS "5000"

struct place {
    char folder[64], database[96], definition[96];
};

static void place_make(struct place *place) {
    snprintf(place->folder, sizeof place->folder, "/tmp/midflight-threads-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->database, sizeof place->database, "%s/app.db", place->folder);
    snprintf(place->definition, sizeof place->definition, "%s/migration.yaml", place->folder);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(place->database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode = WAL; CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);"
                                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " ROWS ")"
                                  "INSERT INTO customers SELECT i, 'n' || i FROM n",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    FILE *file = fopen(place->definition, "w");
    assert_non_null(file);
    fprintf(file,
            "migration: rename\n"
            "old:\n  store: sqlite:%s\n  key: {customers: id}\n"
            "new:\n  key: {people: id}\n  create: CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);\n"
            "forward:\n  people: SELECT id, name FROM customers\n"
            "backward:\n  customers: SELECT id, name FROM people\n",
            place->database);
    assert_int_equal(fclose(file), 0);
}

static void place_remove(const struct place *place) {
    static const char *const names[] = {"app.db", "app.db-wal", "app.db-shm", "migration.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", place->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(place->folder);
}

/* Carries the migration of a place out and back; returns NULL when all went well, else what did not. */
static void *carry(void *context) {
    static _Thread_local mf_error error;
    const struct place *place = context;
    mf_migration *migration;
    mf_result result = mf_open(place->definition, NULL, &migration, &error);
    if (result != MF_DONE) return error.message;
    mf_verify verify = {.sample = 1};
    if (mf_start(migration, NULL, &error) != MF_DONE || mf_verify_run(migration, &verify, &error) != MF_DONE ||
        mf_advance(migration, &error) != MF_DONE || mf_rollback(migration, false, &error) != MF_DONE) {
        result = error.result;
    }
    mf_close(migration);
    return result == MF_DONE ? NULL : error.message;
}

/* Asks where it stands until it has been rolled back. */
static void *watch(void *context) {
    static _Thread_local mf_error error;
    const struct place *place = context;
    mf_migration *migration;
    mf_status status = {0};
    bool under_way = false;
    if (mf_open(place->definition, NULL, &migration, &error) != MF_DONE) return error.message;
    mf_result result = MF_DONE;
    while (result == MF_DONE) {
        result = mf_status_read(migration, &status, &error);
        bool rests = result == MF_DONE && strcmp(status.stage, "Uninitialized") == 0;
        if (under_way && rests && status.epoch > 0) break;
        under_way = under_way || !rests;
        usleep(1000);
    }
    mf_close(migration);
    return result == MF_DONE ? NULL : error.message;
}

static void test_threads_with_a_handle_each_do_not_disturb_each_other(void **state) {
    (void)state;
    struct place places[2];
    pthread_t threads[4];
    for (size_t i = 0; i < 2; i++) place_make(&places[i]);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, i < 2 ? carry : watch, &places[i % 2]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *complaint;
        assert_int_equal(pthread_join(threads[i], &complaint), 0);
        if (complaint != NULL) fail_msg("%s", (const char *)complaint);
    }
    for (size_t i = 0; i < 2; i++) place_remove(&places[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_with_a_handle_each_do_not_disturb_each_other)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
