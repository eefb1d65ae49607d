"""The way back from every stage, with what was written meanwhile; what each stage refuses; what is left at the end."""
import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, LISTS, ONE_WAY, SPLIT_NAME, SUBSCRIPTIONS
from support.between import OTHER, settle
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, FINISHING, INITIALIZING,
                               RUNNING, UNINITIALIZED)
from support.stores import POSTGRESQL
from support.workload import NEW, OLD

MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
ANN, BOB, CY = (1, "Ann Lee", "ann@x", "old 1"), (2, "Bob", "bob@x", "old 2"), (3, "Cy Dee", "cy@x", "old 3")


@pytest.fixture
def people(scene):
    return scene(CUSTOMERS, SPLIT_NAME)


def customers(scene):
    return scene.old("SELECT id, name, email, hint FROM customers ORDER BY id")


def back(scene):
    """All is as it was, but for the application's own writes."""
    scene.midflight.rollback().done()
    assert scene.midflight.stage() == UNINITIALIZED
    assert {side: app.schema() for side, app in scene.apps.items()} == scene.before
    for app in scene.apps.values():
        app.holds_nothing_of_midflight()
    scene.old("UPDATE customers SET name = 'Free Again' WHERE id = 3")


class TestStart:
    def test_makes_the_new_shape_in_its_own_store_and_no_other(self, two_stores, people):
        people.start()
        assert "people" in people.apps[NEW].tables() and "people" not in people.apps[OLD].tables()
        assert people.new("SELECT id, first_name, last_name, email FROM people ORDER BY id") == [
            (1, "Ann", "Lee", "ann@x"), (2, "Bob", None, "bob@x"), (3, "Cy", "Dee", "cy@x")]
        assert customers(people) == [ANN, BOB, CY]
        people.agree()

    def test_may_be_said_again(self, people):
        people.start().start()
        people.agree()

    def test_needs_both_stores(self, two_stores, people):
        people.midflight.environment["NEW_DB"] = {POSTGRESQL: "postgresql://nobody@/nowhere?host=/nonexistent"}.get(
            people.stores[NEW], "sqlite:/nonexistent/new.db")
        assert people.midflight.start().status not in (0, None)
        people.redefine(SPLIT_NAME)
        assert people.midflight.stage() == UNINITIALIZED
        people.start().agree()

    def test_leaves_alone_a_table_of_that_name(self, people):
        people.new("CREATE TABLE people (mine INTEGER)")
        outcome = people.midflight.start()
        assert outcome.status != 0 and "people" in outcome.message, outcome
        people.midflight.rollback()
        people.new("SELECT mine FROM people")

    def test_is_checked_first_and_the_check_changes_nothing(self, people):
        outcome = people.midflight.check().done()
        assert outcome.json["may_start"] and outcome.json["broken_count"] == 0
        assert {side: app.schema() for side, app in people.apps.items()} == people.before
        for app in people.apps.values():
            app.holds_nothing_of_midflight()


class TestWayBack:
    def test_before_the_start_is_no_way_at_all(self, people):
        back(people)

    def test_from_half_a_copy(self, scene):
        scene = scene(MANY, SPLIT_NAME)
        stopped_backfill(scene.midflight, 1000).failed()
        assert scene.midflight.stage() == RUNNING
        scene.old("UPDATE customers SET email = 'new@x' WHERE id = 2")
        scene.old("DELETE FROM customers WHERE id = 700")
        back(scene)
        assert scene.old("SELECT count(*) FROM customers") == [(999,)]
        assert scene.old("SELECT email FROM customers WHERE id = 2") == [("new@x",)]

    def test_from_the_shadow(self, people):
        people.start()
        people.old("UPDATE customers SET email = 'new@x' WHERE id = 2")
        back(people)
        assert customers(people)[1] == (2, "Bob", "new@x", "old 2")

    def test_from_the_reverse_shadow_with_all_that_the_new_side_took(self, people):
        people.start()
        people.midflight.advance().done()
        people.new("UPDATE people SET last_name = 'Hill' WHERE id = 2")
        people.new("DELETE FROM people WHERE id = 1")
        people.new("INSERT INTO people (id, first_name, last_name) VALUES (9, 'Di', 'Fox')")
        back(people)
        assert customers(people) == [(2, "Bob Hill", "bob@x", "old 2"), (3, "Free Again", "cy@x", "old 3"), (9, "Di Fox", None, None)]

    def test_from_the_reverse_shadow_of_a_list(self, scene):
        scene = scene(LISTS, SUBSCRIPTIONS).start()
        scene.midflight.advance().done()
        scene.new("INSERT INTO subscriptions VALUES (2, 0, 'extra', NULL)")
        scene.midflight.rollback().done()
        plans = scene.old("SELECT plans FROM customers ORDER BY id")
        assert [text.replace(" ", "") for text, in plans] == ['["basic","storage"]', '["extra"]', '["basic"]']

    def test_and_on_again_as_if_nothing_had_been(self, people):
        people.start()
        people.midflight.rollback().done()
        people.start().agree()
        people.midflight.advance().done()
        people.midflight.rollback().done()
        people.start().agree()

    def test_is_closed_by_the_one_way_door(self, people):
        people.start()
        people.midflight.advance().done()
        people.midflight.advance().done()
        people.midflight.rollback().refused()
        assert people.midflight.stage() == FINISHED


