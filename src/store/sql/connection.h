/* A SQL connection, as narrow as what the SQL stores share needs it. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

enum sql_kind { SQL_NULL, SQL_INTEGER, SQL_TEXT };

struct sql_value {
    enum sql_kind kind;
    int64_t integer;
    const char *text; /* borrowed: in binds from the caller, in rows until the visitor returns */
};

static inline struct sql_value sql_text(const char *text) {
    return text == NULL ? (struct sql_value){.kind = SQL_NULL} : (struct sql_value){.kind = SQL_TEXT, .text = text};
}
static inline struct sql_value sql_integer(int64_t integer) {
    return (struct sql_value){.kind = SQL_INTEGER, .integer = integer};
}

/* Called for each row; false ends the statement, and the run fails with what the visitor put in `error`. */
typedef bool sql_visit(void *context, const struct sql_value *columns, struct error *error);

struct sql_connection {
    /* Runs one statement with binds ?1.. = binds[0..]. `visit` and `ret_changed` may be NULL. */
    bool (*run)(struct sql_connection *connection, const char *sql, const struct sql_value *binds, size_t count,
                sql_visit *visit, void *context, int64_t *ret_changed, struct error *error);
    /* Runs several statements, without binds. */
    bool (*script)(struct sql_connection *connection, const char *sql, struct error *error);
};

/* Every SQL store begins with this. */
struct sql_store {
    struct store base;
    struct sql_connection connection;
};

#define SQL_BINDS(...) ((struct sql_value[]){__VA_ARGS__}), (sizeof((struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value))
