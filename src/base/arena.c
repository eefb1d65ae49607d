#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Blocks double from the first size on: most arenas hold one small thing. */
#define BLOCK_BYTES_MIN 1024
#define BLOCK_BYTES_MAX 8192

struct block {
    struct block *next;
    size_t used, size;
    max_align_t data[];
};

struct arena {
    struct block *head;
};

static void *must(void *memory) {
    if (memory == NULL) {
        fputs("midflight: out of memory; nothing is half done: run the same command again\n", stderr);
        abort();
    }
    return memory;
}

struct arena *arena_new(void) {
    return must(calloc(1, sizeof(struct arena)));
}

void arena_free(struct arena *arena) {
    if (arena == NULL) return;
    for (struct block *block = arena->head, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size) {
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (arena->head == NULL || arena->head->size - arena->head->used < size) {
        size_t room = arena->head == NULL ? BLOCK_BYTES_MIN : 2 * arena->head->size;
        if (room > BLOCK_BYTES_MAX) room = BLOCK_BYTES_MAX;
        if (room < size) room = size;
        struct block *block = must(calloc(1, sizeof *block + room));
        block->size = room;
        block->next = arena->head;
        arena->head = block;
    }
    void *memory = (char *)arena->head->data + arena->head->used;
    arena->head->used += size;
    return memory;
}

char *arena_copy_n(struct arena *arena, const char *text, size_t length) {
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_copy(struct arena *arena, const char *text) {
    return arena_copy_n(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void names_add(struct arena *arena, struct names *names, const char *name) {
    /* Capacity doubles at powers of two, so it need not be stored. */
    if ((names->count & (names->count - 1)) == 0) {
        const char **items = ARENA_ARRAY(arena, const char *, names->count == 0 ? 1 : names->count * 2);
        if (names->count > 0) memcpy(items, names->items, names->count * sizeof *items);
        names->items = items;
    }
    names->items[names->count++] = name;
}

bool names_have(const struct names *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcasecmp(names->items[i], name) == 0) return true;
    }
    return false;
}
