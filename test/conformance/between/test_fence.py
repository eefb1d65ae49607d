"""The cut-over holds the writers for as long as pause_max says and no longer: whoever is in its way is named, everybody goes on with the
old side, and when the way is free it succeeds."""
import signal
import threading
import time
from contextlib import closing

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.between import is_refusal
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, tell
from support.stores import POSTGRESQL
from support.workload import NEW, OLD
from support.workloads import SplitName

ROWS = 1000
SCHEMA = CUSTOMERS + f"""
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
BRIEF = SPLIT_NAME + "    pause_max: 200ms\n"


@pytest.fixture
def people(scene):
    return scene(SCHEMA, BRIEF).start()


class TestTransactionInTheWay:
    """It wrote, and does not commit."""

    @pytest.fixture
    def blocked(self, people):
        with closing(people.apps[OLD].connect()) as connection:
            connection.execute(people.apps[OLD].begin_writing.split(";")[0])
            connection.execute(f"UPDATE customers SET hint = 'mine' WHERE id = {ROWS}")
            people.connection = connection
            yield people

    def test_is_named_where_it_holds_a_row_that_the_way_back_is_tried_on(self, scene, two_stores, pair):
        if pair[0] != POSTGRESQL:
            pytest.skip("one writer is the whole file's, and the fence names none")
        scene = scene(SCHEMA + "CREATE UNIQUE INDEX customers_email_once ON customers (email);", BRIEF).start()
        with closing(scene.apps[OLD].connect()) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT 1 FROM customers WHERE id = 1 FOR UPDATE")
            outcome = scene.midflight.advance()
            assert outcome.status != 0 and "way back" in outcome.message and f"pid {connection.pid} " in outcome.message, outcome
            assert scene.midflight.stage() == AWAITING_ADDITIONAL_ACTION
            connection.execute("COMMIT")
        scene.midflight.advance().done()

    @pytest.mark.long
    def test_is_waited_for_and_named_when_it_does_not_end(self, blocked, pair):
        outcome = blocked.midflight.advance()  # once the store's patience is at its end: a minute on PostgreSQL
        assert outcome.status != 0, outcome
        assert blocked.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        if pair[0] == POSTGRESQL:
            assert str(blocked.connection.pid) in outcome.message + outcome.err, outcome

    @pytest.mark.long
    def test_holds_up_no_other_writer_for_longer(self, blocked, pair):
        if pair[0] != POSTGRESQL:
            pytest.skip("SQLite has one writer at a time anyway")
        longest, over = [0], threading.Event()

        def write():
            with closing(blocked.apps[OLD].connect()) as connection:
                while not over.is_set():
                    began = time.monotonic()
                    connection.execute("UPDATE customers SET email = email WHERE id = 2")
                    longest[0] = max(longest[0], time.monotonic() - began)
                    time.sleep(0.005)
        writer = threading.Thread(target=write)
        writer.start()
        outcome = blocked.midflight.advance()
        over.set()
        writer.join()
        assert outcome.status != 0
        print(f"the longest wait: {longest[0] * 1000:.0f} ms")
        assert longest[0] < 3  # of 200 ms: this machine may be busy with other tests

    def test_that_ends_lets_the_next_attempt_succeed(self, blocked):
        process = blocked.midflight.begin("advance")
        time.sleep(0.5)
        tell(process, signal.SIGINT)
        blocked.midflight.end(process).failed()
        assert blocked.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        blocked.connection.execute("COMMIT")
        blocked.midflight.advance().done()
        assert blocked.midflight.stage() == AWAITING_FINALIZATION
        blocked.new("UPDATE people SET last_name = 'Hill' WHERE id = 2")
        blocked.drain()
        assert blocked.old(f"SELECT name, hint FROM customers WHERE id IN (2, {ROWS}) ORDER BY id") == [
            ("Bob Hill", "old 2"), (f"First Last{ROWS}", "mine")]

    def test_that_ends_meanwhile_is_not_lost(self, blocked):
        blocked.connection.execute(f"UPDATE customers SET email = 'late@x' WHERE id = {ROWS}")
        process = blocked.midflight.begin("advance")
        time.sleep(0.15)
        blocked.connection.execute("COMMIT")
        outcome = blocked.midflight.end(process)
        if outcome.status != 0:
            blocked.midflight.advance().done()
        assert blocked.new(f"SELECT email FROM people WHERE id = {ROWS}") == [("late@x",)]


class TestReaderInTheWay:
    def test_is_none(self, people):
        with closing(people.apps[OLD].connect()) as connection:
            connection.execute(people.apps[OLD].begin_reading)
            connection.execute("SELECT * FROM customers").fetchall()
            people.midflight.advance().done()
            assert len(connection.execute("SELECT * FROM customers").fetchall()) == ROWS


def test_a_transaction_that_began_before_the_cut_over_and_writes_after_it_is_refused(people, pair):
    """It is told so in its own transaction, which then holds nothing."""
    with closing(people.apps[OLD].connect()) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM customers").fetchall()
        people.midflight.advance().done()
        with pytest.raises(Exception) as failure:
            connection.execute("UPDATE customers SET email = 'stale' WHERE id = 1")
        print(failure.value)
        connection.execute("ROLLBACK")
    assert people.old("SELECT email FROM customers WHERE id = 1") == [("ann@x",)]


def test_unique_values_that_are_exchanged_all_the_time_do_not_refuse_it(scene):
    """The new side is always a little behind, and what it holds of one row may be another's by now."""
    rows, hands = 20, 4
    values = ", ".join(f"({i}, 'First Last', '{i}@x')" for i in range(4, rows + 4))
    people = scene(CUSTOMERS + f"INSERT INTO customers (id, name, email) VALUES {values};", SPLIT_NAME + "    pause_max: 2s\n").start()
    app, over, failures = people.apps[OLD], threading.Event(), []

    def exchange(hand):
        """Of two rows, which nobody else has."""
        pairs, place = [(i, i + 1) for i in range(4, rows + 4, 2)][hand::hands], "{} WHERE id = {}"
        try:
            with closing(app.connect()) as connection:
                while not over.is_set():
                    for a, b in pairs:
                        connection.execute(app.begin_writing.split(";")[0])
                        of_a, of_b = (connection.execute(place.format("SELECT email FROM customers", i)).fetchall()[0][0] for i in (a, b))
                        connection.execute(place.format("UPDATE customers SET email = NULL", a))
                        connection.execute(place.format(f"UPDATE customers SET email = '{of_a}'", b))
                        connection.execute(place.format(f"UPDATE customers SET email = '{of_b}'", a))
                        connection.execute("COMMIT")
                        time.sleep(0.001 if app.store == POSTGRESQL else 0)
        except Exception as failure:
            if not is_refusal(failure):
                failures.append(failure)
    threads = [threading.Thread(target=exchange, args=(hand,)) for hand in range(hands)]
    for thread in threads:
        thread.start()
    outcome = people.midflight.advance()
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    outcome.done()
    assert people.midflight.stage() == AWAITING_FINALIZATION
    people.agree()


def test_a_pause_is_told(people):
    outcome = people.midflight.advance(json=False).done()
    assert "ms" in outcome.out + outcome.err, outcome


@pytest.mark.long
def test_twenty_cut_overs_under_load_lose_nothing(move):
    """There and back, with the writers of both sides at it."""
    move = move(SplitName, 300, "soak: 0s", "pause_max: 2s")
    old, new = move.open(OLD), move.open(NEW)
    for _ in range(10):
        move.midflight.start().done()
        with move.following():
            move.midflight.advance().done()
            new.writes_again()
        move.midflight.rollback().done()
        old.writes_again()
    move.close(NEW)
    move.close(OLD)
    move.twin.agree(OLD)
    assert move.phases() == [OLD, NEW] * 10 + [OLD]
