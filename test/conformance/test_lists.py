"""1:N: a list in one row of the old side is rows of the new one."""
import json

import pytest

from scenario.writes.test_random_lists import Writer
from support.writers import seed_of_run

STATEMENTS = 150


@pytest.fixture
def marked(lists):
    """What only the new side knows is set."""
    lists.sql("UPDATE people SET note = 'note ' || id")
    lists.sql("UPDATE subscriptions SET remark = 'remark ' || customer_id || position")
    return lists


def remarks(scene, key):
    return [remark for remark, in scene.sql("SELECT remark FROM subscriptions WHERE customer_id = ?1 ORDER BY position", key)]


def set_plans(scene, key, *plans):
    scene.sql("UPDATE customers SET plans = ?2 WHERE id = ?1", key, json.dumps(plans))


class TestOldSide:
    def test_a_new_entity_arrives_with_its_rows(self, lists):
        lists.sql("INSERT INTO customers (id, name, plans) VALUES (4, 'Di', '[\"a\", \"b\"]'), (5, 'Ed', '[]')")
        lists.holds({4: ("Di", ["a", "b"]), 5: ("Ed", [])})

    def test_an_item_appended_leaves_its_neighbours_as_they_are(self, marked):
        set_plans(marked, 1, "basic", "storage", "extra")
        marked.holds({1: ("Ann", ["basic", "storage", "extra"])})
        assert remarks(marked, 1) == ["remark 10", "remark 11", None]

    def test_an_item_taken_away_at_the_end_takes_its_row_alone(self, marked):
        set_plans(marked, 1, "basic")
        marked.holds({1: ("Ann", ["basic"])})
        assert remarks(marked, 1) == ["remark 10"]

    def test_an_emptied_list_takes_its_rows_away(self, marked):
        set_plans(marked, 1)
        marked.holds({1: ("Ann", [])})

    def test_an_edit_of_the_name_leaves_the_rows_alone(self, marked):
        marked.sql("UPDATE subscriptions SET position = position + 10")
        marked.sql("UPDATE customers SET name = 'Anna' WHERE id = 1")
        marked.holds({1: ("Anna", ["basic", "storage"])})
        assert marked.sql("SELECT position FROM subscriptions WHERE customer_id = 1 ORDER BY 1") == [(10,), (11,)]
        assert remarks(marked, 1) == ["remark 10", "remark 11"]

    def test_a_delete_takes_all_rows_away(self, marked):
        marked.sql("DELETE FROM customers WHERE id IN (1, 2)")
        marked.holds(gone=[1, 2])

    def test_a_key_change_takes_the_rows_along(self, marked):
        marked.sql("UPDATE customers SET id = 20 WHERE id = 1")
        marked.holds({20: ("Ann", ["basic", "storage"])}, gone=[1])
        assert remarks(marked, 20) == ["remark 10", "remark 11"]
        assert marked.sql("SELECT note FROM people WHERE id = 20") == [("note 1",)]

    def test_one_statement_over_every_list_follows(self, lists):
        lists.sql("UPDATE customers SET plans = '[\"same\"]', name = name || '.'")
        lists.holds({1: ("Ann.", ["same"]), 2: ("Bob.", ["same"]), 3: ("Cy.", ["same"])})


class TestNewSide:
    def test_a_row_added_joins_the_list(self, lists):
        lists.sql("INSERT INTO subscriptions VALUES (2, 0, 'basic', 'mine')")
        lists.holds({2: ("Bob", ["basic"])})
        assert remarks(lists, 2) == ["mine"]

    def test_rows_added_to_many_lists_by_one_statement_join_them(self, lists):
        lists.sql("INSERT INTO subscriptions (customer_id, position, plan) SELECT id, 9, 'extra' FROM people")
        lists.holds({1: ("Ann", ["basic", "storage", "extra"]), 2: ("Bob", ["extra"]), 3: ("Cy", ["basic", "extra"])})

    def test_a_row_changed_changes_its_item(self, lists):
        lists.sql("UPDATE subscriptions SET plan = 'gold' WHERE customer_id = 1 AND position = 0")
        lists.holds({1: ("Ann", ["gold", "storage"])})

    def test_a_row_deleted_leaves_the_list(self, lists):
        lists.sql("DELETE FROM subscriptions WHERE customer_id = 1 AND position = 0")
        lists.holds({1: ("Ann", ["storage"])})

    def test_rows_that_exchange_places_reorder_the_list(self, lists):
        lists.sql("BEGIN")
        lists.sql("UPDATE subscriptions SET position = 5 WHERE customer_id = 1 AND position = 0")
        lists.sql("COMMIT")
        lists.holds({1: ("Ann", ["storage", "basic"])})

    def test_a_row_that_moves_to_another_entity_changes_both_lists(self, marked):
        marked.sql("UPDATE subscriptions SET customer_id = 2 WHERE customer_id = 1 AND position = 1")
        marked.holds({1: ("Ann", ["basic"]), 2: ("Bob", ["storage"])})
        assert remarks(marked, 2) == ["remark 11"]

    def test_an_entity_made_row_by_row_in_one_transaction_arrives_whole(self, lists):
        lists.sql("BEGIN")
        lists.sql("INSERT INTO people (id, name) VALUES (4, 'Di')")
        lists.sql("INSERT INTO subscriptions VALUES (4, 0, 'a', NULL)")
        lists.sql("INSERT INTO subscriptions VALUES (4, 1, 'b', NULL)")
        lists.sql("COMMIT")
        lists.holds({4: ("Di", ["a", "b"])})

    def test_an_entity_deleted_table_by_table_goes(self, lists):
        lists.sql("BEGIN")
        lists.sql("DELETE FROM subscriptions WHERE customer_id = 1")
        lists.sql("DELETE FROM people WHERE id = 1")
        lists.sql("COMMIT")
        lists.holds(gone=[1])

    def test_a_key_that_moves_table_by_table_takes_the_old_sides_own_along(self, marked):
        marked.sql("BEGIN")
        marked.sql("UPDATE people SET id = id + 100")
        marked.sql("UPDATE subscriptions SET customer_id = customer_id + 100")
        marked.sql("COMMIT")
        marked.holds({key + 100: values for key, values in marked.BEFORE.items()}, gone=[1, 2, 3])
        assert marked.sql("SELECT hint FROM customers ORDER BY id") == [("old 1",), ("old 2",), ("old 3",)]


@pytest.mark.parametrize("position", [0, 1, 7])
def test_rows_left_over_under_the_key_of_a_new_entity_give_way_to_its_own(lists, position):
    lists.sql("INSERT INTO subscriptions VALUES (9, ?1, 'left over', NULL)", position)
    lists.sql("INSERT INTO customers (id, name, plans) VALUES (9, 'Di', '[\"extra\"]')")
    lists.holds({9: ("Di", ["extra"])})


def test_no_item_is_lost_however_both_versions_edit_the_lists(lists):
    writer = Writer(lists, seed_of_run())
    for number in range(STATEMENTS):
        what = f"statement {number}, {writer.write()}"
        old = {key: json.loads(plans) for key, plans in lists.sql("SELECT id, plans FROM customers")}
        new = {key: [] for key, in lists.sql("SELECT id FROM people")}
        for key, plan in lists.sql("SELECT customer_id, plan FROM subscriptions ORDER BY customer_id, position"):
            new.setdefault(key, []).append(plan)
        assert old == writer.lists, f"old side after {what}"
        assert new == writer.lists, f"new side after {what}"
    lists.agree()
