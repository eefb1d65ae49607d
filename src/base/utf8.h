/* UTF-8, as it is to be: no surrogates, no form longer than need be, nothing past U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* How many bytes the character at `data` has, of which there are `left`; 0: it is none. */
size_t utf8_character(const char *data, size_t left);
bool utf8_is(const char *data, size_t length);
