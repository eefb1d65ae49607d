/* A service whose customers change their shape under its hands. Its threads read and write the new shape from the first moment, when
 * there is only the old table; meanwhile the main thread carries the migration out, to the cut-over.
 *
 *   sqlite3 app.db "PRAGMA journal_mode = WAL; CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT);
 *                   INSERT INTO customers VALUES (1, 'Ada Lovelace', 'ada@example.com'), (2, 'Hypatia', NULL)"
 *   cc service.c -o service $(pkg-config --cflags --libs midflight) -pthread
 *   APP_DB=sqlite:app.db ./service split-name.yaml 2
 */
#include <midflight.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4

struct service {
    mf_proxy *proxy; /* one for all threads */
    int customers;
    atomic_int served, failed;
    atomic_bool stop;
};

/* The same call may be made again. */
static bool passes(const mf_error *error) {
    return strcmp(error->code, "epoch") == 0 || strcmp(error->code, "busy") == 0 || strcmp(error->code, "held") == 0;
}

/* One request: somebody takes another name, and sees it at once. */
static bool rename_customer(struct service *service, int customer, int number, mf_error *error) {
    char key[16], document[96], *found = NULL;
    snprintf(key, sizeof key, "%d", customer);
    snprintf(document, sizeof document, "{\"first_name\": \"Ann\", \"last_name\": \"the %dth\"}", number);
    if (mf_put(service->proxy, MF_FACE_NEW, key, document, MF_PUT_ANY, NULL, error) != MF_DONE ||
        mf_get(service->proxy, MF_FACE_NEW, key, &found, error) != MF_DONE) {
        return false;
    }
    bool there = found != NULL;
    if (!there) snprintf(error->message, sizeof error->message, "customer %d is gone", customer);
    if (!there) error->code = "gone";
    mf_free(found);
    return there;
}

static void *serve(void *context) {
    struct service *service = context;
    mf_error error;
    while (!atomic_load(&service->stop)) {
        int number = atomic_fetch_add(&service->served, 1) + 1;
        while (!rename_customer(service, number % service->customers + 1, number, &error)) {
            if (passes(&error)) {
                usleep(10000);
                continue;
            }
            fprintf(stderr, "request %d: %s\n", number, error.message);
            atomic_fetch_add(&service->failed, 1);
            break;
        }
        usleep(2000);
    }
    return NULL;
}

static mf_result say(mf_migration *migration, mf_error *error) {
    mf_status status;
    mf_result result = mf_status_read(migration, &status, error);
    if (result == MF_DONE) printf("%s: %s (%s)\n", mf_name(migration), status.stage, status.mode);
    return result;
}

/* To the cut-over. After the soak one more mf_advance ends it; until then mf_rollback leads back. */
static mf_result migrate(struct service *service, mf_migration *migration, mf_error *error) {
    mf_result result = mf_start(migration, NULL, error);
    for (double percent = 10; result == MF_DONE && percent <= 100; percent *= 10) {
        result = mf_rollout_set(service->proxy, percent, error); /* so many of the reads are served from the new table */
        usleep(100000);
    }
    if (result == MF_DONE) result = say(migration, error);
    if (result == MF_DONE) result = mf_advance(migration, error);
    return result == MF_DONE ? say(migration, error) : result;
}

int main(int count, char **words) {
    struct service service = {.customers = count == 3 ? atoi(words[2]) : 0};
    pthread_t threads[THREADS];
    mf_migration *migration = NULL;
    mf_error error;
    if (service.customers < 1) return fprintf(stderr, "service DEFINITION CUSTOMERS\n"), MF_USAGE;
    mf_result result = mf_proxy_open(words[1], NULL, &service.proxy, &error);
    if (result != MF_DONE) return fprintf(stderr, "%s\n", error.message), result;
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, serve, &service);
    result = mf_open(words[1], NULL, &migration, &error);
    if (result == MF_DONE) result = migrate(&service, migration, &error);
    if (result != MF_DONE) fprintf(stderr, "%s\n", error.message);
    atomic_store(&service.stop, true);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("%d requests served meanwhile, %d failed\n", atomic_load(&service.served), atomic_load(&service.failed));
    mf_close(migration);
    mf_proxy_close(service.proxy);
    return result;
}
