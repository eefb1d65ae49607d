/* How what a floor below returned is told to a caller of the public API. */
#pragma once

#include <stdio.h>

#include "base/error.h"
#include "midflight.h"

static inline mf_result result_of(enum error_class class) {
    switch (class) {
    case CLASS_USAGE:
        return MF_USAGE;
    case CLASS_GATE:
        return MF_REFUSED;
    case CLASS_DIVERGED:
        return MF_DIVERGED;
    case CLASS_RETRY:
    case CLASS_FATAL:
        break;
    }
    return MF_FAILED;
}

static inline mf_result report(bool ok, const struct error *from, mf_error *to) {
    if (ok) return MF_DONE;
    to->result = result_of(error_class(from->code));
    to->code = error_name(from->code);
    snprintf(to->message, sizeof to->message, "%s", from->message);
    return to->result;
}
