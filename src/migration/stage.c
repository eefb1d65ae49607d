#include "migration/stage.h"

#include <string.h>

static const struct {
    const char *name, *mode;
} stages[] = {
#define STAGE_ROW(stage, name, mode) [stage] = {name, mode},
    STAGES(STAGE_ROW)
#undef STAGE_ROW
};

enum { STAGE_COUNT = sizeof stages / sizeof *stages };

static const bool edges[STAGE_COUNT][STAGE_COUNT] = {
    [STAGE_UNINITIALIZED] = {[STAGE_INITIALIZING] = true},
    [STAGE_INITIALIZING] = {[STAGE_RUNNING] = true, [STAGE_ROLLING_BACK] = true},
    [STAGE_RUNNING] = {[STAGE_AWAITING_ADDITIONAL_ACTION] = true, [STAGE_ROLLING_BACK] = true},
    [STAGE_AWAITING_ADDITIONAL_ACTION] = {[STAGE_AWAITING_FINALIZATION] = true, [STAGE_ROLLING_BACK] = true},
    [STAGE_AWAITING_FINALIZATION] = {[STAGE_FINISHING] = true, [STAGE_AWAITING_ADDITIONAL_ACTION] = true, [STAGE_ROLLING_BACK] = true},
    [STAGE_FINISHING] = {[STAGE_FINISHED] = true},
    [STAGE_ROLLING_BACK] = {[STAGE_UNINITIALIZED] = true},
};

const char *stage_name(enum stage stage) {
    return stages[stage].name;
}

const char *stage_mode(enum stage stage) {
    return stages[stage].mode;
}

bool stage_from_name(const char *name, enum stage *ret) {
    for (int i = 0; i < STAGE_COUNT; i++) {
        if (strcmp(stages[i].name, name) != 0) continue;
        *ret = (enum stage)i;
        return true;
    }
    return false;
}

bool stage_may_follow(enum stage from, enum stage to) {
    return edges[from][to];
}
