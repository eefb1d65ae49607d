"""The short form renames a column that others name: views, triggers, indexes, CHECKs, foreign keys. At the cut-over they
name the new column, as after SQLite's own ALTER TABLE; until then, and after a rollback, they are as the user wrote them."""
import re
import sqlite3

import pytest

from support.midflight import REFUSED

DATA = """
    INSERT INTO customers VALUES (1, 'Ann', 'ann@x', 20, NULL), (2, 'Bob', 'bob@x', 1, 1), (3, 'Cy', 'cy@x', 0, 1);
"""
CUSTOMERS = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, visits INTEGER, boss INTEGER);
"""

# What a user would lose: the schema beside customers, and one write before and one after the cut-over, which use it.
NAMED_BY = {
    "a_view": (CUSTOMERS + """
        CREATE VIEW  mails AS SELECT id, "email" AS address FROM customers -- as typed
          WHERE email <> '';
        """ + DATA, "UPDATE customers SET name = 'A' WHERE id = 1", "UPDATE customers SET name = 'B' WHERE id = 1"),
    "a_view_over_a_view": (CUSTOMERS + """
        CREATE VIEW mails AS SELECT id, email AS address FROM customers;
        CREATE VIEW short AS SELECT address FROM mails WHERE length(address) < 10;
        """ + DATA, "DELETE FROM customers WHERE id = 2", "DELETE FROM customers WHERE id = 3"),
    "a_view_that_takes_writes": (CUSTOMERS + """
        CREATE VIEW mails AS SELECT id, email AS address FROM customers;
        CREATE TRIGGER mails_update INSTEAD OF UPDATE ON mails BEGIN
          UPDATE customers SET email = NEW.address WHERE id = NEW.id; END;
        """ + DATA, "UPDATE mails SET address = 'a@x' WHERE id = 1", "UPDATE mails SET address = 'b@x' WHERE id = 1"),
    "a_trigger_on_the_table": (CUSTOMERS + """
        CREATE TABLE audit (id INTEGER PRIMARY KEY, text TEXT);
        CREATE TRIGGER customers_audit AFTER UPDATE OF email ON customers WHEN OLD.email <> NEW.email BEGIN
          INSERT INTO audit (text) VALUES (OLD.email || ' > ' || NEW.email); END;
        """ + DATA, "UPDATE customers SET {email} = 'a@x' WHERE id = 1", "UPDATE customers SET {email} = 'b@x' WHERE id = 2"),
    "a_trigger_on_another_table": (CUSTOMERS + """
        CREATE TABLE requests (id INTEGER PRIMARY KEY, customer INTEGER, address TEXT);
        CREATE TRIGGER "on request" AFTER INSERT ON requests BEGIN
          UPDATE customers SET email = NEW.address WHERE id = NEW.customer AND email IS NOT NEW.address; END;
        """ + DATA, "INSERT INTO requests VALUES (1, 1, 'a@x')", "INSERT INTO requests VALUES (2, 1, 'b@x')"),
    "an_index": (CUSTOMERS + """
        CREATE UNIQUE  INDEX customers_email ON customers( email COLLATE NOCASE );
        CREATE INDEX customers_lower ON customers (lower(email), id) WHERE email <> '';
        """ + DATA, "REPLACE INTO customers (id, name, {email}) VALUES (4, 'Di', 'ANN@x')",
        "REPLACE INTO customers (id, name, {email}) VALUES (5, 'Ed', 'BOB@x')"),
    "a_check_and_a_generated_column": ("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT CHECK (email LIKE '%@%'),
          visits INTEGER, boss INTEGER, host TEXT AS (substr(email, instr(email, '@') + 1)) STORED,
          CONSTRAINT long_enough CHECK (length(email) > 2));
        INSERT INTO customers VALUES (1, 'Ann', 'ann@x', 20, NULL), (2, 'Bob', 'bob@x', 1, 1);
        """, "UPDATE customers SET {email} = 'a@here'", "UPDATE customers SET {email} = 'b@there' WHERE id = 2"),
    "a_foreign_key_of_another_table": ("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, visits INTEGER, boss INTEGER);
        CREATE TABLE  orders (id INTEGER PRIMARY KEY, mail TEXT REFERENCES customers(email) ON UPDATE CASCADE ON DELETE SET NULL);
        CREATE TABLE letters (id INTEGER PRIMARY KEY, mail TEXT, FOREIGN KEY (mail) REFERENCES "customers" ("email")
          DEFERRABLE INITIALLY DEFERRED);
        """ + DATA + "INSERT INTO orders VALUES (1, 'ann@x'), (2, 'bob@x'), (3, 'cy@x');",
        "UPDATE customers SET {email} = 'a@x' WHERE id = 1", "DELETE FROM customers WHERE id = 2"),
    "a_self_reference": ("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, visits INTEGER,
          boss TEXT REFERENCES customers (email) ON UPDATE CASCADE ON DELETE SET NULL);
        INSERT INTO customers VALUES (1, 'Ann', 'ann@x', 20, NULL), (2, 'Bob', 'bob@x', 1, 'ann@x'), (3, 'Cy', 'cy@x', 1, 'bob@x');
        """, "UPDATE customers SET {email} = 'a@x' WHERE id = 1", "DELETE FROM customers WHERE id = 2"),
}
CHANGE = "RENAME COLUMN email TO mail"

