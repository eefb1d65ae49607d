#include "migration/ledger.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"

bool ledger_read(struct store *store, const char *name, struct standpoint *ret, struct error *error) {
    struct standpoint standpoint = {.stage = STAGE_UNINITIALIZED};
    bool exists, found = false;
    snprintf(standpoint.record.name, sizeof standpoint.record.name, "%s", name);
    snprintf(standpoint.record.stage, sizeof standpoint.record.stage, "%s", stage_name(STAGE_UNINITIALIZED));
    if (!store->ops->ledger_exists(store, &exists, error)) return false;
    if (exists && !store->ops->ledger_find(store, name, &standpoint.record, &found, error)) return false;
    if (found && !stage_from_name(standpoint.record.stage, &standpoint.stage)) {
        return error_set(error, ERROR_SCHEMA,
                         "%s: the ledger says that migration %s is at stage '%s', which this version does not know: use "
                         "the midflight that wrote it",
                         store->name, name, standpoint.record.stage);
    }
    *ret = standpoint;
    return true;
}

bool ledger_move(struct store *store, struct standpoint *standpoint, enum stage to, const char *who, const char *why,
                 struct error *error) {
    assert(stage_may_follow(standpoint->stage, to));
    struct move move = {.from = stage_name(standpoint->stage), .to = stage_name(to), .epoch = standpoint->record.epoch,
                        .who = who, .why = why, .at_ms = clock_wall_ms()};
    if (!store->ops->ledger_move(store, standpoint->record.name, &move, error)) return false;
    standpoint->stage = to;
    standpoint->record.epoch++;
    standpoint->record.stage_ms = move.at_ms;
    snprintf(standpoint->record.stage, sizeof standpoint->record.stage, "%s", move.to);
    return true;
}
