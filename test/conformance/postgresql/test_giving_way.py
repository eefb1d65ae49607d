"""A writer of the application's and midflight want the same two rows in opposite orders. One of them has to let go: it is always
midflight, soon, and it tries again; the application's transaction succeeds, and so does midflight's command."""
import time
from contextlib import closing, contextmanager

import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME, whole
from support.midflight import AWAITING_FINALIZATION, UNINITIALIZED

PATIENCE_S = 30  # until somebody is where a scenario wants him
DEADLOCK_TIMEOUT_S = 1  # PostgreSQL's own: so long a session waits before it looks whether it is in a deadlock
FUSSY = "ALTER TABLE people ADD CONSTRAINT polite CHECK (first_name <> 'Rude')"


def until(app, query, *values):
    """Waits until a query has a row."""
    ends = time.monotonic() + PATIENCE_S
    while not app.rows(query, *values):
        assert time.monotonic() < ends, query
        time.sleep(0.005)


def until_step(app, step):
    until(app, "SELECT 1 WHERE to_regclass('midflight.midflight_step') IS NOT NULL")
    until(app, f"SELECT 1 FROM midflight.midflight_step WHERE step = '{step}'")


def until_it_waits(app, for_what):
    until(app, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'midflight' AND datname = current_database() AND wait_event_type = "
               f"'Lock' AND wait_event = '{for_what}'")


def until_it_knows_who_is_older(app):
    until(app, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'midflight' AND datname = current_database() AND query LIKE "
               "'%virtualxid%' AND state = 'idle'")


@contextmanager
def transaction(app):
    """One of the application's, that is committed at the end."""
    with closing(app.connect()) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


class Crossing:
    """Somebody who holds the new side's row of customer 1 and goes on to the old side's, while midflight, which began with the old
    side's, waits for him."""

    def __init__(self, app):
        self.app, self.connection = app, app.connect()
        self.connection.execute("BEGIN")
        self.connection.execute("SELECT 1 FROM people WHERE id = 1 FOR UPDATE")

    def cross(self):
        until_it_waits(self.app, "transactionid")
        began = time.monotonic()
        self.connection.execute("UPDATE customers SET hint = 'crossed' WHERE id = 1")
        self.connection.execute("COMMIT")
        self.connection.close()
        assert time.monotonic() - began < DEADLOCK_TIMEOUT_S
        assert self.app.value("SELECT hint FROM customers WHERE id = 1") == "crossed"


@pytest.fixture
def app(app):
    app.sql(CUSTOMERS)
    return app


@pytest.fixture
def midflight(app):
    return app.migration(SPLIT_NAME)


@contextmanager
def held_before_the_drain(app, midflight):
    """A start, that has come to where it drains what was noted of customer 1, and waits for who noted it until the end of the block."""
    with transaction(app):  # older than the capture: the copy waits for it
        process = midflight.begin("start", "--workers", "1")  # which looks once who is older
        until_it_knows_who_is_older(app)
        writer = app.connect()
        writer.execute("BEGIN")
        writer.execute("UPDATE customers SET name = 'Ann Noted' WHERE id = 1")
    until_step(app, "follow at once")
    until_it_knows_who_is_older(app)  # who begins from here on is not waited for
    yield process
    writer.execute("COMMIT")
    writer.close()


def test_the_drain_gives_way(app, midflight):
    with held_before_the_drain(app, midflight) as process:
        crossing = Crossing(app)
    crossing.cross()
    midflight.end(process).done()
    assert whole(app)[0][1] == "Ann Noted"


def test_the_second_pass_of_a_start_gives_way(app, midflight):
    with held_before_the_drain(app, midflight) as process:
        blocker = app.connect()
        blocker.execute("BEGIN")
        blocker.execute("LOCK TABLE people IN ROW EXCLUSIVE MODE")  # the new side cannot be opened meanwhile
    until_step(app, "drain the outbox")
    app.sql("UPDATE people SET first_name = 'Wrong' WHERE id = 1")
    crossing = Crossing(app)
    blocker.execute("COMMIT")
    blocker.close()
    crossing.cross()
    outcome = midflight.end(process).done()
    assert "the second pass synced 1 entities again" in outcome.err
    whole(app)


def test_a_repair_gives_way(app, midflight):
    midflight.start().done()
    app.behind_the_back("UPDATE people SET first_name = 'Wrong' WHERE id = 1")
    crossing = Crossing(app)
    process = midflight.begin("verify", "--repair")
    crossing.cross()
    assert midflight.end(process).done().json["repaired"] == 1
    whole(app)


