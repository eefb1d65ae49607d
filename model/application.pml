/* Who is not ours: the application, which writes whichever side lets it, and readers of the new face. */

#define may_write(side) (writes > 0 && open(side) && (!busy[at(side, 0)] || !busy[at(side, 1)]) && (!second || first_writes))

/* One transaction: it begins, and is seen when it commits. Its outbox rows have their ids from the beginning. */
inline transaction_begin(on) {
    side = on;
    if
    :: !busy[at(side, 0)] -> key = 0
    :: !busy[at(side, 1)] -> key = 1
    fi;
    if
    :: !busy[at(side, 1 - key)] && row[at(side, key)] != ABSENT && row[at(side, 1 - key)] == ABSENT ->
        moves = true; busy[at(side, 1 - key)] = true    /* its key changes to the other one */
    :: true
    fi;
    busy[at(side, key)] = true;
    notes = captured[side];
    if
    :: notes -> id = 1 << ids; ids++
    :: else -> if :: side == OLD -> unnoted++ :: else fi
    fi;
    writing[side]++;
    writes--;
    if :: !second -> first_writes = true :: else fi
}

inline transaction_commit() {
    assert(side == leader);     /* invariant 10: nobody writes behind our back */
    if
    :: moves ->
        row[at(side, 1 - key)] = row[at(side, key)];
        row[at(side, key)] = ABSENT;
        if :: notes -> outbox[at(side, 1 - key)] = outbox[at(side, 1 - key)] | id :: else fi;
        busy[at(side, 1 - key)] = false
    :: else -> row[at(side, key)] = (row[at(side, key)] + 1) % VALUES
    fi;
    if
    :: notes && !(moves && faulty(KEY_CHANGE_NOTES_ONE_KEY)) -> outbox[at(side, key)] = outbox[at(side, key)] | id
    :: else
    fi;
    if :: !notes && side == OLD -> unnoted-- :: else fi;
    if :: side == NEW -> save() :: else fi;
    told[0] = row[at(side, 0)];
    told[1] = row[at(side, 1)];
    busy[at(side, key)] = false;
    writing[side]--;
    if :: !second -> first_writes = false :: else fi;
    side = 0; key = 0; id = 0; moves = false; notes = false
}

/* The second one writes only beside the first: they are alike, so that what is left out is the same under another name.
 * It writes until it has written all it wants: a model in which it is shut out for ever ends where it must not. */
proctype Writer(bool second) {
    byte side, key, id;
    bool moves, notes;
    do
    :: atomic { may_write(OLD) -> transaction_begin(OLD) };
       atomic { transaction_commit(); sound() }
    :: atomic { may_write(NEW) -> transaction_begin(NEW) };
       atomic { transaction_commit(); sound() }
    :: writes == 0 -> break
    od
}

/* The new store's server, while no transaction of the application's or of a fence is under way there: it comes back with what its disk
 * has, and without the sessions. */
proctype Server() {
    do
    :: atomic { unsaved && losses > 0 && writing[NEW] == 0 && !held[NEW] ->
           losses--;
           row[at(NEW, 0)] = saved[0]; row[at(NEW, 1)] = saved[1];
           if :: opened -> opened = false; captured[NEW] = false; refuses[NEW] = true :: else fi;
           save(); session = NOBODY; sound() }
    :: losses == 0 || over -> break
    od
}

/* Reads an entity on demand: it is put first in the outbox, and whoever drains that writes it. */
proctype Reader() {
    byte key, value;
    do
    :: atomic { demands > 0 && (stage == RUNNING || stage == AWAITING_ACTION) ->
           demands--;
           if :: key = 0 :: key = 1 fi;
           if
           :: faulty(DEMAND_WRITES_ITSELF) -> value = row[at(OLD, key)]
           :: else -> outbox[at(OLD, key)] = outbox[at(OLD, key)] | (1 << ids); ids++
           fi
       };
       if
       :: faulty(DEMAND_WRITES_ITSELF) -> atomic { row[at(NEW, key)] = value; sound() }
       :: else
       fi;
       key = 0; value = 0
    :: demands == 0 || over -> break
    od
}
