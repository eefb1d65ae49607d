#include "store/store.h"

#include <string.h>

#include "store/postgres/postgres.h"
#include "store/sqlite/sqlite.h"

static const struct store_ops *const stores[] = {&sqlite_ops, &postgres_ops};

void stores_own_process(void) {
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        if (stores[i]->own_process != NULL) stores[i]->own_process();
    }
}

bool store_open(const char *address, struct store **ret, struct error *error) {
    const char *colon = strchr(address, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - address);
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        if (strlen(stores[i]->scheme) == length && strncmp(address, stores[i]->scheme, length) == 0) {
            return stores[i]->open(address, ret, error);
        }
    }
    return error_set(error, ERROR_USAGE, "no store is called '%.*s:'; this version has sqlite:path/to/file.db and "
                                         "postgresql://user@host/database",
                     (int)length, address);
}

void store_close(struct store *store) {
    if (store != NULL) store->ops->close(store);
}
