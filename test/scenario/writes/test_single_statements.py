"""One statement of the application, on either side: the other side follows, and what nobody maps stays."""
import pytest

# What is written on the old side, and the same on the new; and what both sides then hold beside the other rows.
INSERTS = [
    ("INSERT INTO customers (id, name, email) VALUES (4, 'Di Fox', 'di@x')",
     "INSERT INTO people (id, first_name, last_name, email) VALUES (4, 'Di', 'Fox', 'di@x')",
     {4: ("Di Fox", "di@x", None, None)}),
    ("INSERT INTO customers (name, email) VALUES ('Di Fox', 'di@x'), ('Ed', NULL), ('Flo Gil Hay', 'flo@x')",
     "INSERT INTO people (first_name, last_name, email) VALUES ('Di', 'Fox', 'di@x'), ('Ed', NULL, NULL), "
     "('Flo', 'Gil Hay', 'flo@x')",
     {4: ("Di Fox", "di@x", None, None), 5: ("Ed", None, None, None), 6: ("Flo Gil Hay", "flo@x", None, None)}),
    ("INSERT INTO customers (id, name) SELECT id + 10, name FROM customers",
     "INSERT INTO people (id, first_name, last_name) SELECT id + 10, first_name, last_name FROM people",
     {11: ("Ann Lee", None, None, None), 12: ("Bob", None, None, None), 13: ("Cy Dee", None, None, None)}),
    ("INSERT INTO customers (id, name) SELECT id + 10, first_name FROM people",
     "INSERT INTO people (id, first_name) SELECT id + 10, substr(name, 1, instr(name || ' ', ' ') - 1) FROM customers",
     {11: ("Ann", None, None, None), 12: ("Bob", None, None, None), 13: ("Cy", None, None, None)}),
]


@pytest.mark.parametrize("on_old, on_new, entities", INSERTS, ids=["one", "many", "from_itself", "from_the_other_side"])
class TestInsert:
    def test_on_the_old_side_reaches_the_new(self, people, on_old, on_new, entities):
        people.sql(on_old)
        people.holds(entities)

    def test_on_the_new_side_reaches_the_old(self, people, on_old, on_new, entities):
        people.sql(on_new)
        people.holds(entities)


UPDATES = [
    ("UPDATE customers SET email = 'new@x' WHERE id = 2", "UPDATE people SET email = 'new@x' WHERE id = 2",
     {2: ("Bob", "new@x", "old 2", "new 2")}),
    ("UPDATE customers SET email = NULL WHERE id = 2", "UPDATE people SET email = NULL WHERE id = 2",
     {2: ("Bob", None, "old 2", "new 2")}),
    ("UPDATE customers SET name = 'Bob Ray', email = id || '@y'",
     "UPDATE people SET first_name = 'Bob', last_name = 'Ray', email = id || '@y'",
     {1: ("Bob Ray", "1@y", "old 1", "new 1"), 2: ("Bob Ray", "2@y", "old 2", "new 2"),
      3: ("Bob Ray", "3@y", "old 3", "new 3")}),
    ("UPDATE customers SET email = email", "UPDATE people SET email = email", {}),
    ("UPDATE customers SET email = 'x' WHERE id = 99", "UPDATE people SET email = 'x' WHERE id = 99", {}),
    ("UPDATE customers SET email = p.note FROM people p WHERE p.id = customers.id AND p.id = 3",
     "UPDATE people SET email = 'new 3' FROM customers c WHERE c.id = people.id AND c.id = 3",
     {3: ("Cy Dee", "new 3", "old 3", "new 3")}),
]


@pytest.mark.parametrize("on_old, on_new, entities", UPDATES,
                         ids=["one", "to_null", "all", "to_the_same", "of_no_row", "from_the_other_side"])
class TestUpdate:
    def test_on_the_old_side_reaches_the_new(self, people, on_old, on_new, entities):
        people.sql(on_old)
        people.holds(entities)

    def test_on_the_new_side_reaches_the_old(self, people, on_old, on_new, entities):
        people.sql(on_new)
        people.holds(entities)


def test_an_update_of_an_unmapped_column_on_the_old_side_stays_there(people):
    people.sql("UPDATE customers SET hint = 'mine'")
    people.holds({1: ("Ann Lee", "ann@x", "mine", "new 1"), 2: ("Bob", "bob@x", "mine", "new 2"),
                  3: ("Cy Dee", "cy@x", "mine", "new 3")})


def test_an_update_of_an_unmapped_column_on_the_new_side_stays_there(people):
    people.sql("UPDATE people SET note = 'mine'")
    people.holds({1: ("Ann Lee", "ann@x", "old 1", "mine"), 2: ("Bob", "bob@x", "old 2", "mine"),
                  3: ("Cy Dee", "cy@x", "old 3", "mine")})


@pytest.mark.parametrize("table", ["customers", "people"])
class TestDelete:
    def test_of_one_reaches_the_other_side(self, people, table):
        people.sql(f"DELETE FROM {table} WHERE id = 2")
        people.holds(gone=[2])

    def test_of_everything_reaches_the_other_side(self, people, table):
        people.sql(f"DELETE FROM {table}")  # SQLite's truncate optimisation must not pass by the triggers
        people.holds(gone=[1, 2, 3])

    def test_then_insert_brings_back_no_old_values(self, people, table):
        people.sql(f"DELETE FROM {table} WHERE id = 2")
        people.sql("INSERT INTO customers (id, name) VALUES (2, 'Bea')")
        people.holds({2: ("Bea", None, None, None)})


def test_returning_gives_the_application_its_own_row(people):
    assert people.sql("INSERT INTO customers (name) VALUES ('Di Fox') RETURNING id, name") == [(4, "Di Fox")]
    assert people.sql("UPDATE people SET email = 'di@x' WHERE id = 4 RETURNING email") == [("di@x",)]
    assert people.sql("DELETE FROM customers WHERE id = 3 RETURNING id, hint") == [(3, "old 3")]
    people.holds({4: ("Di Fox", "di@x", None, None)}, gone=[3])


@pytest.mark.parametrize("statement, rows", [
    ("UPDATE customers SET email = id || '@y'", 3), ("UPDATE people SET email = id || '@y'", 3),
    ("DELETE FROM customers", 3), ("INSERT INTO people (first_name) VALUES ('Di'), ('Ed')", 2)])
def test_the_application_is_told_how_many_of_its_own_rows_changed(people, statement, rows):
    assert people.db.execute(statement).rowcount == rows
    assert people.sql("SELECT changes()") == [(rows,)]


def test_the_application_is_told_the_rowid_of_its_own_row(people):
    cursor = people.db.execute("INSERT INTO customers (id, name) VALUES (70, 'Di')")
    assert cursor.lastrowid == 70
    assert people.sql("SELECT last_insert_rowid()") == [(70,)]
