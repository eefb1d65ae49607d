"""What peers' users lost, as scenarios, where no other file of the suite tells them already."""
import signal
import threading
import time
from contextlib import closing

import psycopg2
import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME, whole
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FAILED, FINISHED, RUNNING, UNINITIALIZED

ROWS = 20000
FREE_EMAIL = "DROP INDEX customers_email;"  # it is unique in CUSTOMERS
MANY = CUSTOMERS + FREE_EMAIL + f"INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM generate_series(4, {ROWS}) i;"
SLOWLY = ("--load", "0.05")
UNIQUE_EMAIL = SPLIT_NAME.replace("email TEXT,", "email TEXT UNIQUE,")
ONE_WAY = SPLIT_NAME.split("backward:")[0] + "soak: 0s\n"


def eventually(condition, timeout_s=60):
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


class Worker:
    """Does the same again and again on a connection of its own until it is stopped; work(connection, number)."""

    def __init__(self, app, work):
        self.app, self.work, self.done, self.failure = app, work, 0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        with closing(self.app.connect()) as connection:
            try:
                while not self.over.is_set():
                    self.work(connection, self.done)
                    self.done += 1
            except psycopg2.Error as failure:
                self.failure = failure


class TestTightenedUnique:
    """1: rows that a tightened unique key refuses were dropped in silence."""

    def test_lists_every_row_that_it_refuses_and_drops_none(self, app):
        app.sql(CUSTOMERS + FREE_EMAIL + "INSERT INTO customers (id, name, email) VALUES (4, 'Di', 'bob@x'), (5, 'Ed', 'bob@x'), (6, 'Flo', NULL);")
        midflight = app.migration(UNIQUE_EMAIL)
        midflight.start().done()
        status = midflight.status().json
        assert status["quarantined"] == 2
        assert "people_email_key" in midflight.status(json=False).out
        midflight.advance().refused()
        app.sql("UPDATE customers SET email = id || '@mended' WHERE id IN (4, 5)")
        midflight.advance().done()
        assert len(whole(app)) == 6

    def test_that_is_built_after_the_copy_names_the_rows_and_drops_none(self, app):
        app.sql(MANY)
        app.sql("UPDATE customers SET email = '7@x' WHERE id = 9000")
        midflight = app.migration(SPLIT_NAME.replace("index: |", "index: |\n        CREATE UNIQUE INDEX people_email ON people (email);"))
        outcome = midflight.start()
        if outcome.status == 0:  # built without the row that stood in its way
            midflight.advance().refused()
            assert midflight.status().json["quarantined"] == 1
            told = midflight.status(json=False).out
        else:
            told = outcome.failed().message
        assert "people_email" in told and ("7@x" in told or "9000" in told or "    7:" in told)
        app.sql("UPDATE customers SET email = '9000@x' WHERE id = 9000")
        midflight.start().done()
        midflight.advance().done()
        assert len(whole(app)) == ROWS


class TestCutOver:
    def test_without_a_way_back_loses_no_write_that_was_acknowledged(self, app):
        """2 and 3: a position was read before the writers were fenced, and what came between was lost."""
        app.sql(MANY)
        midflight = app.migration(ONE_WAY)
        midflight.start().done()
        workers = [Worker(app, lambda connection, number, n=n: connection.execute(
            "UPDATE customers SET email = ?1 WHERE id = ?2", (f"{n}-{number}", 1 + 4 * number % 400 + n))) for n in range(4)]
        for worker in workers:
            worker.__enter__()
        eventually(lambda: all(worker.done > 20 for worker in workers))
        midflight.advance().done()
        eventually(lambda: all(worker.failure for worker in workers))
        for worker in workers:
            worker.__exit__()
        for n, worker in enumerate(workers):
            assert "takes no writes now" in str(worker.failure)
            for number in range(max(0, worker.done - 100), worker.done):
                assert app.value("SELECT email FROM people WHERE id = ?1", 1 + 4 * number % 400 + n) == f"{n}-{number}"
        assert len(whole(app)) == ROWS

    def test_succeeds_at_once_though_everybody_writes(self, app):
        """5: under load it never came to its turn."""
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        with Worker(app, lambda connection, number: connection.execute(
                "UPDATE customers SET email = ?1 WHERE id % 100 = ?2", (number, number % 100))) as old, Worker(
                app, lambda connection, number: connection.execute(
                    "UPDATE people SET note = ?1 WHERE id = ?2", (number, 1 + number % ROWS))) as new:
            eventually(lambda: old.done > 5 and new.done > 50)
            midflight.advance().done()
        assert old.failure is None or isinstance(old.failure, psycopg2.errors.DeadlockDetected), old.failure
        assert midflight.stage() == AWAITING_FINALIZATION
        whole(app)


class TestWaitingLock:
    """4: the lock that waits makes everybody behind it wait."""

    @pytest.fixture
    def countries(self, app):
        app.sql("CREATE TABLE countries (code text PRIMARY KEY); INSERT INTO countries VALUES ('de'), ('fr');" + CUSTOMERS)
        app.midflight = app.migration(SPLIT_NAME.replace("note TEXT\n", "note TEXT, country text REFERENCES countries\n"))
        return app

    @pytest.mark.parametrize("verb", ["check", "start"])
    def test_of_a_foreign_key_stops_no_writer_of_the_table_that_it_refers_to(self, countries, verb):
        with closing(countries.connect()) as holder, closing(countries.connect()) as writer:
            holder.execute("BEGIN")
            holder.execute("INSERT INTO countries VALUES ('it')")
            process = countries.midflight.begin(verb)
            longest = 0
            for number in range(60):
                began = time.monotonic()
                writer.execute("INSERT INTO countries VALUES (?1)", (f"c{number}",))
                longest = max(longest, time.monotonic() - began)
                time.sleep(0.03)
            waited = process.poll() is None
            holder.execute("COMMIT")
            countries.midflight.end(process).done()
        assert waited and longest < 1, f"a writer of countries waited for {longest:.2f} s"

    def test_names_who_is_in_the_way_when_it_gives_up(self, countries):
        with closing(countries.connect()) as holder:
            holder.execute("BEGIN")
            holder.execute("INSERT INTO countries VALUES ('it')")
            who = holder.pid
            process = countries.midflight.begin("start")
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            outcome = countries.midflight.end(process).failed()
        assert f"pid {who} " in outcome.message
        assert countries.tables() == ["countries", "customers"]


