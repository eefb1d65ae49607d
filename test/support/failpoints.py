"""Kills midflight at chosen places, as SIGKILL would; see src/base/failpoint.h.

The build that is tested must have been made with -Dfailpoints=true: MIDFLIGHT_BUILD=build-failpoints.
"""
import signal
from collections import Counter


def trace(midflight, file, *words):
    """Runs a verb to its end: how often it passed each failpoint, in the order of first passes."""
    file.unlink(missing_ok=True)
    midflight.run(*words, env={"MIDFLIGHT_FAILPOINT_TRACE": str(file)}).done()
    return Counter(file.read_text().splitlines())


def kill(midflight, point, number, *words):
    """Runs a verb, which dies at that pass of that failpoint."""
    outcome = midflight.run(*words, env={"MIDFLIGHT_FAILPOINT": f"{number}@{point}"})
    assert outcome.status == -signal.SIGKILL, f"was to die at pass {number} of {point!r}: {outcome}"
