/* One migration under way: its definition, the store it lives in, where it stands, and who is at work on it. */
#pragma once

#include <stdatomic.h>

#include "migration/definition.h"
#include "migration/ledger.h"

/* Told as work goes on; any of these may be NULL. Called on the thread that does the work. */
struct observer {
    void *context;
    /* Every 100 ms or so of a phase ("backfill", "verify", ...): rows done of rows total, rows a second lately. */
    void (*progress)(void *context, const char *phase, int64_t done, int64_t total, double rows_s);
    void (*note)(void *context, const char *text); /* something a person should know */
    void (*difference)(void *context, const struct difference *difference, bool repaired);
};

struct flight {
    const struct definition *definition; /* the file's; for a rollback, what the migration was started with */
    struct definition *started;          /* owned: that, when the file was changed since */
    struct store *store;   /* that has the ledger and the old shape; mostly the new one as well */
    struct store *other;   /* that has the new shape, where it is another; else NULL */
    struct manifest manifests[2]; /* by direction, between two stores: what the queries yield; the leader's store owns them */
    struct claim claim;    /* between two stores: the range that we copy; place 0: none */
    double clients_held_ms; /* since when the application's clients wait at a pooler, by clock_ms; 0: they do not */
    double renewed_ms;     /* between two stores: when we last renewed the lease */
    struct observer observer;
    struct standpoint at;
    int64_t drain_rows; /* within one database: of the outbox, so many at once; 0: it is not known yet */
    double load;   /* the share of time that copying may take; 0: as the application leaves it */
    int workers;   /* that copy at once; 0: as many as the store would have */
    const atomic_bool *stop; /* of a crew, when one of it has failed; NULL: this is none of a crew */
    char who[160]; /* "user@host pid 42": who holds the lease, and who stands in the history */
    int64_t token; /* the lease's; 0: we hold none */
    bool inside;   /* a transaction of ours is under way in `store` */
};

MUST_USE bool flight_open(const struct definition *definition, const struct observer *observer, struct flight **ret,
                          struct error *error);
/* For who asks the ledger, or serves the old side alone: the store that has them is opened, and the other one need not answer. */
MUST_USE bool flight_open_old(const struct definition *definition, struct flight **ret, struct error *error);
void flight_close(struct flight *flight); /* lets go of the lease; accepts NULL */

/* The store that has a side. */
static inline struct store *flight_house(const struct flight *flight, enum side side) {
    return side == SIDE_NEW && flight->other != NULL ? flight->other : flight->store;
}
/* Opens the definition's stores; what is open already stays. */
MUST_USE bool flight_open_stores(struct flight *flight, struct error *error);
void flight_close_stores(struct flight *flight);

/* Reads anew where the migration stands. */
MUST_USE bool flight_refresh(struct flight *flight, struct error *error);

/* Takes the lease; every transaction of ours then fails once somebody else has taken it. `force` takes it from a
 * living owner, whose next step is refused. The ledger must exist. */
MUST_USE bool flight_take(struct flight *flight, bool force, struct error *error);

void flight_let_go(struct flight *flight); /* of the lease, if it is ours */
/* Lets others have the lease, and goes on with it if nobody took it (else ERROR_HELD). */
MUST_USE bool flight_yield(struct flight *flight, double ms, struct error *error);
/* Somebody else has the lease, by what was read last. */
bool flight_is_held(const struct flight *flight);
/* Of the soak that began at the cut-over, at this time; 0: it is over. */
int64_t flight_soak_left_ms(const struct flight *flight, int64_t now_ms);

/* Binds the store to the migration as it stands. */
MUST_USE bool flight_bind(struct flight *flight, struct error *error);

/* Between two stores: tells each side what the queries over the other yield. What does not fit is a refusal in the report; report
 * NULL: an error. flight_bind does it. */
MUST_USE bool flight_exchange(struct flight *flight, struct check_report *report, struct error *error);

