/* A midflight process. Every step is one transaction in one store; between any two it may sleep, be overtaken, or be gone.
 * It keeps in memory only what one step hands to the next: who comes after it, or it itself run again, goes by the stores. */

mtype = { IDLE,
    TAKEN, LEADING,                                 /* the migration's lease */
    MAKING, UNMARKING, OPENING, RELEASING, DROPPING, LEAVING,  /* a step in the new store, decided upon by what the old one's ledger says */
    CLAIMING, COPYING, SHIPPED,                     /* a range */
    TO_SHARE, SHARING, SHARED, SHARE_LANDED,        /* a range of the drain */
    READ, DRAINING, CHECKED, DRAINED };             /* a parcel of the outbox */

/* What every transaction by right of the lease makes sure of: in the old store; in the new one; where a parcel lands. */
#define leads (lease_token == token || faulty(MOVE_UNCHECKED))
#define is_floor (known && (floor == token || faulty(NO_INTRODUCTION) && floor <= token))
#define introduced (is_floor || faulty(STEP_UNCHECKED))
#define lands (exists(1 - from) && (faulty(TOKEN_UNCHECKED) || (from == OLD && is_floor) || (from == NEW && lease_token == token)))

inline forget_parcel() {
    taken[0] = 0; taken[1] = 0; value[0] = 0; value[1] = 0
}

inline forget() {
    doing = IDLE; token = 0; place = 0; cursor = 0; from = OLD; under = 0; wide = false; makes = false; ahead = false;
    forget_parcel()
}

/* The fence's transaction is undone: what it took from the outbox is there again, and the writers go on where they were. */
inline fence_undo() {
    if
    :: fence && !faulty(LOCK_KEPT) -> held[from] = false
    :: else
    fi;
    if :: session == self -> session = NOBODY :: else fi;
    fence = false; within[0] = 0; within[1] = 0; position = EVERY_ID
}

inline let_go() {
    if :: lease_holder == self -> lease_holder = NOBODY :: else fi;
    if :: share_holder[0] == self -> share_holder[0] = NOBODY :: else fi;
    if :: share_holder[1] == self -> share_holder[1] = NOBODY :: else fi;
    if :: range_holder[0] == self -> range_holder[0] = NOBODY :: else fi;
    if :: range_holder[RANGES - 1] == self -> range_holder[RANGES - 1] = NOBODY :: else fi
}

/* It ends, with an error or by a crash. Its own leases are free, as sessions end and times run out; it is run again. */
inline give_up() {
    fence_undo(); let_go(); forget()
}

/* By right of the lease. Nobody is, but by somebody who came later. */
inline refused() {
    assert(lease_token != token);
    give_up()
}

/* --- the lease: flight_take, flight_introduce --- */

/* The first to come is worker 0: the two are alike. */
#define work ((stage == UNINITIALIZED && starts > 0 && (self == 0 || starts < STARTS)) || \
    (stage == RUNNING && (copied || may_go_back || (faulty(DRAIN_BESIDE_BACKFILL) && waiting(OLD)))) || \
    (stage != UNINITIALIZED && stage != RUNNING && stage != FINISHED))
/* An operator says rollback, at any stage, or never. */
#define may_go_back (back_wanted || rollbacks > 0)
#define lease_to_be_had (!held[OLD] && (lease_holder == NOBODY || (lease_holder != self && expiries > 0)))

inline go_back() {
    if :: !back_wanted -> rollbacks--; back_wanted = true :: else fi
}

/* Who lands by a range of the drain does so under a lease that is past. */
inline recall(side) {
    if
    :: follower == side && !faulty(SHARES_NOT_RECALLED) -> share_seen[0] = 0; share_seen[1] = 0
    :: else
    fi
}

inline lease_take() {
    if :: lease_holder != NOBODY -> expiries-- :: else fi;
    tokens++; token = tokens; lease_token = token; lease_holder = self;
    recall(OLD);
    makes = stage == INITIALIZING && !made;
    doing = TAKEN
}

