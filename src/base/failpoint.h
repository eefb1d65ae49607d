/* Failpoints: one between every two durable effects, so that tests can kill the process there.
 *
 * In builds with -Dfailpoints=true the environment variable MIDFLIGHT_FAILPOINT=n@name makes the n-th pass of that
 * point end the process as SIGKILL would, and MIDFLIGHT_FAILPOINT_TRACE=file collects the names passed, so that a
 * sweep finds every point by itself. MIDFLIGHT_FAULT=name makes FAULT(name) true: something that the protocol asks for is left
 * out there, and tests show that they notice. In other builds they are nothing. */
#pragma once

#include <stdbool.h>

#ifdef MIDFLIGHT_FAILPOINTS
void failpoint_pass(const char *name);
bool failpoint_fault(const char *name);
#define FAILPOINT(name) failpoint_pass(name)
#define FAULT(name) failpoint_fault(name)
#else
#define FAILPOINT(name) ((void)(name))
#define FAULT(name) ((void)(name), false)
#endif
