#include "engine/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/quarantine.h"

/* A chunk with rows that do not fit is looked through row by row when it is as small as this. */
#define CAREFUL_ROWS 64

/* Who ships, and who lands. */
struct passage {
    struct store *leader, *follower;
};

static struct passage passage_of(const struct flight *flight, enum direction direction) {
    return (struct passage){flight_house(flight, leader_of(direction)), flight_house(flight, follower_of(direction))};
}

static bool pass_on(void *context, const char *data, size_t size, struct error *error) {
    struct store *follower = context;
    return follower->ops->land_data(follower, data, size, error);
}

static bool carry_stream(struct passage passage, size_t stream, bool raw, struct error *error) {
    struct store *follower = passage.follower;
    return follower->ops->land_begin(follower, stream, raw, error) &&
           passage.leader->ops->ship(passage.leader, stream, raw, pass_on, follower, error) &&
           follower->ops->land_end(follower, error);
}

static bool carry_streams(struct flight *flight, struct passage passage, const struct parcel *parcel, struct error *error) {
    const struct manifest *manifest = &flight->manifests[parcel->direction];
    if (!parcel->fresh && !carry_stream(passage, 0, false, error)) return false;
    for (size_t i = 0; i < manifest->count; i++) {
        if (!carry_stream(passage, i + 1, manifest->cargoes[i].raw, error)) return false;
    }
    return true;
}

/* A range is landed by its own right, everything else by the lease. */
static bool open_landing(const struct flight *flight, struct passage passage, const struct parcel *parcel, struct error *error) {
    return passage.follower->ops->land_open(passage.follower, parcel, parcel->place > 0 ? parcel->token : flight->token, error);
}

/* Both sides let go of the parcel, as it was; the error is that of what failed. */
static bool drop_parcel(struct passage passage) {
    struct error ignored;
    passage.follower->ops->land_abandon(passage.follower);
    (void)passage.leader->ops->ship_close(passage.leader, false, &ignored);
    return false;
}

bool parcel_carry(struct flight *flight, struct parcel *parcel, bool keep, struct error *error) {
    struct passage passage = passage_of(flight, parcel->direction);
    if (!passage.leader->ops->ship_open(passage.leader, parcel, error)) return false;
    if (parcel->kind == PARCEL_OUTBOX && parcel->rows == 0 && !parcel->closes) {
        return passage.leader->ops->ship_close(passage.leader, false, error);
    }
    if (!open_landing(flight, passage, parcel, error) || !carry_streams(flight, passage, parcel, error)) return drop_parcel(passage);
    FAILPOINT("parcel, uncommitted");
    if (!passage.follower->ops->land_close(passage.follower, keep, error)) return drop_parcel(passage);
    FAILPOINT("parcel landed");
    return passage.leader->ops->ship_close(passage.leader, keep && !parcel->stays, error);
}

/* --- keys ------------------------------------------------------------------------------------------------------- */

bool parcel_keys(struct flight *flight, struct parcel *parcel, key_visit *visit, void *context, struct error *error) {
    struct store *leader = passage_of(flight, parcel->direction).leader;
    struct error ignored;
    if (!leader->ops->ship_open(leader, parcel, error)) return false;
    bool ok = leader->ops->ship_keys(leader, visit, context, error);
    return leader->ops->ship_close(leader, false, ok ? error : &ignored) && ok;
}

static bool list_keys(struct flight *flight, struct parcel *parcel, struct key_list *list, struct error *error) {
    if (!parcel_keys(flight, parcel, key_list_add, list, error)) return false;
    if (parcel->until != NULL) parcel->until = arena_copy(list->arena, parcel->until);
    return true;
}

/* --- the backfill ----------------------------------------------------------------------------------------------- */

bool parcel_oust(struct flight *flight, enum side side, int64_t place, struct error *error) {
    struct store *store = flight_house(flight, side);
    return store->ops->oust == NULL || store->ops->oust(store, flight->at.record.name, place, error);
}

/* Who had the range before may be asleep at either end. */
bool parcel_claim(struct flight *flight, enum direction direction, const struct claim *claim, char **ret_cursor, struct error *error) {
    struct store *follower = flight_house(flight, follower_of(direction));
    if (!parcel_oust(flight, leader_of(direction), claim->place, error) || !follower->ops->begin(follower, error)) return false;
    bool ok = follower->ops->land_claim(follower, flight->at.record.name, claim, ret_cursor, error) &&
              follower->ops->commit(follower, error);
    if (!ok) follower->ops->rollback(follower);
    if (ok) FAILPOINT("range claimed");
    return ok;
}

