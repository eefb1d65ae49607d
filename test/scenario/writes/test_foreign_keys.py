"""The application's connections enforce foreign keys: what a cascade writes is followed like any other write."""
import sqlite3

import pytest

# An order belongs to a customer; the customers are what changes shape, and the orders in a migration of their own.
SCHEMA = """
    CREATE TABLE countries (code TEXT NOT NULL PRIMARY KEY);
    CREATE TABLE customers (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL, hint TEXT,
      country TEXT DEFAULT 'xx' REFERENCES countries ON DELETE {delete} ON UPDATE {update}
    );
    CREATE INDEX customers_country ON customers (country);
    INSERT INTO countries VALUES ('de'), ('fr'), ('xx');
    INSERT INTO customers VALUES (1, 'Ann', 'old 1', 'de'), (2, 'Bob', 'old 2', 'fr'), (3, 'Cy', 'old 3', 'de');
"""
DEFINITION = """
    migration: people
    old:
      store: ${APP_DB}
      key: {customers: id}
    new:
      key: {people: id}
      create: CREATE TABLE people (id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, land TEXT, note TEXT)
    forward:
      people: SELECT id, name AS first_name, country AS land FROM customers
    backward:
      customers: SELECT id, first_name AS name, land AS country FROM people
"""


@pytest.fixture
def cascade(start):
    def make(delete="CASCADE", update="CASCADE"):
        scene = start(SCHEMA.format(delete=delete, update=update), DEFINITION)
        scene.sql("UPDATE people SET note = 'new ' || id")
        scene.sql("PRAGMA foreign_keys = ON")
        return scene
    return make


def holds(scene, rows):
    """Each row is (id, name, country); what nobody maps is as it was."""
    assert scene.sql("SELECT id, name, hint, country FROM customers ORDER BY id") == [
        (key, name, f"old {key}", country) for key, name, country in rows]
    assert scene.sql("SELECT id, first_name, land, note FROM people ORDER BY id") == [
        (key, name, country, f"new {key}") for key, name, country in rows]
    scene.agree()


@pytest.mark.parametrize("action, rows", [
    ("CASCADE", [(2, "Bob", "fr")]),
    ("SET NULL", [(1, "Ann", None), (2, "Bob", "fr"), (3, "Cy", None)]),
    ("SET DEFAULT", [(1, "Ann", "xx"), (2, "Bob", "fr"), (3, "Cy", "xx")])])
def test_a_delete_of_the_parent_reaches_the_other_side(cascade, action, rows):
    scene = cascade(delete=action)
    scene.sql("DELETE FROM countries WHERE code = 'de'")
    holds(scene, rows)


@pytest.mark.parametrize("action, country", [("CASCADE", "at"), ("SET NULL", None), ("SET DEFAULT", "xx")])
def test_an_update_of_the_parent_reaches_the_other_side(cascade, action, country):
    scene = cascade(update=action)
    scene.sql("UPDATE countries SET code = 'at' WHERE code = 'de'")
    holds(scene, [(1, "Ann", country), (2, "Bob", "fr"), (3, "Cy", country)])


def test_a_replace_of_the_parent_reaches_the_other_side(cascade):
    scene = cascade(delete="CASCADE")
    scene.sql("REPLACE INTO countries VALUES ('de')")
    holds(scene, [(2, "Bob", "fr")])


@pytest.mark.parametrize("statement", ["UPDATE people SET land = 'nowhere' WHERE id = 2",
                                       "UPDATE customers SET country = 'nowhere' WHERE id = 2"], ids=["new", "old"])
def test_a_reference_to_nothing_is_refused_from_either_side(cascade, statement):
    scene = cascade()
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        scene.sql(statement)
    holds(scene, [(1, "Ann", "de"), (2, "Bob", "fr"), (3, "Cy", "de")])


class TestChildrenOfTheOldTable:
    """Others refer to the customers: their rows follow a customer that the new side deletes or moves."""

    CHILD = """
        CREATE TABLE orders (
          id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers ON DELETE {delete} ON UPDATE CASCADE
        );
        CREATE INDEX orders_customer ON orders (customer);
        INSERT INTO orders VALUES (10, 1), (11, 2), (12, 2);
    """

    def scene(self, start, delete):
        schema = SCHEMA.format(delete="CASCADE", update="CASCADE") + self.CHILD.format(delete=delete)
        scene = start(schema, DEFINITION)
        scene.sql("UPDATE people SET note = 'new ' || id")
        scene.sql("PRAGMA foreign_keys = ON")
        return scene

    def test_a_delete_on_the_new_side_cascades_to_them(self, start):
        scene = self.scene(start, "CASCADE")
        scene.sql("DELETE FROM people WHERE id = 2")
        assert scene.sql("SELECT id FROM orders") == [(10,)]
        holds(scene, [(1, "Ann", "de"), (3, "Cy", "de")])

    def test_a_delete_on_the_new_side_that_they_forbid_is_refused(self, start):
        scene = self.scene(start, "RESTRICT")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            scene.sql("DELETE FROM people WHERE id = 2")
        holds(scene, [(1, "Ann", "de"), (2, "Bob", "fr"), (3, "Cy", "de")])

    def test_a_key_change_on_the_new_side_takes_them_along(self, start):
        scene = self.scene(start, "RESTRICT")
        scene.sql("UPDATE people SET id = 20 WHERE id = 2")
        assert scene.sql("SELECT customer FROM orders ORDER BY id") == [(1,), (20,), (20,)]
        assert scene.sql("SELECT hint FROM customers WHERE id = 20") == [("old 2",)]
        scene.agree()

    def test_an_edit_on_the_new_side_leaves_them_alone(self, start):
        scene = self.scene(start, "CASCADE")
        scene.sql("UPDATE people SET first_name = 'Bea' WHERE id = 2")
        scene.sql("REPLACE INTO people VALUES (2, 'Bo', 'fr', 'new 2')")
        assert scene.sql("SELECT id FROM orders ORDER BY id") == [(10,), (11,), (12,)]
        holds(scene, [(1, "Ann", "de"), (2, "Bo", "fr"), (3, "Cy", "de")])


