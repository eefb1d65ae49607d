"""Kills midflight at every failpoint of every verb, lets the application write, and goes on from there: the same
command again must lead where it would have led, a rollback must lead home, and the twin must find every write.

The failpoints are found by running each route once; a new one joins the sweep by itself.
"""
import shutil
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from support.application import Application
from support.failpoints import kill, trace
from support.faults import without_capture
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, INITIALIZING, RUNNING,
                               UNINITIALIZED)
from support.twin import Twin
from support.workloads import AddColumn, ListToRows, OneWay, RowsToList, SplitName
from support.writers import connect, request

ROWS = 300     # a few chunks: the first has 64 rows
REQUESTS = 6   # of the application, on each side that is open, between two steps
OPTIONS = ("hold_max: 1ms", "soak: 0s")


@dataclass(frozen=True)
class Step:
    verb: str
    stage: str       # where it leads
    killed: str = ""  # dies at the first pass of this failpoint, and leaves that stage


START = Step("start", AWAITING_ADDITIONAL_ACTION)
CUT_OVER = Step("advance", AWAITING_FINALIZATION)
FINISH = Step("advance", FINISHED)
BACK = Step("rollback", UNINITIALIZED)

ROUTES = {
    "rename": (SplitName, ("retire: rename",), (START, CUT_OVER, FINISH)),
    "drop": (ListToRows, ("retire: drop",), (START, CUT_OVER, FINISH)),
    "keep": (RowsToList, ("retire: keep",), (START, CUT_OVER, FINISH)),
    "alter": (AddColumn, ("retire: drop",), (START, CUT_OVER, FINISH)),
    "one-way": (OneWay, (), (START, CUT_OVER, FINISH)),
    "back from the shape": (SplitName, (), (Step("start", INITIALIZING, "make the new shape"), BACK)),
    "back from the backfill": (ListToRows, (), (Step("start", RUNNING, "backfill"), BACK)),
    "back before the cut-over": (RowsToList, (), (START, BACK)),
    "back after the cut-over": (SplitName, (), (START, CUT_OVER, BACK)),
    "alter, back before the cut-over": (AddColumn, (), (START, BACK)),
    "alter, back after the cut-over": (AddColumn, (), (START, CUT_OVER, BACK)),
}


class Journey:
    """A migration on a route, in a folder that can be copied: everything it knows is in the database."""

    def __init__(self, route, directory):
        workload, options, self.steps = ROUTES[route]
        self.workload = workload()
        self.app = Application(directory)
        self.midflight = self.workload.migration(self.app, *OPTIONS, *options)

    def begin(self):
        self.workload.make(self.app, ROWS)
        return self

    def stage(self):
        """As the ledger has it, without a process of midflight's: that would clean up after a dead one."""
        if "midflight_migration" not in self.app.tables():
            return UNINITIALIZED
        return self.app.value("SELECT stage FROM midflight_migration")

    def write(self, seed):
        """The application writes to each side that is open in this stage, and finds what it wrote."""
        stage = self.stage()
        for side in self.workload.open_sides(stage):
            with closing(connect(self.workload, self.app)) as connection:
                random = Random(f"{seed} {side}")
                for _ in range(REQUESTS):
                    request(self.app, connection, side, self.workload.draw_writes(side, 2, random), random)
        self.agree()

    def agree(self):
        """Each side that is whole in this stage holds what was written."""
        Twin(self.workload, self.app, ROWS).agree(*self.workload.whole_sides(self.stage()))

    def take(self, step):
        if step.killed:
            kill(self.midflight, step.killed, 1, step.verb)
        else:
            self.midflight.run(step.verb).done()
        assert self.stage() == step.stage
        self.write(step.verb)

    def end(self, schema):
        """It is over: nothing of midflight is left, and after a rollback all is as it was before."""
        assert self.midflight.stage() == self.stage()
        assert self.stage() in (FINISHED, UNINITIALIZED)
        self.write("end")
        self.app.holds_nothing_of_midflight()
        if self.stage() == UNINITIALIZED:
            assert self.app.schema() == schema


