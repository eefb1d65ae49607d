/* Crew: several workers at one phase, each a thread with a connection of its own. */
#pragma once

#include "engine/pace.h"

#define WORKERS_MAX 32

/* As pace_chunks, by several workers: flight->workers of them, or as many as the store would have. The store hands out the work:
 * no two get the same. The first failure stops them all and is returned. */
MUST_USE bool crew_chunks(struct flight *flight, const char *phase, int64_t done, int64_t total, chunk_work *work,
                          struct error *error);
