"""Spin proves the protocol between two stores, and finds each seeded fault: docs/model.md.

By hand: pytest model -k NO_FENCE -rP. A trace is printed where one is found and none was wanted.
"""
import re
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).parent / "between.pml"

# A search holds no more than this many megabytes; two run at a time.
MEMORY_MB = 1000

COPY = {"UNTIL": "AWAITING_ACTION"}
CROSSING = {"FROM": "AWAITING_ACTION"}
SHARES = CROSSING | {"ERAS": 1, "WRITES": 2, "CRASHES": 0, "EXPIRIES": 1, "ABORTS": 0, "ROLLBACKS": 0}
CALM = {"CRASHES": 0, "EXPIRIES": 0, "ABORTS": 0, "ROLLBACKS": 0}

# What is proved: bounds of state.pml that differ from what stands there.
PROOFS = {
    "crossing": CROSSING | {"WRITES": 2, "CRASHES": 1, "EXPIRIES": 1, "ABORTS": 1, "ROLLBACKS": 1},
    "demotion": CROSSING | {"DEMOTIONS": 1, "WRITES": 1, "CRASHES": 1, "EXPIRIES": 1, "ABORTS": 0, "ROLLBACKS": 0},
    "loss": CROSSING | {"LOSSES": 1, "DEMOTIONS": 1, "WRITES": 2, "CRASHES": 1, "EXPIRIES": 0, "ABORTS": 0, "ROLLBACKS": 0},
    "loss, a sleeper": CROSSING | {"LOSSES": 1, "WRITES": 1, "CRASHES": 0, "EXPIRIES": 1, "ABORTS": 1, "ROLLBACKS": 1},
    "again": COPY | {"STARTS": 2, "WRITES": 1, "CRASHES": 0, "EXPIRIES": 1, "ROLLBACKS": 1},
    "late": COPY | {"STARTS": 2, "WRITES": 0, "CRASHES": 0, "EXPIRIES": 2, "ROLLBACKS": 1},
    "demand": CROSSING | {"DEMANDS": 1, "WRITES": 2, "CRASHES": 0, "EXPIRIES": 1, "ABORTS": 0, "ROLLBACKS": 1},
    "shares": SHARES | {"EXPIRIES": 0},
    "sleeper": SHARES | {"WRITES": 1},
    "zombie": COPY | {"WRITES": 2, "CRASHES": 0, "EXPIRIES": 1, "ROLLBACKS": 0},
    "whole": {"WRITES": 1, "CRASHES": 1, "EXPIRIES": 0, "ABORTS": 1, "ROLLBACKS": 1},
    "crash": COPY | {"WRITES": 2, "CRASHES": 1, "EXPIRIES": 0, "ROLLBACKS": 0},
    "chunks": COPY | {"RANGES": 1, "WRITES": 2, "CRASHES": 1, "EXPIRIES": 0, "ROLLBACKS": 0},
}

# That every schedule comes to its end: there is no cycle, and no end but where there may be one.
ENDINGS = {
    "crossing": CROSSING | {"WRITES": 1, "CRASHES": 1, "EXPIRIES": 1, "ABORTS": 1, "ROLLBACKS": 1},
    "whole": {"WRITES": 1, "CRASHES": 0, "EXPIRIES": 0, "ABORTS": 1, "ROLLBACKS": 1},
    "demotion": CROSSING | {"DEMOTIONS": 1, "WRITES": 1, "CRASHES": 0, "EXPIRIES": 1, "ABORTS": 0, "ROLLBACKS": 1},
    "loss": CROSSING | {"LOSSES": 1, "WRITES": 1, "CRASHES": 1, "EXPIRIES": 0, "ABORTS": 0, "ROLLBACKS": 1},
}

