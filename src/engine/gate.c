#include "engine/gate.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "engine/between.h"
#include "engine/held.h"
#include "engine/quarantine.h"
#include "engine/verify.h"

/* Entities on which the way back is tried before the cut-over. */
#define REHEARSAL_ENTITIES 100

/* Without a way back the old side stops at the cut-over: from there on there is nothing to compare with. */
static bool stands_alone(const struct flight *flight) {
    return flight->at.stage == STAGE_AWAITING_FINALIZATION && !has_way_back(flight);
}

bool gate_intact(struct flight *flight, struct error *error) {
    struct store *store = flight->store;
    char digest[24], missing[256];
    if (!store->ops->schema_digest(store, digest, error) ||
        !store->ops->capture_intact(store, missing, sizeof missing, error)) {
        return false;
    }
    struct store *other = stands_alone(flight) ? NULL : flight->other;
    if (missing[0] == '\0' && other != NULL && !other->ops->capture_intact(other, missing, sizeof missing, error)) return false;
    if (missing[0] != '\0') {
        return error_set(error, ERROR_SCHEMA,
                         "gate capture: %s is gone or was changed, so writes went unnoticed. A table was rebuilt or "
                         "its triggers dropped: `midflight rollback`, then start again",
                         missing);
    }
    if (strcmp(digest, flight->at.record.schema) != 0) {
        return error_set(error, ERROR_SCHEMA,
                         "gate capture: the old tables of migration %s were altered since it was started. Undo that "
                         "alteration and run the command again, or `midflight rollback` and start anew",
                         flight->at.record.name);
    }
    return true;
}

bool gate_outbox(struct flight *flight, struct error *error) {
    struct backlog backlog;
    struct store *leader = flight_house(flight, leader_of(between_leading(flight)));
    if (!has_outbox(flight)) return true;
    return leader->ops->backlog(leader, &backlog, error) && gate_backlog(flight, &backlog, error);
}

bool gate_backlog(const struct flight *flight, const struct backlog *backlog, struct error *error) {
    enum side side = leader_of(between_leading(flight));
    if (!backlog->overflowed) return true;
    return error_set(error, ERROR_SCHEMA,
                     "gate outbox: the outbox of the %s side reached outbox_max, and what was written there since went unnoticed. %s",
                     side_name(side), side == SIDE_OLD ? "`midflight verify --repair` compares everything and carries that over; or `midflight "
                                                         "rollback`, then start again. Let `midflight follow` drain it"
                                                       : "`midflight verify --repair` compares everything and carries that over; `midflight "
                                                         "rollback --force` leads back without it");
}

bool gate_quarantine(struct flight *flight, struct error *error) {
    int64_t left;
    if (flight->at.record.quarantined == 0) return true;
    if (has_outbox(flight) && !between_drain(flight, between_leading(flight), error)) return false; /* what they wait for may be in it */
    if (!quarantine_retry(flight, &left, error)) return false;
    if (left == 0) return true;
    return error_set(error, ERROR_GATE,
                     "gate quarantine: %" PRId64 " entit%s could not be carried over. `midflight status` lists them with "
                     "the reason: mend the rows, then run the same command again",
                     left, left == 1 ? "y" : "ies");
}

bool gate_verified(struct flight *flight, struct error *error) {
    if (stands_alone(flight)) return true;
    if (flight->at.record.verified_epoch != flight->at.record.epoch || flight->at.record.diverged > 0) {
        struct verification verification = {.sample = 1};
        if (!verify_run(flight, &verification, error)) return false;
    }
    if (flight->at.record.diverged == 0) return true;
    return error_set(error, ERROR_GATE,
                     "gate verified: %" PRId64 " entit%s differ. `midflight verify` shows both sides of each, `midflight "
                     "verify --repair` syncs them from the side that leads",
                     flight->at.record.diverged, flight->at.record.diverged == 1 ? "y" : "ies");
}

bool gate_way_back(struct flight *flight, struct error *error) {
    int64_t entities;
    if (!has_way_back(flight)) return true;
    if (!(has_outbox(flight) ? between_rehearse(flight, REHEARSAL_ENTITIES, &entities, error)
                             : flight->store->ops->rehearse(flight->store, REHEARSAL_ENTITIES, false, &entities, error))) {
        if (error->code == ERROR_ROWS) error->code = ERROR_GATE;
        if (error->code != ERROR_GATE && error->code != ERROR_BUSY) return false;
        return error_prefix(error, "gate way back");
    }
    flight_note(flight, "the way back was tried on %" PRId64 " entities, and undone", entities);
    return true;
}

bool gate_noticed(struct flight *flight, struct error *error) {
    int64_t held;
    if (!gate_outbox(flight, error) || !held_count(flight, &held, error)) return false;
    if (held > 0) {
        return error_set(error, ERROR_GATE,
                         "gate held: %" PRId64 " entities were written on the old side after the cut-over. `midflight status` lists them: "
                         "`midflight verify --repair` gives the old side what the new one has of them, `midflight rollback --force` "
                         "leaves them as the old side has them", held);
    }
    return true;
}

bool gate_taken(struct flight *flight, struct error *error) {
    int64_t left;
    if (flight->at.record.quarantined == 0) return true;
    if (!quarantine_retry(flight, &left, error)) return false;
    if (left == 0) return true;
    return error_set(error, ERROR_GATE,
                     "gate quarantine: the old side could not take %" PRId64 " entities that the new side holds, and would lead again "
                     "without them. `midflight status` lists them: mend them, or `midflight rollback --force`",
                     left);
}

bool gate_soak(struct flight *flight, struct error *error) {
    int64_t now = clock_wall_ms(), left = flight_soak_left_ms(flight, now);
    if (left == 0) return true;
    char until[CLOCK_TEXT_BYTES];
    return error_set(error, ERROR_GATE,
                     "gate soak: %" PRId64 "h %02dm %02ds left, until %s. Run `midflight advance` again then%s",
                     left / 3600000, (int)(left / 60000 % 60), (int)(left / 1000 % 60),
                     clock_text(now + left, until),
                     has_way_back(flight) ? "; `midflight rollback` is open until then" : "");
}
