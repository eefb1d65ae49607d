"""The copy: several workers and several midflights at once, ranges that change hands, and what is written meanwhile."""
import os
import signal
import time
from contextlib import closing

import pytest

from conformance.postgresql.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS, customers, whole
from scenario.conftest import stopped_backfill
from support.midflight import AWAITING_ADDITIONAL_ACTION, RUNNING, UNINITIALIZED

ROWS = 30000
MANY = customers(ROWS)
SLOWLY = ("--load", "0.02")
LEASE_S = 10


def copied(app):
    return app.midflight.status().json["rows_done"]


@pytest.fixture
def many(app):
    """`app.midflight`: the migration of a table that is divided into many ranges."""
    app.sql(MANY + "ANALYZE customers;")
    app.midflight = app.migration(SPLIT_NAME)
    return app


def begun(app, *options):
    """A start that copies slowly, and has copied something."""
    process = app.midflight.begin("start", *SLOWLY, *options)
    while copied(app) == 0:
        assert process.poll() is None, app.midflight.end(process)
        time.sleep(0.01)
    return process


def test_a_table_that_the_server_knows_nothing_of_is_not_copied_row_by_row(app):
    """One that was just restored, or that autovacuum is kept from: its rows are not taken to be as wide as the table."""
    app.sql("CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, email text, hint text) WITH (autovacuum_enabled = off);"
            f"INSERT INTO customers (id, name) SELECT i, 'First Last' || i FROM generate_series(1, {ROWS}) i")
    number = lambda: int(app.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")[0][0])
    midflight, before = app.migration(SPLIT_NAME), number()
    midflight.start().done()
    assert app.rows("SELECT reltuples FROM pg_class WHERE relname = 'customers'") == [(-1,)]
    assert number() - before < ROWS / 30
    assert len(whole(app)) == ROWS


class TestWorkers:
    @pytest.mark.parametrize("workers", [1, 2, 5])
    def test_copy_every_row_once(self, many, workers):
        many.midflight.start("--workers", workers).done()
        assert len(whole(many)) == ROWS
        assert copied(many) == ROWS

    def test_are_as_many_as_asked_for(self, many):
        process = begun(many, "--workers", 4)
        owners, until = set(), time.monotonic() + 20
        while len(owners) < 4 and time.monotonic() < until:
            owners |= {owner for owner, in many.rows("SELECT owner FROM midflight.midflight_range WHERE owner IS NOT NULL")}
        process.send_signal(signal.SIGINT)
        many.midflight.end(process)
        assert len(owners) == 4

    def test_that_fail_stop_the_others_and_say_why(self, many):
        process = begun(many, "--workers", 3)
        many.server.execute("SELECT pg_terminate_backend(owner) FROM midflight.midflight_range WHERE NOT done AND owner IS NOT NULL LIMIT 1",
                            many.database)
        outcome = many.midflight.end(process).failed()
        assert "terminat" in outcome.message or "connection" in outcome.message, outcome
        many.midflight.start("--workers", 3).done()
        assert len(whole(many)) == ROWS

    @pytest.mark.parametrize("workers", ["0", "33", "many"])
    def test_of_a_wrong_number_are_refused(self, many, workers):
        outcome = many.midflight.start("--workers", workers)
        assert outcome.status == 2 and "--workers" in outcome.err


class TestJoining:
    def test_midflights_share_the_copy(self, many):
        process = begun(many)
        helpers = [many.midflight.begin("start", "--join") for _ in range(2)]
        for helper in helpers:
            many.midflight.end(helper).done()
        many.midflight.end(process).done()
        assert many.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        assert len(whole(many)) == ROWS

    def test_a_helper_that_is_killed_costs_nothing(self, many):
        process = begun(many)
        helper = many.midflight.begin("start", "--join", *SLOWLY)
        time.sleep(0.5)
        helper.kill()
        many.midflight.end(helper)
        process.send_signal(signal.SIGINT)
        many.midflight.end(process)
        many.midflight.start().done()
        assert len(whole(many)) == ROWS

    def test_helpers_go_on_when_the_leader_is_killed_and_the_same_command_ends_it(self, many):
        process = begun(many)
        helper = many.midflight.begin("start", "--join")
        time.sleep(0.2)
        process.kill()
        many.midflight.end(process)
        many.midflight.end(helper).done()
        assert many.midflight.stage() == RUNNING and copied(many) == ROWS
        many.midflight.start().done()
        assert len(whole(many)) == ROWS

    def test_before_there_is_a_copy_or_after_it_is_refused(self, many):
        many.midflight.start("--join").refused()
        many.midflight.start().done()
        many.midflight.start("--join").refused()

    def test_a_rollback_ends_it_and_leaves_nothing(self, many):
        process = begun(many)
        helper = many.midflight.begin("start", "--join", *SLOWLY)
        time.sleep(0.3)
        many.midflight.rollback().done()
        assert many.midflight.end(process).status != 0
        assert many.midflight.end(helper).status != 0
        assert many.midflight.stage() == UNINITIALIZED
        many.holds_nothing_of_midflight()


def test_a_worker_that_was_asleep_for_longer_than_its_lease_writes_nothing_more(many):
    """Its ranges have new owners by then; a key that it would copy again has been deleted."""
    process = begun(many)
    helper = many.midflight.begin("start", "--join", "--load", "0.001", "--workers", "1")
    time.sleep(1)
    os.kill(helper.pid, signal.SIGSTOP)
    try:
        process.send_signal(signal.SIGINT)
        many.midflight.end(process)
        time.sleep(LEASE_S + 1)
        many.midflight.start().done()
        many.sql("DELETE FROM customers WHERE id % 3 = 0")
    finally:
        os.kill(helper.pid, signal.SIGCONT)
    many.midflight.end(helper)
    assert len(whole(many)) == ROWS - ROWS // 3
    many.midflight.verify().done()


class TestWrittenMeanwhile:
    """Behind the cursor and ahead of it; the outbox holds it until the copy is done."""

    STATEMENTS = [
        "UPDATE customers SET email = 'new' || id WHERE id % 100 = 0",
        "UPDATE customers SET id = id + 1000000 WHERE id % 100 = 1",
        "UPDATE customers SET id = -id WHERE id % 100 = 2",
        "DELETE FROM customers WHERE id % 100 = 3",
        "INSERT INTO customers (id, name) SELECT 2000000 + i, 'Late Comer' FROM generate_series(1, 50) i",
        "DELETE FROM customers WHERE id = 5; INSERT INTO customers (id, name) VALUES (5, 'Other Person')",
    ]

    def test_is_on_the_new_side_afterwards(self, many):
        process = begun(many)
        for statement in self.STATEMENTS:
            many.sql(statement)
        assert many.midflight.status().json["outbox"] > 0
        process.send_signal(signal.SIGINT)
        many.midflight.end(process)
        many.midflight.start().done()
        status = many.midflight.status().json
        assert (status["outbox"], status["quarantined"]) == (0, 0)
        assert len(whole(many)) == many.value("SELECT count(*) FROM customers")

    def test_a_truncate_leaves_no_row_behind(self, many):
        process = begun(many)
        many.sql("TRUNCATE customers; INSERT INTO customers (id, name) VALUES (7, 'Only One')")
        many.midflight.end(process).done()
        assert many.rows("SELECT id FROM people") == [(7,)]

    def test_by_transactions_that_are_open_when_the_triggers_change_is_not_lost(self, many):
        """They wrote while keys were noted, and commit when everything else has been drained."""
        process = many.midflight.begin("start")
        with closing(many.connect()) as slow:
            while copied(many) == 0:
                time.sleep(0.005)
            slow.execute("BEGIN")
            slow.execute("UPDATE customers SET email = 'slow@x' WHERE id = 9")
            time.sleep(2)
            assert process.poll() is None, "it went on before that transaction had ended"
            slow.execute("UPDATE customers SET email = 'slow2@x' WHERE id = 10")
            slow.execute("COMMIT")
        many.midflight.end(process).done()
        assert many.rows("SELECT id, email FROM people WHERE id IN (9, 10) ORDER BY id") == [(9, "slow@x"), (10, "slow2@x")]
        assert len(whole(many)) == ROWS

    def test_a_list_that_moves_between_entities_is_there_once(self, app):
        app.sql(LISTS + "INSERT INTO customers (id, name, plans) SELECT i, 'N', jsonb_build_array('p' || i) FROM generate_series(100, 9000) i;"
                        "ANALYZE customers;")
        app.midflight = app.migration(SUBSCRIPTIONS)
        process = begun(app)
        app.sql("UPDATE customers SET plans = '[]' WHERE id = 101; UPDATE customers SET plans = '[\"p101\"]' WHERE id = 8999")
        process.send_signal(signal.SIGINT)
        app.midflight.end(process)
        app.midflight.start().done()
        app.midflight.verify().done()


UNIQUE = SPLIT_NAME.replace("note TEXT", "note TEXT, UNIQUE (email)")


class TestUniqueValues:
    def test_that_move_to_another_entity_meanwhile_are_no_fault(self, app):
        """The copy has seen them at one, and later at the other."""
        app.sql(MANY + "ANALYZE customers;")
        app.midflight = app.migration(UNIQUE)
        process = begun(app)
        for n in range(20):
            one, other = 4 + n, ROWS - n
            app.sql(f"UPDATE customers SET email = NULL WHERE id = {one}; UPDATE customers SET email = '{one}@x' WHERE id = {other};"
                    f"UPDATE customers SET email = '{other}@x' WHERE id = {one}")
        process.send_signal(signal.SIGINT)
        app.midflight.end(process)
        app.midflight.start().done()
        assert app.midflight.status().json["quarantined"] == 0
        assert len(whole(app)) == ROWS

    def test_that_are_there_twice_are_named_and_no_row_is_dropped_in_silence(self, app):
        app.sql(MANY + "DROP INDEX customers_email; UPDATE customers SET email = 'twice@x' WHERE id IN (10, 20, 30); ANALYZE customers;")
        app.midflight = app.migration(UNIQUE)
        app.midflight.start().done()
        status = app.midflight.status(json=False).out
        assert app.midflight.status().json["quarantined"] == 2
        assert "    20: " in status and "    30: " in status and "people_email_key" in status
        app.midflight.advance().refused()
        app.sql("UPDATE customers SET email = id || '@mended' WHERE id IN (20, 30)")
        app.midflight.advance().done()
        assert len(whole(app)) == ROWS

    def test_an_orphan_of_a_foreign_key_is_named(self, app):
        app.sql(MANY + "CREATE TABLE mails (email text PRIMARY KEY); INSERT INTO mails SELECT email FROM customers WHERE email IS NOT NULL AND "
                       "id <> 77; ANALYZE customers;")
        app.midflight = app.migration(SPLIT_NAME.replace("note TEXT", "note TEXT, FOREIGN KEY (email) REFERENCES mails"))
        app.midflight.start().done()
        assert app.midflight.status().json["quarantined"] == 1
        assert "    77: " in app.midflight.status(json=False).out
        app.sql("INSERT INTO mails VALUES ('77@x')")
        app.midflight.advance().done()
        assert len(whole(app)) == ROWS
        assert app.rows("SELECT convalidated FROM pg_constraint WHERE conrelid = 'people'::regclass AND contype = 'f'") == [(True,)]


def test_indexes_constraints_and_their_comments_are_as_the_definition_says(app):
    create = """CREATE TABLE people (
            id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT, note TEXT,
            CONSTRAINT notes UNIQUE (note) WITH (fillfactor = 70), CONSTRAINT self FOREIGN KEY (id) REFERENCES people,
            CONSTRAINT apart EXCLUDE USING btree (note WITH =));
          CREATE INDEX people_lower ON people (lower(email)) WHERE email IS NOT NULL;
          CREATE UNIQUE INDEX people_mail ON people (email, id) INCLUDE (note);
          COMMENT ON CONSTRAINT notes ON people IS 'noted'; COMMENT ON INDEX people_lower IS 'lower';
          ALTER TABLE people CLUSTER ON people_mail; ALTER TABLE people REPLICA IDENTITY USING INDEX people_pkey;
    """
    app.sql(MANY)
    head, tail = SPLIT_NAME.split("  create: |\n")
    tail = tail[tail.index("forward:"):]
    definition = head + "  create: |\n" + "\n".join(" " * 8 + line.strip() for line in create.splitlines()) + "\n    " + tail
    app.sql(create)
    described = """
        SELECT conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = 'people'::regclass
        UNION ALL SELECT c.relname, pg_get_indexdef(c.oid), i.indisclustered, coalesce(obj_description(c.oid, 'pg_class'), i.indisreplident::text) FROM
        pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 'people'::regclass ORDER BY 1, 2"""
    wanted = app.rows(described)
    app.sql("DROP TABLE people")
    app.migration(definition).start().done()
    assert app.rows(described) == wanted


def test_what_a_view_of_the_definition_leans_on_is_not_taken_from_under_it(app):
    app.sql(CUSTOMERS)
    definition = SPLIT_NAME.replace("note TEXT\n        );", "note TEXT\n        );\n        CREATE VIEW named AS SELECT id, first_name, count(*) FROM people GROUP BY id;")
    assert definition != SPLIT_NAME
    app.migration(definition).start().done()
    assert app.value("SELECT count(*) FROM named") == 3


def test_a_copy_that_is_stopped_is_gone_on_with_by_the_next_start(many):
    stopped_backfill(many.midflight, ROWS).failed()
    before = copied(many)
    assert 0 < before < ROWS
    many.midflight.start().done()
    assert len(whole(many)) == ROWS
