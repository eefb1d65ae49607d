"""What a cascade writes is followed like any other write, on either side; and what refers to a side goes on to refer to it."""
import psycopg2
import pytest

SCHEMA = """
    CREATE TABLE countries (code TEXT PRIMARY KEY);
    CREATE TABLE customers (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL, hint TEXT,
      country TEXT DEFAULT 'xx' REFERENCES countries ON DELETE {delete} ON UPDATE {update}
    );
    CREATE INDEX customers_country ON customers (country);
    INSERT INTO countries VALUES ('de'), ('fr'), ('xx');
    INSERT INTO customers VALUES (1, 'Ann', 'old 1', 'de'), (2, 'Bob', 'old 2', 'fr'), (3, 'Cy', 'old 3', 'de');
"""
PEOPLE = """
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
    soak: 0s
"""


@pytest.fixture
def cascade(start):
    def make(delete="CASCADE", update="CASCADE", more=""):
        scene = start(SCHEMA.format(delete=delete, update=update) + more, PEOPLE)
        scene.sql("UPDATE people SET note = 'new ' || id")
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


def test_a_country_that_is_none_is_refused_on_its_own_side_and_listed_on_the_other(cascade):
    scene = cascade()
    with pytest.raises(psycopg2.IntegrityError):
        scene.sql("UPDATE customers SET country = 'zz' WHERE id = 2")
    holds(scene, [(1, "Ann", "de"), (2, "Bob", "fr"), (3, "Cy", "de")])
    scene.sql("UPDATE people SET land = 'zz' WHERE id = 2")
    assert scene.sql("SELECT country FROM customers WHERE id = 2") == [("fr",)]
    assert scene.quarantine() == ["2"]
    scene.sql("INSERT INTO countries VALUES ('zz')")
    scene.midflight.verify("--repair").done()
    assert scene.sql("SELECT country FROM customers WHERE id = 2") == [("zz",)]


class TestChildrenOfTheOldTable:
    ORDERS = """
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers ON DELETE {} ON UPDATE CASCADE);
        CREATE INDEX orders_customer ON orders (customer);
        INSERT INTO orders VALUES (10, 1), (11, 2), (12, 2);
    """

    def test_go_with_a_row_that_is_deleted_on_the_new_side(self, cascade):
        scene = cascade(more=self.ORDERS.format("CASCADE"))
        scene.sql("DELETE FROM people WHERE id = 2")
        assert scene.sql("SELECT id FROM orders") == [(10,)]
        holds(scene, [(1, "Ann", "de"), (3, "Cy", "de")])

    def test_move_with_a_key_that_changes_on_the_new_side(self, cascade):
        scene = cascade(more=self.ORDERS.format("RESTRICT"))
        scene.sql("UPDATE people SET id = 20 WHERE id = 2")
        assert scene.sql("SELECT customer FROM orders ORDER BY id") == [(1,), (20,), (20,)]
        assert scene.sql("SELECT hint FROM customers WHERE id = 20") == [("old 2",)]
        scene.agree()

    def test_are_left_alone_by_an_edit_on_the_new_side(self, cascade):
        scene = cascade(more=self.ORDERS.format("CASCADE"))
        scene.sql("UPDATE people SET first_name = 'Bea' WHERE id = 2")
        assert scene.sql("SELECT id FROM orders ORDER BY id") == [(10,), (11,), (12,)]
        holds(scene, [(1, "Ann", "de"), (2, "Bea", "fr"), (3, "Cy", "de")])

    def test_that_forbid_a_delete_leave_the_entity_known_to_be_apart_or_refuse_it(self, cascade):
        scene = cascade(more=self.ORDERS.format("RESTRICT"))
        try:
            scene.sql("DELETE FROM people WHERE id = 2")
        except psycopg2.IntegrityError:
            return holds(scene, [(1, "Ann", "de"), (2, "Bob", "fr"), (3, "Cy", "de")])
        assert scene.quarantine() == ["2"]

    def test_that_are_written_while_the_backfill_locks_their_parents_do_not_deadlock(self, cascade):
        scene = cascade(more=self.ORDERS.format("CASCADE"))
        scene.sql("BEGIN")
        scene.sql("INSERT INTO orders VALUES (13, 3)")
        scene.sql("UPDATE people SET first_name = 'Cleo' WHERE id = 3")
        scene.sql("COMMIT")
        holds(scene, [(1, "Ann", "de"), (2, "Bob", "fr"), (3, "Cleo", "de")])


class TestWithinTheNewShape:
    """subscriptions refer to people: both are of the new shape."""

    SCHEMA = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plans JSONB NOT NULL DEFAULT '[]');
        INSERT INTO customers VALUES (1, 'Ann', '["basic", "storage"]'), (2, 'Bob', '[]');
    """
    SUBSCRIPTIONS = """
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
            SELECT c.id AS customer_id, s.number - 1 AS position, s.value AS plan
            FROM customers c, jsonb_array_elements_text(c.plans) WITH ORDINALITY s (value, number)
        backward:
          customers: |
            SELECT p.id, p.name, (SELECT coalesce(jsonb_agg(s.plan ORDER BY s.position), '[]')
                                  FROM subscriptions s WHERE s.customer_id = p.id) AS plans
            FROM people p
        soak: 0s
    """

    @pytest.fixture
    def scene(self, start):
        scene = start(self.SCHEMA, self.SUBSCRIPTIONS)
        scene.sql("UPDATE subscriptions SET remark = 'mine'")
        return scene

    def holds(self, scene, *entities):
        names = [(key, name) for key, name, _ in entities]
        assert scene.sql("SELECT id, name FROM customers ORDER BY id") == names
        assert scene.sql("SELECT id, name FROM people ORDER BY id") == names
        plans = [(key, plan) for key, _, plans in entities for plan in plans]
        assert scene.sql("SELECT id, jsonb_array_elements_text(plans) FROM customers ORDER BY id") == plans
        assert scene.sql("SELECT customer_id, plan FROM subscriptions ORDER BY customer_id, position") == plans
        scene.agree()

    def test_an_entity_made_on_the_old_side_arrives_parent_first(self, scene):
        scene.sql("""INSERT INTO customers VALUES (3, 'Cy', '["basic"]')""")
        self.holds(scene, (1, "Ann", ["basic", "storage"]), (2, "Bob", []), (3, "Cy", ["basic"]))

    def test_an_entity_deleted_on_the_old_side_goes_child_first(self, scene):
        scene.sql("DELETE FROM customers WHERE id = 1")
        self.holds(scene, (2, "Bob", []))

    def test_a_cascaded_delete_on_the_new_side_reaches_the_old(self, scene):
        scene.sql("DELETE FROM people WHERE id = 1")
        self.holds(scene, (2, "Bob", []))

    @pytest.mark.parametrize("table", ["people", "customers"])
    def test_a_key_change_moves_parent_and_children(self, scene, table):
        scene.sql(f"UPDATE {table} SET id = 10 WHERE id = 1")
        self.holds(scene, (2, "Bob", []), (10, "Ann", ["basic", "storage"]))
        assert scene.sql("SELECT remark FROM subscriptions") == [("mine",), ("mine",)]

    def test_a_truncate_that_cascades_empties_all(self, scene):
        scene.sql("TRUNCATE people CASCADE")
        self.holds(scene)
