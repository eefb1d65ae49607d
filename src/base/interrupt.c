#include "base/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t stop, suspend;

void interrupt_request(void) {
    stop = 1;
}

bool interrupt_requested(void) {
    return stop != 0;
}

void interrupt_suspend(void) {
    suspend = 1;
}

void interrupt_rest(void) {
    if (suspend == 0) return;
    suspend = 0;
    raise(SIGSTOP);
}
