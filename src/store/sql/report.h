/* What `check` has to say, told to its caller. */
#pragma once

#include "store/store.h"

/* One sentence; counts it when it is a refusal. */
void report_say(struct check_report *report, enum check_level level, const char *format, ...) PRINTF_LIKE(3, 4);
