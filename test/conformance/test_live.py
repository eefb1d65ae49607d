"""Both versions of the application write all the while; the twin knows what both sides must hold, whatever happens to
midflight: cut-over, rollback, the end, SIGKILL in the middle, two of them at once."""
import signal
import time

import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import AWAITING_ADDITIONAL_ACTION, FAILED, FINISHED, RUNNING, UNINITIALIZED
from support.race import WHILE_S
from support.workload import NEW, OLD
from support.workloads import PORTABLE, ListToRows, SplitName

FEW, MANY, TOO_MANY_TO_HURRY = 30, 3000, 10000
SLOWLY = ("--load", "0.02")  # so that the backfill is still at work when something happens

WORKLOADS = pytest.mark.parametrize("workload", PORTABLE, ids=lambda workload: workload.__name__)
COUNTS = pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.long)], ids=["few", "many"])


@WORKLOADS
@COUNTS
def test_no_write_is_lost_on_the_way_to_the_end(race, workload, count):
    race = race(workload, count)
    race.to_cut_over()
    race.close(OLD)
    race.midflight.advance().done()
    assert race.midflight.stage() == FINISHED
    time.sleep(WHILE_S)
    race.close(NEW)
    race.twin.agree(NEW)
    race.app.holds_nothing_of_midflight()


@WORKLOADS
@COUNTS
def test_no_write_is_lost_on_the_way_back(race, workload, count):
    race = race(workload, count)
    race.to_cut_over()
    race.close(NEW)
    race.midflight.rollback().done()
    assert race.midflight.stage() == UNINITIALIZED
    race.close(OLD)
    race.twin.agree(OLD)
    assert race.app.schema() == race.before
    race.app.holds_nothing_of_midflight()


@pytest.fixture(params=[SplitName, ListToRows], ids=lambda workload: workload.__name__)
def copying(request, race):
    """A race whose `start` is in the middle of the backfill."""
    race = race(request.param, TOO_MANY_TO_HURRY)
    race.open(OLD)
    race.process = race.midflight.begin("start", *SLOWLY)
    race.midflight.reach(RUNNING)
    while race.midflight.status().json["rows_done"] == 0:
        time.sleep(0.01)
    yield race
    if race.process.poll() is None:
        race.process.kill()
        race.process.communicate()


def goes_on(race):
    race.midflight.start().done()
    race.twin.agree()
    race.midflight.verify().done()
    race.close(OLD)
    race.twin.agree()


class TestBackfill:
    def test_that_is_killed_goes_on_and_loses_no_write(self, copying):
        copying.process.kill()
        copying.process.wait()
        assert 0 < copying.midflight.status().json["rows_done"] < TOO_MANY_TO_HURRY
        goes_on(copying)

    def test_that_is_interrupted_says_so_and_goes_on(self, copying):
        copying.process.send_signal(signal.SIGINT)
        assert copying.midflight.end(copying.process).failed().json["error"] == "interrupted"
        assert copying.midflight.stage() == RUNNING
        goes_on(copying)

    @pytest.mark.long
    def test_is_taken_over_by_a_rollback(self, copying):
        copying.midflight.rollback().done()
        copying.midflight.end(copying.process).failed()
        assert copying.midflight.stage() == UNINITIALIZED
        copying.twin.agree(OLD)
        copying.app.holds_nothing_of_midflight()
        assert copying.app.schema() == copying.before
        goes_on(copying)

    @pytest.mark.long
    def test_is_not_harmed_by_a_second_one(self, copying):
        second = copying.midflight.start()
        assert second.status in (0, FAILED), second  # it helps, or says that another is at work
        if second.status == FAILED:
            assert second.json["error"] == "held" and copying.process.poll() is None
            copying.process.send_signal(signal.SIGTERM)
        copying.midflight.end(copying.process)
        goes_on(copying)


