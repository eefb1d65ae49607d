"""Many connections at once: writes that commute, so that what both sides must hold is known whatever the order of commits;
locks that the application never waits long for; transactions older than the migration."""
import json
import threading
import time
from contextlib import closing
from random import Random

import psycopg2
import pytest

from conformance.postgresql.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS
from support.midflight import AWAITING_ADDITIONAL_ACTION, UNINITIALIZED
from support.writers import seed_of_run

COUNTERS = """
    CREATE TABLE counters (id integer PRIMARY KEY, n integer NOT NULL DEFAULT 0, hits integer NOT NULL DEFAULT 0);
    INSERT INTO counters SELECT i FROM generate_series(1, {rows}) i;
"""
TALLIES = """
    migration: tallies
    old:
      store: ${APP_DB}
      key: {counters: id}
    new:
      key: {tallies: id}
      create: CREATE TABLE tallies (id integer PRIMARY KEY, total integer NOT NULL, hits integer NOT NULL DEFAULT 0)
    forward:
      tallies: SELECT id, n AS total FROM counters
    backward:
      counters: SELECT id, total AS n FROM tallies
    soak: 0s
"""
CONFLICTS = (psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure)
WRITERS, WRITES = 6, 150


def at_once(app, *works):
    """Each on a connection and a thread of its own: work(connection). Raises what one of them raised."""
    failures = []

    def run(work):
        try:
            with closing(app.connect()) as connection:
                work(connection)
        except BaseException as failure:
            failures.append(failure)
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class Hits:
    """Writers that add one to a key, on either side; a transaction that lost a deadlock is tried again, as applications do."""

    def __init__(self, seed, keys):
        self.random, self.keys, self.conflicts = Random(seed), keys, 0
        self.expected, self.lock = {}, threading.Lock()

    def writer(self, statement, size=1):
        random = Random(self.random.random())

        def work(connection):
            for _ in range(WRITES):
                keys = [random.randint(1, self.keys) for _ in range(size)]
                while not self.attempt(connection, statement, keys):
                    self.conflicts += 1
                with self.lock:
                    for key in keys:
                        self.expected[key] = self.expected.get(key, 0) + 1
        return work

    def attempt(self, connection, statement, keys):
        try:
            connection.execute("BEGIN")
            for key in keys:
                connection.execute(statement, (key,))
            connection.execute("COMMIT")
            return True
        except CONFLICTS:
            connection.execute("ROLLBACK")
            return False

    def agree(self, scene, old="SELECT id, n FROM counters WHERE n > 0", new="SELECT id, total FROM tallies WHERE total > 0"):
        print(f"{self.conflicts} conflicts in {sum(self.expected.values())} writes")
        assert dict(scene.sql(old)) == self.expected
        assert dict(scene.sql(new)) == self.expected
        scene.agree()


@pytest.fixture
def hits(app):
    """A deadlock is looked for after 20 ms, not 1 s: for the patience of the tests, where it may be every second write."""
    app.server.execute(f'ALTER DATABASE "{app.database}" SET deadlock_timeout = \'20ms\'')
    return lambda keys: Hits(seed_of_run(), keys)


OLD_HIT = "UPDATE counters SET n = n + 1 WHERE id = ?1"
NEW_HIT = "UPDATE tallies SET total = total + 1 WHERE id = ?1"


