"""Trouble at random moments and from other people: crashes of the server under load from both versions, packets that are
lost, timeouts that are set low, tables and indexes that somebody changes meanwhile. What was acknowledged is there, on both
sides, and the same command goes on."""
import signal
import subprocess
import threading
import time
from contextlib import closing
from random import Random

import psycopg2
import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME, customers, whole
from scenario.conftest import stopped_backfill
from support import network
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FAILED, FINISHED, RUNNING, UNINITIALIZED
from support.postgres import Server
from support.postgres_application import USER, PostgresApplication
from support.twin import Twin, record
from support.workload import NEW, OLD
from support.workloads import ListToRows, SplitName
from support.writers import seed_of_run

ROWS = 20000
MANY = customers(ROWS)
SLOWLY = ("--load", "0.05")


# --- crashes ---------------------------------------------------------------------------------------------------------------

class Acknowledged:
    """One version of the application, which knows the transactions whose commit was acknowledged, and comes back whenever the
    server does. Each bears a name of its own in the journal."""

    def __init__(self, workload, app, side, seed):
        self.workload, self.app, self.side = workload, app, side
        self.random, self.acknowledged, self.failures = Random(f"{seed} {side}"), [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        number = 0
        while not self.over.is_set():
            try:
                with closing(self.app.connect()) as connection:
                    while not self.over.is_set():
                        number += 1
                        self.request(connection, f"{self.side} {number}")
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                time.sleep(0.02)
            except Exception as failure:  # told by `stop`, in the test's own thread
                self.failures.append(failure)
                return

    def request(self, connection, name):
        drawn = self.workload.draw_writes(self.side, self.random.choice((1, 2, 5)), self.random)
        connection.execute(self.app.begin_writing)
        for write, values in drawn:
            write.run(connection, values)
        record(connection, name, [(write.name, values) for write, values in drawn])
        connection.execute("COMMIT")
        self.acknowledged.append(name)

    def stop(self):
        self.over.set()
        self.thread.join()
        assert not self.failures, self.failures[0]
        kept = {name for name, in self.app.rows("SELECT writer FROM journal")}
        lost = [name for name in self.acknowledged if name not in kept]
        assert self.acknowledged and not lost, f"acknowledged and lost: {lost}"


class Crashes:
    """A migration whose server is killed in the middle of every verb, at random moments."""

    def __init__(self, workload, app, server):
        self.workload, self.app, self.server = workload, app, server
        self.seed = seed_of_run()
        self.random = Random(self.seed)
        workload.make(app, 2000)
        self.twin, self.midflight = Twin(workload, app, 2000), workload.migration(app, "hold_max: 5ms", "soak: 0s")
        self.writers = [Acknowledged(workload, app, OLD, self.seed)]

    def run(self, verb, stage, times=3):
        for _ in range(times):
            process = self.midflight.begin(verb)
            time.sleep(self.random.uniform(0, 0.5))
            self.server.crash()
            outcome = self.midflight.end(process)
            self.server.start()
            assert outcome.status in (0, FAILED), outcome
            if self.midflight.stage() == stage:
                break
        if self.midflight.stage() != stage:
            self.midflight.run(verb).done()
        assert self.midflight.stage() == stage
        self.twin.agree(*self.workload.whole_sides(stage))

    def open(self, side):
        self.writers.append(Acknowledged(self.workload, self.app, side, self.seed))

    def stop(self):
        while self.writers:
            self.writers.pop().stop()


@pytest.fixture(params=[SplitName, ListToRows], ids=lambda workload: workload.__name__)
def crashes(request, tmp_path):
    with Server(durable=True) as server:
        app = PostgresApplication(tmp_path, server)
        crashes = Crashes(request.param(app.store), app, server)
        yield crashes
        for writer in crashes.writers:
            writer.over.set()


class TestCrashesAtRandom:
    def test_lose_no_acknowledged_write_of_either_version_on_the_way_to_the_end(self, crashes):
        crashes.run("start", AWAITING_ADDITIONAL_ACTION)
        crashes.open(NEW)
        crashes.run("advance", AWAITING_FINALIZATION)
        crashes.midflight.verify().done()
        crashes.writers.pop(0).stop()  # the old version goes
        crashes.run("advance", FINISHED)
        crashes.stop()
        crashes.twin.agree(NEW)
        crashes.app.holds_nothing_of_midflight()

    @pytest.mark.long
    def test_lose_no_acknowledged_write_of_either_version_on_the_way_back(self, crashes):
        crashes.run("start", AWAITING_ADDITIONAL_ACTION, times=1)
        crashes.open(NEW)
        time.sleep(0.3)
        crashes.run("advance", AWAITING_FINALIZATION, times=1)
        crashes.writers.pop().stop()  # the new version goes
        crashes.run("rollback", UNINITIALIZED)
        crashes.stop()
        crashes.twin.agree(OLD)
        crashes.app.holds_nothing_of_midflight()


# --- lost packets ------------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not network.possible(), reason="only root can lay a wire")
class TestLostPackets:
    """Nothing arrives any more, in either direction, and nobody is told."""
    NOTICED_S = 30

    @pytest.fixture
    def far(self, tmp_path):
        with Server(durable=True, clients=("host all all samenet trust",), listen_addresses="'*'") as server, network.Wire() as wire:
            app = PostgresApplication(tmp_path, server)
            app.sql(MANY)
            app.midflight, app.wire = app.migration(SPLIT_NAME), wire
            app.midflight.environment["APP_DB"] = f"postgresql://{USER}@{wire.address}:{server.port}/{app.database}"
            yield app

    def begin(self, far, *words):
        return subprocess.Popen([*far.wire.beyond, *far.midflight.words(*words)], env=far.midflight.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_are_noticed_by_midflight_and_the_same_command_goes_on(self, far):
        process = self.begin(far, "start", *SLOWLY)
        while not self.copying(far):
            time.sleep(0.02)
        far.wire.lose()
        began = time.monotonic()
        outcome = far.midflight.end(process).failed()
        assert time.monotonic() - began < self.NOTICED_S, "it waited for a server that no packet reaches"
        assert "connection" in outcome.message
        far.midflight.environment["APP_DB"] = far.address(far.database)
        far.midflight.start().done()
        assert len(whole(far)) == ROWS

    @pytest.mark.long
    def test_leave_no_lock_behind_and_no_session(self, far):
        process = self.begin(far, "start", *SLOWLY)
        while not self.copying(far):
            time.sleep(0.02)
        far.wire.lose()
        process.kill()  # and nobody at the other end hears of it
        process.communicate()
        until = time.monotonic() + self.NOTICED_S
        while far.rows("SELECT 1 FROM pg_stat_activity WHERE client_addr IS NOT NULL"):
            assert time.monotonic() < until, "the server keeps a session that nobody is behind"
            far.sql("SET lock_timeout = '15s'; UPDATE customers SET hint = 'x'")
            time.sleep(0.2)
        far.midflight.environment["APP_DB"] = far.address(far.database)
        far.midflight.start().done()
        assert len(whole(far)) == ROWS

    def copying(self, far):
        return (far.value("SELECT to_regclass('people') IS NOT NULL") and
                far.value("SELECT count(*) > 0 FROM people"))


# --- long statements ---------------------------------------------------------------------------------------------------------

class TestLongStatement:
    """An index build of minutes, say."""

    @pytest.fixture
    def building(self, app):
        """A `start` in the middle of one."""
        app.sql(MANY + """CREATE TABLE pause (seconds float); INSERT INTO pause VALUES (0.01);
            CREATE FUNCTION slowly(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(seconds) FROM public.pause; RETURN $1; END $$""")
        app.midflight = app.migration(SPLIT_NAME.replace(
            "index: |", "index: |\n        CREATE INDEX people_slow ON people (public.slowly(email));"))
        app.process = app.midflight.begin("start")
        until = time.monotonic() + 30
        while not app.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"):
            assert time.monotonic() < until, "the index is not being built"
            time.sleep(0.05)
        return app

    def session(self, app):
        return app.rows("SELECT 1 FROM pg_stat_activity WHERE application_name = 'midflight' AND datname = current_database()")

    def goes_on(self, app):
        app.sql("UPDATE pause SET seconds = 0")
        app.midflight.start().done()
        assert len(whole(app)) == ROWS

    def test_is_cancelled_for_who_asks_midflight_to_stop(self, building):
        building.process.send_signal(signal.SIGINT)
        began = time.monotonic()
        outcome = building.midflight.end(building.process).failed()
        assert time.monotonic() - began < 20 and outcome.json["error"] == "interrupted", outcome
        assert self.session(building) == []
        self.goes_on(building)

    def test_ends_soon_after_a_midflight_that_was_killed(self, building):
        building.process.kill()
        building.process.communicate()
        until = time.monotonic() + 20
        while self.session(building):
            assert time.monotonic() < until, "the server goes on with a statement that nobody waits for"
            time.sleep(0.1)
        self.goes_on(building)


# --- timeouts ------------------------------------------------------------------------------------------------------------------

class TestLowTimeouts:
    """Of the application's role. What midflight adds to a statement counts: one that runs out of time fails as a whole."""

    @pytest.fixture
    def people(self, app):
        app.sql(MANY)
        app.midflight = app.migration(SPLIT_NAME)
        app.midflight.start().done()
        return app

    @pytest.mark.parametrize("table", ["customers", "people"])
    def test_of_statements_undo_both_sides(self, people, table):
        with closing(people.connect()) as connection:
            connection.execute("SET statement_timeout = '15ms'")
            with pytest.raises(psycopg2.errors.QueryCanceled):
                connection.execute(f"UPDATE {table} SET email = 'late' || id")
            connection.execute("SET statement_timeout = '10s'")
            connection.execute(f"UPDATE {table} SET email = 'in time' WHERE id = 4")
        assert people.rows("SELECT id FROM people WHERE email LIKE 'late%'") == []
        assert people.value("SELECT email FROM people WHERE id = 4") == "in time"
        assert len(whole(people)) == ROWS
        assert people.midflight.status().json["quarantined"] == 0

    def test_of_idle_transactions_undo_both_sides(self, people):
        with closing(people.connect()) as connection:
            connection.execute("SET idle_in_transaction_session_timeout = '20ms'")
            connection.execute("BEGIN")
            connection.execute("UPDATE customers SET email = 'idle' WHERE id = 4")
            time.sleep(0.3)
            with pytest.raises(psycopg2.OperationalError):
                connection.execute("COMMIT")
        assert people.value("SELECT email FROM people WHERE id = 4") == "4@x"
        whole(people)

    def test_of_locks_fail_the_statement_and_nothing_else(self, people):
        with closing(people.connect()) as holder, closing(people.connect()) as waiter:
            holder.execute("BEGIN")
            holder.execute("SELECT 1 FROM people WHERE id = 4 FOR UPDATE")
            waiter.execute("SET lock_timeout = '20ms'")
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                waiter.execute("UPDATE customers SET email = 'locked' WHERE id = 4")
            holder.execute("COMMIT")
            waiter.execute("UPDATE customers SET email = 'free' WHERE id = 4")
        assert people.value("SELECT email FROM people WHERE id = 4") == "free"
        assert people.midflight.status().json["quarantined"] == 0


# --- other people's DDL ----------------------------------------------------------------------------------------------------------

class TestOthersDdl:
    """By somebody who knows nothing of the migration: the application goes on, midflight notices, and the way home is open."""
    HARM = {"a mapped new column dropped": "ALTER TABLE people DROP COLUMN email",
            "the new key's index dropped": "ALTER TABLE people DROP CONSTRAINT people_pkey",
            "the new table dropped": "DROP TABLE people CASCADE",
            "the new table renamed": "ALTER TABLE people RENAME TO persons",
            "a tightened new column": "ALTER TABLE people ADD CONSTRAINT short CHECK (length(email) < 10) NOT VALID",
            "a new trigger switched off": "ALTER TABLE people DISABLE TRIGGER USER",
            "an old trigger switched off": "ALTER TABLE customers DISABLE TRIGGER USER"}
    HARMLESS = {"an index dropped": "DROP INDEX people_email", "an index added": "CREATE INDEX by_hint ON customers (hint)",
                "a column added": "ALTER TABLE people ADD COLUMN born date",
                "statistics": "CREATE STATISTICS s ON id, email FROM people; ANALYZE people", "rewritten": "VACUUM FULL people",
                "reindexed": "REINDEX TABLE CONCURRENTLY people", "old reindexed": "REINDEX TABLE CONCURRENTLY customers"}

    @pytest.fixture
    def people(self, app):
        app.sql(CUSTOMERS)
        app.midflight = app.migration(SPLIT_NAME.replace("index: |", "index: |\n        CREATE INDEX people_email ON people (email);"))
        app.midflight.start().done()
        return app

    @pytest.mark.parametrize("statement", HARM.values(), ids=HARM)
    def test_that_does_harm_fails_no_write_bars_the_cut_over_and_leads_home(self, people, statement):
        people.sql(statement)
        people.sql("UPDATE customers SET email = 'a longer one@x' WHERE id = 2")
        people.sql("INSERT INTO customers (id, name) VALUES (4, 'Di')")
        outcome = people.midflight.advance()
        assert outcome.status != 0 and people.midflight.stage() == AWAITING_ADDITIONAL_ACTION, outcome
        people.midflight.rollback().done()
        assert people.rows("SELECT email FROM customers WHERE id = 2") == [("a longer one@x",)]
        assert people.value("SELECT count(*) FROM customers") == 4

    def test_that_takes_rights_away_is_told_and_giving_them_back_leads_home(self, people):
        people.sql("REVOKE ALL ON people FROM app")
        people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
        people.midflight.advance().refused()
        assert "permission denied for table people" in people.midflight.status(json=False).out
        assert "permission denied for table people" in people.midflight.rollback().failed().message
        people.sql("GRANT ALL ON people TO app")
        people.midflight.rollback().done()
        assert people.rows("SELECT email FROM customers WHERE id = 2") == [("new@x",)]

    @pytest.mark.parametrize("statement", HARMLESS.values(), ids=HARMLESS)
    def test_that_does_none_bars_nothing(self, people, statement):
        people.sql(statement)
        people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
        people.sql("UPDATE people SET last_name = 'Hill' WHERE id = 2")
        assert people.rows("SELECT name, email FROM customers WHERE id = 2") == [("Bob Hill", "new@x")]
        people.midflight.verify().done()
        people.midflight.advance().done()

    @pytest.mark.parametrize("statement", ["DROP TABLE people CASCADE", "ALTER TABLE people DROP COLUMN email",
                                           "ALTER TABLE customers ALTER COLUMN email TYPE varchar(100)"])
    def test_in_the_middle_of_the_copy_is_told_and_leads_home(self, app, statement):
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        stopped_backfill(midflight, ROWS).failed()
        app.sql(statement)
        outcome = midflight.start()
        assert outcome.status != 0 and ("altered" in outcome.message or "people" in outcome.message), outcome
        assert midflight.stage() == RUNNING
        app.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
        midflight.rollback().done()
        assert app.value("SELECT count(*) FROM customers") == ROWS
        app.holds_nothing_of_midflight()
