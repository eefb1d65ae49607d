/* Whatever bytes a definition file holds: no crash, no leak, and either a definition or a message that says where. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "migration/definition.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    return setenv("APP_DB", "sqlite:app.db", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct definition *definition = NULL;
    struct error error = {0};
    if (definition_parse("fuzz.yaml", (const char *)data, size, &definition, &error)) {
        assert(definition->change.name != NULL && definition->old_store != NULL && definition->new_store != NULL);
        assert(strlen(definition->digest) == 16);
        assert((definition->change.alter_table == NULL) == (definition->change.mappings[FORWARD].count > 0));
        definition_free(definition);
    } else {
        assert(definition == NULL && error.code == ERROR_DEFINITION);
        assert(strncmp(error.message, "fuzz.yaml:", strlen("fuzz.yaml:")) == 0);
        assert(strstr(error.message, ": ") != NULL);
        for (const char *c = error.message; *c != '\0'; c++) assert((unsigned char)*c >= ' ' || *c == '\t');
    }
    return 0;
}
