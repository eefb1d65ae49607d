"""Triggers of the application itself: they go on working, and what they write is followed, or `check` refuses them."""
import pytest

from scenario.conftest import People
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import REFUSED

AUDIT = """
    CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
    CREATE TRIGGER audit_insert AFTER INSERT ON customers BEGIN
      INSERT INTO audit (what) VALUES ('+' || NEW.id || ' ' || NEW.name); END;
    CREATE TRIGGER audit_update AFTER UPDATE ON customers BEGIN
      INSERT INTO audit (what) VALUES ('~' || OLD.id || ' ' || NEW.name); END;
    CREATE TRIGGER audit_delete AFTER DELETE ON customers BEGIN
      INSERT INTO audit (what) VALUES ('-' || OLD.id || ' ' || OLD.name); END;
"""


@pytest.fixture
def audited(start):
    people = start(CUSTOMERS + AUDIT, SPLIT_NAME)
    people.sql("DELETE FROM audit")
    return people


def log(people):
    return [what for what, in people.sql("SELECT what FROM audit ORDER BY id")]


class TestAuditLog:
    def test_is_written_once_for_each_write_to_its_own_side(self, audited):
        audited.sql("INSERT INTO customers (id, name) VALUES (4, 'Di')")
        audited.sql("UPDATE customers SET name = 'Dot' WHERE id = 4")
        audited.sql("DELETE FROM customers WHERE id = 4")
        assert log(audited) == ["+4 Di", "~4 Dot", "-4 Dot"]
        audited.agree()

    def test_is_written_once_for_each_write_that_arrives_from_the_other_side(self, audited):
        audited.sql("INSERT INTO people (id, first_name) VALUES (4, 'Di')")
        audited.sql("UPDATE people SET first_name = 'Dot' WHERE id = 4")
        audited.sql("DELETE FROM people WHERE id = 4")
        assert log(audited) == ["+4 Di", "~4 Dot", "-4 Dot"]
        audited.agree()

    def test_is_not_written_by_the_backfill_nor_by_a_comparison(self, audited):
        audited.midflight.verify().done()
        audited.midflight.advance().done()
        audited.midflight.rollback().done()
        assert log(audited) == []

    def test_is_not_written_for_what_the_other_side_alone_holds(self, audited):
        audited.sql("UPDATE people SET note = 'mine'")
        assert log(audited) == []


def test_a_trigger_that_writes_the_other_shape_by_hand_is_refused_or_does_no_harm(app, start):
    """Dual writes by hand are what the migration replaces."""
    definition = SPLIT_NAME.replace("index: |", """index: |
        CREATE TRIGGER by_hand AFTER UPDATE OF email ON customers BEGIN
          UPDATE people SET email = NEW.email WHERE id = NEW.id; END;""")
    app.sql(CUSTOMERS)
    check = app.migration(definition).check()
    if check.status == REFUSED:
        assert "by_hand" in check.out
        return
    people = start("", definition, People)
    people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
    people.sql("UPDATE people SET email = 'newer@x' WHERE id = 3")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2"), 3: ("Cy Dee", "newer@x", "old 3", "new 3")})


def test_what_a_trigger_elsewhere_writes_to_the_table_is_followed(start):
    people = start(CUSTOMERS + """
        CREATE TABLE renames (customer INTEGER, name TEXT);
        CREATE TRIGGER renames_apply AFTER INSERT ON renames BEGIN
          UPDATE customers SET name = NEW.name WHERE id = NEW.customer; END;
    """, SPLIT_NAME, People)
    people.sql("INSERT INTO renames VALUES (2, 'Bea Hill'), (3, 'Cleo')")
    people.holds({2: ("Bea Hill", "bob@x", "old 2", "new 2"), 3: ("Cleo", "cy@x", "old 3", "new 3")})


def test_a_trigger_that_stamps_an_unmapped_column_of_its_own_row_is_let_be(start):
    people = start(CUSTOMERS + """
        CREATE TRIGGER customers_touch AFTER UPDATE OF email ON customers BEGIN
          UPDATE customers SET hint = 'touched' WHERE id = NEW.id; END;
    """, SPLIT_NAME, People)
    people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
    people.sql("UPDATE people SET email = 'newer@x' WHERE id = 3")
    people.holds({2: ("Bob", "new@x", "touched", "new 2"), 3: ("Cy Dee", "newer@x", "touched", "new 3")})


def test_an_instead_of_trigger_of_a_view_writes_through(start):
    people = start(CUSTOMERS + """
        CREATE VIEW contacts AS SELECT id, email FROM customers;
        CREATE TRIGGER contacts_update INSTEAD OF UPDATE ON contacts BEGIN
          UPDATE customers SET email = NEW.email WHERE id = OLD.id; END;
    """, SPLIT_NAME, People)
    people.sql("UPDATE contacts SET email = 'new@x' WHERE id = 2")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2")})


def test_a_temporary_trigger_of_one_connection_is_followed(people):
    people.sql("CREATE TABLE renames (customer INTEGER, name TEXT)")
    people.sql("CREATE TEMP TRIGGER renames_apply AFTER INSERT ON renames BEGIN "
               "UPDATE customers SET name = NEW.name WHERE id = NEW.customer; END")
    people.sql("INSERT INTO renames VALUES (2, 'Bea Hill')")
    people.holds({2: ("Bea Hill", "bob@x", "old 2", "new 2")})


def test_a_temporary_table_of_the_same_name_hides_nothing_from_the_triggers(people):
    people.sql("CREATE TEMP TABLE people (id INTEGER PRIMARY KEY, email TEXT)")
    people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
    people.sql("DROP TABLE temp.people")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2")})


@pytest.mark.parametrize("trigger, table, column", [
    ("CREATE TRIGGER meddler AFTER UPDATE OF email ON customers BEGIN "
     "UPDATE customers SET name = upper(name) WHERE id = NEW.id; END", "customers", "name"),
    ("CREATE TRIGGER meddler AFTER INSERT ON customers BEGIN "
     "INSERT INTO customers (id, name) VALUES (NEW.id + 1000, 'shadow'); END", "customers", None),
    ("CREATE TRIGGER meddler AFTER DELETE ON customers BEGIN DELETE FROM customers WHERE name = OLD.name; END",
     "customers", None)], ids=["update", "insert", "delete"])
def test_a_trigger_that_answers_with_a_write_to_the_same_shape_is_refused_before_the_start(app, trigger, table, column):
    app.sql(CUSTOMERS + trigger + ";")
    midflight = app.migration(SPLIT_NAME)
    check = midflight.check().refused()
    assert any(note["level"] == "refusal" and "meddler" in note["text"] and table in note["text"]
               and (column is None or column in note["text"]) for note in check.json["notes"])
    assert "meddler" in midflight.start().refused().message
    assert app.tables() == ["customers"]
