/* Routes: which side's tables answer a face, and which take what is written to it. */
#pragma once

#include <stdint.h>

#include "migration/definition.h"
#include "migration/stage.h"
#include "store/store.h"

/* Who leads at a stage: reads are served from there, and writes go there. */
enum side route_leader(enum stage stage);

/* May a share of the reads be served from the side that follows? */
bool route_is_rolled_out(enum stage stage);

/* The same key is always on the same side of a percentage: one that is served from the new side at 10 % is at 20 %. */
bool route_chosen(const char *key, int64_t percent_e4);

/* Is there a query that shows a shape read from a side? Its own needs none. Refused with what can be done. */
MUST_USE bool route_readable(const struct definition *definition, enum side shape, enum side from, struct error *error);
/* Is there one that carries what is written to a face to the side that leads? */
MUST_USE bool route_writable(const struct definition *definition, enum side shape, enum side leader, struct error *error);
