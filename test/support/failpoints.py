"""Kills midflight at chosen places, as SIGKILL would; see src/base/failpoint.h.

The build that is tested must have been made with -Dfailpoints=true: MIDFLIGHT_BUILD=build-failpoints.
"""
import signal
import time
from collections import Counter
from pathlib import Path

PATIENCE_S = 60


def trace(midflight, file, *words):
    """Runs a verb to its end: how often it passed each failpoint, in the order of first passes."""
    file.unlink(missing_ok=True)
    midflight.run(*words, env={"MIDFLIGHT_FAILPOINT_TRACE": str(file)}).done()
    return Counter(file.read_text().splitlines())


def freeze(midflight, point, number, *words):
    """Runs a verb until it is frozen at that pass of that failpoint; SIGCONT wakes it."""
    process = midflight.begin(*words, env={"MIDFLIGHT_FAILPOINT": f"{number}~{point}"})
    until = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert process.poll() is None and time.monotonic() < until, f"was to freeze at pass {number} of {point!r}"
        time.sleep(0.01)
    return process


def kill(midflight, point, number, *words):
    """Runs a verb, which dies at that pass of that failpoint."""
    outcome = midflight.run(*words, env={"MIDFLIGHT_FAILPOINT": f"{number}@{point}"})
    assert outcome.status == -signal.SIGKILL, f"was to die at pass {number} of {point!r}: {outcome}"
