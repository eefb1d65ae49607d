"""What was changed behind midflight's back is found, whichever side leads, told once with its key and both sides, and mended; what
is merely on its way is never called different."""
import time

import pytest

from scenario.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS
from support.midflight import AWAITING_ADDITIONAL_ACTION
from support.workload import NEW, OLD
from support.workloads import ListToRows, SplitName

MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
# On the follower: by the side that leads.
DAMAGE = {OLD: {"a changed row": "UPDATE people SET email = 'astray' WHERE id = 2", "a missing row": "DELETE FROM people WHERE id = 2",
                "a row too many": "INSERT INTO people (id, first_name) VALUES (99, 'After')"},
          NEW: {"a changed row": "UPDATE customers SET email = 'astray' WHERE id = 2", "a missing row": "DELETE FROM customers WHERE id = 2",
                "a row too many": "INSERT INTO customers (id, name) VALUES (99, 'After')"}}
FOLLOWER = {OLD: NEW, NEW: OLD}
KEYS = {"a changed row": "2", "a missing row": "2", "a row too many": "99"}


@pytest.fixture
def people(scene):
    return scene(CUSTOMERS, SPLIT_NAME).start()


def sides(scene):
    return (scene.old("SELECT id, name, email FROM customers ORDER BY id"),
            scene.new("SELECT id, first_name || coalesce(' ' || last_name, ''), email FROM people ORDER BY id"))


@pytest.mark.parametrize("leader", [OLD, NEW])
@pytest.mark.parametrize("damage", KEYS)
def test_damage_is_found_with_its_key_bars_the_next_stage_and_is_mended_after_the_leader(people, leader, damage):
    if leader == NEW:
        people.midflight.advance().done()
    stage = people.midflight.stage()
    held = sides(people)
    people.behind(FOLLOWER[leader], DAMAGE[leader][damage])
    outcome = people.midflight.verify().diverged()
    assert [line["key"] for line in outcome.lines[:-1]] == [KEYS[damage]], outcome
    assert outcome.json["diverged"] == 1 and people.midflight.status().json["diverged"] == 1
    people.midflight.advance().refused()
    assert people.midflight.stage() == stage
    assert people.midflight.verify("--repair").done().json["repaired"] == 1
    assert sides(people) == held
    people.agree()
    people.midflight.advance().done()


class TestDifference:
    def test_is_told_with_its_table_and_both_sides(self, people):
        people.behind(NEW, DAMAGE[OLD]["a changed row"])
        difference = people.midflight.verify().diverged().lines[0]
        assert (difference["key"], difference["table"], difference["repaired"]) == ("2", "people", False)
        assert "bob@x" in difference["expected"] and "astray" in difference["found"]

    def test_of_an_unmapped_column_is_none(self, people):
        people.behind(NEW, "UPDATE people SET note = 'mine'")
        people.old("UPDATE customers SET hint = 'mine'")
        people.midflight.verify().done()

    def test_among_many_rows_is_found_alone(self, scene):
        scene = scene(MANY, SPLIT_NAME).start()
        scene.behind(NEW, "UPDATE people SET email = 'astray' WHERE id IN (1, 2500, 5000, 5001, 10000)",
                     "INSERT INTO people (id, first_name) VALUES (-1, 'x'), (20000, 'x')")
        outcome = scene.midflight.verify().diverged()
        assert sorted(int(line["key"]) for line in outcome.lines[:-1]) == [-1, 1, 2500, 5000, 5001, 10000, 20000]
        assert outcome.json["rows"] >= 10000
        scene.midflight.verify("--repair").done()
        scene.agree()

    def test_of_an_entity_in_two_tables_counts_once(self, scene):
        scene = scene(LISTS, SUBSCRIPTIONS).start()
        scene.behind(NEW, "UPDATE people SET name = 'astray' WHERE id = 1", "DELETE FROM subscriptions WHERE customer_id = 1",
                     "INSERT INTO subscriptions VALUES (2, 0, 'astray', NULL)")
        assert scene.midflight.verify().diverged().json["diverged"] == 2
        scene.midflight.verify("--repair").done()
        assert scene.new("SELECT customer_id, plan FROM subscriptions ORDER BY 1, position") == [(1, "basic"), (1, "storage"), (3, "basic")]
        scene.agree()

    def test_of_everything_is_found_and_mended(self, scene):
        scene = scene(MANY, SPLIT_NAME).start()
        scene.behind(NEW, "DELETE FROM people")
        outcome = scene.midflight.verify().diverged()
        assert outcome.json["diverged"] == scene.midflight.status().json["diverged"] == len(outcome.lines) - 1 == 10000
        assert scene.midflight.verify("--repair").done().json["repaired"] == 10000
        scene.agree()
        assert scene.new("SELECT count(*) FROM people") == [(10000,)]

    def test_that_waits_in_the_outbox_is_none_but_one_beside_it_is(self, people):
        people.old("UPDATE customers SET email = 'on its way' WHERE id = 1")
        people.midflight.verify().done()
        people.behind(NEW, DAMAGE[OLD]["a changed row"])
        assert [line["key"] for line in people.midflight.verify().diverged().lines[:-1]] == ["2"]


@pytest.mark.parametrize("workload", [SplitName, pytest.param(ListToRows, marks=pytest.mark.long)], ids=lambda workload: workload.__name__)
def test_a_comparison_under_load_raises_no_alarm_and_one_that_finds_something_is_right(move, workload):
    move = move(workload, 2000)
    move.open(OLD)
    move.midflight.start().done()
    with move.following():
        for _ in range(4):
            outcome = move.midflight.verify().done()
            assert outcome.json["diverged"] == 0 and outcome.json["rows"] > 0
        table, column = {SplitName: ("people", "email"), ListToRows: ("people", "name")}[workload]
        move.apps[NEW].behind_the_back(f"UPDATE {table} SET {column} = 'astray' WHERE id = 1500")
        outcome = move.midflight.verify().diverged()
        assert [line["key"] for line in outcome.lines[:-1]] == ["1500"]
        move.midflight.verify("--repair").done()
        assert move.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        move.close(OLD)
        move.settle()
    move.twin.agree()


@pytest.mark.parametrize("leader", [OLD, NEW])
def test_the_copy_of_rows_nobody_wrote_stays_verified_while_nobody_follows(people, leader):
    """Keys that wait are no divergence, however long they wait."""
    if leader == NEW:
        people.midflight.advance().done()
        people.new("UPDATE people SET last_name = 'Hill'")
    else:
        people.old("UPDATE customers SET name = 'An Other'")
    time.sleep(0.2)
    people.midflight.verify().done()
    assert people.midflight.status().json["outbox"] >= 0
    people.drain()
    old, new = sides(people)
    assert old == new