static bool claim_landing(struct flight *flight, struct error *error) {
    char *cursor = NULL;
    bool ok = parcel_claim(flight, FORWARD, &flight->claim, &cursor, error) &&
              (cursor == NULL || flight->store->ops->range_resume(flight->store, cursor, error));
    free(cursor);
    return ok;
}

/* Without a range claim.place is 0: all are done, or in other hands. */
static bool hold_range(struct flight *flight, struct error *error) {
    if (flight->claim.place > 0) return true;
    if (!flight->store->ops->range_take(flight->store, flight->token, &flight->claim, error)) return false;
    if (flight->claim.place == 0 || claim_landing(flight, error)) return true;
    flight->claim.place = 0;
    return false;
}

/* The last of the fewest first keys that do not fit together is one that does not fit: its number. They do not all fit. */
static bool find_misfit(struct flight *flight, const struct names *keys, size_t *ret, struct error *reason, struct error *error) {
    size_t fit = 0, many = keys->count;
    while (many - fit > 1) {
        size_t middle = fit + (many - fit) / 2;
        struct names some = {keys->items, middle};
        struct parcel parcel = {.kind = PARCEL_KEYS, .direction = FORWARD, .fresh = true, .keys = &some};
        struct error failure;
        if (parcel_carry(flight, &parcel, false, &failure)) {
            fit = middle;
        } else if (failure.code == ERROR_ROWS) {
            many = middle;
            *reason = failure;
        } else {
            *error = failure;
            return false;
        }
    }
    *ret = many - 1;
    return true;
}

/* Everything of the chunk that fits, with its cursor, in one transaction; the others to quarantine before. */
static bool land_what_fits(struct flight *flight, struct parcel *chunk, struct names keys, struct error *error) {
    for (;;) {
        struct parcel parcel = {.kind = PARCEL_KEYS, .direction = FORWARD, .fresh = true, .keys = &keys,
                                .place = flight->claim.place, .token = flight->claim.token, .until = chunk->until};
        struct error reason;
        size_t misfit;
        if (parcel_carry(flight, &parcel, true, &reason)) return true;
        if (reason.code != ERROR_ROWS || keys.count == 0) {
            *error = reason;
            return false;
        }
        if (!find_misfit(flight, &keys, &misfit, &reason, error) ||
            !quarantine_put(flight, FORWARD, keys.items[misfit], reason.message, error)) {
            return false;
        }
        memmove(keys.items + misfit, keys.items + misfit + 1, (keys.count - misfit - 1) * sizeof *keys.items);
        keys.count--;
    }
}

static bool backfill_carefully(struct flight *flight, struct parcel *chunk, struct error *error) {
    struct key_list list = {.arena = arena_new()};
    bool ok = list_keys(flight, chunk, &list, error) && land_what_fits(flight, chunk, list.names, error) &&
              (chunk->until == NULL || flight->store->ops->range_resume(flight->store, chunk->until, error));
    arena_free(list.arena);
    chunk->done = false; /* the next parcel of the range, which is empty then, ends it */
    return ok;
}

bool parcel_backfill(struct flight *flight, struct chunk *chunk, struct error *error) {
    if (!flight_renew(flight, error) || !hold_range(flight, error)) return false;
    if (flight->claim.place == 0) {
        chunk->rows = 0;
        chunk->hold_ms = 0;
        chunk->done = flight->claim.done;
        return true;
    }
    double began = clock_ms();
    struct parcel parcel = {.kind = PARCEL_RANGE, .direction = FORWARD, .fresh = true, .rows = chunk->rows};
    bool ok = parcel_carry(flight, &parcel, true, error);
    if (!ok && error->code == ERROR_ROWS && parcel.rows <= CAREFUL_ROWS) {
        parcel.rows = chunk->rows < CAREFUL_ROWS ? chunk->rows : CAREFUL_ROWS;
        ok = backfill_carefully(flight, &parcel, error);
    } else if (!ok && (error->code == ERROR_ROWS || error->code == ERROR_BUSY)) {
        error->code = ERROR_OVERTIME; /* a smaller one */
    }
    chunk->hold_ms = clock_ms() - began;
    chunk->rows = parcel.rows;
    if (ok && parcel.done) flight->claim.place = 0;
    return ok;
}

