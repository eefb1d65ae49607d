/* The one seam between how a migration is carried out and where data lives.
 *
 * A store is a connection to one database. It is used by one thread at a time; open more for more threads.
 * Texts that it hands out belong to it and live until store_close, unless said otherwise. Keys and cursors cross
 * the seam as texts that only the store reads. Every function fails with a message that names the store and says
 * what to do next.
 *
 * Transactions: begin takes the right to write; what is called between begin and commit happens wholly or not at
 * all. Functions marked [tx] are to be called inside one; [own] make their own and must be called outside.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "store/shape.h"

struct store;

/* --- the ledger --------------------------------------------------------------------------------------------- */

/* What the ledger keeps of one migration. */
struct record {
    char name[64];
    char stage[40];
    int64_t epoch; /* grows by one with every change of stage */
    char digest[24];
    char schema[24]; /* digest of the old tables' DDL at the start, to notice an alteration behind our back */
    int64_t rows_total, rows_done;
    int64_t stage_ms; /* wall clock: when the stage was entered */
    int64_t soak_until_ms;
    int64_t verified_ms, verified_epoch; /* last verification of the whole; 0: none */
    int64_t verified_rows;
    int64_t quarantined, diverged;
    int64_t outbox; /* keys noted and not yet synced; a key may be counted more than once */
    char owner[160]; /* who holds the lease; empty: nobody */
    int64_t lease_until_ms;
    int64_t token; /* fencing: grows with every lease taken */
};

/* One change of stage. */
struct move {
    const char *from, *to;
    int64_t epoch; /* the epoch that it leaves */
    const char *who, *why;
    int64_t at_ms;
};

/* Names of the numbers that ledger_set may write. */
enum record_number {
    RECORD_ROWS_TOTAL,
    RECORD_ROWS_DONE,
    RECORD_SOAK_UNTIL,
    RECORD_VERIFIED_MS,
    RECORD_VERIFIED_EPOCH,
    RECORD_VERIFIED_ROWS,
};

/* A row of quarantine or of divergence. */
struct finding {
    const char *key;  /* the entity's */
    const char *text; /* why, or what differs */
    int64_t at_ms;
};

typedef bool move_visit(void *context, const struct move *move);
typedef bool finding_visit(void *context, const struct finding *finding);

/* In quarantine by direction: the follower of that direction refused the entity, or its query failed. */
enum finding_kind { QUARANTINE_FORWARD, QUARANTINE_BACKWARD, DIVERGENCE };

/* The owner of a migration keeps its lease this long without a sign of life. */
#define LEASE_MS 10000

/* --- work ----------------------------------------------------------------------------------------------------- */

/* The state of the shapes that a migration is bound in. */
struct standing {
    bool made;    /* the new shape exists */
    bool swapped; /* the short form's tables have exchanged names */
    bool names_only; /* bind no queries: enough to take things away, whatever became of the tables */
};

/* One step of the backfill, or of emptying a shape. */
struct chunk {
    int64_t rows;       /* in: at most so many; out: so many leader rows were covered */
    double hold_ms_max; /* in: give up (ERROR_OVERTIME) when writers have waited so long, unless rows is 1 */
    double hold_ms;     /* out: how long writers had to wait */
    bool done;          /* out: nothing is left */
};

/* One step of a verification. */
struct inspection {
    enum direction direction; /* in: the side that leads is compared with its follower first */
    char *cursor;      /* in/out: the last key seen, malloc'ed; NULL: from the beginning. The caller frees it. */
    const char *until; /* in: the last key wanted; NULL: to the end */
    int64_t rows;      /* in: at most so many; out: leader rows passed */
    bool rest;         /* in: to `until`, where so many rows are about what is left */
    bool skip;         /* in: pass them without comparing (a sample) */
    bool done;         /* out */
};

/* A difference that a verification found: the key and both sides, as text. */
struct difference {
    const char *key, *table;
    const char *expected; /* the row that the query over the leader yields; NULL: none */
    const char *found;    /* the follower's row; NULL: none */
};
typedef bool key_visit(void *context, const char *key, struct error *error);
typedef bool difference_visit(void *context, const struct difference *difference, struct error *error);

