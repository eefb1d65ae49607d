#include "base/interrupt.h"

#include <signal.h>

/* Set by signal handlers, on whatever thread, and read by all: lock-free atomics are both signal- and thread-safe. */
static atomic_int stop, suspend;
static _Thread_local const atomic_bool *heeded;

void interrupt_request(void) {
    atomic_store(&stop, 1);
}

bool interrupt_requested(void) {
    return atomic_load(&stop) != 0 || (heeded != NULL && atomic_load(heeded));
}

void interrupt_heed(const atomic_bool *flag) {
    heeded = flag;
}

const atomic_bool *interrupt_heeded(void) {
    return heeded;
}

void interrupt_suspend(void) {
    atomic_store(&suspend, 1);
}

void interrupt_rest(void) {
    if (atomic_exchange(&suspend, 0) != 0) raise(SIGSTOP);
}
