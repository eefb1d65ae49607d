/* midflight: change the shape of live data while old and new versions of the application use it.
 *
 * A mf_migration carries a migration out; a mf_proxy, further down, serves its data meanwhile, and is for many threads at once.
 *
 * One handle is one migration: its definition file and a connection to the store that it is about. A handle is used by
 * one thread at a time; different handles may be used at once, also on the same migration. Every function that can fail
 * returns MF_DONE (0) or another mf_result, which is also the exit status of the command of the same name, and fills
 * the mf_error. Every verb may be called again: what is done is not done twice, and what was interrupted goes on.
 */
#ifndef MIDFLIGHT_H
#define MIDFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MF_API __attribute__((visibility("default")))

typedef enum mf_result {
    MF_DONE = 0,
    MF_USAGE = 2,    /* the request, or the definition file, is wrong */
    MF_REFUSED = 3,  /* a gate is red: the message names it and what turns it green */
    MF_FAILED = 4,   /* failed, nothing is half done: safe to run again */
    MF_DIVERGED = 5, /* the two sides differ */
} mf_result;

typedef struct mf_error {
    mf_result result;
    const char *code;   /* a short stable name: "gate", "busy", "full", ...; static */
    char message[2048]; /* what happened, to what, and what to do */
} mf_error;

typedef struct mf_migration mf_migration;

/* An entity whose sides differ. Texts are valid during the call only. */
typedef struct mf_difference {
    const char *key;      /* SQL values with commas between: 42 or 'de','x' */
    const char *table;    /* the follower's table */
    const char *expected; /* what the query over the leader yields; NULL: no row */
    const char *found;    /* what the follower holds; NULL: no row */
    bool repaired;
} mf_difference;

/* Told while a verb works, on the calling thread. Any member may be NULL. */
typedef struct mf_observer {
    void *context;
    void (*progress)(void *context, const char *phase, int64_t done, int64_t total, double rows_per_s);
    void (*note)(void *context, const char *text);
    void (*difference)(void *context, const mf_difference *difference);
} mf_observer;

/* Reads the definition and opens the store. On MF_DONE *ret is to be closed with mf_close. `observer` is copied; may
 * be NULL. */
MF_API mf_result mf_open(const char *definition_file, const mf_observer *observer, mf_migration **ret, mf_error *error);
MF_API void mf_close(mf_migration *migration); /* accepts NULL */

/* The name of the migration; valid until mf_close. */
MF_API const char *mf_name(const mf_migration *migration);

#define MF_NAME_BYTES 128
/* The same from the definition alone: no store is opened. */
MF_API mf_result mf_name_read(const char *definition_file, char ret[MF_NAME_BYTES], mf_error *error);

/* Asks the verb at work on this handle, on whatever thread, to stop at the next safe point, as mf_stop asks all of them; until it
 * is taken back, those that follow stop as well. The one function that may be called on a handle that another thread uses. */
MF_API void mf_halt(mf_migration *migration, bool halt);

/* --- check --- */

typedef enum mf_check_level { MF_CHECK_PROOF, MF_CHECK_WARNING, MF_CHECK_REFUSAL } mf_check_level;

typedef struct mf_check {
    /* in */
    double sample; /* the share of entities whose round trip is tried, 0 < sample <= 1 */
    void *context;
    void (*note)(void *context, mf_check_level level, const char *text);
    void (*step)(void *context, const char *stage, const char *statement, const char *lock);
    void (*broken)(void *context, const mf_difference *difference); /* backward(forward(x)) is not x */
    /* out */
    int64_t refusals, broken_count;
    int64_t rows, rows_tried;
    double backfill_s;
    int64_t disk_bytes;
} mf_check;

/* Proves what can be proved before the start; changes nothing. MF_REFUSED when the migration may not start. */
MF_API mf_result mf_check_run(mf_migration *migration, mf_check *check, mf_error *error);