enum check_level { CHECK_PROOF, CHECK_WARNING, CHECK_REFUSAL };

/* What `check` has to say: a sentence, and whether the migration may start. */
struct check_note {
    enum check_level level;
    const char *text;
};
/* One statement of the plan. */
struct check_step {
    const char *stage, *statement, *lock;
};
struct forecast {
    int64_t rows, entities_tried;
    double backfill_s;
    int64_t disk_bytes;
};
struct check_report {
    void *context;
    void (*note)(void *context, const struct check_note *note);
    void (*step)(void *context, const struct check_step *step);
    void (*broken)(void *context, const struct difference *difference); /* a key that does not round-trip */
    double sample; /* in: the share of entities to try, 0..1 */
    int64_t refusals, broken_count; /* out */
    struct forecast forecast;       /* out */
};

struct store_ops {
    const char *scheme;  /* "sqlite" */
    double hold_ms_max;  /* how long one chunk may make others wait, where the definition does not say */
    int workers;         /* how many connections copy at once, where nobody says; 1: no more can */

    bool (*open)(const char *address, struct store **ret, struct error *error);
    void (*close)(struct store *store);

    bool (*begin)(struct store *store, struct error *error);
    bool (*commit)(struct store *store, struct error *error);
    void (*rollback)(struct store *store);

    /* ledger */
    bool (*ledger_exists)(struct store *store, bool *ret, struct error *error);
    bool (*ledger_create)(struct store *store, struct error *error);                                    /* [tx] */
    bool (*ledger_find)(struct store *store, const char *name, struct record *ret, bool *ret_found, struct error *error);
    /* The definition's text as it was when the migration started; *ret is malloc'ed. */
    bool (*ledger_definition)(struct store *store, const char *name, char **ret, struct error *error);
    bool (*ledger_add)(struct store *store, const struct record *record, const char *definition, struct error *error); /* [tx] */
    bool (*ledger_move)(struct store *store, const char *name, const struct move *move, struct error *error);  /* [tx] CAS */
    bool (*ledger_set)(struct store *store, const char *name, enum record_number number, int64_t value, struct error *error);
    bool (*ledger_moves)(struct store *store, const char *name, move_visit *visit, void *context, struct error *error);
    bool (*ledger_step)(struct store *store, const char *name, const char *step, bool *ret_done, struct error *error);
    bool (*ledger_mark)(struct store *store, const char *name, const char *step, struct error *error);      /* [tx] */
    bool (*ledger_forget)(struct store *store, const char *name, struct error *error); /* [tx] steps and findings go */
    bool (*ledger_findings)(struct store *store, const char *name, enum finding_kind kind, finding_visit *visit,
                            void *context, struct error *error);
    bool (*finding_add)(struct store *store, const char *name, enum finding_kind kind, const struct finding *finding,
                            struct error *error);
    bool (*finding_known)(struct store *store, const char *name, enum finding_kind kind, const char *key, bool *ret,
                          struct error *error);
    bool (*findings_clear)(struct store *store, const char *name, enum finding_kind kind, struct error *error);
    bool (*lease_take)(struct store *store, const char *name, const char *owner, int64_t until_ms, int64_t token,
                       struct error *error); /* [tx] token: the new one */
    bool (*lease_renew)(struct store *store, const char *name, int64_t until_ms, int64_t token,
                        struct error *error); /* [tx] fails (ERROR_HELD) when the token is no longer the migration's */
    bool (*lease_release)(struct store *store, const char *name, int64_t token, struct error *error);

    /* shapes */
    bool (*bind)(struct store *store, const struct change *change, struct standing standing, struct error *error);
    bool (*check)(struct store *store, struct check_report *report, struct error *error);
    bool (*schema_digest)(struct store *store, char ret[24], struct error *error); /* of the old tables' DDL */
    bool (*shape_make)(struct store *store, struct error *error);  /* [tx] */
    /* [tx] The DDL in change->index. NULL: shape_make and backfill_close see to it, and hold nobody. */
    bool (*shape_index)(struct store *store, struct error *error);
    bool (*shape_empty)(struct store *store, enum side side, struct chunk *chunk, struct error *error); /* [own] */
    bool (*shape_drop)(struct store *store, enum side side, struct error *error); /* [tx] */
    bool (*shape_retire)(struct store *store, struct error *error);               /* [tx] the old tables, as retire says */
    /* [own] The exchange, tried on a copy: what would not fit after it is refused, and the exchange itself is short. */
    bool (*swap_rehearse)(struct store *store, bool back, struct error *error);
    bool (*swap)(struct store *store, bool back, struct error *error); /* [tx] exchange names; re-bind after */
    /* [own] What an exchange leaves to be done while everybody works on. It may be done again; NULL: the store leaves nothing. */
    bool (*swap_settle)(struct store *store, struct error *error);

