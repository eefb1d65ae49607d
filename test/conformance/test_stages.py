"""Every verb at every stage, the way back from each of them, and what becomes of the old tables at the end."""
import re

import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, LISTS, ONE_WAY, SPLIT_NAME, SUBSCRIPTIONS
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, DONE, FAILED, FINISHED, FINISHING,
                               INITIALIZING, LEDGER, REFUSED, ROLLING_BACK, RUNNING, UNINITIALIZED)
from support.stores import POSTGRESQL, SQLITE, spoken

MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
# The last statement of new.create fails as long as the application's own row is there. PostgreSQL tries new.create once
# before the ledger is there, where it must pass.
BARRIER = {SQLITE: "INSERT INTO barrier VALUES (1);",
           POSTGRESQL: """DO $$ BEGIN IF to_regclass('midflight.midflight_migration') IS NOT NULL THEN
          INSERT INTO barrier VALUES (1); END IF; END $$;"""}


class Staged:
    """A migration that was brought to a stage; where that does not wait by itself, something bars the way until `clear`."""

    def __init__(self, app, midflight):
        self.app, self.midflight, self.before = app, midflight, app.schema()
        self.clear = lambda: None


def uninitialized(app, migration):
    return Staged(app, migration(CUSTOMERS, SPLIT_NAME))


def initializing(app, migration):
    staged = Staged(app, migration(CUSTOMERS + "CREATE TABLE barrier (x INTEGER UNIQUE); INSERT INTO barrier VALUES (1);",
                                   SPLIT_NAME.replace("      index: |", f"        {BARRIER[app.store]}\n      index: |")))
    staged.midflight.start().failed()
    staged.clear = lambda: app.sql("DELETE FROM barrier")
    return staged


def running(app, migration):
    staged = Staged(app, migration(MANY, SPLIT_NAME))
    stopped_backfill(staged.midflight, 1000).failed()
    return staged


def awaiting_additional_action(app, migration):
    staged = uninitialized(app, migration)
    staged.midflight.start().done()
    return staged


def awaiting_finalization(app, migration):
    staged = awaiting_additional_action(app, migration)
    staged.midflight.advance().done()
    return staged


def finishing(app, migration):
    staged = awaiting_finalization(app, migration)
    app.sql("CREATE TABLE customers_retired (mine TEXT)")  # the name that the old table is to have
    staged.midflight.advance().failed()
    staged.clear = lambda: app.sql("DROP TABLE customers_retired")
    return staged


def finished(app, migration):
    staged = awaiting_finalization(app, migration)
    staged.midflight.advance().done()
    return staged


def rolling_back(app, migration):
    staged = awaiting_additional_action(app, migration)
    app.sql(spoken("DROP TABLE people; CREATE VIEW people AS SELECT 1 AS id", app.store))  # what is no table cannot be dropped as one
    staged.midflight.rollback().failed()
    staged.clear = lambda: app.sql("DROP VIEW people")
    return staged


STAGES = {UNINITIALIZED: uninitialized, INITIALIZING: initializing, RUNNING: running,
          AWAITING_ADDITIONAL_ACTION: awaiting_additional_action, AWAITING_FINALIZATION: awaiting_finalization,
          FINISHING: finishing, FINISHED: finished, ROLLING_BACK: rolling_back}
MODES = {UNINITIALIZED: "old", INITIALIZING: "old", RUNNING: "shadow", AWAITING_ADDITIONAL_ACTION: "shadow",
         AWAITING_FINALIZATION: "reverse shadow", FINISHING: "new", FINISHED: "new", ROLLING_BACK: "old"}

# stage: what check, start, verify, advance and rollback say there, while what bars the way still does: exit status, stage.
VERBS = ("check", "start", "verify", "advance", "rollback")
EXPECTED = {
    UNINITIALIZED: ((DONE, UNINITIALIZED), (DONE, AWAITING_ADDITIONAL_ACTION), (REFUSED, UNINITIALIZED),
                    (REFUSED, UNINITIALIZED), (DONE, UNINITIALIZED)),
    INITIALIZING: ((REFUSED, INITIALIZING), (FAILED, INITIALIZING), (REFUSED, INITIALIZING), (REFUSED, INITIALIZING),
                   (DONE, UNINITIALIZED)),
    RUNNING: ((REFUSED, RUNNING), (DONE, AWAITING_ADDITIONAL_ACTION), (REFUSED, RUNNING), (REFUSED, RUNNING),
              (DONE, UNINITIALIZED)),
    AWAITING_ADDITIONAL_ACTION: ((REFUSED, AWAITING_ADDITIONAL_ACTION), (DONE, AWAITING_ADDITIONAL_ACTION),
                                 (DONE, AWAITING_ADDITIONAL_ACTION), (DONE, AWAITING_FINALIZATION), (DONE, UNINITIALIZED)),
    AWAITING_FINALIZATION: ((REFUSED, AWAITING_FINALIZATION), (DONE, AWAITING_FINALIZATION), (DONE, AWAITING_FINALIZATION),
                            (DONE, FINISHED), (DONE, UNINITIALIZED)),
    FINISHING: ((REFUSED, FINISHING), (DONE, FINISHING), (REFUSED, FINISHING), (FAILED, FINISHING), (REFUSED, FINISHING)),
    FINISHED: ((REFUSED, FINISHED), (DONE, FINISHED), (REFUSED, FINISHED), (DONE, FINISHED), (REFUSED, FINISHED)),
    ROLLING_BACK: ((REFUSED, ROLLING_BACK), (REFUSED, ROLLING_BACK), (REFUSED, ROLLING_BACK), (REFUSED, ROLLING_BACK),
                   (FAILED, ROLLING_BACK)),
}
CASES = [(stage, verb, *expected) for stage, row in EXPECTED.items() for verb, expected in zip(VERBS, row)]


