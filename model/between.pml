/* The protocol between two stores: docs/model.md. */
#include "state.pml"
#include "application.pml"
#include "worker.pml"

init {
    atomic {
        row[at(OLD, 0)] = 1; told[0] = 1;   /* one key is there, the other is not */
        if
        :: FROM == AWAITING_ACTION ->
            starts--;
            row[at(NEW, 0)] = 1; made = true; refuses[NEW] = true; captured[OLD] = true;
            range_done[0] = true; range_done[RANGES - 1] = true
        :: else
        fi;
        range_holder[0] = NOBODY; range_holder[RANGES - 1] = NOBODY;
        share_holder[0] = NOBODY; share_holder[1] = NOBODY;
        run Worker(0);
        run Worker(1);
        run Writer(false);
        run Writer(true);
        run Reader();
        if :: LOSSES > 0 -> run Server() :: else fi
    }
}
