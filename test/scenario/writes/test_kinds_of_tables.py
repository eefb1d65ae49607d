"""WITHOUT ROWID, STRICT, AUTOINCREMENT, generated columns, an attached database: every kind of table follows."""
import sqlite3

import pytest

KINDS = {"plain": "", "without_rowid": "WITHOUT ROWID", "strict": "STRICT", "both": "STRICT, WITHOUT ROWID"}


@pytest.fixture
def goods(start):
    """A 1:1 migration between tables of two kinds, keyed by a text."""
    def make(old="", new=""):
        scene = start(f"""
            CREATE TABLE items (code TEXT NOT NULL PRIMARY KEY, price INTEGER, hint TEXT) {old};
            INSERT INTO items VALUES ('a', 1, 'old a'), ('b', 2, 'old b');
        """, f"""
            migration: goods
            old:
              store: ${{APP_DB}}
              key: {{items: code}}
            new:
              key: {{goods: code}}
              create: CREATE TABLE goods (code TEXT NOT NULL PRIMARY KEY, cents INTEGER, note TEXT) {new}
            forward:
              goods: SELECT code, price * 100 AS cents FROM items
            backward:
              items: SELECT code, cents / 100 AS price FROM goods
        """)
        scene.sql("UPDATE goods SET note = 'new ' || code")
        return scene
    return make


