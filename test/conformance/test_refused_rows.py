"""The other side is stricter: the application's write succeeds, and the entity is listed, tried again and not lost."""
import pytest

from scenario.conftest import People
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION
from support.stores import SQLITE

NEEDS_EMAIL = SPLIT_NAME.replace("email TEXT,", "email TEXT NOT NULL,")
UNIQUE_NAMES = SPLIT_NAME.replace("index: |", "index: |\n        CREATE UNIQUE INDEX people_name ON people (first_name);")
SHORT_NAMES = SPLIT_NAME.replace("first_name TEXT NOT NULL", "first_name TEXT NOT NULL CHECK (length(first_name) < 9)")

# What the new side refuses, as (id, name, email).
REFUSED = {"not_null": (NEEDS_EMAIL, "(9, 'Di Fox', NULL)"), "unique": (UNIQUE_NAMES, "(9, 'Ann Other', 'o@x')"),
           "check": (SHORT_NAMES, "(9, 'Bartholomew Lee', 'b@x')")}


@pytest.fixture(params=REFUSED)
def stricter(request, start):
    definition, values = REFUSED[request.param]
    people = start(CUSTOMERS, definition, People)
    people.refused = f"INSERT INTO customers (id, name, email) VALUES {values}"
    if request.param == "check" and people.app.store == SQLITE:  # else it fails the write, which `check` says
        people.refused = people.refused.replace("INSERT", "INSERT OR IGNORE")
    return people


class TestInsert:
    def test_succeeds_and_its_entity_is_listed(self, stricter):
        stricter.sql(stricter.refused)
        assert stricter.sql("SELECT id FROM customers ORDER BY id") == [(1,), (2,), (3,), (9,)]
        assert stricter.sql("SELECT id FROM people ORDER BY id") == [(1,), (2,), (3,)]
        assert stricter.quarantine() == ["9"]
        assert stricter.midflight.status().json["quarantined"] == 1

    def test_with_others_in_one_statement_holds_none_of_them_back(self, stricter):
        stricter.sql(stricter.refused + ", (4, 'Di', 'd@x'), (10, 'Ed', 'e@x')")
        assert stricter.sql("SELECT id FROM people ORDER BY id") == [(1,), (2,), (3,), (4,), (10,)]
        assert stricter.quarantine() == ["9"]

    def test_in_a_transaction_that_is_rolled_back_is_not_listed(self, stricter):
        stricter.sql("BEGIN")
        stricter.sql(stricter.refused)
        stricter.sql("ROLLBACK")
        stricter.holds()

    def test_in_a_transaction_leaves_its_other_writes_alone(self, stricter):
        stricter.sql("BEGIN")
        stricter.sql("UPDATE customers SET email = 'before@x' WHERE id = 1")
        stricter.sql(stricter.refused)
        stricter.sql("UPDATE customers SET email = 'after@x' WHERE id = 2")
        stricter.sql("COMMIT")
        assert stricter.sql("SELECT id, email, note FROM people ORDER BY id") == [
            (1, "before@x", "new 1"), (2, "after@x", "new 2"), (3, "cy@x", "new 3")]
        assert stricter.quarantine() == ["9"]

    def test_bars_the_cut_over_until_it_is_mended(self, stricter):
        stricter.sql(stricter.refused)
        assert "quarantine" in stricter.midflight.advance().refused().message
        assert stricter.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        stricter.sql("UPDATE customers SET name = 'Di Fox', email = 'di@x' WHERE id = 9")
        stricter.midflight.advance().done()
        assert stricter.midflight.stage() == AWAITING_FINALIZATION
        stricter.holds({9: ("Di Fox", "di@x", None, None)})

    def test_mended_and_repaired_follows(self, stricter):
        stricter.sql(stricter.refused)
        stricter.sql("UPDATE customers SET name = 'Di Fox', email = 'di@x' WHERE id = 9")
        stricter.midflight.verify("--repair").done()
        stricter.holds({9: ("Di Fox", "di@x", None, None)})

    def test_deleted_again_is_listed_no_more(self, stricter):
        stricter.sql(stricter.refused)
        stricter.sql("DELETE FROM customers WHERE id = 9")
        stricter.midflight.verify("--repair").done()
        stricter.holds()

    def test_does_not_bar_the_way_home(self, stricter):
        stricter.sql(stricter.refused)
        stricter.midflight.rollback().done()
        stricter.app.holds_nothing_of_midflight()
        assert stricter.sql("SELECT id FROM customers ORDER BY id") == [(1,), (2,), (3,), (9,)]


