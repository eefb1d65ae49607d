"""INSERT OR ..., UPDATE OR ... and UPSERT: SQLite lets the statement's own policy reign inside triggers too."""
import sqlite3

import pytest

from scenario.conftest import People
from scenario.definitions import CUSTOMERS, SPLIT_NAME

UNIQUE_ON_NEW = SPLIT_NAME.replace("index: |", "index: |\n        CREATE UNIQUE INDEX people_email ON people (email);")


@pytest.fixture(params=[False, True], ids=["recursive_triggers_off", "recursive_triggers_on"])
def recursive(request):
    return request.param


@pytest.fixture(params=[SPLIT_NAME, UNIQUE_ON_NEW], ids=["unique_on_old", "unique_on_both"])
def twins(request, recursive, start):
    """People whose e-mail is unique, in the application's connections with and without recursive_triggers."""
    people = start(CUSTOMERS, request.param, People)
    people.sql(f"PRAGMA recursive_triggers = {recursive:d}")
    return people


@pytest.fixture
def both(recursive, start):
    people = start(CUSTOMERS, UNIQUE_ON_NEW, People)
    people.sql(f"PRAGMA recursive_triggers = {recursive:d}")
    return people


class TestReplace:
    def test_of_the_same_key_on_the_old_side_keeps_what_the_new_side_alone_holds(self, twins):
        twins.sql("INSERT OR REPLACE INTO customers VALUES (2, 'Bea Hill', 'bea@x', 'fresh')")
        twins.holds({2: ("Bea Hill", "bea@x", "fresh", "new 2")})

    def test_of_the_same_key_on_the_new_side_keeps_what_the_old_side_alone_holds(self, twins):
        twins.sql("REPLACE INTO people VALUES (2, 'Bea', 'Hill', 'bea@x', 'fresh')")
        twins.holds({2: ("Bea Hill", "bea@x", "old 2", "fresh")})

    def test_that_displaces_another_row_leaves_no_zombie_of_it_on_the_new_side(self, twins):
        twins.sql("INSERT OR REPLACE INTO customers VALUES (4, 'Di Fox', 'bob@x', NULL)")
        twins.holds({4: ("Di Fox", "bob@x", None, None)}, gone=[2])

    def test_that_displaces_another_row_leaves_no_zombie_of_it_on_the_old_side(self, both):
        both.sql("REPLACE INTO people VALUES (4, 'Di', 'Fox', 'bob@x', NULL)")
        both.holds({4: ("Di Fox", "bob@x", None, None)}, gone=[2])

    def test_that_displaces_a_row_only_the_old_side_holds_unique(self, start):
        people = start(CUSTOMERS, SPLIT_NAME, People)
        people.sql("INSERT INTO people (id, first_name, email) VALUES (4, 'Di', 'di@x')")
        people.sql("REPLACE INTO people (id, first_name, email) VALUES (4, 'Di', 'dd@x')")
        people.holds({4: ("Di", "dd@x", None, None)})

    def test_that_displaces_two_rows_at_once(self, twins):
        twins.sql("INSERT OR REPLACE INTO customers VALUES (1, 'Ann Two', 'bob@x', 'fresh')")
        twins.holds({1: ("Ann Two", "bob@x", "fresh", "new 1")}, gone=[2])

    def test_of_many_rows_that_displace_one_another(self, twins):
        twins.sql("INSERT OR REPLACE INTO customers (id, name, email) VALUES (4, 'Di', 'bob@x'), (5, 'Ed', 'bob@x'), "
                  "(6, 'Flo', 'ann@x'), (5, 'Eve', 'bob@x')")
        twins.holds({5: ("Eve", "bob@x", None, None), 6: ("Flo", "ann@x", None, None)}, gone=[1, 2])

    def test_by_an_update_removes_the_displaced_row_on_both_sides(self, twins):
        twins.sql("UPDATE OR REPLACE customers SET email = 'bob@x' WHERE id = 3")
        twins.holds({3: ("Cy Dee", "bob@x", "old 3", "new 3")}, gone=[2])

    def test_by_an_update_on_the_new_side_removes_the_displaced_row_on_both_sides(self, both):
        both.sql("UPDATE OR REPLACE people SET email = 'bob@x' WHERE id = 3")
        both.holds({3: ("Cy Dee", "bob@x", "old 3", "new 3")}, gone=[2])

    def test_of_everything_by_a_select(self, twins):
        twins.sql("INSERT OR REPLACE INTO customers SELECT id, name || ' Jr', email, hint FROM customers")
        twins.holds({1: ("Ann Lee Jr", "ann@x", "old 1", "new 1"), 2: ("Bob Jr", "bob@x", "old 2", "new 2"),
                     3: ("Cy Dee Jr", "cy@x", "old 3", "new 3")})

    def test_that_is_rolled_back_changes_nothing(self, twins):
        twins.sql("BEGIN")
        twins.sql("INSERT OR REPLACE INTO customers VALUES (4, 'Di Fox', 'bob@x', NULL)")
        twins.sql("ROLLBACK")
        twins.holds()

    @pytest.mark.parametrize("victim", ["customers", "people"])
    def test_never_deletes_an_innocent_row_of_the_other_side(self, start, recursive, victim):
        # The e-mail is unique on one side only: the other holds it twice, and says REPLACE of one of the two.
        definition = SPLIT_NAME if victim == "customers" else UNIQUE_ON_NEW
        schema = CUSTOMERS if victim == "customers" else CUSTOMERS.replace("UNIQUE", "")
        people = start(schema, definition, People)
        people.sql(f"PRAGMA recursive_triggers = {recursive:d}")
        if victim == "customers":
            people.sql("REPLACE INTO people VALUES (1, 'Ann', 'Lee', 'bob@x', 'new 1')")
        else:
            people.sql("REPLACE INTO customers VALUES (1, 'Ann Lee', 'bob@x', 'old 1')")
        # With recursive_triggers, REPLACE deletes entity 1 before it fails to come back: that one waits in quarantine.
        itself = [] if recursive else [(1, "ann@x")]
        assert people.sql(f"SELECT id, email FROM {victim} ORDER BY id") == [*itself, (2, "bob@x"), (3, "cy@x")]
        assert people.quarantine() == ["1"]


