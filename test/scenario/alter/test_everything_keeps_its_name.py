"""The short form: the table changes under the application, and everything that goes by its name is as if SQLite's own
ALTER TABLE had been run: indexes, triggers, views, foreign keys to it, from it and to itself, and its sequence."""
import re
import sqlite3
import time

import pytest
from support.midflight import LEDGER

SCHEMA = """
    CREATE TABLE countries (code TEXT PRIMARY KEY);
    CREATE TABLE customers (
      id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, email TEXT, visits INTEGER DEFAULT 0, hint TEXT,
      boss INTEGER REFERENCES customers ON DELETE SET NULL, country TEXT REFERENCES countries ON UPDATE CASCADE
    );
    CREATE UNIQUE INDEX customers_email ON customers (email);
    CREATE INDEX customers_visits ON customers (visits DESC, name COLLATE NOCASE);
    CREATE INDEX "customers' frequent" ON customers (name) WHERE visits > 10;
    CREATE INDEX customers_lower ON customers (lower(name), id);
    CREATE INDEX customers_country ON customers (country);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id) ON DELETE CASCADE, sum INTEGER);
    CREATE INDEX orders_customer ON orders (customer);
    CREATE TABLE audit (id INTEGER PRIMARY KEY, text TEXT);
    CREATE TRIGGER customers_audit AFTER UPDATE ON customers BEGIN
      INSERT INTO audit (text) VALUES (OLD.name || ' > ' || NEW.name); END;
    CREATE TRIGGER orders_count AFTER INSERT ON orders BEGIN
      UPDATE customers SET visits = visits + 1 WHERE id = NEW.customer; END;
    CREATE VIEW regulars AS SELECT id, name FROM customers WHERE visits > 0;
    CREATE VIEW sales AS SELECT c.name, sum(o.sum) AS total FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.id;
    INSERT INTO countries VALUES ('de'), ('fr');
    INSERT INTO customers (name, email, visits, hint, boss, country) VALUES
      ('Ann', 'ann@x', 20, 'h1', NULL, 'de'), ('Bob', 'bob@x', 1, 'h2', 1, 'fr'), ('Cy', NULL, 0, 'h3', 1, NULL),
      ('Gone', NULL, 0, NULL, NULL, NULL);
    DELETE FROM customers WHERE name = 'Gone';
    INSERT INTO orders VALUES (100, 1, 10), (101, 1, 5), (102, 2, 7);
    DELETE FROM audit;
"""

DEFINITION = """
    migration: alter-customers
    old:
      store: ${{APP_DB}}
    alter:
      table: customers
      change: |
        {change}
    soak: 0s
    retire: {retire}
"""

# The change as midflight is told it, and as statements that SQLite runs by itself: the twin.
CHANGES = {
    "add": ["ADD COLUMN points INTEGER NOT NULL DEFAULT 7"],
    "drop": ["DROP COLUMN hint"],
    "rename": ["RENAME COLUMN email TO mail"],
    "several": ["ADD COLUMN points INTEGER NOT NULL DEFAULT 7", "DROP COLUMN hint", "RENAME COLUMN email TO mail",
                "RENAME COLUMN boss TO chief", "ADD COLUMN note TEXT CHECK (note <> ',')", "RENAME COLUMN country TO land"],
}


def definition(change, retire="rename"):
    return DEFINITION.format(change=change, retire=retire)


@pytest.fixture(params=CHANGES.values(), ids=CHANGES)
def clauses(request):
    return request.param


@pytest.fixture
def altered(start, clauses):
    scene = start(SCHEMA, definition(", ".join(clauses)))
    scene.sql("PRAGMA foreign_keys = ON")
    scene.clauses = clauses
    return scene


def twin_of(clauses, writes=()):
    """SQLite's own answer, in memory."""
    twin = sqlite3.connect(":memory:", isolation_level=None)
    twin.executescript(SCHEMA)
    for clause in clauses:
        twin.execute(f"ALTER TABLE customers {clause}")
    twin.execute("PRAGMA foreign_keys = ON")
    for statement in writes:
        twin.execute(statement)
    return twin


