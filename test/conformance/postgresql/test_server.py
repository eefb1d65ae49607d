"""The server goes away, falls silent, is full, or is set up against midflight: a clear error, nothing lost, and the same
command goes on. Each scenario has a server of its own, which keeps what was committed."""
import subprocess
import threading
import time
from contextlib import closing

import psycopg2
import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME, customers, whole
from scenario.conftest import stopped_backfill
from support.midflight import AWAITING_ADDITIONAL_ACTION, FAILED, REFUSED, RUNNING, UNINITIALIZED
from support.postgres import Server
from support.postgres_application import USER, PostgresApplication
from support.relay import Relay

ROWS = 20000
MANY = customers(ROWS)
VERBS = ["check", "start", "status", "verify", "advance", "rollback", "history"]
SLOWLY = ("--load", "0.05")


@pytest.fixture
def server():
    with Server(durable=True) as server:
        yield server


@pytest.fixture
def own(tmp_path, server):
    """An application on a server of its own."""
    return PostgresApplication(tmp_path, server)


class TestAway:
    @pytest.mark.parametrize("verb", VERBS)
    def test_is_told_with_its_place_and_the_same_command_goes_on(self, own, server, verb):
        own.sql(CUSTOMERS)
        midflight = own.migration(SPLIT_NAME)
        if verb in ("verify", "advance", "rollback"):
            midflight.start().done()
        server.end()
        outcome = midflight.run(verb).failed()
        assert str(server.folder) in outcome.message and str(server.port) in outcome.message
        server.start()
        midflight.run(verb).done()

    def test_a_host_that_is_none_is_named(self, app):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.environment["APP_DB"] = "postgresql://app@no-such-host.invalid/app"
        assert "no-such-host.invalid" in midflight.start().failed().message

    def test_a_role_that_is_none_is_named(self, app):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.environment["APP_DB"] = app.server.address(app.database, "nobody_at_all")
        outcome = midflight.start()
        assert outcome.status != 0 and "nobody_at_all" in outcome.message


class Acknowledged:
    """A writer that knows which of its commits were acknowledged, and reconnects whenever the server is back."""

    def __init__(self, app):
        self.app, self.number, self.over = app, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.is_set():
            try:
                with closing(self.app.connect()) as connection:
                    while not self.over.is_set():
                        connection.execute("UPDATE customers SET email = ?1 WHERE id = ?2",
                                           (str(self.number + 1), 1 + self.number * 7919 % ROWS))
                        self.number += 1
            except psycopg2.Error:
                time.sleep(0.02)


class TestCrash:
    """Everything of the server is killed at once."""

    def test_in_the_middle_of_the_copy_loses_nothing(self, own, server):
        own.sql(MANY)
        midflight = own.migration(SPLIT_NAME)
        with Acknowledged(own) as writer:
            for crash in range(3):
                process = midflight.begin("start", *SLOWLY)
                before = midflight.status().json.get("rows_done", 0)
                until = time.monotonic() + 30
                while midflight.status().json["rows_done"] <= before and time.monotonic() < until:
                    time.sleep(0.02)
                server.crash()
                assert midflight.end(process).failed().message
                server.start()
                assert midflight.stage() == RUNNING, f"crash {crash}"
            midflight.start().done()
        assert writer.number > 0
        last = writer.number
        assert own.value("SELECT email FROM customers WHERE id = ?1", 1 + (last - 1) * 7919 % ROWS) in (str(last), str(last + 1))
        assert len(whole(own)) == ROWS
        midflight.verify().done()

    @pytest.mark.parametrize("verb", ["advance", "verify", "rollback"])
    def test_during_a_later_verb_leaves_what_the_same_command_finishes(self, own, server, verb):
        own.sql(MANY)
        midflight = own.migration(SPLIT_NAME)
        midflight.start().done()
        for pause in (0, 0.02, 0.1):
            process = midflight.begin(verb)
            time.sleep(pause)
            server.crash()
            midflight.end(process)
            server.start()
            if midflight.stage() != AWAITING_ADDITIONAL_ACTION:
                break
        midflight.run(verb).done()
        if verb == "rollback":
            assert midflight.stage() == UNINITIALIZED
            own.holds_nothing_of_midflight()
        else:
            whole(own)

    def test_of_unlogged_new_tables_is_found_by_a_comparison(self, own, server):
        own.sql(CUSTOMERS)
        midflight = own.migration(SPLIT_NAME.replace("CREATE TABLE people", "CREATE UNLOGGED TABLE people"))
        midflight.start().done()
        server.crash()
        server.start()
        midflight.verify().diverged()
        midflight.verify("--repair").done()
        assert len(whole(own)) == 3


