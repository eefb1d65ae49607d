"""Kills midflight at every failpoint of every verb of a migration between two stores, or by an outbox within one database, lets both versions of the application try to write,
and goes on from there: never are both sides open, the same command again leads where it would have led, a rollback from there leads home, and
the twin finds every write. The failpoints are found by running each route once."""
import atexit
import os
import signal
import subprocess
import time
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from support.application import Application
from support.between import PAIRS, WITHIN, Move, changes, follow, is_refusal, settle
from support.failpoints import kill, trace
from support.journey import BACK, CUT_OVER, FINISH, START, Step, go_home, go_on
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, INITIALIZING, ROLLING_BACK, RUNNING, TIMEOUT_S,
                               UNINITIALIZED, tell)
from support.stores import POSTGRESQL, SQLITE
from support.twin import record
from support.workload import NEW, OLD
from support.workloads import ListToRows, MergeTables, SplitName

ROWS, REQUESTS = 300, 6
OPTIONS = ("hold_max: 1ms", "soak: 0s", "pause_max: 10s")

FOLLOW = Step("follow", AWAITING_ADDITIONAL_ACTION)  # until the outbox is empty
FOLLOW_BACK = Step("follow", AWAITING_FINALIZATION)
DEMOTE = Step("demote", AWAITING_ADDITIONAL_ACTION)

ROUTES = {
    "there": (SplitName, ("retire: rename",), (START, FOLLOW, CUT_OVER, FOLLOW_BACK, FINISH)),
    "there, without following": (ListToRows, ("retire: drop",), (START, CUT_OVER, FINISH)),
    "merged": (MergeTables, ("retire: rename",), (START, FOLLOW, CUT_OVER, FOLLOW_BACK, FINISH)),
    "back from the shape": (SplitName, (), (Step("start", INITIALIZING, "make the new shape"), BACK)),
    "back from the backfill": (ListToRows, (), (Step("start", RUNNING, "backfill, chunk"), BACK)),
    "back before the cut-over": (SplitName, (), (START, BACK)),
    "back after the cut-over": (SplitName, (), (START, CUT_OVER, BACK)),
    "demoted": (SplitName, ("retire: rename",), (START, CUT_OVER, DEMOTE, FOLLOW, CUT_OVER, FINISH)),
    "demoted, and back": (ListToRows, (), (START, CUT_OVER, DEMOTE, CUT_OVER, DEMOTE, BACK)),
}
# A plain ./check goes over these alone; ./check long over everything.
SHORT = {"sqlite->sqlite": ("there", "back from the backfill", "back after the cut-over", "demoted"), "sqlite->postgresql": ("there", "back after the cut-over"),
         "postgresql->postgresql": ("back after the cut-over", "demoted"), "postgresql->sqlite": (),
         SQLITE: ("there", "back from the backfill", "back after the cut-over"), POSTGRESQL: ("back after the cut-over",)}
CHOSEN = os.environ.get("MIDFLIGHT_PAIRS", ",".join((*PAIRS, *WITHIN))).split(",")
JOURNEYS = [(pair, route) for pair in CHOSEN for route in (ROUTES if "MIDFLIGHT_LONG" in os.environ else SHORT[pair])]


@cache
def server(side):
    """One for each side and process, to its end: routes are run when tests are collected, before there are fixtures."""
    from support.postgres import Server  # only where it is asked for must PostgreSQL be there
    made = Server().__enter__()
    atexit.register(made.remove)
    return made


def applications(pair, directory):
    apps = {}
    for side, store in zip((OLD, NEW), {**PAIRS, **WITHIN}[pair]):
        if pair in WITHIN and side == NEW:
            apps[NEW] = apps[OLD]
            break
        folder = directory / side
        folder.mkdir(parents=True)
        if store == SQLITE:
            apps[side] = Application(folder)
        else:
            from support.postgres_application import PostgresApplication
            apps[side] = PostgresApplication(folder, server(side))
    return apps


def copied(apps, directory):
    directory.mkdir()
    old = apps[OLD].copy(directory / OLD)
    return {OLD: old, NEW: old if apps[NEW] is apps[OLD] else apps[NEW].copy(directory / NEW)}


