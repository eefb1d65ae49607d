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
#include "base/text.h"
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

static inline enum finding_kind quarantine_of(enum direction direction) {
    return direction == FORWARD ? QUARANTINE_FORWARD : QUARANTINE_BACKWARD;
}

/* The owner of a migration keeps its lease this long without a sign of life. */
#define LEASE_MS 10000

/* --- work ----------------------------------------------------------------------------------------------------- */

/* Which of the shapes a store has: the other one is in another store. */
enum housed { HOUSES_BOTH, HOUSES_OLD, HOUSES_NEW };

static inline bool houses(enum housed housed, enum side side) {
    return housed == HOUSES_BOTH || housed == (side == SIDE_OLD ? HOUSES_OLD : HOUSES_NEW);
}

/* The state of the shapes that a migration is bound in. */
struct standing {
    enum housed housed;
    const char *elsewhere; /* what messages call the other store, where each has one side */
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
    const char *key;   /* in: this entity alone, whatever else is asked; NULL: the rows after the cursor */
    bool rest;         /* in: to `until`, where so many rows are about what is left */
    bool skip;         /* in: pass them without comparing (a sample) */
    bool done;         /* out */
};

/* A difference that a verification found: the key and both sides, as text. */
struct difference {
    const char *key, *table;
    const char *expected; /* the row that the query over the leader yields; NULL: none */
    const char *found;    /* the follower's row; NULL: none */
    bool noted;           /* within one database: the outbox holds the key, in the same snapshot */
};
typedef bool key_visit(void *context, const char *key, struct error *error);
typedef bool difference_visit(void *context, const struct difference *difference, struct error *error);

/* --- between two stores ------------------------------------------------------------------------------------------
 *
 * Each has one side (standing.housed), and the work of a direction is shared: the leader's store *ships* what the queries yield
 * for some keys, read in one snapshot; the follower's *lands* it, in one transaction of its own. What travels at once is a
 * parcel: stream 0 holds its keys, a field a column of the key; stream n what the n-th query of the direction yields for them.
 *
 * A stream travels as text, which every store reads and writes: a row a line, fields with tabs between, \N for NULL; backslash,
 * tab, line feed and carriage return as \\, \t, \n, \r; bytes as \\x and hexadecimal digits (one backslash, written as two);
 * truth as t and f; times as ISO 8601, with a zone where there is one; numbers in full. This is what COPY of PostgreSQL writes.
 * Where both stores know the same binary form of every column a stream may travel *raw*, in that. */

/* What one query yields. */
struct cargo {
    const char *table;          /* the follower's */
    struct names columns, types; /* types: as the leader's store names them; "": any */
    bool raw;                   /* in land_expect out: travels in the manifest's binary form */
    const bool *bytes;          /* in land_expect out: by column, does it hold bytes, and nothing else? NULL: any may hold any */
};
/* What the queries of a direction yield. */
struct manifest {
    const char *raw; /* the name of the leader's binary form; NULL: it has none */
    struct cargo *cargoes; /* by query */
    size_t count;
    bool apart; /* in land_expect out: no row can pass from one entity to another, so that ranges may land side by side */
};

enum parcel_kind {
    PARCEL_RANGE,  /* the next chunk of the range that the leader's store holds: nothing of it is on the follower yet */
    PARCEL_OUTBOX, /* keys that the outbox holds */
    PARCEL_KEYS,   /* keys that are named */
    PARCEL_SPAN,   /* the next keys after a cursor, in the order of the store that ships */
};
/* What is done with it where it lands. */
enum landing { LAND_WRITE, LAND_COMPARE };