class TestOneWay:
    @pytest.fixture
    def people(self, scene):
        return scene(CUSTOMERS, ONE_WAY).start()

    def test_has_no_way_back_after_the_cut_over_and_says_so(self, people):
        people.midflight.advance().done()
        people.midflight.rollback().refused()
        assert people.midflight.stage() == AWAITING_FINALIZATION
        people.new("UPDATE people SET email = 'new@x' WHERE id = 2")
        people.midflight.advance().done()
        assert people.midflight.stage() == FINISHED
        assert people.new("SELECT email FROM people WHERE id = 2") == [("new@x",)]

    def test_leads_home_before_it(self, people):
        back(people)


class TestEnd:
    @pytest.mark.parametrize("retire", ["rename", "drop", "keep"])
    def test_does_with_the_old_tables_as_it_was_told(self, scene, retire):
        scene = scene(CUSTOMERS, SPLIT_NAME + f"    retire: {retire}\n").start()
        scene.midflight.advance().done()
        scene.midflight.advance().done()
        held = {"rename": "customers_retired", "keep": "customers"}.get(retire)
        there = scene.apps[OLD].tables()
        assert (held in there) if held else not any(name.startswith("customers") for name in there)
        assert scene.new("SELECT count(*) FROM people") == [(3,)]
        for app in scene.apps.values():
            app.holds_nothing_of_midflight()

    def test_leaves_the_history_in_both_stores(self, scene):
        scene = scene(CUSTOMERS, SPLIT_NAME).start()
        scene.midflight.advance().done()
        scene.midflight.advance().done()
        histories = [scene.at(side, f"SELECT from_stage, to_stage FROM {app.ledger}midflight_history ORDER BY epoch")
                     for side, app in scene.apps.items()]
        assert histories[0] == histories[1] and histories[0][-1][1] == FINISHED, histories

    def test_is_said_by_status_after_it_too(self, scene):
        scene = scene(CUSTOMERS, SPLIT_NAME).start()
        for stage in (AWAITING_FINALIZATION, FINISHED, FINISHED):
            assert scene.midflight.advance().done().json["stage"] == stage
        assert [line["to"] for line in scene.midflight.history().done().lines][-2:] == [FINISHING, FINISHED]


def test_every_verb_waits_for_its_stage(people):
    assert people.midflight.verify().refused() and people.midflight.advance().refused()
    people.start()
    assert people.midflight.check().refused()
    people.midflight.advance().done()
    assert people.midflight.start().done().json["stage"] == AWAITING_FINALIZATION
    assert people.midflight.check().refused()


@pytest.mark.parametrize("verb", ["start", "advance", "rollback", "verify", "follow"])
def test_two_of_any_verb_at_once_do_no_harm(people, verb):
    if verb != "start":
        people.start()
    processes = [people.midflight.begin(verb) for _ in range(2)]
    if verb == "follow":
        people.old("UPDATE customers SET email = 'new@x' WHERE id = 2")
        settle(people.midflight)  # one of them is at work
        people.midflight.rollback().done()
    outcomes = [people.midflight.end(process) for process in processes]
    assert any(outcome.status == 0 for outcome in outcomes), outcomes
    if people.midflight.stage() == FINISHED:  # one after the other: two steps
        assert verb == "advance"
        for app in people.apps.values():
            app.holds_nothing_of_midflight()
        return
    if verb in ("advance", "verify"):
        people.midflight.rollback().done()
    elif verb == "start":
        people.start().agree()
        people.midflight.rollback().done()
    assert people.midflight.stage() == UNINITIALIZED
    for app in people.apps.values():
        app.holds_nothing_of_midflight()


def test_another_migration_of_that_name_is_refused_there(people):
    """The ledger of the new store knows one that does not come from here."""
    people.start()
    other = people.apps[NEW].migration("""
        migration: split-name
        old: {store: '${APP_DB}', key: {others: id}}
        new: {key: {strangers: id}, create: "CREATE TABLE strangers (id INTEGER PRIMARY KEY)"}
        forward: {strangers: SELECT id FROM others}
        """, "other.yaml")
    assert other.start().status != 0
    people.agree()


def test_no_stage_takes_writes_on_the_wrong_side(people, within):
    """Every table, every kind of write; and who writes is told where to."""
    tables = {OLD: ("customers", "INSERT INTO customers (id, name) VALUES (50, 'A B')"),
              NEW: ("people", "INSERT INTO people (id, first_name) VALUES (50, 'A')")}

    def closed(side):
        table, insert = tables[side]
        for statement in (insert, f"UPDATE {table} SET email = 'x@x'", f"DELETE FROM {table}"):
            with pytest.raises(Exception) as failure:
                people.at(side, statement)
            text = str(failure.value)
            there = tables[OTHER[side]][0] if within else str(people.apps[OTHER[side]].database)
            assert table in text and "split-name" in text and there in text, text
    people.start()
    closed(NEW)
    people.midflight.advance().done()
    closed(OLD)
    people.new("UPDATE people SET last_name = 'Hill' WHERE id = 2")
    people.drain()
    assert customers(people) == [ANN, (2, "Bob Hill", "bob@x", "old 2"), CY]


def test_a_stopped_start_at_the_new_shape_goes_on_and_leads_home(two_stores, scene):
    """Something of the application's bars the way in the new store."""
    scene = scene(CUSTOMERS, SPLIT_NAME.replace("      index: |", "        INSERT INTO others VALUES (1);\n      index: |"))
    scene.new("CREATE UNIQUE INDEX one ON others (id)")
    scene.before = {side: app.schema() for side, app in scene.apps.items()}
    scene.new("INSERT INTO others VALUES (1)")
    outcome = scene.midflight.start()
    assert outcome.status != 0 and scene.midflight.stage() in (UNINITIALIZED, INITIALIZING), outcome
    scene.new("DELETE FROM others")
    scene.start().agree()
    back(scene)
