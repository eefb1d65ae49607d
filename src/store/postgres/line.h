/* The line of PgBouncer's configuration that says where a name leads: shop = host=10.0.0.1 port=5432 dbname=shop */
#pragma once

#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"

/* Where a line leads. */
struct place {
    const char *host, *port, *database; /* never NULL; host "": where PgBouncer's own sockets would be */
};

/* A file that holds the line, as it was read. Its texts are the arena's. */
struct line {
    const char *path;   /* of the file itself, whatever links lead there */
    struct stat file;   /* whose mode and owner its successor has */
    const char *text;   /* the whole of it */
    size_t start, end;  /* of what a turn replaces in it: the line, and ours before it that says what it was; without the line end */
    const char *whole;  /* the line */
    size_t name_length; /* of "shop = " at its beginning */
    const char *value;  /* the rest: the pairs */
    const char *before; /* the whole line as it was before a cut-over of this migration; NULL: it says nothing of one */
};

/* Reads the file and finds the one line of the name in it. */
MUST_USE bool line_read(const char *path, const char *database, const char *migration, struct arena *arena, struct line *ret,
                        struct error *error);

/* May the file be put in the place of the one that is there, with the same owner? */
MUST_USE bool line_may_be_written(const struct line *line, struct error *error);

/* Where pairs lead; `name` is the database if they name none. */
MUST_USE bool line_place(const char *pairs, const char *name, struct arena *arena, struct place *ret, struct error *error);

static inline bool place_is(const struct place *one, const struct place *other) {
    return strcmp(one->host, other->host) == 0 && strcmp(one->port, other->port) == 0 && strcmp(one->database, other->database) == 0;
}

/* The pairs of an address, postgresql://... */
MUST_USE bool line_pairs(const char *address, const char *key, struct arena *arena, const char **ret, struct error *error);

/* The file's successor is written beside it, complete and on the disk: with the line as it leads to `target`, with what it says besides,
 * and what it was above it. */
MUST_USE bool line_turn(const struct line *line, const char *target, const char *migration, struct error *error);
/* The same with the line as it was; where that is no longer known, as it leads to `target`. */
MUST_USE bool line_turn_back(const struct line *line, const char *target, struct error *error);
/* The successor takes the file's name; */
MUST_USE bool line_put(const struct line *line, struct error *error);
/* and has it on the disk as well. */
MUST_USE bool line_keep(const struct line *line, struct error *error);
void line_drop(const struct line *line); /* the successor, if there is one */
