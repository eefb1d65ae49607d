"""The other side is stricter (NOT NULL, CHECK, UNIQUE): the application's write succeeds, and the entity is not lost."""
import sqlite3

import pytest

from scenario.conftest import People
from scenario.definitions import CUSTOMERS, SPLIT_NAME

SHORT_NAMES = SPLIT_NAME.replace("first_name TEXT NOT NULL", "first_name TEXT NOT NULL CHECK (length(first_name) < 9)")
NEEDS_EMAIL = SPLIT_NAME.replace("email TEXT,", "email TEXT NOT NULL,")
UNIQUE_NAMES = SPLIT_NAME.replace("index: |", "index: |\n        CREATE UNIQUE INDEX people_name ON people (first_name);")
STRICT_TYPES = SPLIT_NAME.replace("note TEXT\n        );", "note TEXT\n        ) STRICT;")

# Values of (id, name, email) that each of them refuses.
REFUSED = {"check": (SHORT_NAMES, "(9, 'Bartholomew Lee', 'b@x')"), "not_null": (NEEDS_EMAIL, "(9, 'Di Fox', NULL)"),
           "unique": (UNIQUE_NAMES, "(9, 'Ann Other', 'o@x')"), "type": (STRICT_TYPES, "(9, 'Di Fox', x'00')")}

POLICIES = ["", "OR IGNORE", "OR ABORT", "OR FAIL", "OR ROLLBACK", "OR REPLACE"]


@pytest.fixture(params=REFUSED)
def stricter(request, start):
    definition, values = REFUSED[request.param]
    people = start(CUSTOMERS, definition, People)
    people.values = values
    return people


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("refusal", ["not_null", "unique", "type"])
def test_an_insert_succeeds_and_its_entity_is_listed(start, refusal, policy):
    definition, values = REFUSED[refusal]
    people = start(CUSTOMERS, definition, People)
    people.sql(f"INSERT {policy} INTO customers (id, name, email) VALUES {values}")
    assert people.sql("SELECT count(*) FROM customers") == [(4,)]
    assert people.sql("SELECT id FROM people ORDER BY id") == [(1,), (2,), (3,)]
    assert people.quarantine() == ["9"]


def write_past_check(people, statement):
    """SQLite lets the statement's own policy reign inside triggers, and an expression cannot be tried beforehand: the
    write may fail, which `check` says, but what it leaves behind must never be unknown."""
    before = people.sql("SELECT * FROM customers")
    try:
        people.sql(statement)
    except sqlite3.IntegrityError:
        if people.sql("SELECT * FROM customers") == before:
            people.holds()
            return False
    return True


@pytest.mark.parametrize("policy", POLICIES)
class TestCheckConstraint:
    def test_an_insert_is_listed_or_leaves_nothing(self, start, policy):
        people = start(CUSTOMERS, SHORT_NAMES, People)
        taken = write_past_check(people, f"INSERT {policy} INTO customers (id, name) VALUES (9, 'Bartholomew')")
        assert taken or policy not in ("", "OR IGNORE")
        assert people.sql("SELECT id FROM people ORDER BY id") == [(1,), (2,), (3,)]
        assert people.quarantine() == (["9"] if taken else [])

    def test_an_update_is_listed_or_leaves_nothing(self, start, policy):
        people = start(CUSTOMERS, SHORT_NAMES, People)
        taken = write_past_check(people, f"UPDATE {policy} customers SET name = 'Bartholomew' WHERE id = 2")
        assert taken or policy not in ("", "OR IGNORE")
        assert people.sql("SELECT first_name FROM people WHERE id = 2") == [("Bob",)]
        assert people.quarantine() == (["2"] if taken else [])


def test_the_rows_beside_a_refused_one_follow(stricter):
    stricter.sql(f"INSERT INTO customers (id, name, email) VALUES (4, 'Di', 'd@x'), {stricter.values}, (10, 'Ed', 'e@x')")
    assert stricter.sql("SELECT id FROM people ORDER BY id") == [(1,), (2,), (3,), (4,), (10,)]
    assert stricter.quarantine() == ["9"]


def test_mending_the_row_lets_it_follow(stricter):
    stricter.sql(f"INSERT INTO customers (id, name, email) VALUES {stricter.values}")
    stricter.sql("UPDATE customers SET name = 'Di Fox', email = 'di@x' WHERE id = 9")
    stricter.midflight.verify("--repair").done()
    stricter.holds({9: ("Di Fox", "di@x", None, None)})


def test_deleting_the_row_ends_its_quarantine(stricter):
    stricter.sql(f"INSERT INTO customers (id, name, email) VALUES {stricter.values}")
    stricter.sql("DELETE FROM customers WHERE id = 9")
    stricter.midflight.verify("--repair").done()
    stricter.holds()


