/* Nodes: the processes that serve the data through the proxy, and how a change of stage waits for them.
 *
 * Who is about to change the stage announces the epoch that will come, and waits until every live node has confirmed it: from then on
 * such a node asks the ledger with each call, so that none acts on the stage before. A node whose beats have stopped for as long as
 * its lease lasts refuses by itself, and is struck off. Its clock is never compared with ours. */
#pragma once

#include "engine/flight.h"

/* How long a node serves after its last beat. */
#define NODE_LEASE_MS 5000

/* A step that is marked when the old tables are about to go: an entity was one row of them. */
#define STEP_OLD_SINGLE "the old shape is one row an entity"

/* Announces the next epoch, and waits. On failure nothing is announced any more. Outside of transactions. */
MUST_USE bool nodes_await(struct flight *flight, struct error *error);
/* What was announced does not come. */
void nodes_dismiss(struct flight *flight);
