/* Lists of keys, as text. */
#pragma once

#include "base/error.h"
#include "store/store.h"

/* Keys that were visited, one after the other; in the arena. */
struct key_list {
    struct arena *arena;
    struct names names;
};

bool key_list_add(void *context, const char *key, struct error *error); /* a key_visit, with a key_list as its context */
bool key_list_finding(void *context, const struct finding *finding);          /* a finding_visit, with the same */
/* In the order of their bytes, each once; only then can one be looked for. */
void key_list_sort(struct key_list *list);
/* *ret: its place. False: it is not there. */
bool key_list_find(const struct key_list *list, const char *key, size_t *ret);
