"""A midflight that was frozen right after it took the lease wakes when the migration was rolled back, or begun anew: what it took is worth
nothing in either store."""
import os
import signal

import pytest

from kill.test_between import START, Journey, applications
from support.between import PAIRS
from support.failpoints import freeze
from support.midflight import AWAITING_ADDITIONAL_ACTION, UNINITIALIZED
from support.workload import NEW, OLD

CHOSEN = os.environ.get("MIDFLIGHT_PAIRS", "sqlite->sqlite,postgresql->postgresql").split(",")
LONG = {name: pytest.mark.long for name in ("sqlite->postgresql", "postgresql->sqlite")}


@pytest.fixture(params=[pytest.param(name, marks=LONG.get(name, ())) for name in PAIRS if name in CHOSEN])
def journey(request, tmp_path):
    made = Journey("back before the cut-over", applications(request.param, tmp_path / "apps"), made=False)
    yield made
    made.remove()


def ended_as_refused(journey, process):
    process.send_signal(signal.SIGCONT)
    outcome = journey.midflight.end(process).failed()
    assert outcome.json["error"] == "held", outcome


@pytest.fixture
def frozen(journey):
    """It has the lease, and the other store has not heard of that."""
    journey.midflight.run("start", env={"MIDFLIGHT_FAILPOINT": "1@make the new shape"})
    process = freeze(journey.midflight, "lease taken", 1, "start")
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def test_it_makes_nothing_in_the_new_store_after_a_rollback(journey, frozen):
    journey.midflight.rollback().done()
    ended_as_refused(journey, frozen)
    assert journey.stage() == UNINITIALIZED
    ledger = journey.apps[NEW].ledger
    assert journey.apps[NEW].value(f"SELECT count(*) FROM {ledger}midflight_migration") == 0
    journey.end(journey.move.before)


def test_it_does_no_harm_to_one_that_was_begun_anew(journey, frozen):
    journey.midflight.rollback().done()
    journey.take(START)
    ended_as_refused(journey, frozen)
    assert journey.stage() == AWAITING_ADDITIONAL_ACTION
    journey.move.drain()
    journey.twin.agree()


def test_a_ledger_that_was_made_anew_begins_where_the_other_store_left_off(journey):
    journey.take(START)
    journey.midflight.rollback().done()
    old = journey.apps[OLD]
    token = old.value(f"SELECT token FROM {old.ledger}midflight_migration")
    old.sql(f"UPDATE {old.ledger}midflight_migration SET token = 0")
    journey.take(START)
    assert old.value(f"SELECT token FROM {old.ledger}midflight_migration") > token
    journey.move.drain()
    journey.twin.agree()