class TestWithinTheNewShape:
    """subscriptions refer to people: both are of the new shape, and the application enforces it."""

    SCHEMA = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plans TEXT NOT NULL DEFAULT '[]');
        INSERT INTO customers VALUES (1, 'Ann', '["basic","storage"]'), (2, 'Bob', '[]');
    """
    DEFINITION = """
        migration: subscriptions
        old:
          store: ${APP_DB}
          key: {customers: id}
        new:
          key: {people: id, subscriptions: customer_id}
          create: |
            CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE subscriptions (
              customer_id INTEGER NOT NULL REFERENCES people ON DELETE CASCADE ON UPDATE CASCADE,
              position INTEGER NOT NULL, plan TEXT NOT NULL, remark TEXT, PRIMARY KEY (customer_id, position)
            );
        forward:
          people: SELECT id, name FROM customers
          subscriptions: |
            SELECT c.id AS customer_id, s.key AS position, s.value AS plan FROM customers c, json_each(c.plans) s
        backward:
          customers: |
            SELECT p.id, p.name,
                   (SELECT json_group_array(s.plan)
                    FROM (SELECT plan FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS plans
            FROM people p
    """

    @pytest.fixture
    def scene(self, start):
        scene = start(self.SCHEMA, self.DEFINITION)
        scene.sql("UPDATE subscriptions SET remark = 'mine'")
        scene.sql("PRAGMA foreign_keys = ON")
        return scene

    def holds(self, scene, entities):
        assert scene.sql("SELECT id, name FROM customers ORDER BY id") == [(k, n) for k, n, _ in entities]
        assert scene.sql("SELECT id, name FROM people ORDER BY id") == [(k, n) for k, n, _ in entities]
        plans = [(key, plan) for key, _, plans in entities for plan in plans]
        assert scene.sql("SELECT c.id, s.value FROM customers c, json_each(c.plans) s ORDER BY c.id, s.key") == plans
        assert scene.sql("SELECT customer_id, plan FROM subscriptions ORDER BY customer_id, position") == plans
        scene.agree()

    def test_an_entity_made_on_the_old_side_arrives_parent_first(self, scene):
        scene.sql("""INSERT INTO customers VALUES (3, 'Cy', '["basic"]')""")
        self.holds(scene, [(1, "Ann", ["basic", "storage"]), (2, "Bob", []), (3, "Cy", ["basic"])])

    def test_an_entity_deleted_on_the_old_side_goes_child_first(self, scene):
        scene.sql("DELETE FROM customers WHERE id = 1")
        self.holds(scene, [(2, "Bob", [])])

    def test_a_cascaded_delete_on_the_new_side_reaches_the_old(self, scene):
        scene.sql("DELETE FROM people WHERE id = 1")
        self.holds(scene, [(2, "Bob", [])])

    def test_a_cascaded_key_change_on_the_new_side_reaches_the_old(self, scene):
        scene.sql("UPDATE people SET id = 10 WHERE id = 1")
        self.holds(scene, [(2, "Bob", []), (10, "Ann", ["basic", "storage"])])
        assert scene.sql("SELECT remark FROM subscriptions") == [("mine",), ("mine",)]

    def test_a_key_change_on_the_old_side_moves_parent_and_children(self, scene):
        scene.sql("UPDATE customers SET id = 10 WHERE id = 1")
        self.holds(scene, [(2, "Bob", []), (10, "Ann", ["basic", "storage"])])
        assert scene.sql("SELECT remark FROM subscriptions") == [("mine",), ("mine",)]

    def test_a_replace_of_the_same_key_on_the_old_side_keeps_the_children(self, scene):
        scene.sql("""REPLACE INTO customers VALUES (1, 'Anna', '["basic","storage"]')""")
        self.holds(scene, [(1, "Anna", ["basic", "storage"]), (2, "Bob", [])])
        assert scene.sql("SELECT remark FROM subscriptions") == [("mine",), ("mine",)]
