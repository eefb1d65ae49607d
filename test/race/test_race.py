"""Old and new versions of an application write the same hot keys at once while a migration runs, is verified, cut over,
finished or rolled back. Every committed write must be on both sides, no request may fail, and the twin decides."""
import time
from contextlib import ExitStack

import pytest

from support.midflight import FINISHED, UNINITIALIZED
from support.race import WHILE_S, Race
from support.workload import NEW, OLD
from support.workloads import ALL


@pytest.fixture(params=ALL, ids=lambda workload: workload.__name__)
def workload(request):
    return request.param()


@pytest.fixture(params=[("wal", 30), ("wal", 5000), ("delete", 300)], ids=["few", "many", "rollback-journal"])
def race(request, workload, app):
    journal_mode, count = request.param
    with ExitStack() as stack:
        yield Race(workload, app, count, journal_mode, stack)


def test_no_write_is_lost_on_the_way_to_the_end(race):
    race.to_cut_over()
    race.close(OLD)
    race.midflight.advance().done()
    assert race.midflight.stage() == FINISHED
    race.twin.agree(NEW)
    time.sleep(WHILE_S)
    race.close(NEW)
    race.twin.agree(NEW)
    race.app.holds_nothing_of_midflight()


def test_no_write_is_lost_on_the_way_back(race):
    race.to_cut_over()
    race.close(NEW)
    race.midflight.rollback().done()
    assert race.midflight.stage() == UNINITIALIZED
    race.twin.agree(OLD)
    time.sleep(WHILE_S)
    race.close(OLD)
    race.twin.agree(OLD)
    assert race.app.schema() == race.before
    race.app.holds_nothing_of_midflight()
