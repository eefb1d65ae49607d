/* What the two stores hold, and what must be true of it at every moment. */

/* Bounds, and what goes wrong how often at most. A configuration sets them by -D. */
#ifndef WRITES
#define WRITES 2        /* transactions of the application */
#endif
#ifndef CRASHES
#define CRASHES 1       /* a worker is gone, and the same command is run again */
#endif
#ifndef EXPIRIES
#define EXPIRIES 1      /* a lease is taken from a worker that sleeps and will wake */
#endif
#ifndef ABORTS
#define ABORTS 1        /* pause_max passes in a cut-over, or the lock of a way back is not to be had in time */
#endif
#ifndef DEMANDS
#define DEMANDS 0       /* an entity is read on demand from the new face */
#endif
#ifndef STARTS
#define STARTS 1        /* a migration that was rolled back is started again STARTS - 1 times */
#endif
#ifndef ROLLBACKS
#define ROLLBACKS 1     /* an operator wants the way back */
#endif
#ifndef DEMOTIONS
#define DEMOTIONS 0     /* the cut-over is taken back, and no more */
#endif
#ifndef LOSSES
#define LOSSES 0        /* the new store's server crashes, and what its disk was not waited for is gone */
#endif
#ifndef ERAS
#define ERAS 0          /* how often ranges of the drain are opened */
#endif
#ifndef RANGES
#define RANGES 2        /* 2: of one key each; 1: of two keys */
#endif
#ifndef UNTIL
#define UNTIL FINISHED  /* AWAITING_ACTION: no cut-over */
#endif
#ifndef FROM
#define FROM UNINITIALIZED  /* AWAITING_ACTION: the copy is behind us */
#endif
#define KEYS 2
#define VALUES 3        /* a row is absent, or has one of two values; each write makes it the next */
#define ABSENT 0
#define WORKERS 2
#define NOBODY 2
#define EVERY_ID 255    /* outbox ids are bits: at most 8 */

/* The seeded faults: -DFAULT=NAME. docs/model.md says what each is. */
#define NONE 0
#define CAPTURE_AFTER_COPY 1
#define OLDER_NOT_DRAINED 2
#define KEY_CHANGE_NOTES_ONE_KEY 3
#define CURSOR_BEFORE_EFFECT 4
#define ZOMBIE_ON_RANGE 5
#define DRAIN_BESIDE_BACKFILL 6
#define READ_BEFORE_CLAIM 7
#define DELETE_UP_TO_ID 8
#define DELETE_BEFORE_LANDING 9
#define DELETES_NOT_SYNCED 10
#define TOKEN_UNCHECKED 11
#define TOKEN_CHECKED_EARLY 12
#define NO_INTRODUCTION 13
#define DEMAND_WRITES_ITSELF 14
#define NO_FENCE 15
#define POSITION_BEFORE_FENCE 16
#define FLIP_BEFORE_DRAIN 17
#define OLD_STAYS_OPEN 18
#define TWO_OPEN 19
#define NO_REVERSE_CAPTURE 20
#define STEP_UNCHECKED 21
#define MOVE_UNCHECKED 22
#define BACK_BEFORE_DRAIN 23
#define OLD_OPENED_FIRST 24
#define NEW_MADE_OPEN 25
#define LOCK_KEPT 26
#define LEAVE_UNCHECKED 27
#define TRIED_FOR_EVER 28
#define SPLIT_BESIDE 29
#define SPLIT_BEFORE_CLAIM 30
#define SHARE_UNCHECKED 31
#define SHARES_NOT_RECALLED 32
#define ERA_UNCHECKED 33
#define FLOOR_FORGOTTEN 34
#define MARKS_KEPT 35
#define DEMOTED_UNCAPTURED 36
#define OPENED_UNDRAINED 37
#define CLEARED_UNSAVED 38
#ifndef FAULT
#define FAULT NONE
#endif
#define faulty(fault) (FAULT == fault)

#define OLD 0
#define NEW 1
#define at(side, key) ((side) * KEYS + (key))

mtype = { UNINITIALIZED, INITIALIZING, RUNNING, AWAITING_ACTION, AWAITING_FINALIZATION, FINISHING, FINISHED, ROLLING_BACK };