/* From here on the new store refuses everybody who came before. */
inline introduce() {
    if
    :: floor > token -> refused()
    :: else ->
        if :: !known || !faulty(NO_INTRODUCTION) -> floor = token :: else fi;
        known = true;
        recall(NEW);
        save();
        if :: makes -> doing = MAKING :: else -> doing = LEADING fi;     /* as it saw the ledger then */
        makes = false
    fi
}

/* --- the backfill: parcel_backfill --- */

#define key_at (place * (KEYS / RANGES) + cursor)
#define range_to_be_had(range) (stage == RUNNING && !range_done[range] && \
    (range_holder[range] == NOBODY || (range_holder[range] != self && expiries > 0)))

inline range_take(range) {
    if :: range_holder[range] != NOBODY -> expiries-- :: else fi;
    tokens++; token = tokens; range_token[range] = token; range_holder[range] = self;
    place = range;
    doing = CLAIMING
}

/* It begins where the range has landed, whatever the leader's cursor says: that one only shows progress. */
inline range_claim() {
    if
    :: made && place_token[place] < token -> place_token[place] = token; cursor = place_cursor[place]; doing = COPYING
    :: else -> give_up()
    fi
}

inline chunk_ship() {
    if
    :: range_token[place] != token || stage != RUNNING -> give_up()
    :: else ->
        if
        :: cursor == KEYS / RANGES -> range_done[place] = true; range_holder[place] = NOBODY; forget()
        :: else ->
            value[0] = row[at(OLD, key_at)]; doing = SHIPPED;
            if :: faulty(CURSOR_BEFORE_EFFECT) && cursor + 1 == KEYS / RANGES -> range_done[place] = true :: else fi
        fi
    fi
}

/* Rows and cursor in one transaction, which checks the range's token: nobody else's is as good. Rows are only inserted. */
inline chunk_land() {
    if
    :: made && (faulty(ZOMBIE_ON_RANGE) || place_token[place] == token) ->
        assert(row[at(NEW, key_at)] == ABSENT);     /* invariant 4: nothing is in the way of who has the range */
        row[at(NEW, key_at)] = value[0]; value[0] = 0;
        cursor++; place_cursor[place] = cursor;
        doing = COPYING
    :: else -> give_up()
    fi
}

/* --- the drain: parcel_drain --- */

#define waiting_for(side, key) (outbox[at(side, key)] & ~within[key] & position)
#define waiting(side) (waiting_for(side, 0) || waiting_for(side, 1))
#define source (crossing -> OLD : leader)
#define following (stage == AWAITING_ACTION || (stage == AWAITING_FINALIZATION && opened) || \
    (stage == RUNNING && (copied || faulty(DRAIN_BESIDE_BACKFILL))))
/* What landed in the fence may be lost, for all who were not there: they carry it over once more before they open the new side. */
#define sure (LOSSES == 0 || session == self || faulty(OPENED_UNDRAINED))
#define catching_up (crossing && !sure)

/* Some outbox rows. */
inline parcel_claim() {
    taken[0] = waiting_for(from, 0);
    taken[1] = waiting_for(from, 1);
    if
    :: taken[0] != 0 && taken[1] != 0 && !fence -> taken[0] = 0
    :: taken[0] != 0 && taken[1] != 0 && !fence -> taken[1] = 0
    :: true
    fi;
    if
    :: faulty(DELETE_BEFORE_LANDING) && !fence ->
        outbox[at(from, 0)] = outbox[at(from, 0)] & ~taken[0];
        outbox[at(from, 1)] = outbox[at(from, 1)] & ~taken[1]
    :: else
    fi;
    doing = DRAINING
}

inline parcel_read() {
    value[0] = row[at(from, 0)];
    value[1] = row[at(from, 1)]
}

/* What is not wanted is put out of the way, so that states that do not differ are one. */
inline parcel_trim() {
    if :: taken[0] == 0 -> value[0] = 0 :: else fi;
    if :: taken[1] == 0 -> value[1] = 0 :: else fi
}

/* Invariant 3: outbox rows, and the query for their keys, in one snapshot. */
inline parcel_ship() {
    if :: !fence -> from = source :: else fi;
    parcel_read();
    if
    :: faulty(READ_BEFORE_CLAIM) -> doing = READ
    :: else -> parcel_claim(); parcel_trim()
    fi
}