class Journey:
    """A migration on a route. Everything it knows is in its databases, and those can be copied."""

    def __init__(self, route, apps, made=True):
        workload, options, self.steps = ROUTES[route]
        self.move = Move(workload, apps, ROWS, *OPTIONS, *options, seed=1, made=made)
        self.route, self.apps, self.workload, self.midflight, self.twin = route, apps, self.move.workload, self.move.midflight, self.move.twin

    def copy(self, directory):
        return Journey(self.route, copied(self.apps, directory))

    def stage(self):
        """As the ledger has it, without a process of midflight's: that would clean up after a dead one."""
        old = self.apps[OLD]
        if "midflight_migration" not in old.tables():
            return UNINITIALIZED
        return old.value(f"SELECT stage FROM {old.ledger}midflight_migration")

    def request(self, side, random):
        """Whether the side took it; None: it wrote no row, and SQLite refuses rows."""
        drawn = self.workload.draw_writes(side, 2, random)
        with closing(self.apps[side].connect()) as connection:
            try:
                connection.execute(self.apps[side].begin_writing)
                wrote = changes(connection)
                for write, values in drawn:
                    write.run(connection, values)
                if changes(connection) == wrote:
                    connection.execute("ROLLBACK")
                    return None
                record(connection, side, [(write.name, values) for write, values in drawn])
                connection.execute("COMMIT")
            except Exception as failure:
                if not is_refusal(failure):
                    raise
                return False
        return True

    def write(self, seed, dead=False):
        """Both versions try to write: the side that leads takes it, and the other does not. After a crash neither may."""
        leads, = self.workload.open_sides(self.stage())
        within = self.apps[OLD] is self.apps[NEW]  # there the new side is closed from the end of the copy on
        written = sum(app.value("SELECT count(*) FROM journal") for app in set(self.apps.values()))  # what is drawn as fresh is so the next time too
        for side in (OLD,) if within and self.stage() in (INITIALIZING, RUNNING, ROLLING_BACK) else (OLD, NEW):
            random = Random(f"{seed} {side} {written}")
            took = [self.request(side, random) for _ in range(REQUESTS)]
            if side != leads:
                assert not any(took), f"the {side} side takes writes while the {leads} side leads"
            elif not dead:
                assert False not in took, f"the {side} side leads and takes no writes"
        self.twin.agree(leads)

    def take(self, step):
        if step.killed:
            kill(self.midflight, step.killed, 1, step.verb)
        elif step.verb == "follow":
            self.follow()
            self.twin.agree()
        else:
            self.midflight.run(step.verb).done()
        assert self.stage() == step.stage
        self.write(f"{step.verb} to {step.stage}", dead=bool(step.killed))

    def follow(self, **environment):
        process = self.midflight.begin("follow", env=environment)
        settle(self.midflight)
        tell(process, signal.SIGTERM)
        self.midflight.end(process).done()

    def end(self, before):
        """It is over: nothing of midflight is left, and after a rollback all is as it was before."""
        assert self.midflight.stage() == self.stage()
        assert self.stage() in (FINISHED, UNINITIALIZED)
        self.write("end")
        self.move.clean()
        if self.stage() == UNINITIALIZED:
            assert {side: app.schema() for side, app in self.apps.items()} == before

    def close(self):
        for app in set(self.apps.values()):
            app.remove()


class Prepared:
    """The databases of a route as they are before each of its steps, and the failpoints that each step passes."""

    def __init__(self, pair, route):
        self.folder = TemporaryDirectory(prefix="midflight-kill-")
        here = Path(self.folder.name)
        journey = Journey(route, applications(pair, here / "now"), made=False)
        self.pair, self.route, self.steps, self.before = pair, route, journey.steps, journey.move.before
        self.apps, self.points, self.failure = [], [], None
        try:
            for step in journey.steps:
                self.rehearse(step, journey, here)
                journey.take(step)
        except AssertionError as failure:  # a route that leads nowhere unkilled fails as a test, not as a collection
            self.failure = failure

    def rehearse(self, step, journey, here):
        number = len(self.points)
        self.apps.append(copied(journey.apps, here / str(number)))
        self.points.append({})
        if step.killed:
            return
        rehearsal = journey.copy(here / f"{number} traced")
        file = here / "trace"
        if step.verb == "follow":
            file.unlink(missing_ok=True)
            rehearsal.follow(MIDFLIGHT_FAILPOINT_TRACE=str(file))
            for point in file.read_text().splitlines():
                self.points[number][point] = 1
        else:
            self.points[number] = trace(rehearsal.midflight, file, step.verb)
        rehearsal.close()

    def at(self, number, directory):
        return Journey(self.route, copied(self.apps[number], directory))

    def kills(self):
        """(number of the step, failpoint, pass): the first and the second pass of each. Later ones are not sure to come again."""
        for number, points in enumerate(self.points):
            if self.steps[:number + 1] in list(swept(self.pair, self.route)):
                continue
            for point, passes in points.items():
                yield from ((number, point, chosen) for chosen in range(1, 1 + min(passes, 2)))


