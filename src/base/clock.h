/* Time: a monotonic clock for durations, the wall clock for what is kept. */
#pragma once

#include <stdint.h>

double clock_ms(void);            /* monotonic, milliseconds with fraction */
double clock_coarse_ms(void);     /* the same as of some milliseconds ago, at a fraction of the price */
int64_t clock_wall_ms(void);      /* milliseconds since 1970, UTC */
void clock_sleep_ms(double ms);   /* returns early on a signal */

#define CLOCK_TEXT_BYTES 32
/* "2026-11-23T06:42:37.123Z" */
const char *clock_text(int64_t wall_ms, char text[CLOCK_TEXT_BYTES]);
