/* Crew: several workers at one phase, each a thread with a connection of its own. */
#pragma once

#include "engine/pace.h"

#define WORKERS_MAX 32

/* What each of a crew does, with a flight of its own: the same migration under the same lease. It tells its own progress, and
 * looks now and then whether flight_stopped. */
typedef bool crew_job(struct flight *flight, void *context, struct error *error);

/* Runs a job on flight->workers threads, or on as many as the store would have, the calling one among them. What they tell the
 * observer it hears from one at a time; progress it hears of all together, `done` before them included. The first failure
 * stops them all and is returned. */
MUST_USE bool crew_run(struct flight *flight, int64_t done, crew_job *job, void *context, struct error *error);

/* As pace_chunks, by a crew. The store hands out the work: no two get the same. */
MUST_USE bool crew_chunks(struct flight *flight, const char *phase, int64_t done, int64_t total, chunk_work *work,
                          struct error *error);
/* The backfill, so, from where it stands; says how fast it was. */
MUST_USE bool crew_backfill(struct flight *flight, chunk_work *work, struct error *error);