def words(value):
    return str(value).replace(" ", "_")


@pytest.fixture
def at(app, migration):
    """at(stage): a Staged migration there."""
    def reach(stage):
        staged = STAGES[stage](app, migration)
        assert staged.midflight.stage() == stage
        return staged
    return reach


@pytest.mark.parametrize("stage, verb, status, after", CASES, ids=words)
def test_a_verb_at_a_stage(at, stage, verb, status, after):
    midflight = at(stage).midflight
    for _ in range(2 if stage == after else 1):  # where it does not move on, it may be said again
        midflight.run(verb).exits(status)
        assert midflight.stage() == after


@pytest.mark.parametrize("stage", MODES, ids=words)
def test_status_and_history_say_where_it_stands_and_change_nothing(at, stage):
    staged = at(stage)
    schema = staged.app.schema()
    status = staged.midflight.status().done().json
    assert (status["migration"], status["stage"], status["mode"]) == ("split-name", stage, MODES[stage])
    assert status["outbox"] == status["quarantined"] == status["diverged"] == 0
    assert status["epoch"] == len(staged.midflight.history().done().lines)
    assert 0 <= status["rows_done"] <= status["rows_total"]
    assert staged.app.schema() == schema and staged.midflight.stage() == stage


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in (FINISHING, FINISHED)], ids=words)
def test_a_rollback_leads_home_from_every_stage_before_the_door(at, stage):
    staged = at(stage)
    staged.clear()
    staged.midflight.rollback().done()
    assert staged.midflight.stage() == UNINITIALIZED
    assert staged.app.schema() == staged.before
    staged.app.holds_nothing_of_midflight()
    assert staged.app.rows("SELECT id, name, email, hint FROM customers WHERE id < 4 ORDER BY id") == [
        (1, "Ann Lee", "ann@x", "old 1"), (2, "Bob", "bob@x", "old 2"), (3, "Cy Dee", "cy@x", "old 3")]
    if stage == INITIALIZING:  # its create inserts what is there by then
        staged.app.sql("DELETE FROM barrier")
    staged.midflight.start().done()
    staged.midflight.verify().done()


@pytest.mark.parametrize("stage, verb, after", [(INITIALIZING, "start", AWAITING_ADDITIONAL_ACTION),
                                                (FINISHING, "advance", FINISHED), (ROLLING_BACK, "rollback", UNINITIALIZED)],
                         ids=words)
def test_the_same_command_goes_on_once_the_way_is_clear(at, stage, verb, after):
    staged = at(stage)
    staged.clear()
    staged.midflight.run(verb).done()
    assert staged.midflight.stage() == after


def test_the_history_tells_every_move(at):
    moves = at(FINISHED).midflight.history().done().lines
    stages = [UNINITIALIZED, INITIALIZING, RUNNING, AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHING, FINISHED]
    assert [(move["from"], move["to"]) for move in moves] == list(zip(stages, stages[1:]))
    assert all(move["who"] and move["why"] for move in moves)


def test_check_proves_the_round_trip_prints_the_plan_and_leaves_nothing_behind(app, migration):
    midflight = migration(CUSTOMERS, SPLIT_NAME)
    before = app.schema()
    outcome = midflight.check().done().json
    assert (outcome["may_start"], outcome["rows"], outcome["rows_tried"], outcome["broken"]) == (True, 3, 3, [])
    assert {step["stage"] for step in outcome["plan"]} == {INITIALIZING, RUNNING, AWAITING_FINALIZATION, FINISHING}
    assert all(step["statement"] and step["lock"] for step in outcome["plan"])
    assert app.schema() == before and app.tables() == ["customers"]


