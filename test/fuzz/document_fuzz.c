/* libFuzzer: whatever is sent as a document, it is refused with the place, or read; and what was read is the same when it is written and
 * read again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_new();
    struct error error;
    const struct json *once, *twice;
    struct text written = {0};
    const char *sent = arena_copy_n(arena, (const char *)data, size);
    if (json_parse(sent, "the document", arena, &once, &error)) {
        json_add(&written, once);
        bool again = json_parse(text_get(&written), "the document", arena, &twice, &error);
        assert(again && json_same(once, twice) && json_same(twice, once));
        assert(utf8_is(text_get(&written), written.length));
    } else {
        assert(error.code == ERROR_USAGE && strncmp(error.message, "the document", 12) == 0);
    }
    text_free(&written);
    arena_free(arena);
    return 0;
}
