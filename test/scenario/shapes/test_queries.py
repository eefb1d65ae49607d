"""The queries are the user's own SQL and stay as they were written: what SQLite takes, midflight takes."""
import pytest

SCHEMA = """
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, cents INTEGER, country TEXT);
    CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT);
    INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France');
    INSERT INTO orders VALUES (1, 'Ann', 100, 'de'), (2, 'Bob', 250, 'fr'), (3, 'Ann', 50, NULL);
"""
DEFINITION = """
    migration: sales
    old:
      store: ${{APP_DB}}
      key: {{orders: id}}
    new:
      key: {{sales: id}}
      create: CREATE TABLE sales (id INTEGER PRIMARY KEY, who TEXT, amount, land TEXT)
    forward:
      sales: |
{query}
    backward:
      orders: SELECT id, who AS customer, CAST(amount * 100 AS INTEGER) AS cents FROM sales
"""

# Each yields (id, who, amount, land) of the rows above, and follows an update of cents.
QUERIES = {
    "a_with_of_its_own": """
        WITH priced (id, amount) AS (SELECT id, cents / 100.0 FROM orders)
        SELECT o.id, o.customer AS who, p.amount, o.country AS land FROM orders o JOIN priced p USING (id)""",
    "a_recursive_with": """
        WITH RECURSIVE once (n) AS (SELECT 1 UNION SELECT n FROM once)
        SELECT id, customer AS who, cents / 100.0 AS amount, country AS land FROM orders, once""",
    "a_union": """
        SELECT id, customer AS who, cents / 100.0 AS amount, country AS land FROM orders WHERE cents > 75
        UNION ALL SELECT id, customer, cents / 100.0, country FROM orders WHERE cents <= 75""",
    "a_window": """
        SELECT id, customer AS who, sum(cents) OVER (PARTITION BY id) / 100.0 AS amount, country AS land FROM orders""",
    "a_subquery": """
        SELECT id, who, amount, land
        FROM (SELECT id, customer AS who, cents / 100.0 AS amount, country AS land FROM orders ORDER BY cents) AS s""",
    "a_correlated_subquery": """
        SELECT o.id, o.customer AS who, (SELECT i.cents / 100.0 FROM orders i WHERE i.id = o.id) AS amount, o.country AS land
        FROM orders AS o""",
    "comments_and_a_semicolon": """
        -- who bought: "orders"; see /* below
        SELECT id, customer AS who, /* cents; */ cents / 100.0 AS amount, country AS land FROM orders; -- the end""",
    "quotes_of_every_kind": """
        SELECT "id", [customer] AS `who`, "orders".cents / 100.0 AS "amount", country AS 'land' FROM "orders" """,
    "values": """
        SELECT id, customer AS who, cents / 100.0 AS amount, country AS land
        FROM orders WHERE id IN (VALUES (1), (2), (3), (4))""",
    "group_by_and_having": """
        SELECT id, max(customer) AS who, sum(cents) / 100.0 AS amount, max(country) AS land
        FROM orders GROUP BY id HAVING count(*) > 0""",
    "a_left_join_to_a_lookup_table": """
        SELECT o.id, o.customer AS who, o.cents / 100.0 AS amount, coalesce(c.code, o.country) AS land
        FROM orders o LEFT JOIN countries c ON c.code = o.country""",
    "distinct_and_order_by": """
        SELECT DISTINCT id, customer AS who, cents / 100.0 AS amount, country AS land FROM orders ORDER BY amount DESC""",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_may_have(start, query):
    scene = start(SCHEMA, DEFINITION.format(query=query))
    rows = [(1, "Ann", 1.0, "de"), (2, "Bob", 2.5, "fr"), (3, "Ann", 0.5, None)]
    assert scene.sql("SELECT * FROM sales ORDER BY id") == rows
    scene.sql("UPDATE orders SET cents = 400 WHERE id = 2")
    scene.sql("INSERT INTO orders VALUES (4, 'Di', 600, 'de')")
    scene.sql("UPDATE sales SET who = 'Anna' WHERE id = 1")
    scene.sql("DELETE FROM orders WHERE id = 3")
    assert scene.sql("SELECT * FROM sales ORDER BY id") == [(1, "Anna", 1.0, "de"), (2, "Bob", 4.0, "fr"), (4, "Di", 6.0, "de")]
    assert scene.sql("SELECT * FROM orders ORDER BY id") == [
        (1, "Anna", 100, "de"), (2, "Bob", 400, "fr"), (4, "Di", 600, "de")]
    scene.agree()


@pytest.mark.parametrize("query", ["""
        SELECT main.orders.id, main.orders.customer AS who, main.orders.cents / 100.0 AS amount, orders.country AS land
        FROM main.orders""", """
        WITH orders AS (SELECT id, customer, cents, country FROM main.orders)
        SELECT id, customer AS who, cents / 100.0 AS amount, country AS land FROM orders"""],
                         ids=["by_the_schema's_name", "by_a_with_of_its_name"])
def test_a_query_that_reads_past_midflight_is_refused(app, query):
    """It would see all entities where it is to be shown one: deletes would leave zombies behind."""
    app.sql(SCHEMA)
    for verb in ("check", "start"):
        outcome = app.migration(DEFINITION.format(query=query)).run(verb).refused()
        assert "forward.sales" in outcome.out and "orders" in outcome.out and "schema" in outcome.out
    assert app.tables() == ["countries", "orders"]


class TestLookupTable:
    QUERY = """
        SELECT o.id, o.customer AS who, o.cents / 100.0 AS amount, c.name AS land
        FROM orders o LEFT JOIN countries c ON c.code = o.country"""

    def test_is_read_for_each_entity(self, start):
        scene = start(SCHEMA, DEFINITION.format(query=self.QUERY))
        scene.sql("UPDATE orders SET country = 'fr' WHERE id = 1")
        assert scene.sql("SELECT land FROM sales ORDER BY id") == [("France",), ("France",), (None,)]
        scene.agree()

    def test_is_named_by_check_as_not_followed(self, app):
        app.sql(SCHEMA)
        notes = app.migration(DEFINITION.format(query=self.QUERY)).check().done().json["notes"]
        assert any(note["level"] == "warning" and "countries" in note["text"] for note in notes)

    def test_that_changes_meanwhile_is_found_by_verify_and_repaired(self, start):
        scene = start(SCHEMA, DEFINITION.format(query=self.QUERY).replace("who AS customer", "who || '' AS customer").replace(
            "CAST(amount * 100 AS INTEGER) AS cents FROM sales",
            "CAST(amount * 100 AS INTEGER) AS cents, (SELECT code FROM countries WHERE name = land) AS country FROM sales"))
        scene.sql("UPDATE countries SET name = 'Deutschland' WHERE code = 'de'")
        assert [line["key"] for line in scene.midflight.verify().diverged().lines[:-1]] == ["1"]
        scene.midflight.verify("--repair").done()
        assert scene.sql("SELECT land FROM sales WHERE id = 1") == [("Deutschland",)]
        scene.agree()


def test_a_query_may_leave_entities_out(start):
    """Cancelled orders stay behind: they are nobody's loss on the new side, and stay as they are on the old."""
    scene = start(SCHEMA, DEFINITION.format(
        query="        SELECT id, customer AS who, cents / 100.0 AS amount FROM orders WHERE cents >= 100"))
    assert scene.sql("SELECT id FROM sales ORDER BY id") == [(1,), (2,)]
    scene.sql("UPDATE orders SET cents = 75 WHERE id = 1")
    scene.sql("UPDATE orders SET cents = 500 WHERE id = 3")
    assert scene.sql("SELECT id FROM sales ORDER BY id") == [(2,), (3,)]
    assert scene.sql("SELECT id FROM orders ORDER BY id") == [(1,), (2,), (3,)]
    scene.midflight.advance().done()
    scene.midflight.rollback().done()
    assert scene.sql("SELECT id, cents FROM orders ORDER BY id") == [(1, 75), (2, 250), (3, 500)]


def test_a_query_may_count_rows_of_a_second_table_of_the_entity(start):
    scene = start("""
        CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE posts (user_id INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (user_id, n));
        INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob');
        INSERT INTO posts VALUES (1, 1), (1, 2);
    """, """
        migration: counts
        old:
          store: ${APP_DB}
          key: {users: id, posts: user_id}
        new:
          key: {writers: id}
          create: CREATE TABLE writers (id INTEGER PRIMARY KEY, name TEXT, posts INTEGER)
        forward:
          writers: SELECT id, name, (SELECT count(*) FROM posts WHERE user_id = users.id) AS posts FROM users
    """)
    assert scene.sql("SELECT * FROM writers ORDER BY id") == [(1, "Ann", 2), (2, "Bob", 0)]
    scene.sql("INSERT INTO posts VALUES (2, 1)")
    scene.sql("DELETE FROM posts WHERE user_id = 1")
    assert scene.sql("SELECT * FROM writers ORDER BY id") == [(1, "Ann", 0), (2, "Bob", 1)]