def shape_of(db):
    """All objects but midflight's and what was retired, with their DDL stripped of blanks and quotes, and what SQLite makes
    of it."""
    def strip(sql):
        return re.sub(r"[\s\"]+", "", sql or "")
    objects = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'midflight%' "
                         "AND tbl_name NOT LIKE 'midflight%' AND tbl_name NOT LIKE '%customers_retired' "
                         "AND tbl_name NOT LIKE '%customers_old' AND tbl_name NOT LIKE '%customers_new' "
                         "ORDER BY 1, 2").fetchall()
    tables = [name for kind, name, _, _ in objects if kind == "table"]
    read = {table: [db.execute(f"PRAGMA {what}({table})").fetchall()
                    for what in ("table_xinfo", "foreign_key_list")] for table in tables}
    indexes = {name: db.execute(f"SELECT * FROM pragma_index_xinfo(?)", (name,)).fetchall()
               for kind, name, _, _ in objects if kind == "index"}
    return [(kind, name, table, strip(sql)) for kind, name, table, sql in objects], read, indexes


def rows_of(db):
    return {name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
            for name in ("customers", "orders", "countries", "audit", "regulars", "sales")}


def sequence_of(db):
    return db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'customers'").fetchall()


def sound(db):
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def same_as(scene, twin):
    assert rows_of(scene.db) == rows_of(twin)
    assert shape_of(scene.db) == shape_of(twin)
    assert sequence_of(scene.db) == sequence_of(twin)
    sound(scene.db)


WRITES = [
    "INSERT INTO customers ({email}, {boss}, {country}, name) VALUES ('di@x', 2, 'fr', 'Di')",
    "UPDATE customers SET name = 'Anna', {email} = 'anna@x' WHERE id = 1",
    "INSERT INTO orders VALUES (103, 3, 9)",
    "UPDATE countries SET code = 'es' WHERE code = 'fr'",
    "REPLACE INTO orders VALUES (101, 5, 6)",
    "DELETE FROM customers WHERE id = 1",
]


def writes_for(clauses):
    """The writes in the words of a table to which these clauses were applied."""
    renamed = dict(email="email", boss="boss", country="country")
    for clause in clauses:
        words = clause.split()
        if words[0] == "RENAME":
            renamed[words[2]] = words[4]
    return [write.format(**renamed) for write in WRITES]


class TestAfterTheCutOver:
    def test_everything_is_as_if_sqlite_had_altered_the_table(self, altered):
        altered.midflight.advance().done()
        same_as(altered, twin_of(altered.clauses))

    def test_the_applications_writes_do_what_they_would_have_done(self, altered):
        altered.midflight.advance().done()
        for statement in writes_for(altered.clauses):
            altered.sql(statement)
        same_as(altered, twin_of(altered.clauses, writes_for(altered.clauses)))
        altered.agree()

    def test_a_rollback_brings_the_very_same_schema_back_with_all_writes(self, altered):
        altered.midflight.advance().done()
        for statement in writes_for(altered.clauses):
            altered.sql(statement)
        altered.midflight.rollback().done()
        same_as(altered, twin_of([], writes_for([])))
        assert altered.app.names("table") == ["audit", "countries", "customers", *LEDGER, "orders"]

    def test_the_end_leaves_nothing_but_the_altered_table(self, altered):
        altered.midflight.advance().done()
        for statement in writes_for(altered.clauses):
            altered.sql(statement)
        altered.midflight.advance().done()
        same_as(altered, twin_of(altered.clauses, writes_for(altered.clauses)))
        assert altered.app.names("table") == ["audit", "countries", "customers", "customers_retired", *LEDGER, "orders"]
        assert not [name for name in altered.app.names("trigger") + altered.app.names("view") if "midflight" in name]