class TestIgnore:
    @pytest.mark.parametrize("statement", [
        "INSERT OR IGNORE INTO customers (id, name, email) VALUES (2, 'No', 'no@x'), (4, 'Di', 'ann@x'), (5, 'Ed', 'ed@x')",
        "INSERT OR IGNORE INTO people (id, first_name, email) VALUES (2, 'No', 'no@x'), (4, 'Di', 'ann@x'), (5, 'Ed', 'ed@x')"],
        ids=["old", "new"])
    def test_takes_the_rows_that_fit_and_leaves_the_others_on_both_sides(self, both, statement):
        both.sql(statement)
        both.holds({5: ("Ed", "ed@x", None, None)})

    @pytest.mark.parametrize("table", ["customers", "people"])
    def test_of_an_update_that_does_not_fit_changes_nothing(self, both, table):
        both.sql(f"UPDATE OR IGNORE {table} SET email = 'cy@x' WHERE id IN (1, 2)")
        both.holds()


@pytest.mark.parametrize("table, name", [("customers", "name"), ("people", "first_name")])
class TestRefusedStatement:
    """The statement's third row breaks a constraint of its own table."""

    VALUES = "(id, {name}, email) VALUES (4, 'Di', 'di@x'), (5, 'Ed', 'ed@x'), (6, 'Flo', 'ann@x'), (7, 'Gil', 'gil@x')"

    def refuse(self, people, policy, table, name):
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            people.sql(f"INSERT {policy} INTO {table} " + self.VALUES.format(name=name))

    @pytest.mark.parametrize("policy", ["", "OR ABORT"])
    def test_under_abort_leaves_nothing_on_either_side(self, both, table, name, policy):
        self.refuse(both, policy, table, name)
        both.holds()

    def test_under_fail_leaves_the_rows_before_it_on_both_sides(self, both, table, name):
        self.refuse(both, "OR FAIL", table, name)
        both.holds({4: ("Di", "di@x", None, None), 5: ("Ed", "ed@x", None, None)})

    def test_under_rollback_takes_the_whole_transaction_back_on_both_sides(self, both, table, name):
        both.sql("BEGIN")
        both.sql(f"DELETE FROM {table} WHERE id = 1")
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            both.sql(f"UPDATE OR ROLLBACK {table} SET email = 'cy@x' WHERE id = 2")
        assert not both.db.in_transaction
        both.holds()


