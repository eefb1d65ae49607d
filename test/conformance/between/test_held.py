"""Writes of the old side after the cut-over that pass (old_writes: hold): they are told by key, nothing of the new side's overwrites them
before somebody has said which side is right, and nothing ends before that."""
import threading
import time
from contextlib import closing

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.between import follow
from support.midflight import AWAITING_FINALIZATION, FINISHED, UNINITIALIZED
from support.stores import POSTGRESQL
from support.workload import NEW, OLD

HOLD = SPLIT_NAME + "    old_writes: hold\n"


@pytest.fixture
def people(scene):
    """Cut over; then an instance of the old version that was forgotten writes entity 1, and the new one all of them."""
    scene = scene(CUSTOMERS, HOLD).start()
    scene.midflight.advance().done()
    assert scene.midflight.stage() == AWAITING_FINALIZATION
    return scene


def names(scene):
    return dict(scene.old("SELECT id, name FROM customers"))


def held(scene):
    said = scene.midflight.status(json=False).done().out
    if "\nheld " not in said:
        return []
    lines = said[said.index("\nheld "):said.index("\nquarantined ")].strip().splitlines()
    return sorted(line.split(":")[0].strip() for line in lines[1:])


def test_a_write_passes_is_told_and_stays_as_it_is(people):
    people.old("UPDATE customers SET name = 'Held Ann' WHERE id = 1")
    people.new("UPDATE people SET last_name = 'New'")
    people.drain()
    assert names(people) == {1: "Held Ann", 2: "Bob New", 3: "Cy New"}
    assert held(people) == ["1"] and people.midflight.status().done().json["held"] == 1
    people.midflight.verify().done()  # it has a gate of its own
    said = people.midflight.status(json=False).done().out
    assert "written on the old side" in said and (people.stores[OLD] != POSTGRESQL or "by app" in said), said


@pytest.mark.parametrize("write, keys", [
    ("INSERT INTO customers (id, name) VALUES (9, 'Nine')", ["9"]), ("DELETE FROM customers WHERE id = 2", ["2"]),
    ("UPDATE customers SET id = 7 WHERE id = 3", ["3", "7"]), ("UPDATE customers SET name = name || '!'", ["1", "2", "3"])])
def test_every_kind_of_write_is_held_with_its_keys(people, write, keys):
    people.old(write)
    assert held(people) == keys
    people.drain()
    assert people.midflight.verify("--repair").done()
    assert held(people) == [] and sorted(names(people)) == [1, 2, 3]
    people.agree()


def test_what_is_not_read_is_not_held_and_what_midflight_carries_back_neither(people):
    people.new("UPDATE people SET last_name = 'New'")
    people.new("INSERT INTO people (id, first_name) VALUES (4, 'Di')")
    people.new("DELETE FROM people WHERE id = 3")
    people.drain()
    assert held(people) == [] and names(people) == {1: "Ann New", 2: "Bob New", 4: "Di"}


def test_the_end_waits_for_it_and_repair_takes_the_new_sides_word(people):
    people.old("UPDATE customers SET name = 'Held Ann' WHERE id = 1")
    outcome = people.midflight.advance().refused()
    assert "gate held" in outcome.message and people.midflight.stage() == AWAITING_FINALIZATION
    people.old("UPDATE customers SET name = 'Held Bob' WHERE id = 2")  # it passes as before
    assert held(people) == ["1", "2"]
    people.midflight.verify("--repair").done()
    assert names(people)[1] == "Ann Lee" and held(people) == []
    people.midflight.advance().done()
    assert people.midflight.stage() == FINISHED
    people.apps[OLD].holds_nothing_of_midflight()


