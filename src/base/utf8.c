#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t utf8_character(const char *data, size_t left) {
    unsigned char c = (unsigned char)data[0], next = left > 1 ? (unsigned char)data[1] : 0;
    size_t size = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (size == 0 || size > left) return 0;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)data[i] & 0xC0) != 0x80) return 0;
    }
    bool bad = (c == 0xE0 && next < 0xA0) || (c == 0xED && next >= 0xA0) || (c == 0xF0 && next < 0x90) || (c == 0xF4 && next >= 0x90);
    return bad ? 0 : size;
}

/* Eight bytes of ASCII. */
static bool is_plain(const char *data) {
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool utf8_is(const char *data, size_t length) {
    for (size_t at = 0; at < length;) {
        if (length - at >= 8 && is_plain(data + at)) {
            at += 8;
            continue;
        }
        if ((unsigned char)data[at] < 0x80) {
            at++;
            continue;
        }
        size_t size = utf8_character(data + at, length - at);
        if (size == 0) return false;
        at += size;
    }
    return true;
}