class TestUpsert:
    def test_do_update_on_the_old_side_reaches_the_new(self, twins):
        twins.sql("INSERT INTO customers (id, name, email) VALUES (2, 'Bea', 'bea@x') "
                  "ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email")
        twins.holds({2: ("Bea", "bea@x", "old 2", "new 2")})

    def test_do_update_on_the_new_side_reaches_the_old(self, twins):
        twins.sql("INSERT INTO people (id, first_name, email) VALUES (2, 'Bea', 'bea@x') "
                  "ON CONFLICT (id) DO UPDATE SET first_name = excluded.first_name, email = excluded.email")
        twins.holds({2: ("Bea", "bea@x", "old 2", "new 2")})

    def test_by_the_second_unique_index_updates_the_row_that_holds_it(self, both):
        both.sql("INSERT INTO customers (id, name, email) VALUES (4, 'Bea', 'bob@x') "
                 "ON CONFLICT (email) DO UPDATE SET name = excluded.name")
        both.holds({2: ("Bea", "bob@x", "old 2", "new 2")})

    def test_by_the_second_unique_index_on_the_new_side(self, both):
        both.sql("INSERT INTO people (id, first_name, email) VALUES (4, 'Bea', 'bob@x') "
                 "ON CONFLICT (email) DO UPDATE SET first_name = excluded.first_name")
        both.holds({2: ("Bea", "bob@x", "old 2", "new 2")})

    @pytest.mark.parametrize("statement", [
        "INSERT INTO customers (id, name, email) VALUES (2, 'No', 'no@x'), (4, 'Di', 'ann@x'), (5, 'Ed', 'ed@x') "
        "ON CONFLICT DO NOTHING",
        "INSERT INTO people (id, first_name, email) VALUES (2, 'No', 'no@x'), (4, 'Di', 'ann@x'), (5, 'Ed', 'ed@x') "
        "ON CONFLICT DO NOTHING"], ids=["old", "new"])
    def test_do_nothing_does_nothing_on_either_side(self, both, statement):
        both.sql(statement)
        both.holds({5: ("Ed", "ed@x", None, None)})

    @pytest.mark.parametrize("table, name", [("customers", "name"), ("people", "first_name")])
    def test_of_many_rows_inserts_and_updates(self, twins, table, name):
        twins.sql(f"INSERT INTO {table} (id, {name}, email) VALUES (1, 'Al', 'al@x'), (4, 'Di', 'di@x'), (4, 'Dot', 'dot@x'), "
                  f"(3, 'Cleo', 'cy@x') ON CONFLICT (id) DO UPDATE SET {name} = excluded.{name}, email = excluded.email")
        # A person whose last name is NULL had none before, or keeps it: the new side's row 1 was 'Ann', 'Lee'.
        names = {"customers": ("Al", "Cleo"), "people": ("Al Lee", "Cleo Dee")}[table]
        twins.holds({1: (names[0], "al@x", "old 1", "new 1"), 3: (names[1], "cy@x", "old 3", "new 3"),
                     4: ("Dot", "dot@x", None, None)})

    def test_where_the_update_is_left_out_changes_nothing(self, twins):
        twins.sql("INSERT INTO customers (id, name) VALUES (2, 'No') ON CONFLICT (id) DO UPDATE SET name = 'No' WHERE false")
        twins.holds()

    def test_that_moves_the_row_to_another_key(self, twins):
        twins.sql("INSERT INTO customers (id, name) VALUES (2, 'Bea') ON CONFLICT (id) DO UPDATE SET id = 20, name = 'Bea'")
        twins.holds({20: ("Bea", "bob@x", "old 2", "new 2")}, gone=[2])