/* --- the verbs --- */

/* How copying, or following, is to go about it. */
typedef struct mf_work {
    double load; /* of a copy: the share of time that it may take, 0 < load <= 1; 0: as much as leaves the application alone */
    int workers; /* connections at work at once; 0: as the store would have it for a copy, one for following. SQLite has one */
    bool join;   /* help another midflight, and do nothing by oneself */
} mf_work;

/* To Awaiting Additional Action. `work` NULL: all 0. */
MF_API mf_result mf_start(mf_migration *migration, const mf_work *work, mf_error *error);
/* One stage on, when every gate is green. */
MF_API mf_result mf_advance(mf_migration *migration, mf_error *error);
/* Between two stores, and by an outbox in one: keeps the side that follows current until mf_stop, or until the migration is over. Several do so together.
 * `work` NULL: all 0. */
MF_API mf_result mf_follow(mf_migration *migration, const mf_work *work, mf_error *error);
/* Back to Uninitialized. `force`: also where the old side refuses rows that the new side took. */
MF_API mf_result mf_rollback(mf_migration *migration, bool force, mf_error *error);

/* Back from Awaiting Finalization to Awaiting Additional Action: the old side leads again, the new one follows, nothing is taken
 * away; no read comes from the new side. `why` stands in the history. Refused for the short form (docs/proxy.md says why). */
MF_API mf_result mf_demote(mf_migration *migration, const char *why, mf_error *error);

typedef struct mf_verify {
    const char *from, *to; /* in: keys; after `from`, up to and with `to`; NULL: open */
    double sample;         /* in: 0 < sample <= 1 */
    bool repair;           /* in: sync what differs from the side that leads */
    int64_t rows, diverged, repaired; /* out */
} mf_verify;

/* Compares both sides. MF_DIVERGED when entities differ (and were not repaired). */
MF_API mf_result mf_verify_run(mf_migration *migration, mf_verify *verify, mf_error *error);

/* --- where it stands --- */

typedef struct mf_status {
    const char *stage; /* static */
    const char *mode;  /* static: old, shadow, reverse shadow, new */
    int64_t epoch;
    int64_t rows_done, rows_total;
    int64_t outbox;        /* keys that were written and have not reached the other side yet; a key may count more than once */
    int64_t outbox_bytes;  /* between two stores */
    int64_t outbox_bytes_max; /* at which nothing more is noted */
    int64_t lag_ms;        /* between two stores: since when the first of them waits */
    bool overflowed;       /* between two stores: the outbox reached outbox_max, and nothing was noted from then on */
    int64_t quarantined, diverged;
    int64_t held;          /* entities written on the old side after the cut-over, where that passes (old_writes: hold) */
    double eta_s;          /* of the backfill; negative: unknown, or not running */
    int64_t soak_left_ms;  /* Awaiting Finalization; else 0 */
    int64_t verified_ms;   /* when the whole was last compared, ms since 1970; 0: never */
    int64_t verified_rows;
    bool way_back;         /* the definition has a backward */
    bool apart;            /* the two shapes are in two stores */
    bool follows;          /* one side follows the other by an outbox: mf_follow keeps it current */
    char owner[160];       /* who is carrying it out now; empty: nobody */
} mf_status;

MF_API mf_result mf_status_read(mf_migration *migration, mf_status *ret, mf_error *error);

typedef struct mf_move {
    int64_t epoch, at_ms;
    const char *from, *to, *who, *why;
} mf_move;
/* Every change of stage, oldest first. Texts are valid during the call only. */
MF_API mf_result mf_history(mf_migration *migration, void (*visit)(void *context, const mf_move *move), void *context,
                            mf_error *error);

typedef enum mf_finding_kind { MF_QUARANTINE, MF_DIVERGENCE, MF_HELD } mf_finding_kind;
typedef struct mf_finding {
    const char *key, *text;
    int64_t at_ms;
} mf_finding;
MF_API mf_result mf_findings(mf_migration *migration, mf_finding_kind kind,
                             void (*visit)(void *context, const mf_finding *finding), void *context, mf_error *error);