@pytest.mark.parametrize("new", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("old", KINDS.values(), ids=KINDS)
def test_writes_follow_between_tables_of_any_two_kinds(goods, old, new):
    scene = goods(old, new)
    scene.sql("INSERT INTO items VALUES ('c', 3, NULL)")
    scene.sql("INSERT INTO goods VALUES ('d', 400, NULL)")
    scene.sql("UPDATE items SET price = 10 WHERE code = 'a'")
    scene.sql("UPDATE goods SET cents = 2000, code = 'bb' WHERE code = 'b'")
    scene.sql("REPLACE INTO items VALUES ('c', 30, 'replaced')")
    scene.sql("DELETE FROM goods WHERE code = 'd'")
    assert scene.sql("SELECT * FROM items ORDER BY 1") == [("a", 10, "old a"), ("bb", 20, "old b"), ("c", 30, "replaced")]
    assert scene.sql("SELECT * FROM goods ORDER BY 1") == [("a", 1000, "new a"), ("bb", 2000, "new b"), ("c", 3000, None)]
    scene.agree()


AUTOINCREMENT = """
    migration: tickets
    old:
      store: ${APP_DB}
      key: {tickets: id}
    new:
      key: {cases: id}
      create: CREATE TABLE cases (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT)
    forward:
      cases: SELECT id, subject AS title FROM tickets
    backward:
      tickets: SELECT id, title AS subject FROM cases
"""


@pytest.mark.parametrize("first, second", [(("tickets", "subject"), ("cases", "title")),
                                           (("cases", "title"), ("tickets", "subject"))], ids=["old_first", "new_first"])
def test_autoincrement_never_gives_a_number_twice_whichever_side_gives_it(start, first, second):
    scene = start("CREATE TABLE tickets (id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT);"
                  "INSERT INTO tickets (subject) VALUES ('a'), ('b'), ('c'); DELETE FROM tickets WHERE id = 3;", AUTOINCREMENT)
    given = [scene.sql(f"INSERT INTO {table} ({column}) VALUES ('x') RETURNING id")[0][0]
             for table, column in [first, second, first]]
    assert len({1, 2, 3, *given}) == 6, f"given now: {given}; given before the start: 1, 2, 3"
    scene.sql("DELETE FROM cases WHERE id > 2")
    later = [scene.sql(f"INSERT INTO {table} ({column}) VALUES ('x') RETURNING id")[0][0] for table, column in [first, second]]
    assert not {1, 2, 3, *given} & set(later)
    scene.agree()


GENERATED = """
    migration: names
    old:
      store: ${APP_DB}
      key: {customers: id}
    new:
      key: {people: id}
      create: |
        CREATE TABLE people (
          id INTEGER PRIMARY KEY, given TEXT, sort TEXT AS (lower(given)) STORED, size INTEGER AS (length(given)) VIRTUAL
        );
        CREATE UNIQUE INDEX people_sort ON people (sort, size);
    forward:
      people: SELECT id, full AS given FROM customers
    backward:
      customers: SELECT id, given AS name FROM people
"""


@pytest.fixture
def generated(start):
    return start("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, full TEXT AS ('Dr ' || name) STORED,
                                short TEXT AS (substr(name, 1, 1)) VIRTUAL);
        INSERT INTO customers (id, name) VALUES (1, 'Ann'), (2, 'Bob');
    """, GENERATED.replace("given AS name", "substr(given, 4) AS name"))


def test_generated_columns_are_read_and_computed_but_never_written(generated):
    generated.sql("INSERT INTO customers (id, name) VALUES (3, 'Cy')")
    generated.sql("INSERT INTO people (id, given) VALUES (4, 'Dr Di')")
    generated.sql("UPDATE customers SET name = 'Bea' WHERE id = 2")
    assert generated.sql("SELECT * FROM customers") == [
        (1, "Ann", "Dr Ann", "A"), (2, "Bea", "Dr Bea", "B"), (3, "Cy", "Dr Cy", "C"), (4, "Di", "Dr Di", "D")]
    assert generated.sql("SELECT * FROM people") == [
        (1, "Dr Ann", "dr ann", 6), (2, "Dr Bea", "dr bea", 6), (3, "Dr Cy", "dr cy", 5), (4, "Dr Di", "dr di", 5)]
    generated.agree()


def test_replace_by_a_unique_index_over_generated_columns_leaves_no_zombie(generated):
    generated.sql("INSERT OR REPLACE INTO people (id, given) VALUES (9, 'DR ANN')")
    assert generated.sql("SELECT id FROM people ORDER BY id") == [(2,), (9,)]
    assert generated.sql("SELECT id, name FROM customers ORDER BY id") == [(2, "Bob"), (9, "ANN")]
    generated.agree()


def test_a_query_that_yields_a_generated_column_of_the_target_is_refused(app):
    app.sql("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, full TEXT);")
    outcome = app.migration(GENERATED.replace("full AS given", "full AS given, 'x' AS sort")).check()
    assert outcome.status == 2 and "sort" in outcome.message and "GENERATED" in outcome.message


def test_an_application_that_attached_the_database_under_another_name_is_followed(people):
    other = sqlite3.connect(":memory:", isolation_level=None)
    other.execute("ATTACH ? AS shop", (str(people.app.database),))
    other.execute("UPDATE shop.customers SET email = 'new@x' WHERE id = 2")
    other.execute("INSERT INTO shop.people (id, first_name) VALUES (4, 'Di')")
    other.execute("REPLACE INTO shop.customers VALUES (5, 'Ed', 'ann@x', NULL)")
    other.close()
    people.holds({2: ("Bob", "new@x", "old 2", "new 2"), 4: ("Di", None, None, None), 5: ("Ed", "ann@x", None, None)},
                 gone=[1])


def test_an_attached_database_with_tables_of_the_same_names_stays_as_it_is(people, tmp_path):
    people.sql("ATTACH ? AS other", str(tmp_path / "other.db"))
    people.sql("CREATE TABLE other.customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, hint TEXT)")
    people.sql("CREATE TABLE other.people (id INTEGER PRIMARY KEY, first_name TEXT)")
    people.sql("INSERT INTO other.customers VALUES (1, 'Other', NULL, NULL)")
    people.sql("UPDATE main.customers SET email = 'new@x' WHERE id = 2")
    assert people.sql("SELECT * FROM other.customers") == [(1, "Other", None, None)]
    assert people.sql("SELECT * FROM other.people") == []
    people.holds({2: ("Bob", "new@x", "old 2", "new 2")})


def test_a_connection_with_trusted_schema_off_is_followed_where_the_queries_need_no_json(people):
    people.sql("PRAGMA trusted_schema = OFF")
    people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
    people.sql("UPDATE people SET last_name = 'Hill' WHERE id = 2")
    people.holds({2: ("Bob Hill", "new@x", "old 2", "new 2")})


@pytest.mark.parametrize("habits", [
    ("case_sensitive_like = ON", "reverse_unordered_selects = ON", "cell_size_check = ON", "secure_delete = ON",
     "temp_store = MEMORY", "legacy_alter_table = ON", "defer_foreign_keys = ON", "ignore_check_constraints = ON"),
    ("short_column_names = OFF", "full_column_names = ON")], ids=["many", "full_column_names"])
def test_a_connection_with_habits_of_its_own_is_followed(people, habits):
    for pragma in habits:
        people.sql(f"PRAGMA {pragma}")
    people.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
    people.sql("INSERT INTO people (id, first_name) VALUES (4, 'Di')")
    people.sql("UPDATE people SET id = 30 WHERE id = 3")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2"), 4: ("Di", None, None, None), 30: people.BEFORE[3]}, gone=[3])