def test_the_old_side_may_be_the_stricter_one(start):
    people = start(CUSTOMERS.replace("email TEXT", "email TEXT CHECK (email LIKE '%@%')"), SPLIT_NAME, People)
    people.sql("INSERT INTO people (id, first_name, email) VALUES (9, 'Di', 'nowhere')")
    assert people.sql("SELECT count(*) FROM customers") == [(3,)]
    assert people.quarantine() == ["9"]
    people.sql("UPDATE people SET email = 'di@x' WHERE id = 9")
    people.midflight.verify("--repair").done()
    people.holds({9: ("Di", "di@x", None, None)})


def test_a_value_freed_by_another_row_is_taken_after_all(start):
    people = start(CUSTOMERS, UNIQUE_NAMES, People)
    people.sql("INSERT INTO customers (id, name) VALUES (9, 'Ann Other')")
    assert people.quarantine() == ["9"]
    people.sql("DELETE FROM customers WHERE id = 1")
    people.midflight.verify("--repair").done()
    people.holds({9: ("Ann Other", None, None, None)}, gone=[1])


@pytest.mark.parametrize("move", ["id = 5", "id = id + 1", "id = 5, note = 'moved'"])
def test_a_refused_entity_that_gets_another_key_stays_listed(start, move):
    people = start(CUSTOMERS, SPLIT_NAME, People)  # the e-mail is unique on the old side alone
    people.sql("INSERT INTO people (id, first_name, email) VALUES (4, 'Di', 'ann@x')")
    assert people.quarantine() == ["4"]
    people.sql(f"UPDATE people SET {move} WHERE id = 4")
    assert people.quarantine() == ["5"]
    people.sql("UPDATE people SET email = 'di@x', note = NULL WHERE id = 5")
    people.midflight.verify("--repair").done()
    people.holds({5: ("Di", "di@x", None, None)})


def test_a_key_change_to_what_is_refused_is_listed(start):
    people = start(CUSTOMERS, SHORT_NAMES.replace("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY CHECK (id < 100)"), People)
    people.sql("UPDATE customers SET id = 200 WHERE id = 2")
    assert people.sql("SELECT id FROM people ORDER BY id") == [(1,), (3,)]
    assert people.quarantine() == ["200"]


UNIQUE_EMAILS = SPLIT_NAME.replace("index: |", "index: |\n        CREATE UNIQUE INDEX people_email ON people (email);")
FREE_EMAILS = CUSTOMERS.replace("UNIQUE INDEX", "INDEX")


def test_two_rows_swap_a_unique_value(start):
    people = start(CUSTOMERS, UNIQUE_EMAILS, People)
    people.sql("BEGIN")
    people.sql("UPDATE customers SET email = NULL WHERE id = 1")
    people.sql("UPDATE customers SET email = 'ann@x' WHERE id = 2")
    people.sql("UPDATE customers SET email = 'bob@x' WHERE id = 1")
    people.sql("COMMIT")
    people.holds({1: ("Ann Lee", "bob@x", "old 1", "new 1"), 2: ("Bob", "ann@x", "old 2", "new 2")})


def exchange(people):
    """Three rows pass a value round in one statement, which only the old side, where it is not unique, can do."""
    people.sql("UPDATE customers SET email = CASE id WHEN 1 THEN 'bob@x' WHEN 2 THEN 'cy@x' ELSE 'ann@x' END WHERE id <= 3")
    return {1: ("Ann Lee", "bob@x", "old 1", "new 1"), 2: ("Bob", "cy@x", "old 2", "new 2"),
            3: ("Cy Dee", "ann@x", "old 3", "new 3")}


def test_unique_values_exchanged_by_one_statement_are_exchanged_on_the_other_side(start):
    people = start(FREE_EMAILS, UNIQUE_EMAILS, People)
    exchanged = exchange(people)
    people.midflight.verify("--repair").done()
    people.holds(exchanged)


def test_the_cut_over_settles_an_exchange_by_itself(start):
    people = start(FREE_EMAILS, UNIQUE_EMAILS, People)
    exchanged = exchange(people)
    people.midflight.advance().done()
    people.holds(exchanged)


def test_an_exchange_that_another_entity_blocks_is_settled_once_that_is_mended(start):
    people = start(FREE_EMAILS, UNIQUE_EMAILS, People)
    people.sql("INSERT INTO customers (id, name, email) VALUES (8, 'Di', 'cy@x'), (9, 'Ed', 'nobody@x')")
    assert people.quarantine() == ["8"]
    exchange(people)
    people.midflight.advance().refused()
    assert sorted(people.quarantine()) == ["1", "2", "3", "8"]  # 2 and 8 want the same, and the others wait for 2
    people.sql("UPDATE customers SET email = 'di@x' WHERE id = 8")
    people.midflight.advance().done()
    assert people.sql("SELECT c.id FROM customers c JOIN people p USING (id) WHERE c.email IS NOT p.email") == []
    assert people.sql("SELECT id, note FROM people WHERE note IS NOT NULL ORDER BY id") == [
        (1, "new 1"), (2, "new 2"), (3, "new 3")]