ROWS = 1000
SCHEMA = CUSTOMERS + f"""
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""


class TestHalfWay:
    """The backfill stands still; rows behind it, at its cursor, ahead of it and beyond its end are written."""

    @pytest.fixture
    def half_way(self, app, migration):
        app.midflight = migration(SCHEMA, SPLIT_NAME)
        stopped_backfill(app.midflight, ROWS).failed()
        app.cursor = app.midflight.status().done().json["rows_done"]
        assert 0 < app.cursor < ROWS
        return app

    def goes_on(self, app):
        """Every entity of the old side is on the new one, as plain SQL of both says."""
        assert "second pass" not in app.midflight.start().done().err
        old = app.rows("SELECT id, name, email FROM customers ORDER BY id")
        new = app.rows("SELECT id, first_name || coalesce(' ' || last_name, ''), email FROM people ORDER BY id")
        assert new == old
        app.midflight.verify().done()
        assert app.midflight.status().json["quarantined"] == 0
        return [key for key, _, _ in new]

    @pytest.fixture(params=["first", "at the cursor", "just ahead", "last"])
    def key(self, request, half_way):
        return {"first": 1, "at the cursor": half_way.cursor, "just ahead": half_way.cursor + 1, "last": ROWS}[request.param]

    def test_an_update_is_copied_as_it_is_now(self, half_way, key):
        half_way.sql(f"UPDATE customers SET name = 'Changed Name' WHERE id = {key}")
        assert key in self.goes_on(half_way)

    def test_a_delete_is_not_undone(self, half_way, key):
        half_way.sql(f"DELETE FROM customers WHERE id = {key}")
        assert key not in self.goes_on(half_way)

    def test_a_row_deleted_and_made_again_is_copied_once(self, half_way, key):
        half_way.sql(f"DELETE FROM customers WHERE id = {key}")
        half_way.sql(f"INSERT INTO customers (id, name) VALUES ({key}, 'Made Again')")
        assert self.goes_on(half_way).count(key) == 1

    @pytest.mark.parametrize("other", [-5, 2_000_000])
    def test_a_key_change_is_copied_once_under_the_new_key(self, half_way, key, other):
        half_way.sql(f"UPDATE customers SET id = {other} WHERE id = {key}")
        keys = self.goes_on(half_way)
        assert keys.count(other) == 1 and key not in keys

    def test_rows_beyond_every_end_are_copied(self, half_way):
        half_way.sql("INSERT INTO customers (id, name) VALUES (-1, 'New Row'), (0, 'New Row'), (1001, 'New Row'), "
                     "(2000000000, 'New Row')")
        assert {-1, 0, 1001, 2_000_000_000} < set(self.goes_on(half_way))

    def test_one_statement_over_everything_reaches_every_row(self, half_way):
        half_way.sql("UPDATE customers SET name = name || ' Jr', email = NULL")
        assert len(self.goes_on(half_way)) == ROWS

    def test_deleting_everything_leaves_nothing(self, half_way):
        half_way.sql("DELETE FROM customers")
        assert self.goes_on(half_way) == []

    def test_rows_that_cross_the_cursor_both_ways_are_copied_once(self, half_way):
        behind, ahead = half_way.cursor, half_way.cursor + 1
        half_way.sql(f"DELETE FROM customers WHERE id IN (1, {ROWS})")
        half_way.sql(f"UPDATE customers SET id = {ROWS} WHERE id = {behind}")
        half_way.sql(f"UPDATE customers SET id = 1 WHERE id = {ahead}")
        keys = self.goes_on(half_way)
        assert keys.count(1) == keys.count(ROWS) == 1 and not {behind, ahead} & set(keys)


def test_two_starts_at_once_from_the_beginning_do_no_harm(app, migration):
    midflight = migration(SCHEMA, SPLIT_NAME)
    outcomes = [midflight.end(process) for process in [midflight.begin("start") for _ in range(3)]]
    assert all(outcome.status in (0, FAILED) for outcome in outcomes), outcomes
    midflight.start().done()
    assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
    assert app.rows("SELECT id, email FROM people ORDER BY id") == app.rows("SELECT id, email FROM customers ORDER BY id")
    midflight.verify().done()


@pytest.mark.parametrize("verb", ["advance", "rollback", "verify"])
def test_two_of_any_verb_at_once_do_no_harm(people, verb):
    outcomes = [people.midflight.end(process) for process in [people.midflight.begin(verb) for _ in range(2)]]
    assert any(outcome.status == 0 for outcome in outcomes), outcomes
    stage = people.midflight.stage()
    people.midflight.run("rollback" if stage != FINISHED else "advance").done()
    people.app.holds_nothing_of_midflight()


def test_two_migrations_of_different_tables_live_side_by_side(people, migration):
    second = migration("CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER); INSERT INTO orders VALUES (1, 5);", """
        migration: orders
        old:
          store: ${APP_DB}
          key: {orders: id}
        new:
          key: {sales: id}
          create: CREATE TABLE sales (id INTEGER PRIMARY KEY, sum INTEGER)
        forward:
          sales: SELECT id, total AS sum FROM orders
        backward:
          orders: SELECT id, sum AS total FROM sales
    """, "orders.yaml")
    second.start().done()
    people.sql("UPDATE sales SET sum = 7")
    people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
    assert people.sql("SELECT total FROM orders") == [(7,)]
    second.rollback().done()
    people.holds({2: ("Bob", "new@x", "old 2", "new 2")})
    assert people.sql("SELECT id, total FROM orders") == [(1, 7)]
