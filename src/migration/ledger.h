/* Where a migration stands, as the ledger in its store has it. */
#pragma once

#include "migration/stage.h"
#include "store/store.h"

struct standpoint {
    enum stage stage;
    struct record record; /* stage Uninitialized, epoch 0, while the ledger knows nothing of it */
};

/* Reads where migration `name` stands. */
MUST_USE bool ledger_read(struct store *store, const char *name, struct standpoint *ret, struct error *error);

/* The one function that changes a stage: compare-and-set on (stage, epoch) with its entry in the history, within the
 * caller's transaction. An edge that is not in the table is a bug, asserted. On success `standpoint` is the new one. */
MUST_USE bool ledger_move(struct store *store, struct standpoint *standpoint, enum stage to, const char *who,
                          const char *why, struct error *error);
