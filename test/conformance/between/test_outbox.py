"""What waits to be carried over: how much it is and since when is told, and a set limit stops the migration and not the application."""
import time
from contextlib import closing

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.between import follow, settle
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, UNINITIALIZED
from support.workload import NEW, OLD

MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
ROUNDS = 4
TIGHT = SPLIT_NAME + "    outbox_max: 1MB\n"


def overflow(scene):
    """The old version writes as much as it likes, and nobody carries it over."""
    for number in range(ROUNDS):
        scene.old(f"UPDATE customers SET email = email || '{number}'")
    return scene


class TestBacklog:
    def test_is_told_by_keys_bytes_and_age(self, scene):
        scene = scene(CUSTOMERS, SPLIT_NAME).start()
        status = scene.midflight.status().done().json
        assert (status["outbox"], status["lag_ms"]) == (0, 0)
        scene.old("UPDATE customers SET email = 'x' || id")
        time.sleep(0.3)
        status = scene.midflight.status().done().json
        assert status["outbox"] >= 3 and status["outbox_bytes"] > 0 and status["lag_ms"] >= 300, status
        scene.drain()
        status = scene.midflight.status().done().json
        assert (status["outbox"], status["lag_ms"]) == (0, 0), status

    def test_is_the_new_sides_after_the_cut_over(self, scene):
        scene = scene(CUSTOMERS, SPLIT_NAME).start()
        scene.midflight.advance().done()
        scene.new("UPDATE people SET note = 'x', email = 'x' || id")
        assert scene.midflight.status().done().json["outbox"] >= 3
        scene.drain()
        assert scene.old("SELECT email FROM customers ORDER BY id") == [("x1",), ("x2",), ("x3",)]

    def test_of_one_key_that_is_written_over_and_over_is_carried_over_once(self, scene):
        scene = scene(CUSTOMERS, SPLIT_NAME).start()
        with closing(scene.apps[OLD].connect()) as connection:
            for number in range(2000):
                connection.execute(f"UPDATE customers SET email = 'n{number}' WHERE id = 2")
        scene.drain()
        assert scene.new("SELECT email FROM people WHERE id = 2") == [("n1999",)]
        scene.agree()

    def test_of_a_transaction_that_is_undone_is_none(self, scene):
        scene = scene(CUSTOMERS, SPLIT_NAME).start()
        with closing(scene.apps[OLD].connect()) as connection:
            connection.execute("BEGIN")
            connection.execute("UPDATE customers SET email = 'never' || id")
            connection.execute("ROLLBACK")
        assert scene.midflight.status().done().json["outbox"] == 0
        scene.agree()