# Each makes one entity (2) into what the new side refuses.
UPDATES = {"not_null": (NEEDS_EMAIL, "UPDATE customers SET email = NULL WHERE id = 2"),
           "unique": (UNIQUE_NAMES, "UPDATE customers SET name = 'Ann Other' WHERE id = 2")}


@pytest.mark.parametrize("definition, statement", UPDATES.values(), ids=UPDATES)
class TestUpdate:
    def test_succeeds_and_the_other_side_keeps_what_it_had(self, start, definition, statement):
        people = start(CUSTOMERS, definition, People)
        people.sql(statement)
        assert people.sql("SELECT id, first_name, email FROM people ORDER BY id") == [
            (1, "Ann", "ann@x"), (2, "Bob", "bob@x"), (3, "Cy", "cy@x")]
        assert people.quarantine() == ["2"]

    def test_back_again_is_settled_and_keeps_what_only_the_new_side_holds(self, start, definition, statement):
        people = start(CUSTOMERS, definition, People)
        people.sql(statement)
        people.sql("UPDATE customers SET name = 'Bob', email = 'bob@x' WHERE id = 2")
        people.midflight.verify("--repair").done()
        people.holds()


def test_the_old_side_may_be_the_stricter_one(start):
    people = start(CUSTOMERS.replace("email TEXT", "email TEXT CHECK (email LIKE '%@%')"), SPLIT_NAME, People)
    people.sql("INSERT INTO people (id, first_name, email) VALUES (9, 'Di', 'nowhere')")
    assert people.sql("SELECT id FROM customers ORDER BY id") == [(1,), (2,), (3,)]
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


def test_a_refused_entity_that_gets_another_key_stays_listed(start):
    people = start(CUSTOMERS, SPLIT_NAME, People)  # the e-mail is unique on the old side alone
    people.sql("INSERT INTO people (id, first_name, email) VALUES (4, 'Di', 'ann@x')")
    assert people.quarantine() == ["4"]
    people.sql("UPDATE people SET id = 5 WHERE id = 4")
    assert people.quarantine() == ["5"]
    people.sql("UPDATE people SET email = 'di@x' WHERE id = 5")
    people.midflight.verify("--repair").done()
    people.holds({5: ("Di", "di@x", None, None)})


def test_unique_values_exchanged_by_one_statement_are_exchanged_on_the_other_side(start):
    people = start(CUSTOMERS.replace("UNIQUE INDEX", "INDEX"), SPLIT_NAME.replace(
        "index: |", "index: |\n        CREATE UNIQUE INDEX people_email ON people (email);"), People)
    people.sql("UPDATE customers SET email = CASE id WHEN 1 THEN 'bob@x' WHEN 2 THEN 'cy@x' ELSE 'ann@x' END")
    people.midflight.verify("--repair").done()
    people.holds({1: ("Ann Lee", "bob@x", "old 1", "new 1"), 2: ("Bob", "cy@x", "old 2", "new 2"),
                  3: ("Cy Dee", "ann@x", "old 3", "new 3")})


MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO customers (id, name) SELECT i, 'First Last' || i FROM n;
    UPDATE customers SET name = 'Bartholomew Lee' WHERE id IN (7, 500, 1000);
"""


def test_what_is_refused_while_copying_is_listed_and_the_rest_is_copied(migration, app):
    midflight = migration(MANY, SHORT_NAMES)
    midflight.start().done()
    assert app.value("SELECT count(*) FROM people") == 997
    assert app.rows("SELECT id FROM people WHERE id IN (7, 500, 1000)") == []
    assert midflight.status().json["quarantined"] == 3
    midflight.advance().refused()
    app.sql("UPDATE customers SET name = 'Bart Lee' WHERE name = 'Bartholomew Lee'")
    midflight.advance().done()
    assert app.rows("SELECT id FROM people WHERE first_name = 'Bart' ORDER BY id") == [(7,), (500,), (1000,)]
