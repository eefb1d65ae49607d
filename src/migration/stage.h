/* The eight stages, and which may follow which. */
#pragma once

#include <stdbool.h>

/* X(stage, name, mode): the mode says who leads and who follows */
#define STAGES(X)                                                                        \
    X(STAGE_UNINITIALIZED, "Uninitialized", "old")                                       \
    X(STAGE_INITIALIZING, "Initializing", "old")                                         \
    X(STAGE_RUNNING, "Running", "shadow")                                                \
    X(STAGE_AWAITING_ADDITIONAL_ACTION, "Awaiting Additional Action", "shadow")          \
    X(STAGE_AWAITING_FINALIZATION, "Awaiting Finalization", "reverse shadow")            \
    X(STAGE_FINISHING, "Finishing", "new")                                               \
    X(STAGE_FINISHED, "Finished", "new")                                                 \
    X(STAGE_ROLLING_BACK, "Rolling Back", "old")

enum stage {
#define STAGE_ENUM(stage, name, mode) stage,
    STAGES(STAGE_ENUM)
#undef STAGE_ENUM
};

const char *stage_name(enum stage stage);
const char *stage_mode(enum stage stage);
bool stage_from_name(const char *name, enum stage *ret);

/* Stages are passed one by one; only Rolling Back may be entered from several, none of them past the one-way door. From Awaiting
 * Finalization a migration may be demoted to the stage before. */
bool stage_may_follow(enum stage from, enum stage to);
