/* A range of the backfill where something is refused, or something is there already. What can be taken is taken, all at
 * once; the entities that then are not as the queries yield them are synced each alone, which puts them in quarantine
 * with the reason. Where a query fails, the range is halved until few entities are left, and those are synced each alone:
 * so it costs little more than the plain way, times a small number, and what is in quarantine is what it would be if
 * every entity had been synced alone. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/sql/ledger.h"
#include "store/sqlite/state.h"

/* A range of so few rows is not halved any more. */
#define ROWS_FEW 4

struct careful {
    struct sqlite_store *store;
    size_t alone; /* entities that were synced alone */
};

bool sync_alone(struct sqlite_store *store, enum direction direction, const char *key, struct error *error) {
    enum finding_kind kind = quarantine_of(direction);
    struct error failure = {0};
    if (!connection_script(store->db, "SAVEPOINT entity", NULL, error)) return false;
    if (!sqlite_sync(&store->sql.base, direction, key, &failure)) {
        struct finding finding = {.key = key, .text = failure.message, .at_ms = clock_wall_ms()};
        if (failure.code != ERROR_ROWS) {
            *error = failure;
            return false;
        }
        if (!connection_script(store->db, "ROLLBACK TO entity", NULL, error) ||
            !sql_finding_add(&store->sql.base, store->change.name, kind, &finding, error)) {
            return false;
        }
    }
    return connection_script(store->db, "RELEASE entity", NULL, error);
}

static bool visit_alone(void *context, const char *key, struct error *error) {
    struct careful *careful = context;
    careful->alone++;
    return sync_alone(careful->store, FORWARD, key, error);
}

/* An entity that differs after it was synced alone has its reason in quarantine. If not, the query named rows of it by
 * another key (NULL, say), and the range has to be gone through by the leader's keys. */
static bool is_explained(void *context, const char *key, struct error *error) {
    struct sqlite_store *store = ((struct careful *)context)->store;
    bool known;
    return sql_finding_known(&store->sql.base, store->change.name, QUARANTINE_FORWARD, key, &known, error) &&
           (known || error_set(error, ERROR_ROWS, "entity %s differs after it was synced", key));
}

static bool visit_different(struct careful *careful, const char *from, const char *until, key_visit *visit,
                            struct error *error) {
    struct sqlite_store *store = careful->store;
    for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
        sqlite3_stmt *different = store->chunks[from != NULL][i].different;
        if (!range_bind(store, different, from, until, error)) return false;
        bool ok = keys_visit(different, visit, careful, error);
        sqlite3_reset(different);
        if (!ok) return false;
    }
    return true;
}

static bool take_range(struct careful *careful, const char *from, const char *until, struct error *error) {
    struct sqlite_store *store = careful->store;
    size_t before = careful->alone;
    for (size_t i = 0; i < store->change.mappings[FORWARD].count; i++) {
        for (int s = 0; s < 3; s++) {
            if (!range_run(store, store->chunks[from != NULL][i].sync[s], from, until, error)) return false;
        }
    }
    return visit_different(careful, from, until, visit_alone, error) &&
           (careful->alone == before || visit_different(careful, from, until, is_explained, error));
}

static bool copy(struct careful *careful, const char *from, const char *until, int64_t rows, struct error *error) {
    struct sqlite_store *store = careful->store;
    struct error failure = {0};
    char *middle = NULL;
    if (rows <= ROWS_FEW) return keys_each(store, from, until, -1, visit_alone, careful, error);
    if (!connection_script(store->db, "SAVEPOINT range", NULL, error)) return false;
    if (take_range(careful, from, until, &failure)) return connection_script(store->db, "RELEASE range", NULL, error);
    if (failure.code != ERROR_ROWS) {
        *error = failure;
        return false;
    }
    bool ok = connection_script(store->db, "ROLLBACK TO range; RELEASE range", NULL, error) &&
              chunk_prepare(store, true, error) && key_after(store, SIDE_OLD, from, until, rows / 2, &middle, error) &&
              copy(careful, from, middle == NULL ? until : middle, rows / 2, error) &&
              (middle == NULL || copy(careful, middle, until, rows - rows / 2, error));
    free(middle);
    return ok;
}

bool copy_carefully(struct sqlite_store *store, const char *from, const char *until, int64_t rows, struct error *error) {
    struct careful careful = {.store = store};
    if (!copy(&careful, from, until, rows, error)) return false;
    store->refused = careful.alone > 0;
    return true;
}
