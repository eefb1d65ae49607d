/* midflight: change the shape of live data while old and new versions of the application use it.
 *
 * One handle is one migration: its definition file and a connection to the store that it is about. A handle is used by
 * one thread at a time; different handles may be used at once, also on the same migration. Every function that can fail
 * returns MF_DONE (0) or another mf_result, which is also the exit status of the command of the same name, and fills
 * the mf_error. Every verb may be called again: what is done is not done twice, and what was interrupted goes on.
 */
#ifndef MIDFLIGHT_H
#define MIDFLIGHT_H

#include <stdbool.h>
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

/* How copying is to go about it. */
typedef struct mf_work {
    double load; /* the share of time that it may take, 0 < load <= 1; 0: as much as leaves the application alone */
    int workers; /* connections that copy at once; 0: as the store would have it. SQLite has one */
    bool join;   /* help another midflight copy, and end with that */
} mf_work;

/* To Awaiting Additional Action. `work` NULL: all 0. */
MF_API mf_result mf_start(mf_migration *migration, const mf_work *work, mf_error *error);
/* One stage on, when every gate is green. */
MF_API mf_result mf_advance(mf_migration *migration, mf_error *error);
/* Between two stores: keeps the side that follows current until mf_stop, or until the migration is over. */
MF_API mf_result mf_follow(mf_migration *migration, mf_error *error);
/* Back to Uninitialized. `force`: also where the old side refuses rows that the new side took. */
MF_API mf_result mf_rollback(mf_migration *migration, bool force, mf_error *error);

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
    int64_t lag_ms;        /* between two stores: since when the first of them waits */
    bool overflowed;       /* between two stores: the outbox reached outbox_max, and nothing was noted from then on */
    int64_t quarantined, diverged;
    double eta_s;          /* of the backfill; negative: unknown, or not running */
    int64_t soak_left_ms;  /* Awaiting Finalization; else 0 */
    int64_t verified_ms;   /* when the whole was last compared, ms since 1970; 0: never */
    int64_t verified_rows;
    bool way_back;         /* the definition has a backward */
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

typedef enum mf_finding_kind { MF_QUARANTINE, MF_DIVERGENCE } mf_finding_kind;
typedef struct mf_finding {
    const char *key, *text;
    int64_t at_ms;
} mf_finding;
MF_API mf_result mf_findings(mf_migration *migration, mf_finding_kind kind,
                             void (*visit)(void *context, const mf_finding *finding), void *context, mf_error *error);

/* Asks every verb at work in this process to stop at the next safe point, or to rest there until SIGCONT. Both are
 * async-signal-safe. */
MF_API void mf_stop(void);
MF_API void mf_suspend(void);

MF_API const char *mf_version(void);

#ifdef __cplusplus
}
#endif
#endif