class TestHotKeys:
    @pytest.mark.parametrize("size", [1, 3])
    @pytest.mark.parametrize("keys", [1, 20, 2000])
    def test_no_hit_is_lost_however_many_write_both_sides(self, start, hits, keys, size):
        scene, hits = start(COUNTERS.format(rows=2000), TALLIES), hits(keys)
        statements = [OLD_HIT, NEW_HIT] * (WRITERS // 2)
        at_once(scene.app, *(hits.writer(statement, size) for statement in statements))
        hits.agree(scene)

    @pytest.mark.parametrize("option", ["", "side_lock: true"], ids=["without", "with the side lock"])
    def test_the_side_lock_rules_deadlocks_out(self, start, hits, option):
        """Eight connections hammer five keys. Without it PostgreSQL ends some of their transactions (40P01)."""
        scene, hits = start(COUNTERS.format(rows=2000), TALLIES + f"    {option}\n"), hits(5)
        at_once(scene.app, *(hits.writer(statement) for statement in [OLD_HIT, NEW_HIT] * 4))
        hits.agree(scene)
        assert (hits.conflicts == 0) == bool(option)

    def test_writers_of_one_side_alone_never_meet_a_deadlock_of_midflights_making(self, start, hits):
        scene, hits = start(COUNTERS.format(rows=20), TALLIES), hits(20)
        at_once(scene.app, *(hits.writer(OLD_HIT) for _ in range(WRITERS)))
        hits.agree(scene)
        assert hits.conflicts == 0

    def test_an_upsert_of_the_same_new_key_from_both_sides_makes_one_entity(self, start, hits):
        scene, hits = start(COUNTERS.format(rows=0), TALLIES), hits(30)
        at_once(scene.app, *(hits.writer(statement) for statement in [
            "INSERT INTO counters (id, n) VALUES (?1, 1) ON CONFLICT (id) DO UPDATE SET n = counters.n + 1",
            "INSERT INTO tallies (id, total) VALUES (?1, 1) ON CONFLICT (id) DO UPDATE SET total = tallies.total + 1"] * 3))
        hits.agree(scene)

    def test_hits_during_the_whole_migration_are_all_there(self, app, hits):
        app.sql(COUNTERS.format(rows=5000))
        midflight, hits = app.migration(TALLIES), hits(5000)
        done = threading.Event()

        def carry_out(_):
            try:
                midflight.start().done()
                midflight.verify().done()
                midflight.advance().done()
                midflight.rollback().done()
            finally:
                done.set()
        at_once(app, carry_out, *(hits.writer(OLD_HIT) for _ in range(3)))
        assert done.is_set() and midflight.stage() == UNINITIALIZED
        assert dict(app.rows("SELECT id, n FROM counters WHERE n > 0")) == hits.expected
        app.holds_nothing_of_midflight()


class TestWriteSkew:
    """Two writers of one 1:N entity at once: each sees its own rows alone until it commits."""

    def plans(self, scene):
        old = {key: sorted(json.loads(plans)) for key, plans in scene.sql("SELECT id, plans FROM customers")}
        new = {key: [] for key in old}
        for key, plan in scene.sql("SELECT customer_id, plan FROM subscriptions ORDER BY plan"):
            new[key].append(plan)
        return old, new

    def insert(self, key, position, plan):
        return f"INSERT INTO subscriptions (customer_id, position, plan) VALUES ({key}, {position}, '{plan}')"

    @pytest.mark.parametrize("second", [
        "INSERT INTO subscriptions (customer_id, position, plan) VALUES (1, 9, 'second')",
        "DELETE FROM subscriptions WHERE customer_id = 1 AND position = 1",
        "UPDATE subscriptions SET plan = 'second' WHERE customer_id = 1 AND position = 1",
        "UPDATE customers SET plans = plans || '[\"second\"]' WHERE id = 1",
        "UPDATE customers SET name = 'second' WHERE id = 1",
        "UPDATE people SET name = 'second' WHERE id = 1"],
        ids=["insert", "delete", "update", "append on the old side", "name on the old side", "name on the new side"])
    def test_of_two_transactions_that_overlap_neither_is_lost(self, lists, second):
        first_done, finished = threading.Event(), []

        def first(connection):
            connection.execute("BEGIN")
            connection.execute(self.insert(1, 5, "first"))
            first_done.set()
            time.sleep(0.3)  # the second one either waits for the entity, or is done and must not be undone
            connection.execute("COMMIT")

        def other(connection):
            first_done.wait()
            connection.execute(second)
            finished.append(True)
        at_once(lists.app, first, other)
        old, new = self.plans(lists)
        assert finished and old == new
        assert "first" in new[1] and ("second" in new[1]) == ("'second'" in second.replace('"', "'") and "name" not in second)
        assert ("storage" in new[1]) == ("position = 1" not in second)
        lists.agree()

    def test_of_many_writers_all_items_are_there(self, lists):
        seed, expected, lock = seed_of_run(), {1: ["basic", "storage"], 2: [], 3: ["basic"]}, threading.Lock()

        def writer(number):
            def work(connection):
                random = Random(f"{seed} {number}")
                for n in range(60):
                    key, plan = random.choice((1, 2, 3)), f"{number}-{n}"
                    statement = (f"UPDATE customers SET plans = plans || '[\"{plan}\"]' WHERE id = {key}" if number % 2 else
                                 self.insert(key, 1000 * (number + 1) + n, plan))
                    while True:
                        try:
                            connection.execute(statement)
                            break
                        except (*CONFLICTS, psycopg2.errors.UniqueViolation):
                            continue
                    with lock:
                        expected[key].append(plan)
            return work
        at_once(lists.app, *(writer(number) for number in range(WRITERS)))
        old, new = self.plans(lists)
        assert new == old == {key: sorted(plans) for key, plans in expected.items()}
        lists.agree()

    def test_of_a_key_change_and_a_write_of_the_other_side_neither_is_lost(self, lists):
        first_done = threading.Event()

        def first(connection):
            connection.execute("BEGIN")
            connection.execute("UPDATE customers SET id = 10 WHERE id = 1")
            first_done.set()
            time.sleep(0.3)
            connection.execute("COMMIT")

        def other(connection):
            first_done.wait()
            connection.execute("UPDATE subscriptions SET plan = 'gold' WHERE plan = 'storage'")
        at_once(lists.app, first, other)
        assert lists.sql("SELECT id, name FROM people ORDER BY id") == [(2, "Bob"), (3, "Cy"), (10, "Ann")]
        old, new = self.plans(lists)
        assert old == new and len(new[10]) == 2
        lists.agree()


def in_background(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def longest_wait_ms(app, statement, until):
    """Of a statement that is run again and again until `until` says that it is over."""
    longest = 0
    with closing(app.connect()) as connection:
        while not until():
            began = time.monotonic()
            connection.execute(statement)
            longest = max(longest, (time.monotonic() - began) * 1000)
            time.sleep(0.002)
    return longest


class TestLocks:
    """A transaction of the application is open for long: midflight may wait for it, others may not wait for midflight."""

    PATIENCE_MS = 2000  # far above a short lock_timeout, far below the time for which the transaction is open

    @pytest.mark.parametrize("hold", ["UPDATE customers SET hint = 'held' WHERE id = 1", "LOCK TABLE customers IN SHARE MODE",
                                      "SELECT count(*) FROM customers", "SELECT id FROM customers WHERE id = 1 FOR UPDATE"])
    def test_a_start_that_has_to_wait_makes_nobody_else_wait(self, app, hold):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        with closing(app.connect()) as holder:
            holder.execute("BEGIN")
            holder.execute(hold)
            process = midflight.begin("start")
            until = time.monotonic() + 2 * self.PATIENCE_MS / 1000
            longest = longest_wait_ms(app, "SELECT * FROM customers WHERE id = 2", lambda: time.monotonic() > until)
            holder.execute("COMMIT")
        outcome = midflight.end(process)
        assert longest < self.PATIENCE_MS
        if outcome.status != 0:
            assert outcome.failed().json["error"] == "busy" and "customers" in outcome.message
            midflight.start().done()
        assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
        midflight.verify().done()

    @pytest.mark.parametrize("verbs", [["advance"], ["rollback"], ["advance", "advance"], ["advance", "rollback"]])
    def test_a_later_step_that_has_to_wait_makes_nobody_else_wait(self, people, verbs):
        *before, last = verbs
        for verb in before:
            people.midflight.run(verb).done()
        with closing(people.app.connect()) as holder:
            holder.execute("BEGIN")
            holder.execute("UPDATE customers SET hint = 'held' WHERE id = 1")
            process = people.midflight.begin(last)
            until = time.monotonic() + 2 * self.PATIENCE_MS / 1000
            longest = longest_wait_ms(people.app, "SELECT * FROM customers WHERE id = 2",
                                      lambda: process.poll() is not None or time.monotonic() > until)
            holder.execute("COMMIT")
        outcome = people.midflight.end(process)
        assert longest < self.PATIENCE_MS
        if outcome.status != 0:
            assert outcome.failed().json["error"] == "busy"
            people.midflight.run(last).done()

    def test_a_transaction_older_than_the_capture_is_drained_before_the_first_row_is_read(self, app):
        """It wrote before the triggers were there, and commits when the copy has begun, or would have."""
        app.sql(CUSTOMERS + "CREATE TABLE elsewhere (n integer);")
        midflight = app.migration(SPLIT_NAME)
        with closing(app.connect()) as old, closing(app.connect()) as older:
            older.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            older.execute("INSERT INTO elsewhere VALUES (1)")  # an xid, but no lock on the table yet
            old.execute("BEGIN")
            old.execute("UPDATE customers SET email = 'drained@x' WHERE id = 2")
            process = midflight.begin("start")
            time.sleep(0.5)
            assert midflight.status().json["rows_done"] == 0
            old.execute("COMMIT")
            time.sleep(0.5)
            older.execute("UPDATE customers SET email = 'older@x' WHERE id = 3")
            older.execute("COMMIT")
        midflight.end(process).done()
        assert app.rows("SELECT id, email FROM people ORDER BY id") == [(1, "ann@x"), (2, "drained@x"), (3, "older@x")]
        midflight.verify().done()

    def test_a_statement_prepared_before_the_start_is_followed(self, app):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        with closing(app.connect()) as db:
            db.execute("PREPARE p (text) AS UPDATE customers SET email = $1 WHERE id = 2")
            for n in range(7):
                db.execute(f"EXECUTE p ('{n}@x')")
            midflight.start().done()
            db.execute("EXECUTE p ('after@x')")
            assert db.execute("SELECT email FROM people WHERE id = 2").fetchall() == [("after@x",)]
            midflight.rollback().done()
            db.execute("EXECUTE p ('back@x')")
            assert db.execute("SELECT email FROM customers WHERE id = 2").fetchall() == [("back@x",)]


def test_verify_takes_no_live_write_for_a_difference(start, hits):
    scene, hits = start(COUNTERS.format(rows=2000), TALLIES), hits(50)
    outcomes = []

    def verify(_):
        for _ in range(5):
            outcomes.append(scene.midflight.verify())
    at_once(scene.app, verify, *(hits.writer(statement) for statement in (OLD_HIT, NEW_HIT)))
    assert [outcome.status for outcome in outcomes] == [0] * 5, outcomes
    hits.agree(scene)


@pytest.mark.parametrize("schema, definition, table", [(CUSTOMERS, SPLIT_NAME, "people"), (LISTS, SUBSCRIPTIONS, "subscriptions")])
def test_a_bulk_update_beside_single_writes_loses_none(start, schema, definition, table):
    scene = start(schema + "INSERT INTO customers (id, name) SELECT i, 'N ' || i FROM generate_series(10, 3009) i;", definition)

    def bulk(connection):
        for n in range(3):
            connection.execute(f"UPDATE customers SET name = 'Bulk {n}' WHERE id >= 10 AND id % 2 = 0")

    def single(connection):
        for key in range(11, 411, 2):
            connection.execute(f"UPDATE customers SET name = 'Single {key}' WHERE id = {key}")
    at_once(scene.app, bulk, single)
    new = "first_name || coalesce(' ' || last_name, '')" if table == "people" else "name"
    assert scene.sql(f"SELECT id, {new} FROM people ORDER BY id") == scene.sql("SELECT id, name FROM customers ORDER BY id")
    assert scene.sql("SELECT name FROM customers WHERE id IN (10, 11)  ORDER BY id") == [("Bulk 2",), ("Single 11",)]
    scene.agree()
