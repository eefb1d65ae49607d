/* Waiting on a condition until a moment of clock_ms. The wall clock may be put back, and would make it longer. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/* Those that are waited on below are made by this. */
void wait_init(pthread_cond_t *condition);

/* With the mutex; false: the moment is past. As with every condition it may return for no reason. */
bool wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, double until_ms);
