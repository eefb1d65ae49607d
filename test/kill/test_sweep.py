"""Kills midflight at every failpoint of every verb, lets the application write, and goes on from there: the same
command again must lead where it would have led, a rollback from there must lead home, and the twin must find every write.

The failpoints are found by running each route once; a new one joins the sweep by itself. Both stores are swept, or those
that MIDFLIGHT_STORES names.
"""
import atexit
import os
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from support.application import Application
from support.failpoints import kill, trace
from support.journey import BACK, CUT_OVER, FINISH, START, Step, go_home, go_on
from support.midflight import AWAITING_ADDITIONAL_ACTION, FINISHED, INITIALIZING, RUNNING, UNINITIALIZED
from support.stores import POSTGRESQL, SQLITE, STORES
from support.twin import Twin
from support.workloads import AddColumn, ListToRows, OneWay, RowsToList, SplitName
from support.writers import connect, request

ROWS = 300     # a few chunks: the first has 64 rows
REQUESTS = 6   # of the application, on each side that is open, between two steps
OPTIONS = ("hold_max: 1ms", "soak: 0s")

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


# A database of a server takes longer to copy than a file: fewer routes, each way of ending once.
POSTGRESQL_ROUTES = ("rename", "drop", "one-way", "alter", "back from the shape", "back from the backfill", "back after the cut-over",
                     "alter, back after the cut-over")
SWEPT = STORES if "MIDFLIGHT_STORES" in os.environ else (SQLITE, POSTGRESQL)
# A plain ./check goes over these alone; ./check long over all.
SHORT_ROUTES = ("rename", "back from the backfill")
SWEPT_ROUTES = {SQLITE: ROUTES, POSTGRESQL: POSTGRESQL_ROUTES if "MIDFLIGHT_LONG" in os.environ else SHORT_ROUTES}
JOURNEYS = [(store, route) for store in SWEPT for route in SWEPT_ROUTES[store]]


@cache
def postgresql_server():
    """One for this process, to its end: routes are run when tests are collected, before there are fixtures."""
    from support.postgres import Server  # only where it is asked for must PostgreSQL be there
    server = Server().__enter__()
    atexit.register(server.remove)
    return server


def application(store, directory):
    if store == SQLITE:
        return Application(directory)
    from support.postgres_application import PostgresApplication
    return PostgresApplication(directory, postgresql_server())


class Journey:
    """A migration on a route. Everything it knows is in the database, and that can be copied."""

    def __init__(self, route, app):
        workload, options, self.steps = ROUTES[route]
        self.route, self.workload, self.app = route, workload(app.store), app
        self.midflight = self.workload.migration(self.app, *OPTIONS, *options)

    def begin(self):
        self.workload.make(self.app, ROWS)
        return self

    def copy(self, directory):
        return Journey(self.route, self.app.copy(directory))

    def close(self):
        self.app.remove()

    def stage(self):
        """As the ledger has it, without a process of midflight's: that would clean up after a dead one."""
        if "midflight_migration" not in self.app.tables():
            return UNINITIALIZED
        return self.app.value(f"SELECT stage FROM {self.app.ledger}midflight_migration")

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
        self.write(f"{step.verb} to {step.stage}")

    def end(self, schema):
        """It is over: nothing of midflight is left, and after a rollback all is as it was before."""
        assert self.midflight.stage() == self.stage()
        assert self.stage() in (FINISHED, UNINITIALIZED)
        self.write("end")
        self.app.holds_nothing_of_midflight()
        if self.stage() == UNINITIALIZED:
            assert self.app.schema() == schema


