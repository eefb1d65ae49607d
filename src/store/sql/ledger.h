/* The ledger's statements, for any SQL store: each function is one operation of store.h over a connection. */
#pragma once

#include "store/sql/connection.h"
#include "store/store.h"

bool sql_ledger_create(struct sql_connection *connection, struct error *error);
bool sql_ledger_find(struct sql_connection *connection, const char *name, struct record *ret, bool *ret_found,
                     struct error *error);
bool sql_ledger_definition(struct sql_connection *connection, const char *name, char **ret, struct error *error);
bool sql_ledger_add(struct sql_connection *connection, const struct record *record, const char *definition,
                    struct error *error);
bool sql_ledger_move(struct sql_connection *connection, const char *name, const struct move *move,
                     struct error *error);
bool sql_ledger_set(struct sql_connection *connection, const char *name, enum record_number number, int64_t value,
                    struct error *error);
bool sql_ledger_moves(struct sql_connection *connection, const char *name, move_visit *visit, void *context,
                      struct error *error);
bool sql_ledger_step(struct sql_connection *connection, const char *name, const char *step, bool *ret_done,
                     struct error *error);
bool sql_ledger_mark(struct sql_connection *connection, const char *name, const char *step, struct error *error);
bool sql_ledger_forget(struct sql_connection *connection, const char *name, struct error *error);
bool sql_ledger_findings(struct sql_connection *connection, const char *name, enum finding_kind kind,
                         finding_visit *visit, void *context, struct error *error);
bool sql_finding_add(struct sql_connection *connection, const char *name, enum finding_kind kind,
                     const struct finding *finding, struct error *error);
bool sql_finding_known(struct sql_connection *connection, const char *name, enum finding_kind kind, const char *key,
                       bool *ret, struct error *error);
bool sql_findings_clear(struct sql_connection *connection, const char *name, enum finding_kind kind, struct error *error);
bool sql_lease_take(struct sql_connection *connection, const char *name, const char *owner, int64_t until_ms,
                    int64_t token, struct error *error);
/* Fails (ERROR_HELD) when the token is no longer the migration's. */
bool sql_lease_renew(struct sql_connection *connection, const char *name, int64_t until_ms, int64_t token,
                     struct error *error);
bool sql_lease_release(struct sql_connection *connection, const char *name, int64_t token, struct error *error);

/* Adds to rows_done and renews the lease, in the transaction that copies the rows; fails (ERROR_HELD) when the
 * token is no longer the migration's: another process has taken over. */
bool sql_rows_advance(struct sql_connection *connection, const char *name, int64_t token, int64_t rows,
                      struct error *error);
