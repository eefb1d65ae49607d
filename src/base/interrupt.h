/* Requests made by signal handlers and seen between two steps of work. */
#pragma once

#include <stdbool.h>

void interrupt_request(void); /* stop; async-signal-safe */
bool interrupt_requested(void);

void interrupt_suspend(void); /* rest until SIGCONT; async-signal-safe */
void interrupt_rest(void);    /* where no lock is held: rests if that was asked for */
