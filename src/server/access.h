/* Who may ask what. A token has rights of three kinds, each by itself; without a file of tokens everybody has all of them. */
#pragma once

#include <stdbool.h>

#include "midflight.h"

enum right {
    RIGHT_NONE = 0,    /* open to all */
    RIGHT_READ = 1,    /* data */
    RIGHT_WRITE = 2,   /* data */
    RIGHT_OPERATE = 4, /* migrations */
    RIGHT_ANY = 8,     /* any token will do */
};

struct access;

/* A file of lines "NAME RIGHTS TOKEN": RIGHTS is of read, write, operate with commas between; TOKEN is the token itself, or
 * sha256:HEX of it. NULL: nobody is asked. The file must be closed to others than its owner. NULL is returned on failure. */
struct access *access_new(const char *file, mf_error *error);
void access_free(struct access *access); /* accepts NULL */

bool access_asks(const struct access *access);

/* Whose token an Authorization header bears, and its rights; NULL: nobody's. The name is valid until access_free. */
const char *access_find(const struct access *access, const char *authorization, unsigned *ret_rights);
