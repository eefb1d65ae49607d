"""The backfill stands half way: the application writes to the old side behind it, ahead of it and beyond its end."""
import pytest

from scenario.conftest import split, stopped_backfill
from scenario.definitions import LISTS, SPLIT_NAME, SUBSCRIPTIONS

ROWS = 1000
SCHEMA = f"""
    PRAGMA journal_mode = WAL;
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, hint TEXT);
    CREATE UNIQUE INDEX customers_email ON customers (email);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    INSERT INTO customers SELECT i, 'First' || i || ' Last' || i, i || '@x', 'old ' || i FROM n;
"""


def stop_half_way(midflight, rows):
    stopped_backfill(midflight, rows).failed()
    status = midflight.status().done().json
    assert status["stage"] == "Running" and 0 < status["rows_done"] < rows
    return status["rows_done"]


class HalfWay:
    def __init__(self, app):
        app.sql(SCHEMA)
        self.app, self.midflight = app, app.migration(SPLIT_NAME)
        self.cursor = stop_half_way(self.midflight, ROWS)
        self.db = app.connect()

    def write(self, statement, **values):
        self.db.execute(statement, values)

    def new_ids(self):
        return [key for key, in self.db.execute("SELECT id FROM people ORDER BY id")]

    def expected(self, where):
        """What plain Python makes of the old side."""
        return [(key, *split(name), email) for key, name, email in self.db.execute(
            f"SELECT id, name, email FROM customers WHERE {where} ORDER BY id")]

    def found(self, where):
        return self.db.execute(f"SELECT id, first_name, last_name, email FROM people WHERE {where} ORDER BY id").fetchall()

    def finish(self):
        """What the backfill will not come by any more agrees already; after it all does, with no help of the second pass."""
        passed = f"id <= {self.cursor} OR id > {ROWS}"
        assert self.found(passed) == self.expected(passed)
        outcome = self.midflight.start().done()
        assert "second pass" not in outcome.err
        assert self.found("true") == self.expected("true")
        self.midflight.verify().done()
        assert self.midflight.status().json["quarantined"] == 0


@pytest.fixture
def half_way(app):
    scene = HalfWay(app)
    yield scene
    scene.db.close()


# Rows behind the cursor, at it, just ahead of it, the last one of the range, and beyond it.
PLACES = {"behind": lambda cursor: 3, "at_the_cursor": lambda cursor: cursor, "ahead": lambda cursor: cursor + 1,
          "at_the_end": lambda cursor: ROWS}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
class TestOneRow:
    def test_updated_is_copied_as_it_is_now(self, half_way, place):
        key = place(half_way.cursor)
        half_way.write("UPDATE customers SET name = 'Changed Name', email = 'changed@x' WHERE id = :key", key=key)
        half_way.finish()

    def test_deleted_is_not_brought_back(self, half_way, place):
        key = place(half_way.cursor)
        half_way.write("DELETE FROM customers WHERE id = :key", key=key)
        half_way.finish()
        assert key not in half_way.new_ids()

    def test_deleted_and_made_again_is_copied_once(self, half_way, place):
        key = place(half_way.cursor)
        half_way.write("DELETE FROM customers WHERE id = :key", key=key)
        half_way.write("INSERT INTO customers (id, name) VALUES (:key, 'Made Again')", key=key)
        half_way.finish()

    def test_replaced_is_copied_as_it_is_now(self, half_way, place):
        key = place(half_way.cursor)
        half_way.write("REPLACE INTO customers VALUES (:key, 'Replaced One', 'replaced@x', NULL)", key=key)
        half_way.finish()

    def test_upserted_is_copied_as_it_is_now(self, half_way, place):
        key = place(half_way.cursor)
        half_way.write("INSERT INTO customers (id, name) VALUES (:key, 'Up Serted') "
                       "ON CONFLICT (id) DO UPDATE SET name = excluded.name", key=key)
        half_way.finish()


