/* The part of a definition file that says what changes: shapes, queries and DDL, in the long form or the short. */
#pragma once

#include "migration/yaml.h"
#include "store/shape.h"

/* Reads old.key, new, forward and backward, or alter, of a file whose top level and `old` were checked already.
 * The name and what becomes of the old tables are not read here. The queries of a mapping come out in the order of
 * their tables in the follower's shape, so two files that differ in that order alone are the same migration. `apart`: the new
 * shape is in another store. */
MUST_USE bool change_read(struct arena *arena, const struct yaml *root, bool apart, struct change *ret, struct error *error);