class TestSession:
    def test_that_an_administrator_ends_is_told_and_the_same_command_goes_on(self, app):
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        process = midflight.begin("start", *SLOWLY)
        midflight.reach(RUNNING)
        ended = app.server.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                   f"WHERE datname = '{app.database}' AND pid <> pg_backend_pid()", app.database)
        assert ended[0][0] > 0
        outcome = midflight.end(process)
        if outcome.status != 0:
            assert "terminat" in outcome.failed().message or "connection" in outcome.message
            midflight.start().done()
        assert len(whole(app)) == ROWS

    def test_is_named_so_that_an_administrator_knows_whose_it_is(self, app):
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        process = midflight.begin("start", *SLOWLY)
        midflight.reach(RUNNING)
        names = app.rows("SELECT DISTINCT application_name FROM pg_stat_activity "
                         "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        midflight.rollback().done()
        midflight.end(process)
        assert any(name.startswith("midflight") for name, in names)

    SETTINGS = ["statement_timeout = '20ms'", "idle_in_transaction_session_timeout = '20ms'", "lock_timeout = '1ms'",
                "default_transaction_read_only = on", "default_transaction_isolation = 'serializable'",
                "search_path = 'nowhere'", "datestyle = 'German'", "row_security = off", "bytea_output = 'escape'",
                "client_encoding = 'LATIN1'", "timezone = 'Asia/Kathmandu'", "default_transaction_deferrable = on",
                "client_min_messages = 'debug1'", "work_mem = '64kB'", "synchronous_commit = off", "enable_indexscan = off"]

    @pytest.mark.parametrize("setting", SETTINGS)
    def test_that_is_set_up_against_it_does_its_work_all_the_same(self, app, setting):
        app.sql(CUSTOMERS + "INSERT INTO customers (id, name) SELECT i, 'Fürst Last' || i FROM generate_series(4, 5000) i;")
        midflight = app.migration(SPLIT_NAME.replace("FROM customers", "FROM public.customers").replace("FROM people", "FROM public.people")
                                  if "search_path" in setting else SPLIT_NAME)
        app.server.execute(f"ALTER ROLE {USER} IN DATABASE {app.database} SET {setting}")
        try:
            if "search_path" in setting:  # it finds nothing there: told, or the schema is found by itself
                outcome = midflight.start()
                assert outcome.status == 0 or "customers" in outcome.message
                return
            for verb in ("check", "start", "verify", "advance", "rollback"):
                midflight.run(verb).done()
            app.server.execute(f"ALTER ROLE {USER} IN DATABASE {app.database} RESET ALL")
            app.holds_nothing_of_midflight()
        finally:
            app.server.execute(f"ALTER ROLE {USER} IN DATABASE {app.database} RESET ALL")


class TestConnection:
    @pytest.fixture
    def relayed(self, app):
        """`app.relay` stands between midflight and the server."""
        app.sql(MANY)
        app.midflight = app.migration(SPLIT_NAME)
        with Relay(app.server) as app.relay:
            app.midflight.environment["APP_DB"] = app.relay.address(app.database, USER)
            yield app

    def test_that_is_cut_is_told_and_the_same_command_goes_on(self, relayed):
        for _ in range(3):
            process = relayed.midflight.begin("start", *SLOWLY)
            time.sleep(0.3)
            relayed.relay.cut()
            outcome = relayed.midflight.end(process)
            assert outcome.status in (0, FAILED), outcome
        relayed.midflight.start().done()
        assert len(whole(relayed)) == ROWS

    def test_that_falls_silent_holds_up_nobody_for_long_and_goes_on(self, relayed):
        process = relayed.midflight.begin("start", *SLOWLY)
        relayed.midflight.reach(RUNNING)
        relayed.relay.stall()
        began, longest = time.monotonic(), 0
        while time.monotonic() < began + 15:
            before = time.monotonic()
            relayed.sql("UPDATE customers SET hint = 'x' WHERE id % 1000 = 0")
            longest = max(longest, time.monotonic() - before)
            time.sleep(0.1)
        relayed.relay.resume()
        outcome = relayed.midflight.end(process)
        assert longest < 12, f"a write waited {longest:.1f} s for a midflight that had fallen silent"
        assert outcome.status in (0, FAILED), outcome
        relayed.midflight.start().done()
        assert len(whole(relayed)) == ROWS


class TestFullDisk:
    """The tablespace of the new tables is a small disk."""

    @pytest.fixture
    def small(self, own, server):
        folder = server.folder / "small"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=1m,uid={server.data.stat().st_uid}", "tmpfs", folder], check=True)
        try:
            server.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
            server.execute(f"GRANT CREATE ON TABLESPACE small TO {USER}")
            own.grow = lambda: subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
            own.sql(MANY)
            yield own
        finally:
            subprocess.run(["umount", "-l", folder], check=True)

    def test_in_the_copy_is_told_quarantines_nobody_and_more_room_lets_it_go_on(self, small):
        midflight = small.migration(SPLIT_NAME.replace(
            "id INTEGER PRIMARY KEY, first_name", "id INTEGER PRIMARY KEY USING INDEX TABLESPACE small, first_name").replace(
            "note TEXT\n        );", "note TEXT\n        ) TABLESPACE small;"))
        outcome = midflight.start().failed()
        assert outcome.json["error"] == "full" and "room" in outcome.message, outcome
        assert midflight.stage() == RUNNING and midflight.status().json["quarantined"] == 0
        small.grow()
        midflight.start().done()
        assert len(whole(small)) == ROWS


    def test_under_the_new_tables_fails_a_write_as_a_whole_and_more_room_lets_it_go_on(self, small):
        small.grow()
        midflight = small.migration(SPLIT_NAME.replace("note TEXT\n        );", "note TEXT\n        ) TABLESPACE small;"))
        midflight.start().done()
        small.sql("CREATE TABLE filler (bytes bytea) TABLESPACE small; ALTER TABLE filler ALTER bytes SET STORAGE EXTERNAL")
        with pytest.raises(psycopg2.errors.DiskFull):
            while True:
                small.sql("INSERT INTO filler SELECT convert_to(repeat('x', 100000), 'UTF8') FROM generate_series(1, 50)")
        with pytest.raises(psycopg2.errors.DiskFull):
            for number in range(1000):  # until no page has room for another version of a row
                small.sql(f"UPDATE customers SET email = email || 'x' WHERE id % 40 = {number % 40}")
        assert len(whole(small)) == ROWS and midflight.status().json["quarantined"] == 0
        small.sql("DROP TABLE filler")
        small.sql("UPDATE customers SET email = 'room' || id WHERE id % 40 = 7")
        assert len(whole(small)) == ROWS
        for verb in ("verify", "advance", "rollback"):
            midflight.run(verb).done()


class TestMaintenance:
    @pytest.mark.parametrize("statement", ["VACUUM FULL customers", "CLUSTER customers USING customers_pkey",
                                           "REINDEX TABLE customers", "ANALYZE", "VACUUM FULL people", "REINDEX TABLE people"])
    def test_in_the_middle_of_the_copy_changes_nothing(self, app, statement):
        app.sql(MANY)
        midflight = app.migration(SPLIT_NAME)
        stopped_backfill(midflight, ROWS).failed()
        app.sql(statement)
        midflight.start().done()
        assert len(whole(app)) == ROWS
        midflight.verify().done()


def test_a_dump_taken_meanwhile_restores_to_a_database_that_works(app):
    app.sql(CUSTOMERS)
    midflight = app.migration(SPLIT_NAME)
    midflight.start().done()
    dump = app.server.run("pg_dump", "--host", app.server.folder, "--port", str(app.server.port), "--username", USER, app.database)
    copy = PostgresApplication(app.directory, app.server)
    try:
        file = app.directory / "dump.sql"
        file.write_text(dump)
        restored = subprocess.run(["psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "--file", file,
                                   copy.address(copy.database)], capture_output=True, text=True, check=False)
        assert restored.returncode == 0, restored.stderr
        assert copy.rows("SELECT id FROM people ORDER BY id") == [(1,), (2,), (3,)]
        copy.sql("UPDATE customers SET email = 'copy@x' WHERE id = 1")
        assert copy.value("SELECT email FROM people WHERE id = 1") == "copy@x"
        assert app.value("SELECT email FROM people WHERE id = 1") == "ann@x"
        copied = copy.migration(SPLIT_NAME, "copy.yaml")
        assert copied.stage() == AWAITING_ADDITIONAL_ACTION
        copied.rollback().done()
        copy.holds_nothing_of_midflight()
    finally:
        copy.remove()


def test_a_standby_or_read_only_server_is_told(app):
    app.sql(CUSTOMERS)
    midflight = app.migration(SPLIT_NAME)
    midflight.environment["PGOPTIONS"] = "-c transaction_read_only=on"
    outcome = midflight.start()
    assert outcome.status in (0, REFUSED, FAILED), outcome
    if outcome.status != 0:
        assert "read-only" in outcome.message or "right to write" in outcome.message
        assert app.tables() == ["customers"]