class Prepared:
    """The databases of a route as they are before each of its steps, and the failpoints that each step passes."""

    def __init__(self, store, route):
        self.folder = TemporaryDirectory(prefix="midflight-kill-")
        here = Path(self.folder.name)
        here.joinpath("now").mkdir()
        journey = Journey(route, application(store, here / "now")).begin()
        self.store, self.route, self.steps, self.schema = store, route, journey.steps, journey.app.schema()
        self.apps, self.points, self.failure = [], [], None
        try:
            for step in journey.steps:
                self.rehearse(step, journey, here)
                journey.take(step)
        except AssertionError as failure:  # a route that leads nowhere unkilled fails as a test, not as a collection
            self.failure = failure

    def rehearse(self, step, journey, here):
        number = len(self.points)
        self.apps.append(journey.app.copy(here / str(number)))
        self.points.append({})
        if not step.killed:
            with closing(journey.copy(here / f"{number} traced")) as rehearsal:
                self.points[number] = trace(rehearsal.midflight, here / "trace", step.verb)

    def before(self, number, directory):
        return Journey(self.route, self.apps[number].copy(directory))

    def kills(self):
        """(number of the step, failpoint, pass): the first and the second pass of each, and the third of the backfill.
        Later ones are not sure to come again: the size of a chunk follows the clock."""
        for number, points in enumerate(self.points):
            if self.steps[:number + 1] in swept(self.store, self.route):
                continue
            for point, chosen in passes_of(points):
                yield number, point, chosen


prepared = cache(Prepared)


def passes_of(points):
    for point, passes in points.items():
        for chosen in range(1, 1 + min(passes, 3 if point.startswith("backfill") else 2)):
            yield point, chosen


def swept(store, route):
    """The beginnings of earlier routes over the same workload: once is enough. Where time is dear, so is a start over its like."""
    for other, earlier in JOURNEYS:
        workload, _, steps = ROUTES[earlier]
        if (other, earlier) == (store, route):
            return
        if store == other == POSTGRESQL and issubclass(ROUTES[route][0], workload):
            yield steps[:1]
        if other == store and workload is ROUTES[route][0]:
            yield from (steps[:number + 1] for number in range(len(steps)))


def pytest_generate_tests(metafunc):
    if "route" not in metafunc.fixturenames:
        return
    if "point" not in metafunc.fixturenames:
        metafunc.parametrize("store, route", JOURNEYS)
        return
    cases = [(store, route, *case) for store, route in JOURNEYS for case in prepared(store, route).kills()]
    metafunc.parametrize("store, route, number, point, chosen", cases, ids=[
        f"{store}: {route}: {ROUTES[route][2][number].verb} to {ROUTES[route][2][number].stage}: {point} {chosen}"
        for store, route, number, point, chosen in cases])


def test_the_route_leads_to_its_end(store, route):
    if prepared(store, route).failure:
        raise prepared(store, route).failure


@pytest.fixture
def killed(store, route, number, point, chosen, tmp_path):
    """The journey, dead at that place, after which the application has written."""
    journey = prepared(store, route).before(number, tmp_path / "app")
    kill(journey.midflight, point, chosen, journey.steps[number].verb)
    journey.agree()
    journey.write(point)
    yield journey
    journey.close()


def test_the_same_command_goes_on_and_a_rollback_leads_home(killed, store, route, number, tmp_path):
    before = prepared(store, route).schema
    with closing(killed.copy(tmp_path / "goes on")) as other:
        go_on(other, number, unfinished=other.stage() != other.steps[number].stage)
        other.end(before)
    go_home(killed)
    killed.end(before)


@pytest.fixture(params=SWEPT)
def damaged(request, tmp_path):
    """damaged(name): a copy of a migration at Awaiting Additional Action, with some updates of the old side lost."""
    origin = prepared(request.param, "rename").before(1, tmp_path / "origin")
    origin.app.behind_the_back("UPDATE customers SET name = 'Eve Damaged' WHERE id % 100 = 0")
    apps = [origin.app]

    def copy(name):
        apps.append(origin.app.copy(tmp_path / name))
        return Journey("rename", apps[-1])
    yield copy
    for app in apps:
        app.remove()


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