@pytest.mark.parametrize("verbs, stage", [(["advance"], AWAITING_FINALIZATION), (["advance", "rollback"], UNINITIALIZED)],
                         ids=["advance", "rollback"])
def test_what_settles_quarantine_gives_way(app, midflight, verbs, stage):
    *before, last = verbs
    midflight.start().done()
    for verb in before:
        midflight.run(verb).done()
    app.sql(FUSSY)
    app.sql("UPDATE customers SET name = 'Rude Person' WHERE id = 1")
    app.sql("ALTER TABLE people DROP CONSTRAINT polite")
    assert midflight.status().json["quarantined"] == 1
    crossing = Crossing(app)
    process = midflight.begin(last)
    crossing.cross()
    midflight.end(process).done()
    assert midflight.stage() == stage


def test_entities_in_quarantine_that_are_tried_together_give_way(app):
    midflight = app.migration(SPLIT_NAME.replace("note TEXT", "note TEXT, UNIQUE (first_name, last_name)"))
    midflight.start().done()
    for key, name in ((1, "Cy Dee"), (3, "Ann Lee")):  # each is refused for as long as the other is
        app.sql(f"UPDATE customers SET name = '{name}' WHERE id = {key}")
    assert midflight.status().json["quarantined"] == 2
    crossing = Crossing(app)
    process = midflight.begin("advance")
    crossing.cross()
    midflight.end(process).done()
    assert [row[1] for row in whole(app)] == ["Cy Dee", "Bob", "Ann Lee"]


def test_the_indexes_built_after_the_copy_give_way_to_somebody_who_reads_the_new_side(app):
    midflight = app.migration(SPLIT_NAME)
    with transaction(app) as older:
        process = midflight.begin("start")
        until_step(app, "capture the old side")
        reader = app.connect()
        older.execute("SELECT 1")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM people")
    time.sleep(DEADLOCK_TIMEOUT_S)
    began = time.monotonic()
    with closing(app.connect()) as other:
        other.execute("SELECT count(*) FROM people")
    assert time.monotonic() - began < DEADLOCK_TIMEOUT_S
    reader.execute("COMMIT")
    reader.close()
    midflight.end(process).done()
    whole(app)


@pytest.mark.long
def test_a_row_that_is_never_let_go_ends_it_by_name_and_the_same_command_goes_on(app, midflight):
    midflight.start().done()
    app.behind_the_back("UPDATE people SET first_name = 'Wrong' WHERE id = 1")
    with transaction(app) as holder:
        holder.execute("SELECT 1 FROM people WHERE id = 1 FOR UPDATE")
        outcome = midflight.verify("--repair").failed()
        assert outcome.json["error"] == "busy"
        assert "entity 1 could not be synced forward" in outcome.message and "tries" in outcome.message
    assert midflight.verify("--repair").done().json["repaired"] == 1
    whole(app)


def test_whoever_looks_into_the_outbox_and_goes_on_to_the_tables_does_not_end_a_rollback(app):
    """As a proxy does on one of PostgreSQL's connections: it asks whether an entity waits, then reads it."""
    midflight = app.migration(SPLIT_NAME + "    sync: outbox\n")
    midflight.start().done()
    outbox = app.value("SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'midflight'::regnamespace AND relkind = 'r' "
                       "AND relname LIKE '%outbox'")
    with transaction(app) as reader:
        reader.execute(f"SELECT count(*) FROM {outbox}")
        process = midflight.begin("rollback")
        until_it_waits(app, "relation")
        assert reader.execute("SELECT count(*) FROM customers").fetchone()[0] == app.value("SELECT count(*) FROM customers")
    midflight.end(process).done()
    assert midflight.stage() == UNINITIALIZED


@pytest.mark.parametrize("verb", ["start", "rollback"])
def test_nobody_waits_behind_midflight_for_a_table_that_is_not_to_be_had(app, midflight, verb):
    """A lock that waits makes everybody behind it wait: it is not even asked for, as long as somebody goes on who has the table."""
    if verb == "rollback":
        midflight.start().done()
    with transaction(app) as holder:
        holder.execute("UPDATE customers SET hint = 'held' WHERE id = 1")
        process = midflight.begin(verb)
        waiting = []
        for _ in range(200):
            waiting += app.rows("SELECT relation::regclass, mode FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND database = "
                                "(SELECT oid FROM pg_database WHERE datname = current_database())")
            time.sleep(0.01)
        assert process.poll() is None
    midflight.end(process).done()
    assert waiting == []
