"""Versions of the application write at both ends all the while, each as long as its side is open. Whatever was acknowledged is
where it belongs in the end, nobody is refused but by the side that is closed, and the twin decides."""
import time

import pytest

from support.between import is_refusal
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, UNINITIALIZED)
from support.workload import NEW, OLD
from support.workloads import CompositeKey, ListToRows, MergeTables, SplitName

COUNT, MANY = 300, 20000
WHILE_S = 0.4
LONG = pytest.mark.long
WORKLOADS = pytest.mark.parametrize("workload", [SplitName, ListToRows, pytest.param(CompositeKey, marks=LONG),
                                                 pytest.param(MergeTables, marks=LONG)], ids=lambda workload: workload.__name__)


def to_action(move):
    """Started under load, drained and compared while the old version writes."""
    old = move.open(OLD)
    old.writes_again()
    move.midflight.start().done()
    assert move.midflight.stage() == AWAITING_ADDITIONAL_ACTION
    with move.following():
        time.sleep(WHILE_S)
        move.midflight.again("verify").done()  # nothing is called different that is only on its way
        move.twin.agree(OLD)
    return old


def to_cut_over(move):
    """Cut over under load: the old version hears where to go, and the new one is let in at once."""
    old, new = to_action(move), move.open(NEW)
    with move.following():
        move.midflight.again("advance").done()
        assert move.midflight.stage() == AWAITING_FINALIZATION
        new.writes_again()
        time.sleep(WHILE_S)
        move.midflight.again("verify").done()
        move.twin.agree(NEW)
    assert old.refusals and new.refusals  # the new one was too early at first
    assert all("moved to" in text for text in old.refusals), set(old.refusals)
    return old, new


@WORKLOADS
def test_no_write_is_lost_on_the_way_to_the_end(move, workload):
    move = move(workload, COUNT)
    to_cut_over(move)
    move.close(OLD)
    move.close(NEW)
    move.drain()
    move.twin.agree()
    new = move.open(NEW)
    move.midflight.advance().done()
    assert move.midflight.stage() == FINISHED
    new.writes_again()
    move.close(NEW)
    move.twin.agree(NEW)
    assert move.phases() == [OLD, NEW]
    move.clean()


@WORKLOADS
def test_no_write_is_lost_on_the_way_back(move, workload):
    move = move(workload, COUNT)
    old, _ = to_cut_over(move)
    move.midflight.rollback().done()
    assert move.midflight.stage() == UNINITIALIZED
    old.writes_again()
    move.close(NEW)
    move.twin.agree(OLD)
    move.close(OLD)
    move.twin.agree(OLD)
    assert move.phases() == [OLD, NEW, OLD]
    assert {side: app.schema() for side, app in move.apps.items()} == move.before
    move.clean()


@LONG
@WORKLOADS
def test_no_write_is_lost_in_a_copy_of_many_rows_that_goes_there_and_back_twice(move, workload):
    move = move(workload, MANY)
    old = move.open(OLD)
    for _ in range(2):
        move.midflight.start().done()
        new = move.open(NEW)
        with move.following():
            move.midflight.again("advance").done()
            new.writes_again()
            time.sleep(WHILE_S)
        move.midflight.rollback().done()
        move.close(NEW)
        old.writes_again()
        move.twin.agree(OLD)
    move.close(OLD)
    assert move.phases() == [OLD, NEW, OLD, NEW, OLD]
    move.clean()


def test_what_was_written_before_the_rollback_of_a_shadow_stays(move):
    move = move(SplitName, COUNT)
    old = to_action(move)
    move.midflight.rollback().done()
    old.writes_again()
    move.close(OLD)
    move.twin.agree(OLD)
    assert {side: app.schema() for side, app in move.apps.items()} == move.before
    move.clean()


@pytest.mark.parametrize("workload", [SplitName, pytest.param(ListToRows, marks=LONG)], ids=lambda workload: workload.__name__)
def test_a_follower_that_is_killed_is_replaced_by_the_next(move, workload):
    move = move(workload, COUNT)
    to_action(move)
    process = move.midflight.begin("follow")
    time.sleep(WHILE_S)
    process.kill()
    process.communicate()
    move.close(OLD)
    move.drain()
    move.twin.agree()


def test_one_that_follows_ends_when_the_migration_does(move):
    move = move(SplitName, COUNT)
    move.midflight.start().done()
    process = move.midflight.begin("follow")
    move.midflight.advance().done()
    move.midflight.advance().done()
    move.midflight.end(process).done()
    assert move.midflight.stage() == FINISHED


def test_a_version_on_the_closed_side_is_told_by_the_store_itself(move):
    """However it got there: nothing of midflight runs at that moment."""
    move = move(SplitName, COUNT)
    move.midflight.start().done()
    for closed, leads in ((NEW, OLD), (OLD, NEW)):
        with pytest.raises(Exception) as failure:
            write, values = "DELETE FROM " + {OLD: "customers", NEW: "people"}[closed], ()
            move.apps[closed].rows(write, *values)
        assert is_refusal(failure.value), failure.value
        move.open(leads).writes_again()
        move.close(leads)
        if closed == NEW:
            move.midflight.advance().done()