/* --- the proxy -------------------------------------------------------------------------------------------------------
 *
 * One handle serves both shapes of a migration's entities, whatever its stage, to any number of threads at once. An entity is
 * a document, in JSON (docs/proxy.md has the form of every type):
 *   {"id": 42, "name": "Ann Lee"}                              where the face has one table, and one row an entity in it
 *   {"people": [{...}], "subscriptions": [{...}, {...}]}       elsewhere: its tables, each a list of rows
 * Keys are SQL values with commas between: 42 or 'de','x'; mf_key makes them of plain texts. Texts that are returned are the
 * caller's, to be given back with mf_free. Each call is one transaction of the store that leads. Errors of code "epoch" (the stage
 * could not be confirmed, or changed meanwhile), "busy" and "held" pass: the same call may be made again. */
typedef struct mf_proxy mf_proxy;

typedef enum mf_face { MF_FACE_OLD, MF_FACE_NEW } mf_face;

/* How one column is compared between the sides. A column without a rule must be the same. */
typedef struct mf_rule {
    const char *column; /* "table.column", or "column": of every table */
    bool ignore;
    double tolerance; /* numbers, decimals too, may differ by so much */
    bool trim;        /* blanks at either end do not count */
    bool fold;        /* ASCII case does not count */
} mf_rule;

/* Red when passed, over the window; 0: no such gate. A red gate demotes: the percentage goes to 0, reverse shadow to shadow. */
typedef struct mf_gates {
    double mismatch_rate; /* of the entities compared */
    double error_rate;    /* of the reads of the side that does not lead */
    double latency_ratio; /* its 99th percentile over the leader's */
    int64_t window_ms;    /* 0: 60 000 */
    int64_t samples_min;  /* fewer say nothing; 0: 100 */
} mf_gates;

typedef struct mf_proxy_options {
    const char *node; /* what this process is called in the ledger; NULL: user@host pid, and a number */
    int connections;  /* to each store, at most; 0: 8. Callers beyond wait */
    double sample;    /* the share of reads that are compared with the other side, off the request's path; 0 <= sample <= 1 */
    const mf_rule *rules;
    size_t rule_count;
    mf_gates gates;
} mf_proxy_options;

/* Opens the stores and enters this process as a node in the ledger, which it makes if there is none. `options` may be NULL; it is
 * copied. Refused (code "refused") when the migration runs by another definition. */
MF_API mf_result mf_proxy_open(const char *definition_file, const mf_proxy_options *options, mf_proxy **ret, mf_error *error);
MF_API void mf_proxy_close(mf_proxy *proxy); /* accepts NULL; no other call may be under way */
MF_API void mf_free(void *text);             /* accepts NULL */

/* A key of plain texts, one for each key column: {"de", "x"} -> 'de','x'. *ret is the caller's. */
MF_API mf_result mf_key(mf_proxy *proxy, const char *const *values, size_t count, char **ret, mf_error *error);

/* *ret_document is the caller's; NULL: there is no such entity. */
MF_API mf_result mf_get(mf_proxy *proxy, mf_face face, const char *key, char **ret_document, mf_error *error);

typedef enum mf_put_how {
    MF_PUT_ANY,          /* insert or replace */
    MF_PUT_INSERT,       /* refused (code "conflict") when the entity is there */
    MF_PUT_IF_UNCHANGED, /* refused (code "conflict") unless the entity is still as `expected`, a document that was read */
} mf_put_how;

/* Rows that the document does not have are deleted; a column that a row does not name keeps its value, or gets its default. Key
 * columns may be left out. */
MF_API mf_result mf_put(mf_proxy *proxy, mf_face face, const char *key, const char *document, mf_put_how how,
                        const char *expected, mf_error *error);