    /* sync */
    /* Visits keys, in order, that divide the old shape's entities into about so many parts of one size. NULL: one part it is. */
    bool (*divide)(struct store *store, int64_t parts, key_visit *visit, void *context, struct error *error);
    bool (*rows_count)(struct store *store, int64_t *ret, struct error *error); /* of the old shape */
    /* [tx] Writes to the old side only leave their keys in the outbox, until capture_on. NULL: they are synced at once from the
     * beginning, and there is no outbox. */
    bool (*capture_note)(struct store *store, struct error *error);
    bool (*capture_on)(struct store *store, enum side side, struct error *error);  /* [tx] writes to this side are synced */
    bool (*capture_refuse)(struct store *store, enum side side, struct error *error); /* [tx] this side takes no writes */
    /* [tx] Nothing is followed any more, and a side that is to be taken away takes no more writes. Needs names only. */
    bool (*capture_close)(struct store *store, enum side side, struct error *error);
    bool (*capture_off)(struct store *store, struct error *error);                 /* [tx] both sides, and its helpers */
    bool (*capture_intact)(struct store *store, char *ret_missing, size_t size, struct error *error);
    bool (*backfill_open)(struct store *store, struct error *error); /* [tx] everything that is there now is to be copied */
    /* [own] The next chunk of a range that this store holds, or takes. With several workers each has a store of its own; `token`
     * 0: it helps one who holds the lease. Where every range is in other hands it waits a little, and has covered no rows. */
    bool (*backfill_chunk)(struct store *store, int64_t token, struct chunk *chunk, struct error *error);
    /* [own] After the last chunk: what the copy put off. NULL: nothing. May be called again after a crash. */
    bool (*backfill_close)(struct store *store, int64_t token, struct error *error);
    bool (*drain)(struct store *store, int64_t token, struct chunk *chunk, struct error *error); /* [own] syncs keys of the outbox */
    bool (*inspect)(struct store *store, struct inspection *inspection, difference_visit *visit, void *context,
                    struct error *error); /* [own] reads only */
    bool (*sync)(struct store *store, enum direction direction, const char *key, struct error *error); /* [tx] one entity, whole */
    /* [tx] The follower's rows of one entity let go of their unique values, for others to take, until the entity is synced:
     * in the same transaction. Where another constraint forbids that they stay as they are. */
    bool (*park)(struct store *store, enum direction direction, const char *key, struct error *error);
    bool (*rehearse)(struct store *store, int64_t entities, int64_t *ret_done, struct error *error); /* [own] the way back,
                                                                   on a sample, in a transaction that is undone */
    bool (*others_write)(struct store *store, bool *ret, struct error *error); /* since it was last asked, or bound */
    /* [own] How long a small durable write takes now, in ms: what an application feels. NULL: a chunk holds everybody up by itself,
     * and its time says enough. */
    bool (*pulse)(struct store *store, double *ret_ms, struct error *error);
    /* Outside of transactions: keeps the log short. `rest`: there is time for it; else only where it has to be. */
    bool (*tidy)(struct store *store, bool rest, struct error *error);
};

/* Every store begins with this. */
struct store {
    const struct store_ops *ops;
    const char *name; /* for messages: the address without a password */
    /* Since when the transaction under way holds the application's tables, by clock_ms; 0: since it began. The engine puts 0; a
     * store that asks for locks again and again, and holds none in between, says when it had them. */
    double held_since_ms;
};

/* `address` is "scheme:...". A file that does not exist is an error, never created. */
MUST_USE bool store_open(const char *address, struct store **ret, struct error *error);
void store_close(struct store *store); /* accepts NULL */
