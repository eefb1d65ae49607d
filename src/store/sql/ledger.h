/* The ledger's statements: operations of store.h, for any store that begins with a struct sql_store. */
#pragma once

#include "store/sql/connection.h"

bool sql_ledger_create(struct store *store, struct error *error);
bool sql_ledger_find(struct store *store, const char *name, struct record *ret, bool *ret_found,
                     struct error *error);
bool sql_ledger_definition(struct store *store, const char *name, char **ret, struct error *error);
bool sql_ledger_add(struct store *store, const struct record *record, const char *definition,
                    struct error *error);
bool sql_ledger_move(struct store *store, const char *name, const struct move *move,
                     struct error *error);
bool sql_ledger_set(struct store *store, const char *name, enum record_number number, int64_t value,
                    struct error *error);
bool sql_ledger_moves(struct store *store, const char *name, move_visit *visit, void *context,
                      struct error *error);
bool sql_ledger_step(struct store *store, const char *name, const char *step, bool *ret_done,
                     struct error *error);
bool sql_ledger_mark(struct store *store, const char *name, const char *step, struct error *error);
bool sql_ledger_unmark(struct store *store, const char *name, const char *step, struct error *error);
bool sql_ledger_forget(struct store *store, const char *name, struct error *error);
bool sql_ledger_leave(struct store *store, const char *name, struct error *error);
bool sql_ledger_stay(struct store *store, const char *name, const char *stage, int64_t epoch, struct error *error);
bool sql_ledger_remember(struct store *store, const char *name, const struct move *move, struct error *error);
bool sql_ledger_findings(struct store *store, const char *name, enum finding_kind kind,
                         finding_visit *visit, void *context, struct error *error);
bool sql_finding_add(struct store *store, const char *name, enum finding_kind kind,
                     const struct finding *finding, struct error *error);
bool sql_finding_known(struct store *store, const char *name, enum finding_kind kind, const char *key,
                       bool *ret, struct error *error);
bool sql_finding_drop(struct store *store, const char *name, enum finding_kind kind, const char *key, struct error *error);
bool sql_findings_clear(struct store *store, const char *name, enum finding_kind kind, struct error *error);
bool sql_lease_take(struct store *store, const char *name, const char *owner, int64_t until_ms,
                    int64_t token, struct error *error);
/* Fails (ERROR_HELD) when the token is no longer the migration's. */
bool sql_lease_renew(struct store *store, const char *name, int64_t until_ms, int64_t token,
                     struct error *error);
bool sql_lease_floor(struct store *store, const char *name, int64_t *ret, struct error *error);
bool sql_lease_raise(struct store *store, const char *name, int64_t token, int64_t to, struct error *error);
bool sql_lease_resume(struct store *store, const char *name, const char *owner, int64_t until_ms, int64_t token, struct error *error);
bool sql_lease_release(struct store *store, const char *name, int64_t token, struct error *error);
bool sql_lease_follow(struct store *store, const char *name, const char *owner, int64_t token, struct error *error);

/* How far the ranges have landed here: by place, with the highest token that was seen for it. A claim raises that; the others fail
 * (ERROR_HELD) when it is not theirs. *ret: the last key that has landed, malloc'ed; NULL: none. */
bool sql_land_claim(struct store *store, const char *name, const struct claim *claim, char **ret, struct error *error);
/* [tx] It is theirs, and stays so until the end of the transaction. */
bool sql_landing_stand(struct store *store, const char *name, int64_t place, int64_t token, struct error *error);
bool sql_landing_find(struct store *store, const char *name, int64_t place, int64_t token, char **ret, struct error *error);
bool sql_landing_move(struct store *store, const char *name, int64_t place, int64_t token, const char *cursor, struct error *error);

/* Adds to rows_done and renews the lease, in the transaction that copies the rows; fails (ERROR_HELD) when the
 * token is no longer the migration's: another process has taken over. */
bool sql_rows_advance(struct store *store, const char *name, int64_t token, int64_t rows,
                      struct error *error);

/* drain.c: the ranges of the drain. */
bool sql_drain_open(struct store *store, const char *name, int64_t era, struct error *error);
bool sql_drain_take(struct store *store, const char *name, int64_t era, const char *owner, struct arena *arena,
                    struct drain_range *ret, struct error *error);
bool sql_drain_return(struct store *store, const char *name, const struct drain_range *range, struct error *error);
bool sql_drain_split(struct store *store, const char *name, struct drain_range *range, const char *middle, struct error *error);
bool sql_drain_recall(struct store *store, const char *name, int64_t era, struct error *error);
bool sql_drain_want(struct store *store, const char *name, int64_t era, struct error *error);
bool sql_drain_look(struct store *store, const char *name, int64_t era, const struct drain_range *range, struct drain_look *ret,
                    struct error *error);

/* The nodes that serve the data, and what is said to them. */
bool sql_ledger_stand(struct store *store, const char *name, struct record *ret, bool *ret_found, struct error *error);
bool sql_node_enter(struct store *store, const char *name, const struct node *node, struct error *error);
bool sql_node_confirm(struct store *store, const char *name, const char *node, int64_t epoch, bool *ret_there, struct error *error);
bool sql_node_leave(struct store *store, const char *name, const char *node, struct error *error);
bool sql_nodes(struct store *store, const char *name, node_visit *visit, void *context, struct error *error);
bool sql_rollout_get(struct store *store, const char *name, struct rollout *ret, struct error *error);
bool sql_rollout_announce(struct store *store, const char *name, int64_t epoch, struct error *error);
bool sql_rollout_set(struct store *store, const char *name, int64_t percent_e4, struct error *error);
bool sql_mismatch_add(struct store *store, const char *name, const struct mismatch *mismatch, struct error *error);
bool sql_mismatches(struct store *store, const char *name, mismatch_visit *visit, void *context, struct error *error);
