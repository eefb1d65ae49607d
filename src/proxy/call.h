/* A call: operations that are one transaction of the store that leads, on one connection, at one epoch. */
#pragma once

#include "proxy/node.h"
#include "proxy/pool.h"
#include "proxy/proxy.h"

struct call {
    const struct definition *definition;
    struct seat *seat;
    struct pin pin;       /* once call_begin has succeeded: as the ledger has it */
    bool writes;
    bool several;         /* operations, which see one moment's state but for what they write */
    bool within;          /* a transaction is under way in the leader's store */
    bool apart;           /* in another store than the ledger's, while a change of stage is announced */
    bool committing;      /* what is written may be there, even if the connection is lost */
    enum side served_from; /* out, of the last read */
};

/* `plain`: one operation of one statement; where no change is announced it needs no transaction. */
MUST_USE bool call_begin(struct call *call, bool plain, struct error *error);
/* Commits when `ok`, else undoes. */
MUST_USE bool call_end(struct call *call, bool ok, struct error *error);

/* Is the operation one statement? */
bool call_is_plain(const struct call *call, const struct operation *operation);
MUST_USE bool call_operate(struct call *call, struct operation *operation, struct error *error);
MUST_USE bool call_list(struct call *call, enum side face, const char *after, int64_t limit, document_visit *visit, void *context,
                        struct error *error);

/* The entity as a side shows it; appends to `ret`. */
MUST_USE bool call_read(struct call *call, enum side shape, enum side from, const char *key, struct text *ret, bool *ret_found,
                        struct error *error);
static inline struct store *call_house(const struct call *call, enum side side) {
    return flight_house(call->seat->flight, side);
}