inline sync(key) {
    if
    :: taken[key] != 0 && !(value[key] == ABSENT && faulty(DELETES_NOT_SYNCED)) -> row[at(1 - from, key)] = value[key]
    :: else
    fi
}

inline parcel_land() {
    if
    :: doing == DRAINING && !lands -> refused()
    :: doing == DRAINING && lands && faulty(TOKEN_CHECKED_EARLY) -> doing = CHECKED
    :: else ->
        if
        :: LOSSES > 0 && fence && from == OLD && !unsaved -> unsaved = true; saved[0] = row[at(NEW, 0)]; saved[1] = row[at(NEW, 1)]
        :: !fence && from == OLD -> save()
        :: else
        fi;
        sync(0); sync(1); value[0] = 0; value[1] = 0; doing = DRAINED
    fi
}

/* Invariant 5: exactly the rows that were read; in a fence, when its transaction commits. */
inline parcel_take() {
    if
    :: fence -> within[0] = within[0] | taken[0]; within[1] = within[1] | taken[1]
    :: else ->
        if
        :: faulty(DELETE_UP_TO_ID) ->
            taken[0] = taken[0] | taken[1];
            taken[0] = taken[0] | taken[0] >> 1; taken[0] = taken[0] | taken[0] >> 2; taken[0] = taken[0] | taken[0] >> 4;
            taken[1] = taken[0]
        :: else
        fi;
        outbox[at(from, 0)] = outbox[at(from, 0)] & ~taken[0];
        outbox[at(from, 1)] = outbox[at(from, 1)] & ~taken[1]
    fi;
    forget_parcel();
    doing = LEADING
}

/* --- the drain by ranges: drain_open, drain_range --- */

/* They are opened by who leads, and lent under its lease: it lets go of that, and drains by a range like everybody else. */
inline shares_open() {
    eras--; era = token; split = false;
    share_token[0] = 0; share_token[1] = 0; share_holder[0] = NOBODY; share_holder[1] = NOBODY;
    let_go(); forget()
}

#define noted(key) (outbox[at(leader, key)] != 0)
#define share_to_be_had(share) (era != 0 && era == lease_token && (noted(share) || !split && noted(1 - share)) && (share == 0 || split) && \
    (share_holder[share] == NOBODY || (share_holder[share] != self && expiries > 0)))

inline share_take(share) {
    if :: share_holder[share] != NOBODY -> expiries-- :: else fi;
    tokens++; token = tokens; share_token[share] = token; share_holder[share] = self;
    place = share; under = era; wide = !split;
    doing = TO_SHARE
}

/* The side that follows knows the era by the lease that was introduced there, and lends by it alone. */
#define stands(era) (faulty(ERA_UNCHECKED) || (follower == NEW && floor == era) || (follower == OLD && lease_token == era))

inline share_claim() {
    if
    :: exists(follower) && stands(under) && share_seen[place] < token -> share_seen[place] = token; doing = SHARING
    :: else -> give_up()
    fi
}

/* By its holder, between two parcels: what it keeps is one key. */
inline share_split() {
    if
    :: era == under && share_token[place] == token -> split = true; wide = false
    :: else -> give_up()
    fi
}

#define in_share(key) (wide || place == key)
#define waiting_in_share (noted(0) && in_share(0) || noted(1) && in_share(1))

inline share_ship() {
    from = leader;
    parcel_read();
    if :: in_share(0) -> taken[0] = outbox[at(from, 0)] :: else fi;
    if :: in_share(1) -> taken[1] = outbox[at(from, 1)] :: else fi;
    parcel_trim();
    doing = SHARED
}

/* By the range's token, as the side that it lands on knows it. */
inline share_land() {
    if
    :: exists(1 - from) && (share_seen[place] == token || faulty(SHARE_UNCHECKED)) ->
        if :: from == OLD -> save() :: else fi;
        sync(0); sync(1); value[0] = 0; value[1] = 0; doing = SHARE_LANDED
    :: else -> give_up()
    fi
}