class TestLimit:
    def test_lets_the_application_write_on_is_told_bars_the_cut_over_and_leads_home(self, scene):
        scene = overflow(scene(MANY, TIGHT).start())
        scene.old("DELETE FROM customers WHERE id = 7")
        assert scene.old("SELECT email FROM customers WHERE id = 20000") == [("20000@x" + "".join(map(str, range(ROUNDS))),)]
        assert scene.midflight.status().done().json["outbox_bytes"] < 5e6
        said = scene.midflight.status(json=False).done().out
        assert "outbox_max" in said, said
        scene.drain()  # what was noted is carried over; what was not stays unnoticed
        for outcome in (scene.midflight.advance(), scene.midflight.advance()):
            assert outcome.status != 0 and scene.midflight.stage() == AWAITING_ADDITIONAL_ACTION, outcome
            assert "outbox" in outcome.message, outcome
        scene.midflight.rollback().done()
        assert scene.midflight.stage() == UNINITIALIZED
        scene.apps[OLD].holds_nothing_of_midflight()
        scene.start().agree()

    def test_bars_the_way_back_where_it_would_lose_something(self, scene):
        scene = scene(MANY, TIGHT).start()
        scene.midflight.advance().done()
        for number in range(ROUNDS):
            scene.new(f"UPDATE people SET email = email || '{number}'")
        outcome = scene.midflight.rollback()
        assert outcome.status != 0 and "outbox" in outcome.message and scene.midflight.stage() == AWAITING_FINALIZATION, outcome
        assert scene.midflight.advance().status != 0
        scene.midflight.rollback("--force").done()
        assert scene.midflight.stage() == UNINITIALIZED

    @pytest.mark.parametrize("side", [OLD, NEW])
    def test_is_got_over_by_a_comparison_that_repairs(self, scene, side):
        scene = scene(MANY, TIGHT).start()
        table = "customers"
        if side == NEW:
            scene.midflight.advance().done()
            table = "people"
        for number in range(ROUNDS):
            scene.at(side, f"UPDATE {table} SET email = email || '{number}'")
        scene.at(side, f"DELETE FROM {table} WHERE id IN (7, 20000)")
        scene.at(side, f"UPDATE {table} SET email = 'last@x' WHERE id = 19999")
        assert scene.midflight.status().done().json["overflowed"]
        scene.midflight.verify("--repair").done()
        assert not scene.midflight.status().done().json["overflowed"]
        scene.at(side, f"UPDATE {table} SET email = 'later@x' WHERE id = 19998")  # it is noted again
        scene.drain()
        assert scene.old("SELECT id, email FROM customers ORDER BY id") == scene.new("SELECT id, email FROM people ORDER BY id")
        assert scene.at(side, f"SELECT email FROM {table} WHERE id >= 19998 ORDER BY id") == [("later@x",), ("last@x",)]
        scene.agree()
        scene.midflight.run("rollback" if side == NEW else "advance").done()

    def test_is_told_before_it_is_reached(self, scene):
        scene = scene(MANY, TIGHT).start()
        assert "midflight follow" not in scene.midflight.status(json=False).done().out
        for number in range(100):
            scene.old(f"UPDATE customers SET email = email || 'x' WHERE id % 20 = {number % 20}")
            status = scene.midflight.status().done().json
            if status["outbox_bytes"] > 6e5:
                break
        assert not status["overflowed"], status
        assert "midflight follow" in scene.midflight.status(json=False).done().out

    def test_counts_nothing_that_was_drained(self, scene):
        scene = scene(MANY, SPLIT_NAME + "    outbox_max: 2MB\n").start()
        with follow(scene.midflight):
            for number in range(8):  # many times the limit
                scene.old(f"UPDATE customers SET email = email || '{number}' WHERE id % 2 = 0")
                settle(scene.midflight)
                time.sleep(1.2)
        status = scene.midflight.status().done().json
        assert not status["overflowed"] and status["outbox_bytes"] < 2e6, status
        scene.agree()

    def test_is_none_while_somebody_follows(self, scene):
        scene = scene(MANY, SPLIT_NAME + "    outbox_max: 4MB\n").start()  # PostgreSQL's outbox keeps its room until it is vacuumed
        for number in range(6):
            scene.old(f"UPDATE customers SET email = email || '{number}' WHERE id % 4 = {number % 4}")
            scene.drain()
        scene.agree()
        scene.midflight.advance().done()
        assert scene.midflight.stage() == AWAITING_FINALIZATION


@pytest.mark.parametrize("side", [OLD, NEW])
def test_one_statement_over_many_rows_is_carried_over_whole(scene, side):
    scene = scene(MANY, SPLIT_NAME).start()
    if side == NEW:
        scene.midflight.advance().done()
        scene.new("UPDATE people SET email = 'z' || id WHERE id > 10")
        scene.new("DELETE FROM people WHERE id % 10 = 0")
    else:
        scene.old("UPDATE customers SET email = 'z' || id WHERE id > 10")
        scene.old("DELETE FROM customers WHERE id % 10 = 0")
    scene.drain()
    assert scene.old("SELECT id, email FROM customers ORDER BY id") == scene.new("SELECT id, email FROM people ORDER BY id")
    assert scene.old("SELECT count(*), count(CASE WHEN email LIKE 'z%' THEN 1 END) FROM customers") == [(18000, 18000 - 9)]
    scene.agree()
