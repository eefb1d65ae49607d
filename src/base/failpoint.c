#include "base/failpoint.h"

#ifdef MIDFLIGHT_FAILPOINTS
#include <fiu-control.h>
#include <fiu.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long passes_left;

/* libfiu asks this at each pass of the enabled point: fail at the n-th. */
static int due(const char *name, int *failnum, void **failinfo, unsigned int *flags) {
    (void)name, (void)failnum, (void)failinfo, (void)flags;
    return --passes_left == 0;
}

static void enable_from_environment(void) {
    char *wanted = getenv("MIDFLIGHT_FAILPOINT"), *name;
    fiu_init(0);
    if (wanted == NULL) return;
    passes_left = strtol(wanted, &name, 10);
    if (*name == '@') fiu_enable_external(name + 1, 1, NULL, 0, due);
}

static void trace(const char *name) {
    const char *path = getenv("MIDFLIGHT_FAILPOINT_TRACE");
    FILE *file = path == NULL ? NULL : fopen(path, "a");
    if (file == NULL) return;
    fprintf(file, "%s\n", name);
    fclose(file);
}

void failpoint_pass(const char *name) {
    static int enabled;
    if (!enabled) {
        enabled = 1;
        enable_from_environment();
    }
    trace(name);
    if (fiu_fail(name)) raise(SIGKILL);
}

bool failpoint_fault(const char *name) {
    const char *seeded = getenv("MIDFLIGHT_FAULT");
    return seeded != NULL && strcmp(seeded, name) == 0;
}
#else
typedef int failpoints_are_compiled_out;
#endif
