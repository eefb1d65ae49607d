/* What `check` has to say, told to its caller. */
#pragma once

#include "store/sql/sync.h"
#include "store/store.h"

/* One sentence; counts it when it is a refusal. */
void report_say(struct check_report *report, enum check_level level, const char *format, ...) PRINTF_LIKE(3, 4);

/* Columns without which no row can be inserted, and that the flow's query does not yield. */
void report_missing(struct check_report *report, const struct flow *flow, enum direction direction);
/* What the flow's query leaves alone. */
void report_unmapped(struct check_report *report, const struct flow *flow, enum direction direction);
/* A table of neither shape that the flow's query reads. */
void report_other(struct check_report *report, const struct flow *flow, enum direction direction, const char *table);