/* The application's tables, on either side, and what was noted about them: outbox rows, as a set of ids for each key. */
byte row[4];
byte outbox[4];
bool captured[2];       /* the trigger that notes is there */
bool refuses[2];        /* the guard that lets nobody but a sync write is there */
bool held[2];           /* the fence: a transaction of ours has locked the tables, and the lease or its copy; writers wait */
byte writing[2];        /* transactions of the application under way */
byte unnoted;           /* of those on the old side, the ones that began before capture */
bool busy[4];           /* rows that such a transaction has locked */
byte ids;               /* outbox ids are given out when a row is noted, before its commit */

/* The old store: the ledger and the ranges. */
mtype stage = FROM;
byte tokens;            /* the counter that only grows */
byte lease_token;       /* who leads the migration may do so by this token */
byte lease_holder = NOBODY;
byte range_token[RANGES];
byte range_holder[RANGES];
bool range_done[RANGES];
byte era;               /* the ranges of the drain are open under the lease of this token */
bool split;             /* one of all keys; or one of each */
byte share_token[KEYS];
byte share_holder[KEYS];

/* The new store: the shape, the marks of steps done there, and the landing: the tokens seen, and how far each range has landed. */
bool made;
bool opened;
bool closed;
bool known;             /* the migration is, there */
byte floor;             /* the lease's token, as introduced; the last one stays when the migration is forgotten */
byte place_token[RANGES];
byte place_cursor[RANGES];
byte share_seen[KEYS];  /* the same of the ranges of the drain, where they land: in either store */

/* Whose disk is not waited for: what lands in the fence of the cut-over, and the opening after it, until the next commit there. */
bool unsaved;
byte saved[KEYS];       /* the rows, as the disk has them */
byte session = NOBODY;  /* who raised that fence, as long as it is there, and its session with the new store */

/* Not in any store: what the application was told is committed, and what is yet to happen. */
byte told[KEYS];
byte eras = ERAS;
byte writes = WRITES, crashes = CRASHES, expiries = EXPIRIES, aborts = ABORTS, demands = DEMANDS, starts = STARTS;
byte rollbacks = ROLLBACKS, demotions = DEMOTIONS, losses = LOSSES;
bool back_wanted;       /* an operator has said rollback */
bool first_writes;      /* the first writer is in a transaction */

#define range_of(key) ((key) * RANGES / KEYS)
#define copied (range_done[0] && range_done[RANGES - 1])
#define leader ((stage == AWAITING_FINALIZATION || stage == FINISHING || stage == FINISHED) -> NEW : OLD)
#define follower (1 - leader)
#define exists(side) ((side) == OLD || made)
#define open(side) (exists(side) && !refuses[side] && !(held[side] && !faulty(NO_FENCE)))
#define over (stage == FINISHED || (stage == UNINITIALIZED && starts == 0) || stage == UNTIL)

/* Between the end of the fence and the opening neither side takes writes, and what the new one lacks is in the old one's outbox still. */
#define crossing (stage == AWAITING_FINALIZATION && !opened)
#define stays(key) (crossing && outbox[at(OLD, key)] != 0)
/* Invariant 1, truth: a key that is neither in the outbox nor in an unfinished range is equal on both sides. */
#define follows(key) ((stage == RUNNING && range_done[range_of(key)]) || stage == AWAITING_ACTION || stage == AWAITING_FINALIZATION)
#define truth(key) (!follows(key) || outbox[at(leader, key)] != 0 || stays(key) || row[at(OLD, key)] == row[at(NEW, key)])
/* Invariants 7, 8 and 10: what was committed is with whoever leads, through every change of who does. */
#define kept(key) (row[at(leader, key)] == told[key] || stays(key))

/* A commit in the new store that waits for its disk: what went before it is there as well. */
inline save() {
    unsaved = false; saved[0] = 0; saved[1] = 0
}

/* Said after every step of everybody. */
inline sound() {
    assert(kept(0) && kept(1));
    assert(truth(0) && truth(1));
    assert(!(open(OLD) && open(NEW)));  /* one side takes writes at a time */
    assert(stage != UNINITIALIZED || !made) /* after a rollback nothing is left */
}
