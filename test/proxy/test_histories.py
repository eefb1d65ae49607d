"""Whatever is done to a migration while clients are at work on it, each entity is a register to them: no write is lost, nothing that is
read is older than what was written before, no page of a list lacks an entity. MIDFLIGHT_RACE_SEED draws the same calls again."""
import signal

import pytest


def test_the_way_to_the_end(course):
    (course("split", count=300).work()
     .start().percent(30, 100, 0)
     .advance(dies=True).demote().advance().finish()
     .ends())


def test_the_way_back(course):
    course("lists", count=300).work().start().percent(60).advance().rollback(dies=True).ends()


def test_between_two_stores(course_between):
    (course_between("split", count=300).work().follow()
     .start().percent(30, 100)
     .advance(dies=True).demote().advance().rollback().start().advance().finish()
     .ends())


def test_through_servers_that_end_and_begin(course):
    (course("split", count=300, served=2).work()
     .start().percent(30, 100).restart(signal.SIGKILL)
     .advance().restart(signal.SIGTERM).demote().advance().finish()
     .ends())


@pytest.mark.long
@pytest.mark.parametrize("shape", ["split", "lists"])
def test_every_stage(course, shape):
    (course(shape).work(1)
     .start().percent(30, 100, 0, 60)
     .advance(dies=True).demote().kill_a_proxy()
     .advance(dies=True).back_past_a_sleeper()
     .start().kill_a_proxy().percent(50, 100).advance().kill_a_proxy().finish(dies=True)
     .ends())


@pytest.mark.long
@pytest.mark.parametrize("shape", ["split", "lists"])
def test_every_stage_through_servers(course, shape):
    (course(shape, served=3, processes=4).work(1)
     .start().percent(30, 100, 0, 60).restart(signal.SIGKILL).restart(signal.SIGTERM)
     .advance().restart(signal.SIGKILL).demote().rollback().restart(signal.SIGTERM)
     .start().percent(100).restart(signal.SIGKILL).advance().kill_a_proxy().finish().restart(signal.SIGTERM)
     .ends())


@pytest.mark.long
@pytest.mark.parametrize("shape", ["split", "lists"])
def test_every_stage_between_two_stores(course_between, shape):
    (course_between(shape).work(1).follow()
     .start().percent(30, 100, 0, 60)
     .kill_a_proxy().advance(dies=True).demote().kill_a_proxy().advance().back_past_a_sleeper()
     .start().percent(50, 100).advance().kill_a_proxy().finish(dies=True)
     .ends())