class Prepared:
    """The folders of a route as they are before each of its steps, and the failpoints that each step passes."""

    def __init__(self, route):
        self.folder = TemporaryDirectory(prefix="midflight-kill-")
        here = Path(self.folder.name)
        here.joinpath("now").mkdir()
        journey = Journey(route, here / "now").begin()
        self.route, self.steps, self.schema = route, journey.steps, journey.app.schema()
        self.points, self.failure = [], None
        try:
            for step in journey.steps:
                self.rehearse(step, here)
                journey.take(step)
        except AssertionError as failure:  # a route that leads nowhere unkilled fails as a test, not as a collection
            self.failure = failure

    def rehearse(self, step, here):
        number = len(self.points)
        shutil.copytree(here / "now", here / str(number))
        self.points.append({})
        if not step.killed:
            rehearsal = shutil.copytree(here / "now", here / f"{number} traced")
            self.points[number] = trace(Journey(self.route, rehearsal).midflight, here / "trace", step.verb)

    def before(self, number, directory):
        return Journey(self.route, shutil.copytree(Path(self.folder.name) / str(number), directory))

    def kills(self):
        """(number of the step, failpoint, pass): the first and the second pass of each, and the third of the backfill.
        Later ones are not sure to come again: the size of a chunk follows the clock."""
        for number, points in enumerate(self.points):
            if self.steps[:number + 1] in swept(self.route):
                continue
            for point, chosen in passes_of(points):
                yield number, point, chosen


prepared = cache(Prepared)


def passes_of(points):
    for point, passes in points.items():
        for chosen in range(1, 1 + min(passes, 3 if point.startswith("backfill") else 2)):
            yield point, chosen


def swept(route):
    """The beginnings of earlier routes over the same workload: once is enough."""
    for earlier, (workload, _, steps) in ROUTES.items():
        if earlier == route:
            return
        if workload is ROUTES[route][0]:
            yield from (steps[:number + 1] for number in range(len(steps)))


def pytest_generate_tests(metafunc):
    if "route" not in metafunc.fixturenames:
        return
    if "point" not in metafunc.fixturenames:
        metafunc.parametrize("route", ROUTES)
        return
    cases = [(route, *case) for route in ROUTES for case in prepared(route).kills()]
    metafunc.parametrize("route, number, point, chosen", cases, ids=[
        f"{route}: {ROUTES[route][2][number].verb} to {ROUTES[route][2][number].stage}: {point} {chosen}"
        for route, number, point, chosen in cases])


def test_the_route_leads_to_its_end(route):
    if prepared(route).failure:
        raise prepared(route).failure


def killed(route, number, point, chosen, directory):
    """The journey, dead at that place, after which the application has written."""
    journey = prepared(route).before(number, directory)
    kill(journey.midflight, point, chosen, journey.steps[number].verb)
    journey.agree()
    journey.write(point)
    return journey


def test_the_same_command_goes_on(route, number, point, chosen, tmp_path):
    journey = killed(route, number, point, chosen, tmp_path / "app")
    step = journey.steps[number]
    if journey.stage() != step.stage:  # else it died when it had done all: the same command would do more
        journey.take(step)
    for later in journey.steps[number + 1:]:
        journey.take(later)
    journey.end(prepared(route).schema)


def test_a_rollback_leads_home(route, number, point, chosen, tmp_path):
    journey = killed(route, number, point, chosen, tmp_path / "app")
    stage = journey.stage()
    if journey.workload.may_go_back(stage):
        journey.midflight.rollback().done()
    else:
        journey.midflight.rollback().refused()
        assert journey.stage() == stage
        journey.midflight.advance().done()
    journey.end(prepared(route).schema)


@pytest.fixture
def damaged(tmp_path):
    """damaged(name): a copy of a migration at Awaiting Additional Action, with some updates of the old side lost."""
    origin = prepared("rename").before(1, tmp_path / "origin")
    with without_capture(origin.app):
        origin.app.sql("UPDATE customers SET name = 'Eve Damaged' WHERE id % 100 = 0")

    def copy(name):
        return Journey("rename", shutil.copytree(tmp_path / "origin", tmp_path / name))
    return copy


def test_a_killed_repair_goes_on(damaged, tmp_path):
    repair = ("verify", "--repair")
    points = trace(damaged("traced").midflight, tmp_path / "trace", *repair)
    assert len(points) > 4
    for point, chosen in passes_of(points):
        journey = damaged(f"{point} {chosen}")
        kill(journey.midflight, point, chosen, *repair)
        journey.midflight.run(*repair).done()
        journey.midflight.verify().done()
        assert journey.app.value("SELECT count(*) FROM people WHERE last_name = 'Damaged'") == ROWS // 100


def test_a_killed_verification_hides_no_divergence(damaged, tmp_path):
    file = tmp_path / "trace"
    damaged("traced").midflight.verify(env={"MIDFLIGHT_FAILPOINT_TRACE": str(file)}).diverged()
    for point in dict.fromkeys(file.read_text().splitlines()):
        journey = damaged(point)
        journey.midflight.verify().diverged()
        kill(journey.midflight, point, 1, "verify")
        journey.midflight.advance().refused()
        assert journey.stage() == AWAITING_ADDITIONAL_ACTION
