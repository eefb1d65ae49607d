#include "proxy/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "proxy/route.h"

/* A stage that moves on while a call begins is met again so often. */
#define BEGIN_TRIES 4

/* --- transactions ------------------------------------------------------------------------------------------------ */

static enum side leader_of_call(const struct call *call) {
    return route_leader(call->pin.stage);
}

static struct store *leader_house(const struct call *call) {
    return call_house(call, leader_of_call(call));
}

static bool begin_in(const struct call *call, struct store *store, struct error *error) {
    bool one_moment = !call->writes || call->several;
    return one_moment ? store->ops->view_begin(store, call->writes, error) : store->ops->begin(store, error);
}

static void undo(struct call *call) {
    struct store *leader = leader_house(call);
    if (call->within) leader->ops->rollback(leader);
    call->within = false;
}

/* The ledger is asked in a transaction of its store; *ret_moved: the stage is not the one that the seat is bound at. */
static bool pin_ledger(struct call *call, bool *ret_moved, struct error *error) {
    struct store *ledger = call->seat->flight->store;
    struct record record = {0};
    bool found = false;
    if (FAULT("stage not looked at again")) return true;
    if (!ledger->ops->ledger_pin(ledger, call->definition->change.name, &record, &found, error)) return false;
    call->pin.stage = STAGE_UNINITIALIZED;
    if (found && !stage_from_name(record.stage, &call->pin.stage)) {
        return error_set(error, ERROR_SCHEMA, "the ledger says '%s', a stage that this version does not know", record.stage);
    }
    if (found && call->pin.stage != STAGE_UNINITIALIZED && strcmp(record.digest, call->definition->digest) != 0) {
        return error_set(error, ERROR_REFUSED, "%s: the definition of migration %s was changed since it was started: open the proxy with "
                         "the one that it runs by", call->definition->file, call->definition->change.name);
    }
    int64_t epoch = found ? record.epoch : 0;
    *ret_moved = epoch != call->seat->epoch;
    call->pin.epoch = epoch;
    return true;
}

static bool begin_leader(struct call *call, struct error *error) {
    call->within = begin_in(call, leader_house(call), error);
    return call->within;
}

/* Where the leader is the ledger's store the stage is held for as long as the call takes. Where it is not, nothing is held in the one
 * while the other may keep us waiting, as the fence may: the leader lets in no write when it leads no more, and whether what was read is
 * still true is asked at the end. */
static bool begin_pinned(struct call *call, bool *ret_moved, struct error *error) {
    struct store *ledger = call->seat->flight->store;
    if (!begin_in(call, ledger, error)) return false;
    bool ok = pin_ledger(call, ret_moved, error);
    call->apart = leader_house(call) != ledger;
    call->within = ok && !*ret_moved && !call->apart;
    if (!call->within) ledger->ops->rollback(ledger);
    return ok && (*ret_moved || !call->apart || begin_leader(call, error));
}

static bool begin_changing(struct call *call, struct error *error) {
    bool moved = false;
    for (int tries = 0; tries < BEGIN_TRIES; tries++) {
        if (!seat_bind(call->seat, call->pin.epoch, error)) {
            if (error->code != ERROR_EPOCH) return false;
            call->pin.epoch = call->seat->flight->at.record.epoch;
            continue;
        }
        if (!begin_pinned(call, &moved, error)) return false;
        if (!moved) return true;
    }
    return error_set(error, ERROR_EPOCH, "migration %s is moving on: make the same call again", call->definition->change.name);
}

bool call_begin(struct call *call, bool plain, struct error *error) {
    if (call->pin.changing) return begin_changing(call, error);
    if (!seat_bind(call->seat, call->pin.epoch, error)) return false;
    call->committing = plain && call->writes; /* a statement by itself commits itself */
    return plain || begin_leader(call, error);
}

/* Who works in another store than the ledger's may have been passed by a change of stage. */
static bool stayed(struct call *call, struct error *error) {
    struct store *ledger = call->seat->flight->store;
    struct record record = {0};
    bool found = false;
    if (!ledger->ops->ledger_stand(ledger, call->definition->change.name, &record, &found, error)) return false;
    return (found ? record.epoch : 0) == call->pin.epoch ||
           error_set(error, ERROR_EPOCH, "migration %s moved on meanwhile: make the same call again", call->definition->change.name);
}