def test_check_lists_the_entities_that_do_not_come_back_as_they_were(migration):
    midflight = migration(CUSTOMERS, SPLIT_NAME.replace("AS name, email FROM", "AS name, upper(email) AS email FROM"))
    assert sorted(broken["key"] for broken in midflight.check().json["broken"]) == ["1", "2", "3"]


class TestRetire:
    """The door is passed: what becomes of the old tables, and of what midflight made."""

    @pytest.fixture
    def end(self, app, migration):
        """end(retire): goes to the end; the new side is written in each stage."""
        def go(retire):
            midflight = migration(LISTS, SUBSCRIPTIONS + f"    retire: {retire}\n")
            midflight.start().done()
            app.sql("UPDATE subscriptions SET plan = 'gold' WHERE customer_id = 3")
            midflight.advance().done()
            app.sql("INSERT INTO subscriptions VALUES (2, 0, 'basic', NULL)")
            midflight.advance().done()
            assert midflight.stage() == FINISHED
            app.holds_nothing_of_midflight()
            app.sql("DELETE FROM subscriptions WHERE customer_id = 1; INSERT INTO people VALUES (4, 'Di', NULL)")
            assert app.rows("SELECT id, name FROM people ORDER BY id") == [(1, "Ann"), (2, "Bob"), (3, "Cy"), (4, "Di")]
            assert app.rows("SELECT customer_id, position, plan FROM subscriptions ORDER BY 1") == [
                (2, 0, "basic"), (3, 0, "gold")]
            return [table for table in app.tables() if table not in app.own]
        return go

    def test_rename_keeps_them_under_another_name_with_all_that_was_written(self, app, end):
        assert end("rename") == ["customers_retired", "people", "subscriptions"]
        assert app.rows("SELECT id, name, plans FROM customers_retired ORDER BY id") == [
            (1, "Ann", '["basic","storage"]'), (2, "Bob", '["basic"]'), (3, "Cy", '["gold"]')]

    def test_drop_takes_them_away(self, end):
        assert end("drop") == ["people", "subscriptions"]

    def test_keep_leaves_them_as_they_were_and_writable(self, app, end):
        assert end("keep") == ["customers", "people", "subscriptions"]
        app.sql("UPDATE customers SET name = 'nobody follows' WHERE id = 2")
        assert app.value("SELECT name FROM people WHERE id = 2") == "Bob"


class TestOneWay:
    """Without `backward` one side takes writes at a time."""

    @pytest.fixture
    def midflight(self, migration):
        midflight = migration(CUSTOMERS, ONE_WAY)
        midflight.start().done()
        return midflight

    def test_the_new_side_refuses_writes_before_the_cut_over(self, app, midflight):
        with pytest.raises(Exception, match="split-name"):
            app.sql("UPDATE people SET email = 'no@x' WHERE id = 1")
        app.sql("UPDATE customers SET email = 'yes@x' WHERE id = 1")
        assert app.value("SELECT email FROM people WHERE id = 1") == "yes@x"
        midflight.verify().done()

    def test_the_old_side_refuses_writes_after_it(self, app, midflight):
        midflight.advance().done()
        with pytest.raises(Exception, match="split-name"):
            app.sql("UPDATE customers SET email = 'no@x' WHERE id = 1")
        app.sql("UPDATE people SET email = 'yes@x' WHERE id = 1")
        midflight.rollback().refused()
        midflight.advance().done()
        assert app.value("SELECT email FROM people WHERE id = 1") == "yes@x"
        app.holds_nothing_of_midflight()


@pytest.mark.parametrize("soak, left_s", [("0s", 0), ("2h", 2 * 3600)])
def test_a_clock_that_was_ahead_at_the_cut_over_makes_the_soak_no_longer(app, migration, soak, left_s):
    midflight = migration(CUSTOMERS, SPLIT_NAME.replace("soak: 0s", f"soak: {soak}"))
    midflight.start().done()
    midflight.advance().done()
    app.sql(f"UPDATE {app.ledger}midflight_migration SET stage_ms = stage_ms + 86400000, soak_until_ms = soak_until_ms + 86400000")
    assert left_s - 5 < midflight.status().json["soak_left_s"] <= left_s
    if left_s == 0:
        midflight.advance().done()
    else:
        assert re.search("gate soak: (2h 00m 00s|1h 59m 5.s) left", midflight.advance().refused().message)


def test_gates_name_themselves(app, migration):
    midflight = migration(CUSTOMERS, SPLIT_NAME.replace("soak: 0s", "soak: 2h"))
    assert "gate stage" in midflight.advance().refused().message
    midflight.start().done()
    midflight.advance().done()
    assert "gate soak" in midflight.advance().refused().message
    assert midflight.stage() == AWAITING_FINALIZATION
    app.sql("UPDATE people SET email = 'new@x' WHERE id = 1")
    midflight.rollback().done()
    assert app.value("SELECT email FROM customers WHERE id = 1") == "new@x"