prepared = cache(Prepared)


def swept(pair, route):
    """The beginnings of earlier routes over the same workload: once is enough."""
    for other, earlier in JOURNEYS:
        if (other, earlier) == (pair, route):
            return
        if other == pair and ROUTES[earlier][0] is ROUTES[route][0]:
            steps = ROUTES[earlier][2]
            yield from (steps[:number + 1] for number in range(len(steps)))


def pytest_generate_tests(metafunc):
    if "route" not in metafunc.fixturenames:
        return
    if "point" not in metafunc.fixturenames:
        metafunc.parametrize("pair, route", JOURNEYS)
        return
    cases = [(pair, route, *case) for pair, route in JOURNEYS for case in prepared(pair, route).kills()]
    metafunc.parametrize("pair, route, number, point, chosen", cases, ids=[
        f"{pair}: {route}: {ROUTES[route][2][number].verb} to {ROUTES[route][2][number].stage}: {point} {chosen}"
        for pair, route, number, point, chosen in cases])


def test_the_route_leads_to_its_end(pair, route):
    if prepared(pair, route).failure:
        raise prepared(pair, route).failure


def kill_follow(journey, point, chosen):
    """It goes on until it dies there."""
    process = journey.midflight.begin("follow", env={"MIDFLIGHT_FAILPOINT": f"{chosen}@{point}"})
    try:
        process.wait(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"never came to pass {chosen} of {point!r}") from None
    assert process.returncode == -signal.SIGKILL, process.communicate()


@pytest.fixture
def killed(pair, route, number, point, chosen, tmp_path):
    """The journey, dead at that place, after which both versions have tried to write."""
    journey = prepared(pair, route).at(number, tmp_path / "apps")
    step = journey.steps[number]
    if step.verb == "follow":
        kill_follow(journey, point, chosen)
    else:
        kill(journey.midflight, point, chosen, step.verb)
    journey.write(point, dead=True)
    yield journey
    journey.close()


def is_unfinished(journey, number, pair, point):
    step = journey.steps[number]
    between = ("open the new side, uncommitted", AWAITING_FINALIZATION)  # the old side is closed, and the new one not yet open
    return journey.stage() != step.stage or step.verb == "follow" or (pair not in WITHIN and point in between)


def test_the_same_command_goes_on_and_a_rollback_leads_home(killed, pair, route, number, point, tmp_path):
    before = prepared(pair, route).before
    with closing(killed.copy(tmp_path / "goes on")) as other:
        go_on(other, number, is_unfinished(other, number, pair, point))
        other.end(before)
    go_home(killed)
    killed.end(before)


@pytest.mark.parametrize("pair", [pair for pair in CHOSEN if pair in PAIRS])
@pytest.mark.parametrize("verb", ["follow", "advance"])
@pytest.mark.parametrize("cut_short", ["demote", "rollback"])
def test_whoever_comes_next_opens_the_old_side(pair, verb, cut_short, tmp_path):
    """Both sides are closed where a way back was cut short."""
    journey = Journey("demoted", applications(pair, tmp_path), made=False)
    for step in (START, CUT_OVER):
        journey.take(step)
    kill(journey.midflight, "close the new side", 1, cut_short)
    assert journey.stage() == AWAITING_FINALIZATION
    assert not any(journey.request(side, Random(side)) for side in (OLD, NEW))
    if verb == "follow":
        with follow(journey.midflight):
            while journey.stage() == AWAITING_FINALIZATION:
                time.sleep(0.02)
    else:
        assert "cut short" in journey.midflight.run(verb, json=False).done().err
    assert journey.stage() == AWAITING_ADDITIONAL_ACTION
    journey.write("opened")
    journey.take(CUT_OVER)
    journey.close()
