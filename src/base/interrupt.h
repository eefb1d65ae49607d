/* Requests made by signal handlers and seen between two steps of work. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

void interrupt_request(void); /* stop; async-signal-safe */
bool interrupt_requested(void);

/* What is asked of the calling thread alone, beside what is asked of all; NULL: nothing. A thread that works for another heeds
 * what that one does. */
void interrupt_heed(const atomic_bool *flag);
const atomic_bool *interrupt_heeded(void);

void interrupt_suspend(void); /* rest until SIGCONT; async-signal-safe */
void interrupt_rest(void);    /* where no lock is held: rests if that was asked for */