inline share_clear() {
    outbox[at(from, 0)] = outbox[at(from, 0)] & ~taken[0];
    outbox[at(from, 1)] = outbox[at(from, 1)] & ~taken[1];
    forget_parcel();
    from = OLD;
    doing = SHARING
}

/* --- the fence: fence_once, for the cut-over and for the way back --- */

inline fence_begin(side) {
    from = side; held[side] = true; fence = true;
    if :: LOSSES > 0 && side == OLD -> session = self :: else fi;
    if :: !faulty(POSITION_BEFORE_FENCE) -> position = EVERY_ID :: else fi
}

/* On the way to the new side the outbox keeps what has landed, as nobody has waited for the disk there; which of its rows no longer
 * matters. Where nothing is lost nobody looks at them. */
#define left(key) (outbox[at(OLD, key)] != 0)
inline fence_commit() {
    if
    :: LOSSES > 0 && from == OLD && !faulty(CLEARED_UNSAVED) -> outbox[at(OLD, 0)] = left(0); outbox[at(OLD, 1)] = left(1)
    :: else ->
        outbox[at(from, 0)] = outbox[at(from, 0)] & ~within[0];
        outbox[at(from, 1)] = outbox[at(from, 1)] & ~within[1]
    fi;
    if :: from == NEW -> save() :: else fi;
    held[from] = false; from = OLD;
    fence = false; within[0] = 0; within[1] = 0; position = EVERY_ID
}

inline capture_off(side) {
    captured[side] = false; outbox[at(side, 0)] = 0; outbox[at(side, 1)] = 0
}

/* --- the steps in the new store: flight_steps, each under the introduced token --- */

inline step_end() {
    doing = LEADING
}

inline shape_make() {
    if :: !made -> made = true; refuses[NEW] = !faulty(NEW_MADE_OPEN) :: else fi;
    step_end()
}

/* The disk is not waited for. */
inline new_open() {
    ahead = false; session = NOBODY;
    captured[NEW] = !faulty(NO_REVERSE_CAPTURE); refuses[NEW] = false; opened = true;
    step_end()
}

/* A crossing that was taken back may be made again. */
inline unmark() {
    opened = false; closed = false; save();
    step_end()
}

/* The new store forgets the migration, but for its last token: nobody's is the one that it knows then. */
inline leave() {
    known = false;
    if :: faulty(FLOOR_FORGOTTEN) -> floor = 0 :: else fi;
    place_token[0] = 0; place_token[RANGES - 1] = 0; share_seen[0] = 0; share_seen[1] = 0;
    step_end()
}

inline shape_drop() {
    made = false; refuses[NEW] = false; opened = false; closed = false; capture_off(NEW);
    row[at(NEW, 0)] = ABSENT; row[at(NEW, 1)] = ABSENT; save();
    place_cursor[0] = 0; place_cursor[RANGES - 1] = 0;
    if
    :: faulty(LEAVE_UNCHECKED) -> doing = LEAVING
    :: else -> leave()
    fi
}

inline back_to_uninitialized() {
    stage = UNINITIALIZED; back_wanted = false; era = 0; split = false;
    range_done[0] = false; range_done[RANGES - 1] = false;
    range_token[0] = 0; range_token[RANGES - 1] = 0;
    range_holder[0] = NOBODY; range_holder[RANGES - 1] = NOBODY;
    let_go(); forget()
}

/* --- all of it --- */

#define free_to_move (doing == LEADING && !fence && leads)
#define fenced(side) (writing[side] == 0 || faulty(NO_FENCE))

