"""The steps of a migration that is killed on its way, and how it ends from wherever it died.

A journey has the `steps` of its route, a `midflight`, the `workload` that it carries over, the `stage()` that its ledger tells, and
`take(step)`, which carries a step out and looks at what it left.
"""
from dataclasses import dataclass

from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, UNINITIALIZED


@dataclass(frozen=True)
class Step:
    verb: str
    stage: str       # where it leads
    killed: str = ""  # dies at the first pass of this failpoint, and leaves that stage


START = Step("start", AWAITING_ADDITIONAL_ACTION)
CUT_OVER = Step("advance", AWAITING_FINALIZATION)
FINISH = Step("advance", FINISHED)
BACK = Step("rollback", UNINITIALIZED)


def go_on(journey, number, unfinished):
    """It died in the step of that number, and left it `unfinished`: the same command, and those after it. Where it died when it had done
    all the same command would do more."""
    for step in journey.steps[number if unfinished else number + 1:]:
        journey.take(step)


def go_home(journey):
    """By a rollback, as far as there is a way back."""
    stage = journey.stage()
    if journey.workload.may_go_back(stage):
        journey.midflight.rollback().done()
    else:
        journey.midflight.rollback().refused()
        assert journey.stage() == stage
        journey.midflight.advance().done()
