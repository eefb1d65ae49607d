/* The definition file: one migration, written in YAML. docs/definition.md is its reference. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/shape.h"

struct definition {
    struct arena *arena;  /* owns every text below */
    const char *file;     /* the path it came from, for messages */
    const char *text;     /* the file, as it was read, before ${VARIABLES} were filled in; passwords are stars */
    const char *digest;   /* 16 hex digits: what may not change while the migration runs (not the soak,
                             the bounds, retire or the store's address) */
    const char *old_store, *new_store; /* addresses; the same pointer when there is one store */
    struct change change;
    int64_t soak_ms;      /* default 24 h */
    int64_t pause_ms_max; /* of the cut-over, and of building indexes late; default 200 ms */
    double hold_ms_max;   /* how long writers may wait for one chunk; 0: as the store says */
};

/* Is the new shape in another store than the old one? */
static inline bool definition_is_apart(const struct definition *definition) {
    return definition->new_store != definition->old_store;
}

/* Reads, fills in ${VARIABLES} and checks the file. Every error says file:line:column and what was expected. */
MUST_USE bool definition_read(const char *file, struct definition **ret, struct error *error);

/* The same from memory; `file` is what messages call it. */
MUST_USE bool definition_parse(const char *file, const char *text, size_t length, struct definition **ret,
                               struct error *error);

void definition_free(struct definition *definition); /* accepts NULL */