/* `expected` NULL: whatever it is. *ret_found (may be NULL): it was there. */
MF_API mf_result mf_delete(mf_proxy *proxy, mf_face face, const char *key, const char *expected, bool *ret_found,
                           mf_error *error);

/* Visits up to `limit` entities in the order of their keys, after `after` (NULL: from the first). The texts are valid during the
 * call only; false ends it. What is visited is one moment's state. */
typedef bool mf_list_visit(void *context, const char *key, const char *document);
MF_API mf_result mf_list(mf_proxy *proxy, mf_face face, const char *after, int64_t limit, mf_list_visit *visit, void *context,
                         mf_error *error);

typedef enum mf_operation_kind { MF_GET, MF_PUT, MF_DELETE } mf_operation_kind;
typedef struct mf_operation {
    mf_operation_kind kind;
    mf_face face;
    const char *key;
    const char *document; /* MF_PUT */
    mf_put_how how;       /* MF_PUT */
    const char *expected; /* MF_PUT with MF_PUT_IF_UNCHANGED, MF_DELETE; else NULL */
    /* out */
    char *found_document; /* MF_GET: the caller's; NULL: there is none */
    bool found;           /* MF_GET, MF_DELETE */
} mf_operation;
/* All of them or none, one after the other, each seeing those before it. *ret_failed (may be NULL): the one that failed. */
MF_API mf_result mf_batch(mf_proxy *proxy, mf_operation *operations, size_t count, size_t *ret_failed, mf_error *error);

/* The share of reads served from the new side, in percent, sticky by key. It counts in Awaiting Additional Action. Every proxy of
 * the migration follows within a second. */
MF_API mf_result mf_rollout_get(mf_proxy *proxy, double *ret_percent, mf_error *error);
MF_API mf_result mf_rollout_set(mf_proxy *proxy, double percent, mf_error *error);

typedef struct mf_proxy_status {
    const char *stage, *mode; /* static */
    int64_t epoch;
    bool confirmed; /* the epoch; else every call fails with code "epoch" */
    bool changing;  /* a change of stage is announced */
    double percent;
    char node[200];
    int64_t nodes;  /* that are alive, this one among them */
    char demoted[256]; /* why this node last demoted; empty: it did not */
} mf_proxy_status;
MF_API mf_result mf_proxy_status_read(mf_proxy *proxy, mf_proxy_status *ret, mf_error *error);

/* What this node has compared within the window. */
typedef struct mf_side_report {
    int64_t reads, errors;
    double p50_ms, p99_ms;
} mf_side_report;
typedef struct mf_comparison {
    int64_t compared, mismatched;
    int64_t left_out; /* samples for which there was no room */
    mf_side_report leader, follower;
    bool mismatch_red, error_red, latency_red;
} mf_comparison;
MF_API mf_result mf_comparison_read(mf_proxy *proxy, mf_comparison *ret, mf_error *error);

/* Mismatches of every node of the migration, grouped by cause: "people.email: null". */
typedef struct mf_mismatch {
    const char *cause;
    int64_t count;
    const char *key, *leader, *follower; /* the last example: both documents; "": there was none */
    int64_t at_ms;
} mf_mismatch;
MF_API mf_result mf_mismatches(mf_proxy *proxy, void (*visit)(void *context, const mf_mismatch *mismatch), void *context,
                               mf_error *error);

/* Asks every verb at work in this process to stop at the next safe point, or to rest there until SIGCONT. Both are
 * async-signal-safe. */
MF_API void mf_stop(void);
MF_API void mf_suspend(void);

/* To be called before anything else, by a program that is midflight's alone, as the command is: SQLite then no longer counts the
 * memory that it takes, for which threads would queue. */
MF_API void mf_own_process(void);

MF_API const char *mf_version(void);

#ifdef __cplusplus
}
#endif
#endif