def test_the_way_back_waits_for_it_too_and_force_takes_the_old_sides_word(people):
    people.old("UPDATE customers SET name = 'Held Ann' WHERE id = 1")
    people.new("UPDATE people SET last_name = 'New'")
    outcome = people.midflight.rollback().refused()
    assert "gate held" in outcome.message and people.midflight.stage() == AWAITING_FINALIZATION
    people.midflight.rollback("--force").done()
    assert people.midflight.stage() == UNINITIALIZED
    assert names(people) == {1: "Held Ann", 2: "Bob New", 3: "Cy New"}
    people.apps[OLD].holds_nothing_of_midflight()


def test_what_is_written_again_after_it_was_settled_is_held_again(people):
    people.old("UPDATE customers SET name = 'Held Ann' WHERE id = 1")
    people.midflight.verify("--repair").done()
    people.old("UPDATE customers SET name = 'Held Again' WHERE id = 1")
    people.new("UPDATE people SET last_name = 'New' WHERE id = 1")
    people.drain()
    assert held(people) == ["1"] and names(people)[1] == "Held Again"


def test_an_old_write_that_meets_one_carried_back_is_never_overwritten(people):
    """Both versions write the same entities at once, the old one each of them once, while the new one's writes are carried back."""
    keys = range(10, 310)
    people.new("INSERT INTO people (id, first_name, last_name) VALUES " + ", ".join(f"({key}, 'Ann', 'Lee')" for key in keys))
    people.drain()
    last, failures = {}, []

    def write(side, writes):
        try:
            with closing(people.apps[side].connect()) as connection:
                for key, sql, name in writes:
                    connection.execute(sql)
                    last.update({key: name} if side == OLD else {})
                    time.sleep(0.002)
        except Exception as failure:  # told in the test's own thread
            failures.append(failure)

    old = [(key, f"UPDATE customers SET name = 'Held {key}' WHERE id = {key}", f"Held {key}") for key in keys]
    new = [(None, f"UPDATE people SET last_name = 'New{n}' WHERE id >= 10", None) for n in range(200)]
    threads = [threading.Thread(target=write, args=(side, writes)) for side, writes in ((OLD, old), (NEW, new))]
    with follow(people.midflight):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    people.drain()
    assert failures == []
    assert {key: name for key, name in names(people).items() if key in keys} == last
    assert people.midflight.status().done().json["held"] == len(keys)


def test_what_is_written_while_a_repair_is_at_work_is_settled_or_held_and_never_both(people):
    """Entity by entity: the old version's word stands and is listed, or the new one's does and it is not."""
    keys = range(10, 210)
    people.new("INSERT INTO people (id, first_name, last_name) VALUES " + ", ".join(f"({key}, 'Ann', 'Lee')" for key in keys))
    people.drain()
    failures = []

    def write():
        try:
            with closing(people.apps[OLD].connect()) as connection:
                for key in keys:
                    connection.execute(f"UPDATE customers SET name = 'Held {key}' WHERE id = {key}")
                    time.sleep(0.002)
        except Exception as failure:  # told in the test's own thread
            failures.append(failure)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        people.midflight.verify("--repair").done()
    thread.join()
    assert failures == []
    stands = {str(key) for key, name in names(people).items() if name == f"Held {key}"}
    assert set(held(people)) <= stands | {"..."} and people.midflight.status().done().json["held"] == len(stands)
    people.midflight.verify("--repair").done()
    assert names(people) == {**dict.fromkeys(keys, "Ann Lee"), 1: "Ann Lee", 2: "Bob", 3: "Cy Dee"}


@pytest.mark.parametrize("option, said", [("", "sync: outbox"), ("sync: outbox\nold_writes: hold\nalter: {table: t, change: DROP COLUMN c}", "")])
def test_it_is_refused_where_both_sides_take_writes(scene, within, option, said):
    if not within:
        pytest.skip("of one database")
    scene = scene(CUSTOMERS, SPLIT_NAME)
    text = scene.definition.replace("sync: outbox", "old_writes: hold\n" + option)
    outcome = scene.apps[OLD].migration(text, "other.yaml").check()
    assert outcome.status == 2 and said in outcome.message, outcome
