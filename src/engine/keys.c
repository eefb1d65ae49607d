#include "engine/keys.h"

#include <stdlib.h>
#include <string.h>

bool key_list_add(void *context, const char *key, struct error *error) {
    (void)error;
    struct key_list *list = context;
    names_add(list->arena, &list->names, arena_copy(list->arena, key));
    return true;
}

bool key_list_finding(void *context, const struct finding *finding) {
    return key_list_add(context, finding->key, NULL);
}

static int compare_keys(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void key_list_sort(struct key_list *list) {
    struct names *names = &list->names;
    size_t kept = 0;
    if (names->count == 0) return;
    qsort(names->items, names->count, sizeof *names->items, compare_keys);
    for (size_t i = 1; i < names->count; i++) {
        if (strcmp(names->items[i], names->items[kept]) != 0) names->items[++kept] = names->items[i];
    }
    names->count = kept + 1;
}

bool key_list_find(const struct key_list *list, const char *key, size_t *ret) {
    const struct names *names = &list->names;
    const char **place = names->count == 0 ? NULL : bsearch(&key, names->items, names->count, sizeof *names->items, compare_keys);
    if (place == NULL) return false;
    *ret = (size_t)(place - names->items);
    return true;
}