# Each seeded fault: bounds in which it shows, and what spin must say.
TRUTH, KEPT, ONE_OPEN = r"assertion violated (?!.*told).*outbox", r"assertion violated .*told", r"assertion violated .*refuses"
IN_THE_WAY, BEHIND_OUR_BACK = r"assertion violated \(row", r"assertion violated \(side"
REFUSED, SHUT_OUT, CYCLE = r"assertion violated \(lease_token", r"invalid end state", r"non-progress cycle"
FAULTS = {
    "CAPTURE_AFTER_COPY": (COPY | CALM, TRUTH),
    "OLDER_NOT_DRAINED": (COPY | CALM, TRUTH),
    "KEY_CHANGE_NOTES_ONE_KEY": (COPY | CALM, TRUTH),
    "CURSOR_BEFORE_EFFECT": (COPY, TRUTH),
    "ZOMBIE_ON_RANGE": (COPY, IN_THE_WAY),
    "DRAIN_BESIDE_BACKFILL": (COPY | CALM, IN_THE_WAY),
    "READ_BEFORE_CLAIM": (CROSSING, TRUTH),
    "DELETE_UP_TO_ID": (CROSSING, TRUTH),
    "DELETE_BEFORE_LANDING": (CROSSING, TRUTH),
    "DELETES_NOT_SYNCED": (CROSSING, TRUTH),
    "TOKEN_UNCHECKED": (CROSSING, TRUTH),
    "TOKEN_CHECKED_EARLY": (CROSSING, TRUTH),
    "NO_INTRODUCTION": (CROSSING | CALM | {"WRITES": 0, "EXPIRIES": 1, "ROLLBACKS": 1}, REFUSED),
    "DEMAND_WRITES_ITSELF": (CROSSING | CALM | {"DEMANDS": 1}, TRUTH),
    "NO_FENCE": (CROSSING, BEHIND_OUR_BACK),
    "POSITION_BEFORE_FENCE": (CROSSING, KEPT),
    "FLIP_BEFORE_DRAIN": (CROSSING, KEPT),
    "OLD_STAYS_OPEN": (CROSSING, ONE_OPEN),
    "TWO_OPEN": (CROSSING, ONE_OPEN),
    "NO_REVERSE_CAPTURE": (CROSSING | CALM, TRUTH),
    "STEP_UNCHECKED": (CROSSING, ONE_OPEN),
    "MOVE_UNCHECKED": (CROSSING, KEPT),
    "BACK_BEFORE_DRAIN": (CROSSING | CALM | {"DEMOTIONS": 1}, KEPT),
    "OLD_OPENED_FIRST": (CROSSING, ONE_OPEN),
    "MARKS_KEPT": (CROSSING | CALM | {"DEMOTIONS": 1}, CYCLE),
    "DEMOTED_UNCAPTURED": (CROSSING | CALM | {"DEMOTIONS": 1}, TRUTH),
    "OPENED_UNDRAINED": (CROSSING | CALM | {"LOSSES": 1}, KEPT),
    "CLEARED_UNSAVED": (CROSSING | CALM | {"LOSSES": 1}, KEPT),
    "NEW_MADE_OPEN": (COPY, ONE_OPEN),
    "LEAVE_UNCHECKED": (COPY | {"STARTS": 2, "WRITES": 0, "CRASHES": 0}, REFUSED),
    "FLOOR_FORGOTTEN": (COPY | {"STARTS": 2, "WRITES": 0, "CRASHES": 0, "EXPIRIES": 2}, REFUSED),
    "LOCK_KEPT": (CROSSING, SHUT_OUT),
    "SPLIT_BESIDE": (SHARES | {"EXPIRIES": 0}, TRUTH),
    "SPLIT_BEFORE_CLAIM": (SHARES, TRUTH),
    "SHARE_UNCHECKED": (SHARES, KEPT),
    "SHARES_NOT_RECALLED": (SHARES, KEPT),
    "ERA_UNCHECKED": (SHARES, TRUTH),
    "TRIED_FOR_EVER": (CROSSING | CALM | {"ABORTS": 1}, CYCLE),
}


def defines(bounds):
    return [f"-D{name}={value}" for name, value in bounds.items()]


def search(folder, bounds, cycles=False, optimize="-Og"):
    """What the verifier of these bounds says; it must have looked at every state, or found an error. -O2 would take longer to
    compile than it saves."""
    subprocess.run(["spin", "-a", *defines(bounds), MODEL], cwd=folder, check=True, capture_output=True, text=True)
    kind = "-DNP" if cycles else "-DSAFETY"
    subprocess.run(["gcc", optimize, "-w", kind, "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}", "-o", "pan", "pan.c"], cwd=folder, check=True)
    run = subprocess.run(["./pan", "-m2000", "-b", "-n", *(["-l"] if cycles else [])], cwd=folder, check=True,
                         capture_output=True, text=True)
    said = run.stdout + run.stderr
    print("".join(line + "\n" for line in said.splitlines()
                  if re.search(r"^pan:[0-9]|errors:|states, stored|total actual memory|elapsed time", line)))
    return said


def trace(folder, bounds):
    run = subprocess.run(["spin", "-k", "between.pml.trail", "-p", *defines(bounds), MODEL], cwd=folder, capture_output=True, text=True)
    return run.stdout[-20000:]


def prove(folder, bounds, cycles=False):
    said = search(folder, bounds, cycles)
    assert re.search(r"errors: 0\b", said), trace(folder, bounds)
    assert "Search not completed" not in said and "search depth too small" not in said, said


@pytest.mark.parametrize("name", PROOFS)
def test_no_state_breaks_an_invariant(name, tmp_path):
    prove(tmp_path, PROOFS[name])


@pytest.mark.parametrize("name", ENDINGS)
def test_every_schedule_comes_to_its_end(name, tmp_path):
    prove(tmp_path, ENDINGS[name], cycles=True)


@pytest.mark.parametrize("name", FAULTS)
def test_a_seeded_fault_is_found(name, tmp_path):
    bounds, wanted = FAULTS[name]
    said = search(tmp_path, bounds | {"FAULT": name}, cycles=wanted == CYCLE, optimize="-O0")
    assert re.search(r"^pan:[0-9]+: " + wanted, said, re.MULTILINE), said


def test_every_fault_that_the_model_knows_is_tried():
    known = re.findall(r"^#define ([A-Z_]+) [0-9]+$", (MODEL.parent / "state.pml").read_text().split("#define NONE 0")[1], re.MULTILINE)
    assert {name for name in known if f"faulty({name})" in
            "".join(file.read_text() for file in MODEL.parent.glob("*.pml"))} == set(FAULTS)