proctype Worker(byte self) {
    mtype doing = IDLE;
    byte token, place, cursor;                      /* by what right, on which range, how far */
    byte under;                                     /* a range of the drain: in which era */
    bool makes;                                     /* it took the lease to make the new shape */
    bool ahead;                                     /* it opens the new side as one who landed in the fence */
    bool wide;                                      /* of all keys, as far as it knows */
    byte from, taken[KEYS], value[KEYS];            /* a parcel: who leads, which outbox rows, what the query yields */
    bool fence;                                     /* in a fence's transaction */
    byte within[KEYS], position = EVERY_ID;         /* what it has taken from the outbox, and which rows it looks at */
    do
    :: atomic { doing != IDLE && crashes > 0 && !over -> crashes--; give_up(); sound() }
    :: atomic { doing == LEADING && lease_token != token -> give_up(); sound() }
    :: over && (doing == IDLE || doing == LEADING) -> break

    :: atomic { doing == IDLE && work && lease_to_be_had -> lease_take() }
    :: atomic { doing == TAKEN && !held[NEW] -> introduce() }

    /* Uninitialized, Initializing */
    :: atomic { free_to_move && stage == UNINITIALIZED && starts > 0 -> starts--; stage = INITIALIZING; sound() }
    :: atomic { free_to_move && stage == INITIALIZING && !made -> doing = MAKING }
    :: atomic { doing == MAKING -> if :: introduced -> shape_make() :: else -> refused() fi; sound() }
    :: atomic { free_to_move && stage == INITIALIZING && made && !captured[OLD] && !faulty(CAPTURE_AFTER_COPY) -> captured[OLD] = true; sound() }
    :: atomic { free_to_move && stage == INITIALIZING && made && (captured[OLD] || faulty(CAPTURE_AFTER_COPY)) &&
           (unnoted == 0 || faulty(OLDER_NOT_DRAINED)) -> stage = RUNNING; let_go(); forget(); sound() }

    /* Running: ranges by whoever has one, then the drain by the lease */
    :: atomic { doing == IDLE && range_to_be_had(0) -> range_take(0) }
    :: atomic { RANGES > 1 && doing == IDLE && range_to_be_had(RANGES - 1) -> range_take(RANGES - 1) }
    :: atomic { doing == CLAIMING -> range_claim() }
    :: atomic { doing == COPYING -> chunk_ship(); sound() }
    :: atomic { doing == SHIPPED -> chunk_land(); sound() }
    :: atomic { free_to_move && stage == RUNNING && copied && !captured[OLD] -> captured[OLD] = true; sound() }
    :: atomic { free_to_move && stage == RUNNING && copied && captured[OLD] -> stage = AWAITING_ACTION; sound() }

    /* following, either way; the same within a fence */
    :: atomic { doing == LEADING && (fence || free_to_move && (following || catching_up)) && waiting(fence -> from : source) -> parcel_ship() }
    :: atomic { doing == READ -> parcel_claim(); parcel_trim() }
    :: atomic { doing == DRAINING || doing == CHECKED -> parcel_land(); sound() }
    :: atomic { doing == DRAINED -> parcel_take(); sound() }

    /* the same by ranges, under the lease of who opened them */
    :: atomic { eras > 0 && free_to_move && following -> shares_open(); sound() }
    :: atomic { ERAS > 0 && doing == IDLE && share_to_be_had(0) -> share_take(0) }
    :: atomic { ERAS > 0 && doing == IDLE && share_to_be_had(1) -> share_take(1) }
    :: atomic { doing == TO_SHARE -> share_claim() }
    :: atomic { doing == TO_SHARE && faulty(SPLIT_BEFORE_CLAIM) && wide -> split = true; wide = false }
    :: atomic { doing == SHARING && wide && waiting_in_share -> share_split() }
    :: atomic { doing == SHARING && waiting_in_share -> share_ship() }
    :: atomic { doing == SHARED -> share_land(); sound() }
    :: atomic { doing == SHARE_LANDED -> share_clear(); sound() }
    :: atomic { doing == SHARING && (!waiting_in_share || !(era == under && share_token[place] == token)) -> give_up() }
    :: atomic { faulty(SPLIT_BESIDE) && doing == IDLE && era != 0 && era == lease_token && !split && share_holder[0] == 1 - self -> split = true }

    /* the cut-over */
    :: atomic { faulty(POSITION_BEFORE_FENCE) && free_to_move && stage == AWAITING_ACTION && position == EVERY_ID ->
           position = outbox[at(OLD, 0)] | outbox[at(OLD, 1)] }
    :: atomic { free_to_move && stage == AWAITING_ACTION && closed && !back_wanted && !faulty(MARKS_KEPT) -> doing = UNMARKING }
    :: atomic { doing == UNMARKING -> if :: introduced -> unmark() :: else -> refused() fi; sound() }
    :: atomic { free_to_move && stage == AWAITING_ACTION && UNTIL != AWAITING_ACTION && !held[OLD] && fenced(OLD) &&
           (!closed && !back_wanted || faulty(MARKS_KEPT)) &&
           (position != EVERY_ID || !faulty(POSITION_BEFORE_FENCE)) -> fence_begin(OLD); sound() }
    :: atomic { fence && aborts > 0 -> if :: faulty(TRIED_FOR_EVER) :: else -> aborts-- fi; fence_undo(); forget_parcel(); doing = LEADING; sound() }
    :: atomic { doing == LEADING && fence && from == OLD && (!waiting(OLD) || faulty(FLIP_BEFORE_DRAIN)) ->
           fence_commit(); refuses[OLD] = !faulty(OLD_STAYS_OPEN); stage = AWAITING_FINALIZATION; sound() }
    :: atomic { free_to_move && crossing && (sure || !waiting(OLD)) -> ahead = session == self; doing = OPENING }
    :: atomic { faulty(TWO_OPEN) && doing == LEADING && fence && from == OLD && !opened ->
           captured[NEW] = true; refuses[NEW] = false; opened = true; sound() }
    :: atomic { doing == OPENING ->
           if
           :: ahead && session != self -> give_up()
           :: introduced && (!ahead || session == self) -> new_open()
           :: else -> refused()
           fi; sound() }

    /* the end: another command, which has made itself known in the new store */
    :: atomic { free_to_move && stage == AWAITING_FINALIZATION && opened && unsaved -> doing = TAKEN }
    :: atomic { free_to_move && stage == AWAITING_FINALIZATION && opened && !unsaved && !back_wanted && !closed -> stage = FINISHING; sound() }
    :: atomic { free_to_move && stage == FINISHING && captured[NEW] -> doing = RELEASING }
    :: atomic { doing == RELEASING && writing[NEW] == 0 ->
           if :: introduced -> capture_off(NEW); step_end() :: else -> refused() fi; sound() }
    :: atomic { free_to_move && stage == FINISHING && !captured[NEW] -> stage = FINISHED; capture_off(OLD); sound() }

    /* the way back after the cut-over, for a demotion or a rollback: the new side closes, then the old one opens */
    :: atomic { free_to_move && stage == AWAITING_FINALIZATION && opened && may_go_back && !closed && !held[NEW] && introduced &&
           fenced(NEW) -> go_back(); fence_begin(NEW); sound() }
    :: atomic { free_to_move && stage == AWAITING_FINALIZATION && opened && demotions > 0 && !back_wanted && !closed && !held[NEW] &&
           introduced && fenced(NEW) -> demotions--; fence_begin(NEW); sound() }
    :: atomic { doing == LEADING && fence && from == NEW && (!waiting(NEW) || faulty(BACK_BEFORE_DRAIN)) ->
           fence_commit(); refuses[NEW] = true; closed = true; sound() }
    :: atomic { free_to_move && stage == AWAITING_FINALIZATION && (closed || faulty(OLD_OPENED_FIRST) && opened && may_go_back) ->
           stage = AWAITING_ACTION; refuses[OLD] = false; captured[OLD] = !faulty(DEMOTED_UNCAPTURED); sound() }

    /* the way back */
    :: atomic { free_to_move && may_go_back && (stage == INITIALIZING || stage == RUNNING || stage == AWAITING_ACTION) ->
           go_back(); stage = ROLLING_BACK; sound() }
    :: atomic { free_to_move && stage == ROLLING_BACK && captured[OLD] && writing[OLD] == 0 -> capture_off(OLD); sound() }
    :: atomic { free_to_move && stage == ROLLING_BACK && !captured[OLD] && made -> doing = DROPPING }
    :: atomic { doing == DROPPING && writing[NEW] == 0 -> if :: introduced -> shape_drop() :: else -> refused() fi; sound() }
    :: atomic { doing == LEAVING -> leave(); sound() }
    :: atomic { free_to_move && stage == ROLLING_BACK && !captured[OLD] && !made -> back_to_uninitialized(); sound() }
    od
}