DEFINITION = """
    migration: rename-email
    old:
      store: ${{APP_DB}}
    alter:
      table: {table}
      change: {change}
    soak: 0s
    retire: {retire}
"""


def definition(change=CHANGE, retire="drop", table="customers"):
    return DEFINITION.format(change=change, retire=retire, table=table)


def twin_of(schema, *statements):
    """What SQLite makes of it by itself, in memory."""
    twin = sqlite3.connect(":memory:", isolation_level=None)
    twin.executescript(schema)
    twin.execute("PRAGMA foreign_keys = ON")
    for statement in statements:
        twin.execute(statement)
    return twin


ALTER = f"ALTER TABLE customers {CHANGE}"


def schema_of(db):
    """What the application sees, letter by letter."""
    return db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '%midflight%' "
                      "AND tbl_name NOT LIKE '%midflight%' AND name NOT LIKE '\\_%' ESCAPE '\\' "
                      "AND tbl_name NOT LIKE '\\_customers\\_%' ESCAPE '\\' ORDER BY type, name").fetchall()


def loosely(schema):
    """Without blanks and quotes: SQLite quotes a table's name when the table is renamed."""
    return [(kind, name, table, re.sub(r"[\s\"]+", "", sql or "")) for kind, name, table, sql in schema]


def rows_of(db):
    names = [name for kind, name, _, _ in schema_of(db) if kind in ("table", "view") and not name.startswith("sqlite_")]
    return {name: sorted(db.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}


def same_as(scene, twin, exactly=False):
    form = (lambda schema: schema) if exactly else loosely
    assert form(schema_of(scene.db)) == form(schema_of(twin))
    assert rows_of(scene.db) == rows_of(twin)
    assert scene.sql("PRAGMA integrity_check") == [("ok",)]
    assert scene.sql("PRAGMA foreign_key_check") == []


@pytest.fixture(params=NAMED_BY.values(), ids=NAMED_BY)
def renamed(request, start):
    schema, first, then = request.param
    scene = start(schema, definition())
    scene.sql("PRAGMA foreign_keys = ON")
    scene.schema = schema
    # The old application writes by the old name, the new one by the new name.
    scene.old = [first.format(email="email"), then.format(email="email")]
    scene.new = [first.format(email="mail"), then.format(email="mail")]
    return scene


class TestNamedBy:
    def test_until_the_cut_over_all_is_as_it_was(self, renamed):
        same_as(renamed, twin_of(renamed.schema), exactly=True)
        renamed.sql(renamed.old[0])
        same_as(renamed, twin_of(renamed.schema, renamed.old[0]), exactly=True)
        renamed.agree()

    def test_after_the_cut_over_all_names_the_new_column(self, renamed):
        renamed.sql(renamed.old[0])
        renamed.midflight.advance().done()
        same_as(renamed, twin_of(renamed.schema, renamed.old[0], ALTER))
        renamed.sql(renamed.new[1])
        same_as(renamed, twin_of(renamed.schema, renamed.old[0], ALTER, renamed.new[1]))
        renamed.agree()

    def test_the_end_leaves_what_sqlites_own_alter_would(self, renamed):
        renamed.midflight.advance().done()
        renamed.sql(renamed.new[0])
        renamed.midflight.advance().done()
        renamed.sql(renamed.new[1])
        same_as(renamed, twin_of(renamed.schema, ALTER, *renamed.new))
        assert [name for name in renamed.app.tables() if name.startswith("_")] == []
        renamed.app.holds_nothing_of_midflight()

    def test_a_rollback_before_the_cut_over_leaves_every_text_as_it_was(self, renamed):
        renamed.sql(renamed.old[0])
        renamed.midflight.rollback().done()
        renamed.sql(renamed.old[1])
        same_as(renamed, twin_of(renamed.schema, *renamed.old), exactly=True)

    def test_a_rollback_after_the_cut_over_brings_every_text_back_as_it_was(self, renamed):
        renamed.midflight.advance().done()
        renamed.sql(renamed.new[0])
        renamed.midflight.rollback().done()
        renamed.sql(renamed.old[1])
        same_as(renamed, twin_of(renamed.schema, *renamed.old), exactly=True)
        renamed.app.holds_nothing_of_midflight()

    def test_it_may_be_done_undone_and_done_again(self, renamed):
        for _ in range(2):
            renamed.midflight.advance().done()
            renamed.midflight.rollback().done()
            same_as(renamed, twin_of(renamed.schema), exactly=True)
            renamed.midflight.start().done()
        renamed.midflight.advance().done()
        renamed.midflight.advance().done()
        same_as(renamed, twin_of(renamed.schema, ALTER))


KEYED = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
      boss INTEGER REFERENCES customers(id) ON DELETE CASCADE);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers(id) ON DELETE CASCADE);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers ON UPDATE CASCADE);
    CREATE VIEW names AS SELECT c.name, o.id AS "order" FROM customers c JOIN orders o ON o.customer = c.id;
    CREATE TRIGGER notes_name AFTER INSERT ON notes BEGIN
      UPDATE customers SET name = name || '!' WHERE customers.id = NEW.customer; END;
    INSERT INTO customers VALUES (1, 'Ann', NULL), (2, 'Bob', 1), (3, 'Cy', 2), (4, 'Di', NULL);
    INSERT INTO orders VALUES (100, 1), (101, 3), (102, 4);
