"""Kills midflight at every failpoint between PAUSE and RESUME, there and back, while the clients are at work: they wait, the same command
(or, before the one-way door, rollback) goes on from there, and not one of their transactions fails or is lost."""
import signal

import pytest

from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, UNINITIALIZED
from support.postgres import Server
from support.shop import Shop
from support.workload import NEW, OLD

pytestmark = pytest.mark.long
FIRST, LAST = "clients go on", "clients released"
# Wherever else there is a failpoint, there must be these.
ALWAYS = {FIRST, "clients held", "fenced", "line written, unnamed", "line written", "clients turned", LAST}
THERE = ALWAYS | {f"{AWAITING_FINALIZATION}, uncommitted", AWAITING_FINALIZATION, "open the new side, uncommitted", "open the new side"}
BACK = ALWAYS | {"close the new side, uncommitted", "close the new side", f"{AWAITING_ADDITIONAL_ACTION}, uncommitted", AWAITING_ADDITIONAL_ACTION}


@pytest.fixture
def shop(tmp_path):
    with Server() as old, Server(distinct=True) as new, Shop(tmp_path, old, new) as shop:
        yield shop


def window(shop, tmp_path, verb):
    """The failpoints that the verb passes for the first time between PAUSE and RESUME."""
    file = tmp_path / "trace"
    shop.midflight.run(verb, env={"MIDFLIGHT_FAILPOINT_TRACE": str(file)}).done()
    passed = file.read_text().splitlines()
    begins, ends = passed.index(FIRST), passed.index(LAST)
    return [point for point in dict.fromkeys(passed[begins:ends + 1]) if passed.index(point) >= begins]


def dies(shop, verb, point):
    """What is written meanwhile decides whether some of the points are passed at all."""
    outcome = shop.midflight.run(verb, env={"MIDFLIGHT_FAILPOINT": f"1@{point}"})
    assert outcome.status in (0, -signal.SIGKILL), outcome
    return outcome.status != 0


def start(shop):
    shop.midflight.start().done()
    assert shop.midflight.stage() == AWAITING_ADDITIONAL_ACTION


@pytest.mark.parametrize("then", ["advance", "rollback"])
def test_on_the_way_there(shop, tmp_path, then):
    died = set()
    with shop.open() as clients:
        start(shop)
        points = window(shop, tmp_path, "advance")
        for point in points:
            shop.midflight.rollback().done()
            start(shop)
            if dies(shop, "advance", point):
                died.add(point)
                if point != LAST or then != "advance":  # else the cut-over is over, and what came next would be the end
                    shop.midflight.run(then).done()
            if then == "advance":
                assert shop.midflight.stage() == AWAITING_FINALIZATION, point
            elif point in died:
                assert shop.midflight.stage() == UNINITIALIZED, point
            shop.leads(OLD if shop.midflight.stage() in (UNINITIALIZED, AWAITING_ADDITIONAL_ACTION) else NEW)
            clients.go_on()
        shop.midflight.rollback().done()
    assert THERE <= died, THERE - died
    assert shop.visits(OLD) == clients.acknowledged
    assert shop.door.config.read_text() == shop.before


def test_on_the_way_back(shop, tmp_path):
    died = set()
    with shop.open() as clients:
        start(shop)
        shop.midflight.advance().done()
        for point in window(shop, tmp_path, "rollback"):
            start(shop)
            shop.midflight.advance().done()
            clients.go_on()
            if dies(shop, "rollback", point):
                died.add(point)
                shop.midflight.rollback().done()
            assert shop.midflight.stage() == UNINITIALIZED, point
            shop.leads(OLD)
            clients.go_on()
    assert BACK <= died, BACK - died
    assert shop.visits(OLD) == clients.acknowledged
    assert shop.door.config.read_text() == shop.before
