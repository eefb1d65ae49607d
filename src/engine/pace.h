/* Pace: long work in chunks that let the application's writers through. */
#pragma once

#include "engine/flight.h"

/* Does one chunk, as the store's backfill_chunk and shape_empty do. */
typedef bool chunk_work(struct flight *flight, struct chunk *chunk, struct error *error);

/* Repeats `work` until it is done. Sizes follow the time that a chunk holds the writers; while others write, chunks
 * are short and rests between them long enough for a waiter to get in; --load bounds the share of time at work.
 * `done` and `total` are for the observer. */
MUST_USE bool pace_chunks(struct flight *flight, const char *phase, int64_t done, int64_t total, chunk_work *work,
                          struct error *error);

/* Rows a second lately, told to the observer every 100 ms. */
struct meter {
    double since, told;
    int64_t rows, rows_since;
    double rate;
};
void meter_add(struct meter *meter, struct flight *flight, const char *phase, int64_t rows, int64_t done, int64_t total);