struct parcel {
    enum parcel_kind kind;
    enum direction direction;
    enum landing landing;
    bool within; /* it is shipped in the leader's transaction under way, else in a snapshot of its own */
    /* A rehearsal, before there is an outbox to look into: it is landed in the follower's transaction under way, without a token. */
    bool joins;
    bool fresh;  /* nothing of its keys is on the follower: it is only inserted. A range's is. */
    bool park;   /* the follower's rows first let go of their unique values, for others of the parcel to take */
    bool closes; /* when it has landed, before the commit: what backfill_close put off still (unique sets over several entities) */
    bool clears; /* KEYS: what the outbox holds of them is read as well, and taken once they have landed */
    /* OUTBOX, within a fence, all of it: it keeps what it holds, and where it lands a crash of the server may undo it. land_close only
     * asks for the commit there, where commit_ask is. */
    bool stays;
    bool settled; /* KEYS: those that the outbox holds, in the same snapshot, are under way and left out */
    const struct names *keys; /* KEYS: as text */
    const char *cursor;       /* SPAN: the last key passed; OUTBOX: keys after it alone; NULL: from the beginning */
    const char *bound;        /* SPAN, OUTBOX: the last key wanted; NULL: to the end */
    int64_t rows; /* RANGE, OUTBOX, SPAN: in: at most so many of the leader's, or the outbox's; out: so many there are */
    /* out, by ship_open; the texts are the store's until its next ship_open */
    int64_t place, token; /* RANGE: which range, and by what right. Others may bear them as well; KEYS with `until`. 0: none */
    const char *until;    /* RANGE: its last key, of the last chunk the range's own, rows or none; SPAN: its last key; NULL: none */
    bool done;            /* RANGE: of its range the last; OUTBOX: it holds all that is there; SPAN: the last of all */
};

/* A range, or why there is none: place 0. */
struct claim {
    int64_t place, token;
    int64_t era; /* of the drain's: it is to be had under the lease of this token alone; 0: of the copy's */
    bool done;   /* every range is */
};

/* A range of what an outbox holds, in the hands of one who drains it: place 0 is none. From DRAIN_PLACE on places are the drain's. */
#define DRAIN_PLACE (INT64_C(1) << 20)
struct drain_range {
    int64_t place, token, room, era;
    const char *lower, *upper; /* keys after the one, up to and with the other; NULL: it is open there */
};
/* How the drain's ranges stand. */
struct drain_look {
    int64_t ranges, free; /* how many there are, and how many nobody holds */
    int64_t wanted_ms;    /* when somebody last found none to be had, wall clock; 0: nobody has */
    bool recalled;        /* they are called back: nobody takes one any more */
    bool held;            /* the range that was asked about is whose it was, and not called back */
};

/* How much waits in an outbox. */
struct backlog {
    int64_t keys;      /* a key may be counted more than once */
    int64_t bytes;
    int64_t oldest_ms; /* since when the first of them waits, wall clock; 0: none does */
    bool overflowed;   /* the set limit was reached, and from then on nothing was noted */
};

typedef bool ship_sink(void *context, const char *data, size_t size, struct error *error);

/* --- the application's clients, where they come through a pooler (change->pooler) -----------------------------------------------
 *
 * Asked of the store that has the old side; clients_find first. While they are held no transaction of theirs is under way, and none
 * begins. */

struct clients {
    bool held;      /* they wait */
    enum side side; /* that the pooler's configuration leads them to */
    bool led;       /* it goes by that */
};

/* A process that serves the data, as the ledger knows it. Its beats grow while it lives. */
struct node {
    const char *name;
    int64_t epoch; /* it has confirmed */
    int64_t beats;
};
typedef bool node_visit(void *context, const struct node *node);

/* What is said to the nodes of a migration. */
struct rollout {
    int64_t announced; /* the epoch that a change of stage is about to bring; 0: none was ever */
    int64_t percent_e4; /* of the reads, from the new side: 10 000 is 1 % */
};

/* Entities that comparison found to differ, by cause. */
struct mismatch {
    const char *cause;
    int64_t count;
    const char *key, *leader, *follower; /* the last example; "": no such entity */
    int64_t at_ms;
};
typedef bool mismatch_visit(void *context, const struct mismatch *mismatch);

/* --- faces -------------------------------------------------------------------------------------------------------
 *
 * What the proxy reads and writes: an entity as one of the shapes shows it, a document in JSON (docs/proxy.md). Documents that one
 * store writes every store reads. */