/* Between two stores: the one that has the old side. */
MUST_USE bool flight_bind_old(struct flight *flight, bool names_only, struct error *error);

/* The same for taking things away: whatever became of the tables, their names are enough. `as_marked`: with the tables'
 * names as the ledger's steps say; else as they are without a swap. */
MUST_USE bool flight_bind_names(struct flight *flight, bool as_marked, struct error *error);

/* The definition must be the one that the migration was started with, while it runs. */
MUST_USE bool flight_same_definition(struct flight *flight, struct error *error);
/* Goes on with the definition that the migration was started with, as the ledger keeps it. */
MUST_USE bool flight_started_definition(struct flight *flight, struct error *error);

/* A transaction: begin checks and renews the lease; end commits when `ok`, else undoes; it returns whether all held. */
MUST_USE bool flight_begin(struct flight *flight, struct error *error);
MUST_USE bool flight_end(struct flight *flight, bool ok, const char *failpoint, struct error *error);
void flight_undo(struct flight *flight);
/* The same in the store that has a side. */
MUST_USE bool flight_begin_at(struct flight *flight, enum side side, struct error *error);
MUST_USE bool flight_end_at(struct flight *flight, enum side side, bool ok, const char *failpoint, struct error *error);
/* The same; `meanwhile` is done while the store waits for its disk, in the other one. It is not done where the commit is not asked for. */
typedef void flight_work(struct flight *flight, void *context);
MUST_USE bool flight_end_while(struct flight *flight, enum side side, bool ok, const char *failpoint, flight_work *meanwhile, void *context,
                               struct error *error);
/* Long work renews the lease now and then, where its own transactions do not. */
MUST_USE bool flight_renew(struct flight *flight, struct error *error);
/* The other store comes to know the migration, and who holds the lease. */
MUST_USE bool flight_introduce(struct flight *flight, struct error *error);

/* Is it time to stop, between two steps of work? By a signal, or as another of the crew has failed. */
bool flight_stopped(const struct flight *flight);

/* Moves to a stage in a transaction of its own. */
MUST_USE bool flight_move(struct flight *flight, enum stage to, const char *why, struct error *error);
/* The same, if a gate that can only be asked in that transaction lets it through. */
MUST_USE bool flight_move_through(struct flight *flight, bool (*gate)(struct flight *flight, struct error *error), enum stage to, const char *why,
                                  struct error *error);

/* A step of a stage: done once, and known to be. */
struct step {
    const char *name;
    bool (*run)(struct flight *flight, struct error *error);
    bool alone; /* runs outside of a transaction, in ones of its own, and may run again after a crash */
    enum side at; /* the store that has this side: there it runs, and is known to be done */
};
MUST_USE bool flight_steps(struct flight *flight, const struct step *steps, size_t count, struct error *error);
/* One that is known not to be done. */
MUST_USE bool flight_step(struct flight *flight, const struct step *step, struct error *error);
/* As far as its commit, which flight_end_at is then. */
MUST_USE bool flight_step_begin(struct flight *flight, const struct step *step, struct error *error);
MUST_USE bool flight_step_done(struct flight *flight, const char *name, bool *ret, struct error *error);

/* What the short form's exchange left to be done; outside of transactions, and again after a crash. */
MUST_USE bool flight_settle(struct flight *flight, struct error *error);

/* What the store lacks may be what another midflight took away: then says that instead. Returns false. */
bool flight_overtaken(struct flight *flight, struct error *error);

void flight_note(struct flight *flight, const char *format, ...) PRINTF_LIKE(2, 3);
/* Does one side follow the other by an outbox? Between two stores it always does. */
static inline bool has_outbox(const struct flight *flight) {
    return flight->definition->change.outbox;
}
static inline bool has_way_back(const struct flight *flight) {
    return flight->definition->change.alter_table != NULL || flight->definition->change.mappings[BACKWARD].count > 0;
}
