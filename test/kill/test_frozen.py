"""A midflight that was frozen at a bad moment. Right after it took the lease: when it wakes the migration was rolled back, or begun anew, and
what it took is worth nothing in either store. While it holds the writers: when it wakes the other side is locked by somebody else."""
import os
import signal
import threading
import time
from contextlib import closing

import pytest

from kill.test_between import Journey, applications
from support.between import PAIRS, Move, follow, settle
from support.failpoints import freeze
from support.journey import START
from support.midflight import AWAITING_ADDITIONAL_ACTION, FAILED, UNINITIALIZED
from support.stores import SQLITE
from support.workload import NEW, OLD
from support.workloads import SplitName

CHOSEN = os.environ.get("MIDFLIGHT_PAIRS", "sqlite->sqlite,postgresql->postgresql").split(",")
LONG = {name: pytest.mark.long for name in ("sqlite->postgresql", "postgresql->sqlite")}


@pytest.fixture(params=[pytest.param(name, marks=LONG.get(name, ())) for name in PAIRS if name in CHOSEN])
def journey(request, tmp_path):
    made = Journey("back before the cut-over", applications(request.param, tmp_path / "apps"), made=False)
    yield made
    made.close()


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


KEPT = "parcel shipped, uncommitted"  # a failpoint: rows of the outbox are locked


@pytest.fixture
def noted(journey):
    """Everything waits in the outbox, many times over."""
    if journey.apps[OLD].store == SQLITE:
        pytest.skip("a frozen process keeps the file's lock")
    journey.take(START)
    journey.write("before")

    old = journey.apps[OLD]
    outbox = old.value("SELECT oid::regclass FROM pg_class WHERE relnamespace = 'midflight'::regnamespace AND relname LIKE '%outbox'")

    def note():
        old.sql(f"INSERT INTO {outbox} SELECT id FROM customers, generate_series(1, 200)")
    return note


def wakes_and_ends(journey, process):
    process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert journey.midflight.end(process).status in (0, FAILED)
    journey.move.drain()
    journey.twin.agree()


def test_what_a_leader_holds_of_the_outbox_is_carried_over_by_others(journey, noted):
    noted()
    process = freeze(journey.midflight, KEPT, 1, "follow")
    try:
        with follow(journey.midflight):
            settle(journey.midflight)
    finally:
        wakes_and_ends(journey, process)


def test_what_a_helper_holds_of_the_outbox_is_carried_over_by_others(journey, noted):
    with follow(journey.midflight):
        busy = threading.Timer(1.5, noted)  # by then it has asked for a range
        busy.start()
        process = freeze(journey.midflight, KEPT, 1, "follow", "--join")
        busy.join()
        try:
            settle(journey.midflight)
        finally:
            wakes_and_ends(journey, process)


class TestFollowerLockedByAnother:
    """While the writers of the leader are held, what they wrote last cannot be brought to the other side."""

    @pytest.fixture
    def held(self, request, tmp_path):
        apps = applications(request.param, tmp_path / "apps")
        move = Move(SplitName, apps, 50, "soak: 0s", "pause_max: 200ms")
        move.midflight.start().done()
        move.open(OLD)
        yield move
        move.abandon()
        for app in apps.values():
            app.remove()

    @pytest.mark.parametrize("held", [name for name in PAIRS if name in CHOSEN], indirect=True)
    def test_they_go_on_when_pause_max_is_over(self, held):
        process = freeze(held.midflight, "fenced", 1, "advance")
        while held.midflight.status().done().json["outbox"] == 0:  # nobody wrote just before
            process.send_signal(signal.SIGCONT)
            held.midflight.end(process)
            held.midflight.rollback().done()
            held.midflight.start().done()
            held.versions[OLD].writes_again()
            process = freeze(held.midflight, "fenced", 1, "advance")
        with closing(held.apps[NEW].connect()) as connection:
            connection.execute("BEGIN IMMEDIATE" if held.apps[NEW].store == SQLITE else "BEGIN; LOCK TABLE people IN EXCLUSIVE MODE")
            process.send_signal(signal.SIGCONT)
            began = time.monotonic()
            held.versions[OLD].writes_again()
            waited = time.monotonic() - began
            connection.execute("ROLLBACK")
        held.midflight.end(process)
        assert waited < 3, f"writers waited {waited:.1f} s"  # a store's own patience with a lock is 5 s
        if held.midflight.stage() == AWAITING_ADDITIONAL_ACTION:
            held.midflight.advance().done()
        held.close(OLD)
        held.twin.agree(NEW)