/* A shape, and the side whose tables it is read from: its own, or through the query over the other one's. */
struct face {
    enum side shape, from;
    bool single; /* its document is its one row; the store that has the shape knows, by face_single */
};
typedef bool document_visit(void *context, const char *key, const char *document, struct error *error);

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
    bool notes_copy;     /* within one database: what is written while the copy runs is noted and drained; else it is synced at once */

    void (*own_process)(void); /* see stores_own_process; NULL: it makes no difference */
    bool (*open)(const char *address, struct store **ret, struct error *error);
    void (*close)(struct store *store);

    bool (*begin)(struct store *store, struct error *error);
    bool (*commit)(struct store *store, struct error *error);
    /* The commit is asked for; `committed` waits for the disk and says whether it held, and nothing else may be asked in between. It holds where
     * none was asked for. NULL: commit waits. */
    bool (*commit_ask)(struct store *store, struct error *error);
    bool (*committed)(struct store *store, struct error *error);
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
    bool (*ledger_unmark)(struct store *store, const char *name, const char *step, struct error *error);    /* [tx] it is to be done again */
    bool (*ledger_forget)(struct store *store, const char *name, struct error *error); /* [tx] steps and findings go */
    /* The other store knows the migration by ledger_add as well. [tx] It is forgotten there, but for its highest token; */
    bool (*ledger_leave)(struct store *store, const char *name, struct error *error);
    /* or stays, at this stage, with the history of the moves that are then remembered one by one. */
    bool (*ledger_stay)(struct store *store, const char *name, const char *stage, int64_t epoch, struct error *error);
    bool (*ledger_remember)(struct store *store, const char *name, const struct move *move, struct error *error);
    bool (*ledger_findings)(struct store *store, const char *name, enum finding_kind kind, finding_visit *visit,
                            void *context, struct error *error);
    bool (*finding_add)(struct store *store, const char *name, enum finding_kind kind, const struct finding *finding,
                            struct error *error);
    bool (*finding_known)(struct store *store, const char *name, enum finding_kind kind, const char *key, bool *ret,
                          struct error *error);
    bool (*finding_drop)(struct store *store, const char *name, enum finding_kind kind, const char *key, struct error *error);
    bool (*findings_clear)(struct store *store, const char *name, enum finding_kind kind, struct error *error);
    bool (*lease_take)(struct store *store, const char *name, const char *owner, int64_t until_ms, int64_t token,
                       struct error *error); /* [tx] token: the new one */
    bool (*lease_renew)(struct store *store, const char *name, int64_t until_ms, int64_t token,
                        struct error *error); /* [tx] fails (ERROR_HELD) when the token is no longer the migration's */
    bool (*lease_release)(struct store *store, const char *name, int64_t token, struct error *error);
    bool (*lease_floor)(struct store *store, const char *name, int64_t *ret, struct error *error);
    /* A higher token for the same lease; who has it no longer fails (ERROR_HELD). */
    bool (*lease_raise)(struct store *store, const char *name, int64_t token, int64_t to, struct error *error);
    /* Takes back what was released under this token, if nobody has taken it since (else ERROR_HELD). */
    bool (*lease_resume)(struct store *store, const char *name, const char *owner, int64_t until_ms, int64_t token, struct error *error);
    /* The ranges of the drain, in the same ledger, under the lease of the token `era`: opened as one, which is everything, and split
     * by who holds it. Whoever takes the lease next ends them, here and where they land. [tx] */
    bool (*drain_open)(struct store *store, const char *name, int64_t era, struct error *error);
    /* One that nobody holds; what it says lives in the arena. */
    bool (*drain_take)(struct store *store, const char *name, int64_t era, const char *owner, struct arena *arena,
                       struct drain_range *ret, struct error *error);
    bool (*drain_return)(struct store *store, const char *name, const struct drain_range *range, struct error *error);
    /* [tx] What comes after the middle is a range by itself, for others to take; the holder keeps the rest. */
    bool (*drain_split)(struct store *store, const char *name, struct drain_range *range, const char *middle, struct error *error);
    bool (*drain_recall)(struct store *store, const char *name, int64_t era, struct error *error);
    bool (*drain_want)(struct store *store, const char *name, int64_t era, struct error *error); /* there was none to take */
    /* `range` NULL: asks about none. */
    bool (*drain_look)(struct store *store, const char *name, int64_t era, const struct drain_range *range, struct drain_look *ret,
                       struct error *error);

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
    /* [tx] Writes to this side only leave their keys in the outbox: until capture_on, or, where change.outbox says so, for good.
     * What refused writes is gone. */
    bool (*capture_note)(struct store *store, enum side side, struct error *error);
    bool (*capture_on)(struct store *store, enum side side, struct error *error);  /* [tx] writes to this side are synced */
    bool (*capture_refuse)(struct store *store, enum side side, struct error *error); /* [tx] this side takes no writes but our own */
    /* [tx] As much of capture_refuse as keeps nobody waiting: later in the transaction it does the rest. NULL: there is nothing of it. */
    bool (*capture_ready)(struct store *store, enum side side, struct error *error);
    /* [tx] Writes to this side pass and are held: their keys are kept, and the other side's drain passes these entities over. */
    bool (*capture_hold)(struct store *store, enum side side, struct error *error);
    /* The entities that are held, by key, with who wrote them and when they were last written. Needs names only. */
    bool (*held)(struct store *store, finding_visit *visit, void *context, struct error *error);
    bool (*held_release)(struct store *store, const char *key, struct error *error); /* [tx] one of them is held no more */
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
    /* [own, or tx where token is 0] Within one database: syncs keys of the outbox and takes them out of it. Rows of the outbox are the
     * chunk's; hold_ms_max ends it early. Of a side that follows for good it is the drain's order that counts: nobody else writes it. */
    bool (*drain)(struct store *store, enum direction direction, int64_t token, struct chunk *chunk, struct error *error);
    bool (*inspect)(struct store *store, struct inspection *inspection, difference_visit *visit, void *context,
                    struct error *error); /* [own] reads only */
    bool (*sync)(struct store *store, enum direction direction, const char *key, struct error *error); /* [tx] one entity, whole */
    /* [tx] The follower's rows of one entity let go of their unique values, for others to take, until the entity is synced:
     * in the same transaction. Where another constraint forbids that they stay as they are. */
    bool (*park)(struct store *store, enum direction direction, const char *key, struct error *error);
    /* [own] The way back, on a sample, in transactions that are undone. `alone`: nobody writes the old side meanwhile, and what it took
     * is on the new one. */
    bool (*rehearse)(struct store *store, int64_t entities, bool alone, int64_t *ret_done, struct error *error);
    bool (*others_write)(struct store *store, bool *ret, struct error *error); /* since it was last asked, or bound */
    /* [own] How long a small durable write takes now, in ms: what an application feels. NULL: a chunk holds everybody up by itself,
     * and its time says enough. */
    bool (*pulse)(struct store *store, double *ret_ms, struct error *error);
    /* --- between two stores; NULL in a store that does not take part. Those called ship_ are the leader's, land_ the follower's. */
    /* [tx] The other store hears of a lease taken: what comes with a lower token is refused (ERROR_HELD) from then on, and what is
     * under way with one has ended. Also when the migration was rolled back meanwhile: lease_floor says the token of who did that. */
    bool (*lease_follow)(struct store *store, const char *name, const char *owner, int64_t token, struct error *error);
    /* What the queries over this side yield; it is the store's until it is bound anew. */
    bool (*ship_manifest)(struct store *store, enum direction direction, struct manifest *ret, struct error *error);
    /* This side takes what the manifest says: binds its flows to it, and decides what travels raw. Types that do not fit are
     * refusals, in the report if there is one, else an error. */
    bool (*land_expect)(struct store *store, enum direction direction, struct manifest *manifest, struct check_report *report,
                        struct error *error);
    /* [own] Holds a range of the leader's, taking one if it holds none; waits a little where all are in other hands. */
    bool (*range_take)(struct store *store, int64_t token, struct claim *ret, struct error *error);
    /* The range that is held goes on after this key, if it is not there yet: so far the follower has it. */
    bool (*range_resume)(struct store *store, const char *cursor, struct error *error);
    /* [tx] The same for a range; *ret: its last key that has landed, malloc'ed; NULL: none. */
    bool (*land_claim)(struct store *store, const char *name, const struct claim *claim, char **ret, struct error *error);
    /* Ends what others have under way here of a range that is no longer theirs; place 0: of the whole migration. NULL: nobody can. */
    bool (*oust)(struct store *store, const char *name, int64_t place, struct error *error);
    /* [own, or tx if within] ship_open reads what the parcel holds; ship gives out a stream, once each, in any order; ship_close
     * ends it, and when it has landed moves the range's cursor, or takes exactly the rows that were read from the outbox. */
    bool (*ship_open)(struct store *store, struct parcel *parcel, struct error *error);
    bool (*ship)(struct store *store, size_t stream, bool raw, ship_sink *sink, void *context, struct error *error);
    bool (*ship_close)(struct store *store, bool landed, struct error *error);
    /* Between ship_open and ship_close: the parcel's keys, as text, each once. */
    bool (*ship_keys)(struct store *store, key_visit *visit, void *context, struct error *error);
    /* [own] land_open checks the token, the range's or else the migration's; the streams follow, the keys first if they come at
     * all (a fresh parcel needs none), each between land_begin and land_end; land_close writes what differs, with the range's
     * cursor, and commits: or, keep false, undoes it all when it was seen to work. ERROR_ROWS: a row does not fit here. */
    bool (*land_open)(struct store *store, const struct parcel *parcel, int64_t token, struct error *error);
    bool (*land_begin)(struct store *store, size_t stream, bool raw, struct error *error);
    bool (*land_data)(struct store *store, const char *data, size_t size, struct error *error);
    bool (*land_end)(struct store *store, struct error *error);
    bool (*land_close)(struct store *store, bool keep, struct error *error);
    void (*land_abandon)(struct store *store); /* undoes it, wherever it stands */
    /* Between the last land_end and land_close of LAND_COMPARE: all that differs; and those of the keys that this side has no row of. */
    bool (*land_differ)(struct store *store, difference_visit *visit, void *context, struct error *error);
    bool (*land_absent)(struct store *store, key_visit *visit, void *context, struct error *error);
    bool (*backlog)(struct store *store, struct backlog *ret, struct error *error);
    /* [own] What was drained takes no room any more. NULL: it takes none. */
    bool (*outbox_tidy)(struct store *store, struct error *error);
    /* [own] An outbox that overflowed, and was drained, takes notes again; that it overflowed is remembered until outbox_mend [tx], when
     * all has been compared and repaired. */
    bool (*outbox_reopen)(struct store *store, struct error *error);
    bool (*outbox_mend)(struct store *store, struct error *error);
    /* The key that halves the first keys that the outbox holds of a range, malloc'ed, if those are at least `rows` rows and more than
     * one key; else *ret NULL. */
    bool (*outbox_middle)(struct store *store, const struct drain_range *range, int64_t rows, char **ret, struct error *error);
    /* [tx] Nobody else writes a side's tables until the end of the transaction; waits for those who do, briefly and often. */
    bool (*hold)(struct store *store, enum side side, struct error *error);

    /* --- the application's clients; NULL in a store that knows no pooler. */
    bool (*clients_check)(struct store *store, const struct pooler *pooler, struct check_report *report, struct error *error);
    /* Where they are; and proves that all is at hand for what follows. */
    bool (*clients_find)(struct store *store, const struct pooler *pooler, struct clients *ret, struct error *error);
    /* What can be done beforehand for the turn to the other side: nothing waits for the disk while they are held. */
    bool (*clients_ready)(struct store *store, const struct pooler *pooler, struct error *error);
    /* Transactions under way come to their end first. ERROR_BUSY: they did not in so many ms, the error names them, and all go on.
     * *ret_since_ms: since when clients wait, by clock_ms. */
    bool (*clients_hold)(struct store *store, const struct pooler *pooler, double ms_max, double *ret_since_ms, struct error *error);
    /* Leads them to that side. It may be said again, and while they are not held: then each goes over after its transaction. */
    bool (*clients_turn)(struct store *store, const struct pooler *pooler, enum side side, struct error *error);
    bool (*clients_release)(struct store *store, const struct pooler *pooler, struct error *error);
    /* When they go on: where they are led is known after a crash of the host as well. */
    bool (*clients_keep)(struct store *store, const struct pooler *pooler, struct error *error);
    /* --- faces; of the sides that the store has. Outside of a transaction each is one by itself, reading one moment's state. */
    /* From now on this connection serves an application: what is committed is durable, and foreign keys count. NULL: it is so anyway. */
    bool (*serve)(struct store *store, struct error *error);
    /* A key as the store itself would write it: '42' is 42 where the column holds integers. */
    bool (*face_key)(struct store *store, const char *key, struct text *ret, struct error *error);
    /* Is an entity of this side one row, so that its document is that row, and writing it one statement? */
    bool (*face_single)(struct store *store, enum side side);
    /* Appends the entity's document; nothing, *ret_found false: there are no rows of it. */
    bool (*face_get)(struct store *store, struct face face, const char *key, struct text *ret, bool *ret_found, struct error *error);
    /* The same of what the direction's queries yield for the rows of `document`, the leader's. `current`: what the entity is now; NULL:
     * it is not there. A column of a single row that the document does not name keeps its value. What the queries do not read would
     * be lost: it must be null, or as it is (ERROR_USAGE). `single`: as in struct face, of the follower. Needs no table of the leader's to be there. */
    bool (*face_translate)(struct store *store, enum direction direction, bool single, const char *key, const char *current,
                           const char *document, struct text *ret, bool *ret_found, struct error *error);
    /* [tx] Until the end of the transaction nobody else writes the entity's rows. *ret_held false: it had none, and somebody may make
     * some before they are read. */
    bool (*face_lock)(struct store *store, enum side side, const char *key, bool *ret_held, struct error *error);
    /* The rows of the entity become those of the document; see mf_put. `fresh`: it is not there yet (else ERROR_CONFLICT). */
    bool (*face_put)(struct store *store, enum side side, const char *key, const char *document, bool fresh, struct error *error);
    bool (*face_delete)(struct store *store, enum side side, const char *key, bool *ret_found, struct error *error);
    /* Up to `limit` entities in the order of keys, after `after`; NULL: from the first. */
    bool (*face_list)(struct store *store, struct face face, const char *after, int64_t limit, document_visit *visit, void *context,
                      struct error *error);
    /* The side that follows this store's may not have the entity as it is: its key is in the outbox, or in quarantine. */
    bool (*face_waits)(struct store *store, enum direction direction, const char *key, bool *ret, struct error *error);
    /* [tx] The entity, which the backfill has not come to, is wanted: it is synced, or noted, to be synced soon. */
    bool (*face_want)(struct store *store, const char *key, struct error *error);
    /* A transaction in which everything that is read is one moment's state, but for its own writes; if it writes, nothing that it read
     * was written by others meanwhile (else ERROR_BUSY). */
    bool (*view_begin)(struct store *store, bool writes, struct error *error);
    /* [tx] As ledger_stand; and the stage stays until the end of the transaction, or, in a transaction that only reads, so does what
     * it sees. */
    bool (*ledger_pin)(struct store *store, const char *name, struct record *ret, bool *ret_found, struct error *error);

    /* --- the nodes that serve the data, in the ledger of the store that has the old side --- */
    /* ledger_find, of the stage, the epoch and the digest alone: it is asked often. */
    bool (*ledger_stand)(struct store *store, const char *name, struct record *ret, bool *ret_found, struct error *error);
    bool (*node_enter)(struct store *store, const char *name, const struct node *node, struct error *error); /* [tx] */
    /* One beat; *ret_there false: it was taken for dead, and must enter anew. */
    bool (*node_confirm)(struct store *store, const char *name, const char *node, int64_t epoch, bool *ret_there, struct error *error);
    bool (*node_leave)(struct store *store, const char *name, const char *node, struct error *error);
    bool (*nodes)(struct store *store, const char *name, node_visit *visit, void *context, struct error *error);
    bool (*rollout_get)(struct store *store, const char *name, struct rollout *ret, struct error *error);
    bool (*rollout_announce)(struct store *store, const char *name, int64_t epoch, struct error *error);       /* [tx] */
    bool (*rollout_set)(struct store *store, const char *name, int64_t percent_e4, struct error *error); /* [tx] */
    bool (*mismatch_add)(struct store *store, const char *name, const struct mismatch *mismatch, struct error *error); /* [tx] */
    bool (*mismatches)(struct store *store, const char *name, mismatch_visit *visit, void *context, struct error *error);

    /* Outside of transactions: keeps the log short. `rest`: there is time for it; else only where it has to be. */
    bool (*tidy)(struct store *store, bool rest, struct error *error);
};

/* Every store begins with this. */
struct store {
    const struct store_ops *ops;
    const char *name; /* for messages: the address without a password */
    /* Since when the transaction under way holds the application's tables, by clock_ms; 0, as `begin` puts it: since it began, or it
     * does not. A store that asks for locks again and again, and holds none in between, says when it had them. */
    double held_since_ms;
    /* By when (clock_ms) we wait for no lock of another's any more, as writers or clients wait meanwhile; 0: we take our time. */
    double wait_until_ms;
};

/* Before anything else in a process that is nobody else's: client libraries may be set up for our threads alone. */
void stores_own_process(void);
/* `address` is "scheme:...". A file that does not exist is an error, never created. */
MUST_USE bool store_open(const char *address, struct store **ret, struct error *error);
void store_close(struct store *store); /* accepts NULL */