"""


def test_the_key_that_others_and_the_table_itself_refer_to_may_be_renamed(start):
    alter = "ALTER TABLE customers RENAME COLUMN id TO number"
    before = ["INSERT INTO notes VALUES (7, 4)"]
    after = ["INSERT INTO notes VALUES (8, 1)", "DELETE FROM orders WHERE customer = 4",
             "UPDATE customers SET number = 40 WHERE number = 4", "DELETE FROM customers WHERE number = 2"]
    scene = start(KEYED, definition("RENAME COLUMN id TO number"))
    scene.sql("PRAGMA foreign_keys = ON")
    scene.sql(before[0])
    scene.midflight.advance().done()
    for statement in after:
        scene.sql(statement)
    same_as(scene, twin_of(KEYED, *before, alter, *after))
    scene.agree()
    scene.midflight.rollback().done()
    same_as(scene, twin_of(KEYED, *before, *[statement.replace("number", "id") for statement in after]), exactly=True)


VIEW = CUSTOMERS + "CREATE VIEW mails AS SELECT id, email AS address FROM customers;" + DATA


def test_names_that_two_columns_exchange_are_exchanged_everywhere(start):
    clauses = ["RENAME COLUMN name TO x", "RENAME COLUMN email TO name", "RENAME COLUMN x TO email"]
    scene = start(VIEW, definition(", ".join(clauses)))
    scene.midflight.advance().done()
    same_as(scene, twin_of(VIEW, *[f"ALTER TABLE customers {clause}" for clause in clauses]))
    scene.midflight.rollback().done()
    same_as(scene, twin_of(VIEW), exactly=True)


def test_a_name_given_to_a_renamed_and_then_to_a_new_column_means_what_sqlite_says(start):
    clauses = ["RENAME COLUMN email TO mail", "ADD COLUMN email TEXT DEFAULT 'new'"]
    scene = start(VIEW, definition(", ".join(clauses)))
    scene.midflight.advance().done()
    same_as(scene, twin_of(VIEW, *[f"ALTER TABLE customers {clause}" for clause in clauses]))
    scene.midflight.rollback().done()
    same_as(scene, twin_of(VIEW), exactly=True)


def test_the_table_may_be_named_in_another_case_than_it_was_made(start):
    scene = start(VIEW, definition(table="Customers"))
    scene.midflight.advance().done()
    same_as(scene, twin_of(VIEW, ALTER))
    scene.midflight.rollback().done()
    same_as(scene, twin_of(VIEW), exactly=True)


class TestTheApplicationChangesTheSchemaMeanwhile:
    LATER = "CREATE VIEW later AS SELECT id, {} AS address FROM customers"

    def test_a_view_made_before_the_cut_over_goes_with_it(self, start):
        scene = start(VIEW, definition())
        scene.sql(self.LATER.format("email"))
        scene.midflight.advance().done()
        same_as(scene, twin_of(VIEW, self.LATER.format("email"), ALTER))

    def test_a_view_made_before_the_cut_over_that_would_break_holds_it_up(self, start):
        scene = start(VIEW, definition("DROP COLUMN visits"))
        scene.sql("CREATE VIEW later AS SELECT visits FROM customers")
        before = schema_of(scene.db)
        outcome = scene.midflight.advance()
        assert outcome.status == REFUSED and "view later" in outcome.message and "visits" in outcome.message
        assert schema_of(scene.db) == before
        scene.sql("DROP VIEW later")
        scene.midflight.advance().done()

    def test_an_index_made_before_the_cut_over_is_not_lost_with_it(self, start):
        scene = start(VIEW, definition())
        scene.sql("CREATE UNIQUE INDEX only_once ON customers (email)")
        outcome = scene.midflight.advance()
        assert outcome.status == REFUSED and "_only_once_new" in outcome.message
        scene.sql("CREATE UNIQUE INDEX _only_once_new ON _customers_new (mail)")
        scene.midflight.advance().done()
        same_as(scene, twin_of(VIEW, "CREATE UNIQUE INDEX only_once ON customers (email)", ALTER))

    def test_a_view_made_after_the_cut_over_comes_along_on_the_way_back(self, start):
        scene = start(VIEW, definition())
        scene.midflight.advance().done()
        scene.sql(self.LATER.format("mail"))
        scene.midflight.rollback().done()
        same_as(scene, twin_of(VIEW, self.LATER.format("email")))

    def test_a_view_changed_after_the_cut_over_stays_changed(self, start):
        scene = start(VIEW, definition())
        scene.midflight.advance().done()
        scene.sql("DROP VIEW mails")
        scene.sql("CREATE VIEW mails AS SELECT upper(mail) AS address FROM customers")
        scene.midflight.rollback().done()
        same_as(scene, twin_of(CUSTOMERS + DATA, "CREATE VIEW mails AS SELECT upper(email) AS address FROM customers"))

    def test_a_view_of_a_column_that_only_the_new_table_has_does_not_hold_up_a_rollback(self, start):
        scene = start(VIEW, definition("RENAME COLUMN email TO mail, ADD COLUMN points INTEGER"))
        scene.midflight.advance().done()
        scene.sql("CREATE VIEW later AS SELECT points FROM customers")
        scene.midflight.rollback().done()
        scene.sql("DROP VIEW later")
        same_as(scene, twin_of(VIEW), exactly=True)

    def test_a_column_added_meanwhile_to_a_table_that_refers_to_it_is_kept_by_a_rollback(self, start):
        schema = NAMED_BY["a_foreign_key_of_another_table"][0]
        scene = start(schema, definition())
        scene.midflight.advance().done()
        scene.sql("PRAGMA foreign_keys = ON")
        scene.sql("ALTER TABLE orders ADD COLUMN note TEXT DEFAULT 'kept'")
        scene.sql("INSERT INTO orders VALUES (9, 'cy@x', 'mine')")
        scene.midflight.rollback().done()
        scene.sql("UPDATE customers SET email = 'c@x' WHERE id = 3")
        assert scene.sql("SELECT mail, note FROM orders WHERE id IN (1, 9) ORDER BY id") == [("ann@x", "kept"), ("c@x", "mine")]
        assert scene.sql("PRAGMA foreign_key_check") == []

    def test_an_index_made_anew_after_the_cut_over_is_not_described_as_another(self, start):
        schema = VIEW + "CREATE INDEX orders_by ON customers (email);"
        scene = start(schema, definition())
        scene.midflight.advance().done()
        scene.sql('DROP INDEX "_orders_by_old"')
        scene.sql('CREATE INDEX "_orders_by_old" ON _customers_old (visits)')
        scene.midflight.rollback().done()
        assert "visits" in scene.app.value("SELECT sql FROM sqlite_schema WHERE name = 'orders_by'")
        assert scene.sql("PRAGMA integrity_check") == [("ok",)]


def test_an_application_that_stayed_connected_reads_the_view_throughout(start):
    scene = start(VIEW, definition())
    other = scene.app.connect()
    read = lambda: other.execute("SELECT address FROM mails ORDER BY id").fetchall()
    expected = [("ann@x",), ("bob@x",), ("cy@x",)]
    assert read() == expected
    scene.midflight.advance().done()
    assert read() == expected
    scene.midflight.rollback().done()
    assert read() == expected
    other.close()


def test_check_lists_what_the_cut_over_rewrites(app):
    app.sql(NAMED_BY["a_foreign_key_of_another_table"][0] + "CREATE VIEW mails AS SELECT email FROM customers;"
            "CREATE VIEW others AS SELECT name FROM customers;")
    plan = app.migration(definition()).check().done().json["plan"]
    rewritten = [step["statement"] for step in plan if "that same transaction" in step["lock"]]
    assert [re.sub(r"[\s\"]+", " ", sql) for sql in rewritten if "VIEW" in sql] == ["CREATE VIEW mails AS SELECT mail FROM customers"]
    assert len(rewritten) == 3 and all("REFERENCES" in sql for sql in rewritten if "TABLE" in sql)


def test_a_plan_that_keeps_the_old_table_says_that_nobody_follows_it(app):
    app.sql(VIEW)
    plan = app.migration(definition(retire="keep")).check().done().json["plan"]
    assert "reaches the new ones no more" in plan[-1]["statement"]


@pytest.mark.parametrize("change, key", [(CHANGE, "mail"), ("ADD COLUMN points INTEGER", "email")])
@pytest.mark.parametrize("retire", ["rename", "keep"])
def test_the_retired_table_does_not_keep_the_application_from_deleting_what_it_refers_to(start, retire, change, key):
    schema = NAMED_BY["a_self_reference"][0].replace(" ON UPDATE CASCADE ON DELETE SET NULL", "")
    scene = start(schema, definition(change, retire))
    scene.midflight.advance().done()
    scene.midflight.advance().done()
    scene.sql("PRAGMA foreign_keys = ON")
    scene.sql("UPDATE customers SET boss = NULL")
    scene.sql(f"DELETE FROM customers WHERE {key} = 'ann@x'")
    retired = "customers_retired" if retire == "rename" else "_customers_old"
    assert scene.sql(f"SELECT name, boss FROM {retired} ORDER BY id") == [("Ann", None), ("Bob", "ann@x"), ("Cy", "bob@x")]
    assert {row[2] for row in scene.sql(f"PRAGMA foreign_key_list({retired})")} == {retired}
    assert scene.sql("PRAGMA foreign_key_check") == []


def test_check_warns_of_rows_in_the_retired_table_that_refer_to_others(app):
    app.sql("CREATE TABLE countries (code TEXT PRIMARY KEY);" + CUSTOMERS.replace("email TEXT", "email TEXT REFERENCES countries"))
    warned = lambda retire: "customers refers to countries" in app.migration(definition(retire=retire)).check(json=False).out
    assert warned("rename") and warned("keep") and not warned("drop")