class TestBeforeTheCutOver:
    def test_the_application_sees_its_own_table_unchanged(self, altered):
        same_as(altered, twin_of([]))

    def test_writes_then_survive_the_cut_over(self, altered):
        for statement in writes_for([]):
            altered.sql(statement)
        same_as(altered, twin_of([], writes_for([])))
        altered.midflight.advance().done()
        # What was written before an ADD COLUMN has its default, as with SQLite's own ALTER.
        twin = twin_of([], writes_for([]))
        for clause in altered.clauses:
            twin.execute(f"ALTER TABLE customers {clause}")
        same_as(altered, twin)

    def test_a_rollback_brings_the_very_same_schema_back(self, altered):
        altered.sql("UPDATE customers SET email = 'new@x' WHERE id = 3")
        altered.midflight.rollback().done()
        same_as(altered, twin_of([], ["UPDATE customers SET email = 'new@x' WHERE id = 3"]))

    def test_it_may_be_done_undone_and_done_again(self, altered):
        for _ in range(2):
            altered.midflight.advance().done()
            altered.midflight.rollback().done()
            altered.midflight.start().done()
        altered.midflight.advance().done()
        altered.midflight.advance().done()
        same_as(altered, twin_of(altered.clauses))


@pytest.mark.parametrize("retire, left", [("rename", ["customers_retired"]), ("drop", []), ("keep", ["_customers_old"])])
def test_the_old_table_is_retired_as_the_definition_says(start, retire, left):
    scene = start(SCHEMA, definition("DROP COLUMN hint", retire))
    scene.midflight.advance().done()
    scene.sql("UPDATE customers SET email = 'new@x' WHERE id = 3")
    scene.midflight.advance().done()
    assert [name for name in scene.app.tables() if "customers" in name and name != "customers"] == left
    for table in left:
        assert scene.sql(f"SELECT id, email, hint FROM {table} ORDER BY id") == [
            (1, "ann@x", "h1"), (2, "bob@x", "h2"), (3, "new@x", "h3")]
    same_as(scene, twin_of(["DROP COLUMN hint"], ["UPDATE customers SET email = 'new@x' WHERE id = 3"]))


def test_an_application_that_stayed_connected_sees_the_new_table_at_once(start):
    scene = start(SCHEMA, definition("ADD COLUMN points INTEGER NOT NULL DEFAULT 7"))
    other = scene.app.connect()
    assert len(other.execute("SELECT * FROM customers").description) == 7
    scene.midflight.advance().done()
    assert len(other.execute("SELECT * FROM customers").description) == 8
    other.execute("UPDATE customers SET points = 8 WHERE id = 1")
    scene.midflight.rollback().done()
    assert len(other.execute("SELECT * FROM customers").description) == 7
    other.execute("UPDATE customers SET hint = 'back' WHERE id = 1")
    assert other.execute("SELECT hint FROM customers WHERE id = 1").fetchall() == [("back",)]
    other.close()


def test_an_application_in_the_middle_of_a_transaction_is_waited_for(start):
    scene = start("PRAGMA journal_mode = WAL;" + SCHEMA, definition("DROP COLUMN hint"))
    scene.sql("BEGIN IMMEDIATE")
    scene.sql("UPDATE customers SET hint = 'late' WHERE id = 1")
    process = scene.midflight.begin("advance")
    time.sleep(0.3)
    assert process.poll() is None
    scene.sql("COMMIT")
    scene.midflight.end(process).done()
    assert scene.sql("SELECT hint FROM _customers_old WHERE id = 1") == [("late",)]
    scene.agree()


def test_the_sequence_goes_on_where_either_table_had_got_to(start):
    scene = start(SCHEMA, definition("DROP COLUMN hint"))
    scene.sql("INSERT INTO customers (name) VALUES ('Five')")
    scene.sql("DELETE FROM customers WHERE id = 5")
    scene.midflight.advance().done()
    assert scene.sql("INSERT INTO customers (name) VALUES ('Six') RETURNING id") == [(6,)]
    scene.sql("DELETE FROM customers WHERE id = 6")
    scene.midflight.rollback().done()
    assert scene.sql("INSERT INTO customers (name) VALUES ('Seven') RETURNING id") == [(7,)]