bool call_end(struct call *call, bool ok, struct error *error) {
    struct store *leader = leader_house(call);
    bool found = ok || error->code == ERROR_CONFLICT; /* something was read, and told */
    if (call->apart && found) ok = stayed(call, error) && ok;
    if (ok && call->within && call->writes) {
        call->committing = true;
        ok = leader->ops->commit(leader, error);
        call->within = !ok;
    }
    undo(call); /* what only read, and what failed */
    return ok;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

bool call_read(struct call *call, enum side shape, enum side from, const char *key, struct text *ret, bool *ret_found,
               struct error *error) {
    const struct seat *seat = call->seat;
    if (seat->half && (from == SIDE_NEW || (shape == SIDE_NEW && !seat->knows_new))) return seat_lacks_new(seat, error);
    struct store *store = call_house(call, from);
    struct face face = {shape, from, seat->single[shape]};
    return route_readable(call->definition, shape, from, error) && store->ops->face_get(store, face, key, ret, ret_found, error);
}

/* Is the entity one that is served from the new side, and is it there? A key in the outbox or in quarantine is not; whoever wrote
 * it is answered by the side that took the write. */
static bool choose_side(struct call *call, const char *key, enum side *ret, struct error *error) {
    struct store *old = call_house(call, SIDE_OLD);
    TEXT spelled = {0};
    bool waits = false;
    *ret = leader_of_call(call);
    bool early = FAULT("rolled out while running") && call->pin.stage == STAGE_RUNNING;
    if (call->seat->half) return true;
    if (call->writes || (!route_is_rolled_out(call->pin.stage) && !early) || call->pin.percent_e4 == 0) return true;
    if (!old->ops->face_key(old, key, &spelled, error)) return false;
    if (!route_chosen(text_get(&spelled), call->pin.percent_e4)) return true;
    bool asks = !early && !FAULT("outbox unasked");
    if (asks && !old->ops->face_waits(old, FORWARD, text_get(&spelled), &waits, error)) return false;
    if (!waits) *ret = SIDE_NEW;
    return true;
}

/* The troubles of the side that follows are not the application's: it is answered by the one that leads. */
static bool read_chosen(struct call *call, const struct operation *operation, struct text *ret, bool *ret_found, struct error *error) {
    enum side leader = leader_of_call(call);
    if (!choose_side(call, operation->key, &call->served_from, error)) return false;
    if (call_read(call, operation->face, call->served_from, operation->key, ret, ret_found, error)) return true;
    if (call->served_from == leader || call->within) return false;
    call->seat->worn = error->code == ERROR_STORE;
    call->served_from = leader;
    text_clear(ret);
    return call_read(call, operation->face, leader, operation->key, ret, ret_found, error);
}

static bool get(struct call *call, struct operation *operation, struct error *error) {
    struct text document = {0}; /* handed over */
    if (!read_chosen(call, operation, &document, &operation->found, error)) {
        text_free(&document);
        return false;
    }
    if (!operation->found) text_free(&document);
    operation->found_document = document.data;
    return true;
}

bool call_list(struct call *call, enum side face, const char *after, int64_t limit, document_visit *visit, void *context,
               struct error *error) {
    if (call->seat->half && face == SIDE_NEW && !call->seat->knows_new) return seat_lacks_new(call->seat, error);
    enum side from = FAULT("list of the other side") && call->pin.stage == STAGE_RUNNING ? SIDE_NEW : leader_of_call(call);
    struct store *store = call_house(call, from);
    struct face shown = {face, from, call->seat->single[face]};
    return route_readable(call->definition, face, from, error) &&
           store->ops->face_list(store, shown, after, limit, visit, context, error);
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* Documents agree in the columns that both have: one that was read from the other side may have more, or fewer. */
static bool agree(const struct json *left, const struct json *right) {
    if (left->kind != right->kind) return false;
    if (left->kind == JSON_OBJECT) {
        JSON_EACH(member, left) {
            const struct json *other = json_member(right, member->name);
            if (other != NULL && !agree(member, other)) return false;
        }
        return true;
    }
    if (left->kind != JSON_LIST) return json_same(left, right);
    const struct json *other = right->first;
    if (left->count != right->count) return false;
    JSON_EACH(item, left) {
        if (!agree(item, other)) return false;
        other = other->next;
    }
    return true;
}

static bool unchanged(const struct operation *operation, const char *now, struct error *error) {
    struct arena *arena = arena_new();
    const struct json *expected, *found;
    bool ok = json_parse(operation->expected, "the expected document", arena, &expected, error) &&
              json_parse(now, "what was read", arena, &found, error);
    if (ok && !agree(expected, found)) {
        ok = error_set(error, ERROR_CONFLICT, "entity %s was changed since it was read: read it again, and decide anew", operation->key);
    }
    arena_free(arena);
    return ok;
}

/* What the entity is now, as the face shows it, and stays until the call ends. */
static bool hold(struct call *call, const struct operation *operation, struct text *now, bool *ret_found, struct error *error) {
    enum side leader = leader_of_call(call);
    struct store *store = leader_house(call);
    bool held = FAULT("entity not locked");
    for (;;) {
        if (!held && !store->ops->face_lock(store, leader, operation->key, &held, error)) return false;
        if (!call_read(call, operation->face, leader, operation->key, now, ret_found, error)) return false;
        if (held || !*ret_found) return true;
        text_clear(now); /* it was made just now */
    }
}

/* And whether that is what the operation goes by. */
static bool look_first(struct call *call, const struct operation *operation, struct text *now, bool *ret_found, struct error *error) {
    bool compared = operation->kind == OPERATION_DELETE ? operation->expected != NULL : operation->how == PUT_IF_UNCHANGED;
    if (!hold(call, operation, now, ret_found, error)) return false;
    if (compared && operation->expected == NULL) {
        return error_set(error, ERROR_USAGE, "entity %s: to be put if it is unchanged, and no document says what it was", operation->key);
    }
    if (FAULT("expectation forgotten")) compared = false;
    if (compared && !*ret_found) {
        return error_set(error, ERROR_CONFLICT, "entity %s is not there any more", operation->key);
    }
    return !compared || unchanged(operation, text_get(now), error);
}

/* The leader's document of what is to be put on the other face. */
static bool translate(struct call *call, const struct operation *operation, const char *now, struct text *ret, struct error *error) {
    enum direction direction = led_by(operation->face);
    if (call->seat->half && operation->face == SIDE_NEW) return seat_lacks_new(call->seat, error);
    struct store *store = call_house(call, operation->face);
    bool found = false;
    if (!store->ops->face_translate(store, direction, call->seat->single[leader_of_call(call)], operation->key, now, operation->document,
                                    ret, &found, error)) {
        return false;
    }
    return found || error_set(error, ERROR_USAGE, "entity %s: the %s queries yield no row of this document, so the %s side would not have it",
                              operation->key, direction_name(direction), side_name(leader_of_call(call)));
}

bool call_is_plain(const struct call *call, const struct operation *operation) {
    bool own = operation->face == leader_of_call(call);
    switch (operation->kind) {
    case OPERATION_GET:
        return true;
    case OPERATION_PUT:
        return own && operation->how != PUT_IF_UNCHANGED;
    case OPERATION_DELETE:
        break;
    }
    return own && operation->expected == NULL;
}

/* Somebody who locks nothing made the entity since it was looked for. Returns false. */
static bool met_another(const struct operation *operation, struct error *error) {
    if (error->code != ERROR_CONFLICT || operation->how == PUT_INSERT) return false;
    return error_set(error, ERROR_BUSY, "entity %s was made by another call meanwhile: make the same call again", operation->key);
}

static bool put(struct call *call, struct operation *operation, struct error *error) {
    enum side leader = leader_of_call(call);
    struct store *store = leader_house(call);
    TEXT now = {0};
    TEXT translated = {0};
    bool own = operation->face == leader, found = false;
    if (!route_writable(call->definition, operation->face, leader, error)) return false;
    if (!own && (call->pin.stage == STAGE_FINISHING || call->pin.stage == STAGE_FINISHED)) {
        return error_set(error, ERROR_REFUSED, "migration %s is %s, and the old tables, which would say what an old document means, are going "
                         "or gone: the old face is read, no more: put on the new face", call->definition->change.name,
                         stage_name(call->pin.stage));
    }
    if ((!own || operation->how == PUT_IF_UNCHANGED) && !look_first(call, operation, &now, &found, error)) return false;
    if (own) return store->ops->face_put(store, leader, operation->key, operation->document, operation->how == PUT_INSERT, error);
    /* What was made of an entity that is not there is to be put where none is. */
    return translate(call, operation, found ? text_get(&now) : NULL, &translated, error) &&
           (store->ops->face_put(store, leader, operation->key, text_get(&translated), operation->how == PUT_INSERT || !found, error) ||
            met_another(operation, error));
}

static bool delete(struct call *call, struct operation *operation, struct error *error) {
    enum side leader = leader_of_call(call);
    struct store *store = leader_house(call);
    TEXT now = {0};
    bool found = false;
    if (!route_writable(call->definition, operation->face, leader, error)) return false;
    if (operation->expected != NULL && !look_first(call, operation, &now, &found, error)) return false;
    return store->ops->face_delete(store, leader, operation->key, &operation->found, error);
}

bool call_operate(struct call *call, struct operation *operation, struct error *error) {
    switch (operation->kind) {
    case OPERATION_GET:
        return get(call, operation, error);
    case OPERATION_PUT:
        return put(call, operation, error);
    case OPERATION_DELETE:
        break;
    }
    return delete(call, operation, error);
}