/* --- the drain -------------------------------------------------------------------------------------------------- */

/* Those that fit are synced and leave the outbox; one that does not goes to quarantine, and leaves it as well. */
static bool drain_keys(struct flight *flight, const struct parcel *drained, struct names keys, struct error *error) {
    struct parcel parcel = {.kind = PARCEL_KEYS, .direction = drained->direction, .within = drained->within, .park = true,
                            .clears = true, .keys = &keys};
    struct store *leader = passage_of(flight, drained->direction).leader;
    if (keys.count == 0 || parcel_carry(flight, &parcel, true, error)) return true;
    if (error->code != ERROR_ROWS) return false;
    if (keys.count == 1) {
        return quarantine_put(flight, drained->direction, keys.items[0], error->message, error) &&
               leader->ops->ship_open(leader, &parcel, error) && leader->ops->ship_close(leader, true, error);
    }
    size_t half = keys.count / 2;
    return drain_keys(flight, drained, (struct names){keys.items, half}, error) &&
           drain_keys(flight, drained, (struct names){keys.items + half, keys.count - half}, error);
}

bool parcel_drain_range(struct flight *flight, struct parcel *parcel, bool *ret_fits, struct error *error) {
    int64_t rows = parcel->rows;
    parcel->kind = PARCEL_OUTBOX;
    *ret_fits = false;
    if (!parcel->within && !flight_renew(flight, error)) return false;
    for (int tries = 0; tries < 2; tries++) {
        parcel->rows = rows;
        parcel->park = tries > 0;
        *ret_fits = parcel_carry(flight, parcel, true, error);
        if (*ret_fits) return true;
        if (error->code != ERROR_ROWS) return false;
    }
    parcel->rows = rows;
    return true;
}

bool parcel_drain(struct flight *flight, struct parcel *parcel, struct error *error) {
    bool fits;
    if (!parcel_drain_range(flight, parcel, &fits, error)) return false;
    if (fits) return true;
    struct key_list list = {.arena = arena_new()};
    bool ok = list_keys(flight, parcel, &list, error) && drain_keys(flight, parcel, list.names, error);
    arena_free(list.arena);
    parcel->done = false; /* what is there by now was not looked at as a whole */
    return ok;
}

bool parcel_sync(struct flight *flight, enum direction direction, const struct names *keys, bool *ret_fits, struct error *error) {
    struct parcel parcel = {.kind = PARCEL_KEYS, .direction = direction, .park = true, .keys = keys};
    *ret_fits = parcel_carry(flight, &parcel, true, error);
    return *ret_fits || error->code == ERROR_ROWS;
}

/* --- comparing -------------------------------------------------------------------------------------------------- */

/* What a comparison asks of where the parcel has landed. */
struct question {
    difference_visit *differ; /* of all streams; NULL: */
    key_visit *absent;        /* of the keys alone */
    void *context;
};

static bool ask(struct flight *flight, struct passage passage, const struct parcel *parcel, const struct question *question,
                struct error *error) {
    struct store *follower = passage.follower;
    if (question->differ == NULL) {
        return carry_stream(passage, 0, false, error) &&
               follower->ops->land_absent(follower, question->absent, question->context, error);
    }
    return carry_streams(flight, passage, parcel, error) &&
           follower->ops->land_differ(follower, question->differ, question->context, error);
}

static bool compare(struct flight *flight, struct parcel *parcel, const struct question *question, struct error *error) {
    struct passage passage = passage_of(flight, parcel->direction);
    parcel->landing = LAND_COMPARE;
    if (!passage.leader->ops->ship_open(passage.leader, parcel, error)) return false;
    if (!open_landing(flight, passage, parcel, error) || !ask(flight, passage, parcel, question, error) ||
        !passage.follower->ops->land_close(passage.follower, false, error)) {
        return drop_parcel(passage);
    }
    return passage.leader->ops->ship_close(passage.leader, false, error);
}

bool parcel_compare(struct flight *flight, struct parcel *parcel, difference_visit *visit, void *context, struct error *error) {
    return compare(flight, parcel, &(struct question){.differ = visit, .context = context}, error);
}

bool parcel_strays(struct flight *flight, struct parcel *parcel, key_visit *visit, void *context, struct error *error) {
    return compare(flight, parcel, &(struct question){.absent = visit, .context = context}, error);
}