class TestCopy:
    def test_that_an_administrator_cancels_again_and_again_is_never_taken_for_complete(self, app):
        """11: a passing error was read as the end of the copy."""
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        process = midflight.begin("start", *SLOWLY)
        with closing(app.connect()) as administrator:
            while process.poll() is None:
                administrator.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
                                      "application_name = 'midflight' AND state = 'active' AND pid <> pg_backend_pid()")
                time.sleep(0.005)
        outcome = midflight.end(process)
        assert outcome.status in (0, FAILED)
        if midflight.stage() != AWAITING_ADDITIONAL_ACTION:
            midflight.start().done()
        assert len(whole(app)) == ROWS

    @pytest.mark.long
    def test_ends_though_rows_are_inserted_everywhere_all_the_time(self, app):
        """12: it chased new rows for ever."""
        app.sql("CREATE TABLE items (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n integer);"
                "INSERT INTO items (n) SELECT i FROM generate_series(1, 5000) i")
        midflight = app.migration("""
            migration: goods
            old:
              store: ${APP_DB}
              key: {items: id}
            new:
              key: {goods: id}
              create: CREATE TABLE goods (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n integer)
            forward:
              goods: SELECT id, n FROM items
            backward:
              items: SELECT id, n FROM goods
        """)
        with Worker(app, lambda connection, number: connection.execute(
                "INSERT INTO items (n) SELECT i FROM generate_series(1, 20) i")) as worker:
            midflight.start("--load", "0.3").done()
            assert worker.done > 0
        assert worker.failure is None
        assert app.value("SELECT count(*) FROM items FULL JOIN goods USING (id) WHERE items.n IS DISTINCT FROM goods.n") == 0
        assert app.value("SELECT count(*) FROM goods") == 5000 + 20 * worker.done

    @pytest.mark.long
    def test_says_how_far_it_is_and_never_more_than_there_is(self, app):
        """22: silent for hours, or at 348 %."""
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        process = midflight.begin("start", *SLOWLY)
        seen = []
        with Worker(app, lambda connection, number: connection.execute(
                "INSERT INTO customers (id, name) VALUES (?1, 'New Row')", (100000 + number,))):
            while process.poll() is None:
                status = midflight.status().json
                if status["stage"] == RUNNING:
                    seen.append((status["rows_done"], status["rows_total"]))
                time.sleep(0.02)
        midflight.end(process).done()
        assert seen == sorted(seen) and len({done for done, _ in seen}) > 3
        assert all(0 <= done <= total for done, total in seen)

    def test_of_a_zombie_is_refused_when_another_has_taken_over(self, app):
        """20: a worker that was asleep when its lease ran out woke up and wrote."""
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        process = midflight.begin("start", *SLOWLY)
        midflight.reach(RUNNING)
        eventually(lambda: midflight.status().json["rows_done"] > 0)
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: midflight.rollback().status == 0)  # the server ends a chunk that is silent for 10 s
        midflight.start().done()
        app.sql("UPDATE people SET first_name = 'Newer' WHERE id % 10 = 0")
        process.send_signal(signal.SIGCONT)
        outcome = midflight.end(process).failed()
        assert outcome.json["error"] in ("held", "store"), outcome
        assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
        assert app.value("SELECT count(*) FROM people WHERE first_name = 'Newer'") == ROWS // 10
        assert len(whole(app)) == ROWS


class TestNothingPilesUp:
    """23: a queue, or the log, grew without bound while nobody drained it."""

    def test_while_nobody_moves_it_on(self, app):
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        kept = self.kept(app)
        for number in range(20):
            app.sql(f"UPDATE customers SET email = '{number}@x' WHERE id % 10 = {number % 10}")
            app.sql(f"UPDATE people SET last_name = 'N{number}' WHERE id % 10 = {number % 10}")
        assert self.kept(app) == kept
        assert app.rows("SELECT 1 FROM pg_replication_slots") == []
        whole(app)

    def kept(self, app):
        """The rows of midflight's own tables."""
        return {name: app.value(f'SELECT count(*) FROM midflight."{name}"')
                for name, in app.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'midflight'")}


class TestWayBack:
    def test_that_would_fail_is_found_before_the_cut_over(self, app):
        """18: the way back was unusable when it was needed."""
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        app.sql("ALTER TABLE customers ADD CONSTRAINT short CHECK (length(name) < 5) NOT VALID")
        assert midflight.advance().status != 0
        assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED

    def test_is_there_until_the_last_step_and_closed_after_it(self, app):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        for _ in range(2):
            midflight.start().done()
            midflight.advance().done()
            midflight.rollback().done()
        midflight.start().done()
        midflight.advance().done()
        midflight.advance().done()
        midflight.rollback().refused()
        assert midflight.stage() == FINISHED
