/* Memory that is given back all at once: one arena a definition, a bound mapping, a run.
 * Running out of memory ends the process: every durable effect is transactional, so the next run resumes. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* accepts NULL */

/* Zeroed, aligned for any type, valid until arena_free. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text);
char *arena_copy_n(struct arena *arena, const char *text, size_t length);
char *arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/* A list of names (columns, mostly), owned by an arena. */
struct names {
    const char **items;
    size_t count;
};

void names_add(struct arena *arena, struct names *names, const char *name);
bool names_have(const struct names *names, const char *name); /* ASCII case is folded, as in SQL */
