/* How two documents of one face differ, by the rules of the comparison. */
#pragma once

#include "base/text.h"
#include "proxy/shadow.h"

/* NULL: there is no such entity. Says what differs first, as "people.email: null"; empty: nothing does. `table`: that of a document
 * which is one row. */
MUST_USE bool difference_find(const char *left, const char *right, const char *table, const struct comparison *comparison, char *ret,
                              size_t size, struct error *error);