@pytest.mark.parametrize("new_key", [-5, 2_000_000], ids=["before_all", "beyond_all"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_row_whose_key_changes_is_copied_once_under_its_new_key(half_way, place, new_key):
    key = place(half_way.cursor)
    half_way.write("UPDATE customers SET id = :new_key WHERE id = :key", key=key, new_key=new_key)
    half_way.finish()
    assert half_way.new_ids().count(new_key) == 1 and key not in half_way.new_ids()


def test_rows_that_cross_the_cursor_in_both_directions_are_copied_once(half_way):
    behind, ahead = half_way.cursor, half_way.cursor + 1
    half_way.write("DELETE FROM customers WHERE id IN (1, :end)", end=ROWS)
    half_way.write("UPDATE customers SET id = :end WHERE id = :behind", end=ROWS, behind=behind)
    half_way.write("UPDATE customers SET id = 1 WHERE id = :ahead", ahead=ahead)
    half_way.finish()


def test_a_replace_ahead_that_displaces_a_row_behind_leaves_no_zombie(half_way):
    half_way.write("REPLACE INTO customers VALUES (:end, 'Took Over', '3@x', NULL)", end=ROWS)
    half_way.finish()
    assert 3 not in half_way.new_ids()


def test_a_replace_behind_that_displaces_a_row_ahead_leaves_no_zombie(half_way):
    half_way.write("REPLACE INTO customers VALUES (3, 'Took Over', :email, NULL)", email=f"{ROWS}@x")
    half_way.finish()
    assert ROWS not in half_way.new_ids()


def test_new_rows_before_between_and_beyond_are_copied(half_way):
    half_way.write("DELETE FROM customers WHERE id IN (5, :ahead)", ahead=half_way.cursor + 10)
    for key in (-1, 0, 5, half_way.cursor + 10, ROWS + 1, 2**62, -(2**62)):
        half_way.write("INSERT INTO customers (id, name) VALUES (:key, 'New Row')", key=key)
    half_way.finish()


def test_deleting_everything_leaves_nothing(half_way):
    half_way.write("DELETE FROM customers")
    half_way.finish()
    assert half_way.new_ids() == []


def test_one_statement_over_everything_reaches_every_row_once(half_way):
    half_way.write("UPDATE customers SET name = name || ' Jr', email = NULL")
    half_way.finish()


def test_a_write_that_is_rolled_back_leaves_no_trace(half_way):
    half_way.write("BEGIN")
    half_way.write("DELETE FROM customers")
    half_way.write("ROLLBACK")
    half_way.finish()
    assert len(half_way.new_ids()) == ROWS


def test_lists_that_change_behind_and_ahead_are_copied_as_they_are_now(app):
    app.sql("PRAGMA journal_mode = WAL;" + LISTS + """
        WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
        INSERT INTO customers (id, name, plans) SELECT i, 'N' || i, '["a","b"]' FROM n;
    """)
    midflight = app.migration(SUBSCRIPTIONS)
    cursor = stop_half_way(midflight, 1000)
    app.sql(f"""
        UPDATE customers SET plans = '["x","b","y"]' WHERE id IN (2, {cursor + 1});
        UPDATE customers SET plans = '[]' WHERE id IN (3, 1000);
        DELETE FROM customers WHERE id IN (1, {cursor + 2});
        UPDATE customers SET id = 5000 WHERE id = {cursor + 3};
        UPDATE customers SET id = 1 WHERE id = {cursor + 4};
    """)
    expected = {key: ["a", "b"] for key in range(4, 1001)}
    expected |= {2: ["x", "b", "y"], cursor + 1: ["x", "b", "y"], 3: [], 1000: [], 5000: ["a", "b"], 1: ["a", "b"]}
    for key in (cursor + 2, cursor + 3, cursor + 4):
        del expected[key]
    assert "second pass" not in midflight.start().done().err
    assert app.rows("SELECT customer_id, plan FROM subscriptions ORDER BY customer_id, position") == [
        (key, plan) for key in sorted(expected) for plan in expected[key]]
    assert [key for key, in app.rows("SELECT id FROM people ORDER BY id")] == sorted(expected)
    midflight.verify().done()


def test_what_the_new_side_refuses_while_copying_is_listed_and_the_rest_is_copied(app):
    app.sql(SCHEMA + "UPDATE customers SET name = 'Bartholomew Lee' WHERE id IN (7, 500, 1000);")
    midflight = app.migration(SPLIT_NAME.replace("NOT NULL, last", "NOT NULL CHECK (length(first_name) < 10), last"))
    midflight.start().done()
    assert app.value("SELECT count(*) FROM people") == ROWS - 3
    assert sorted(midflight.quarantined_keys(), key=int) == ["7", "500", "1000"]
    assert midflight.status().json["diverged"] == 0  # what is known to be refused is not reported a second time


class TestSomePercentRefused:
    """As many as make the backfill copy whole ranges without them; each entity must come out as if it were alone."""

    PLANS = SUBSCRIPTIONS.replace("name TEXT NOT NULL", "name TEXT NOT NULL UNIQUE CHECK (length(name) < 12)")
    ROWS = 2000
    # By the last two digits of the key: the row as the application wrote it, and what the new side can hold of it.
    LONG, TWIN, NO_PLAN, BROKEN = 11, 32, 53, 74

    def write(self, app):
        app.sql("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plans TEXT NOT NULL, hint TEXT)")
        with app.connect() as db:
            db.executemany("INSERT INTO customers (id, name, plans) VALUES (?, ?, '[\"basic\", \"storage\"]')",
                           [(key, f"n{key}") for key in range(1, self.ROWS + 1)])
            for change in (f"name = 'a name too long' WHERE id % 100 = {self.LONG}",
                           f"name = 'n' || (id - 1) WHERE id % 100 = {self.TWIN}",
                           f"plans = '[\"basic\", null]' WHERE id % 100 = {self.NO_PLAN}"):
                db.execute(f"UPDATE customers SET {change}")

    def expect(self, app, midflight, refused):
        people = {key: f"n{key}" for key in range(1, self.ROWS + 1) if key % 100 not in refused or key % 100 == self.NO_PLAN}
        plans = [(key, position, plan) for key in range(1, self.ROWS + 1) for position, plan in enumerate(["basic", "storage"])
                 if key % 100 != self.BROKEN or self.BROKEN not in refused if key % 100 != self.NO_PLAN or position == 0]
        assert app.rows("SELECT id, name FROM people ORDER BY id") == list(people.items())
        assert app.rows("SELECT customer_id, position, plan FROM subscriptions ORDER BY 1, 2") == plans
        listed = app.rows("SELECT CAST(entity_key AS INTEGER) FROM midflight_finding WHERE kind = 'quarantine forward' ORDER BY 1")
        assert listed == [(key,) for key in range(1, self.ROWS + 1) if key % 100 in refused]
        status = midflight.status().json
        assert (status["quarantined"], status["diverged"]) == (len(listed), 0)

    def test_none_of_them_is_lost_or_left_out_of_quarantine(self, app):
        self.write(app)
        midflight = app.migration(self.PLANS)
        midflight.start().done()
        self.expect(app, midflight, {self.LONG, self.TWIN, self.NO_PLAN})

    def test_nor_those_whose_query_fails_nor_their_neighbours(self, app):
        self.write(app)
        midflight = app.migration(self.PLANS)
        stopped_backfill(midflight, self.ROWS).failed()
        cursor = midflight.status().done().json["rows_done"]
        broken = [key for key in range(1, self.ROWS + 1) if key % 100 == self.BROKEN]
        assert cursor < broken[0]
        app.sql(f"UPDATE customers SET plans = 'no JSON' WHERE id % 100 = {self.BROKEN}")
        midflight.start().done()
        self.expect(app, midflight, {self.LONG, self.TWIN, self.NO_PLAN, self.BROKEN})
