/* Failpoints: one between every two durable effects, so that tests can kill the process there.
 *
 * In builds with -Dfailpoints=true the environment variable MIDFLIGHT_FAILPOINT=n@name makes the n-th pass of that
 * point end the process as SIGKILL would, n~name freezes it there as SIGSTOP does, and MIDFLIGHT_FAILPOINT_TRACE=file collects the names passed, so that a
 * sweep finds every point by itself. In other builds they are nothing. */
#pragma once

#ifdef MIDFLIGHT_FAILPOINTS
void failpoint_pass(const char *name);
#define FAILPOINT(name) failpoint_pass(name)
#else
#define FAILPOINT(name) ((void)(name))
#endif
