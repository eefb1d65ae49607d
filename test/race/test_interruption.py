"""midflight is stopped, killed, doubled or called back while it copies and the application writes."""
import signal
import time
from contextlib import ExitStack

import pytest

from support.midflight import AWAITING_ADDITIONAL_ACTION, REFUSED, RUNNING, UNINITIALIZED
from support.race import Race
from support.workload import OLD
from support.workloads import ListToRows, SplitName

ROWS = 20000
SLOWLY = ("--load", "0.05")  # so that the backfill is still at work when something happens


@pytest.fixture(params=[SplitName, ListToRows], ids=lambda workload: workload.__name__)
def race(request, app):
    with ExitStack() as stack:
        yield Race(request.param(), app, ROWS, "wal", stack)


@pytest.fixture
def copying(race):
    """The process of a `start` that is in the middle of the backfill."""
    race.open(OLD)
    process = race.midflight.begin("start", *SLOWLY)
    race.midflight.reach(RUNNING)
    while race.midflight.status().json["rows_done"] == 0:
        time.sleep(0.01)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def goes_on(race):
    race.midflight.start().done()
    race.twin.agree()
    race.midflight.verify().done()
    race.close(OLD)
    race.twin.agree()


def test_a_killed_backfill_goes_on_and_loses_no_write(race, copying):
    copying.kill()
    copying.wait()
    time.sleep(0.2)
    goes_on(race)


def test_ctrl_c_leaves_a_backfill_that_goes_on(race, copying):
    copying.send_signal(signal.SIGINT)
    assert race.midflight.end(copying).failed().json["error"] == "interrupted"
    assert race.midflight.stage() == RUNNING
    time.sleep(0.2)
    goes_on(race)


def test_a_second_start_is_refused_and_harms_nothing(race, copying):
    race.midflight.start().failed()
    assert copying.poll() is None
    copying.send_signal(signal.SIGTERM)
    race.midflight.end(copying).failed()
    goes_on(race)


def test_a_rollback_takes_over_from_a_backfill_at_work(race, copying):
    race.midflight.rollback().done()
    race.midflight.end(copying).failed()
    assert race.midflight.stage() == UNINITIALIZED
    race.twin.agree(OLD)
    race.app.holds_nothing_of_midflight()
    assert race.app.schema() == race.before
    goes_on(race)
