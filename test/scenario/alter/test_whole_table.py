"""The short form with a whole CREATE TABLE: types, NOT NULL, CHECK, order of columns, WITHOUT ROWID and STRICT change."""
import sqlite3

import pytest

SCHEMA = """
    CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, price TEXT, hint TEXT DEFAULT 'none');
    CREATE INDEX items_price ON items (price);
    CREATE TABLE log (text TEXT);
    CREATE TRIGGER items_log AFTER INSERT ON items BEGIN INSERT INTO log VALUES ('+' || NEW.code); END;
    CREATE VIEW cheap AS SELECT code FROM items WHERE CAST(price AS INTEGER) < 10;
    INSERT INTO items VALUES (1, 'a', '5', 'h1'), (2, 'b', '50', NULL), (3, 'c', '500', 'h3');
    DELETE FROM log;
"""
DEFINITION = """
    migration: items
    old:
      store: ${{APP_DB}}
    alter:
      table: items
      change: |
        {change}
    soak: 0s
    retire: drop
"""


@pytest.fixture
def alter(start):
    return lambda change, schema=SCHEMA: start(schema, DEFINITION.format(change=change))


def stored(scene, table="items"):
    return scene.sql(f"SELECT * FROM {table} ORDER BY id")


class TestType:
    CHANGE = "CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, price INTEGER, hint TEXT DEFAULT 'none')"

    def test_of_a_column_changes_and_the_values_with_it(self, alter):
        scene = alter(self.CHANGE)
        scene.midflight.advance().done()
        assert stored(scene) == [(1, "a", 5, "h1"), (2, "b", 50, None), (3, "c", 500, "h3")]

    def test_writes_in_each_stage_follow(self, alter):
        scene = alter(self.CHANGE)
        scene.sql("INSERT INTO items (code, price) VALUES ('d', '7')")
        scene.sql("UPDATE items SET price = '6' WHERE id = 1")
        scene.midflight.advance().done()
        scene.sql("INSERT INTO items (code, price) VALUES ('e', 8)")
        scene.sql("DELETE FROM items WHERE id = 3")
        scene.sql("UPDATE items SET price = price + 1")
        assert stored(scene) == [(1, "a", 7, "h1"), (2, "b", 51, None), (4, "d", 8, "none"), (5, "e", 9, "none")]
        assert stored(scene, "_items_old") == [(1, "a", "7", "h1"), (2, "b", "51", None), (4, "d", "8", "none"),
                                               (5, "e", "9", "none")]
        scene.agree()
        scene.midflight.advance().done()
        assert stored(scene) == [(1, "a", 7, "h1"), (2, "b", 51, None), (4, "d", 8, "none"), (5, "e", 9, "none")]

    def test_a_rollback_after_the_cut_over_brings_the_old_type_back_with_the_new_values(self, alter):
        scene = alter(self.CHANGE)
        scene.midflight.advance().done()
        scene.sql("UPDATE items SET price = price * 2")
        scene.midflight.rollback().done()
        assert stored(scene) == [(1, "a", "10", "h1"), (2, "b", "100", None), (3, "c", "1000", "h3")]

    def test_the_trigger_the_view_and_the_index_serve_the_new_table(self, alter):
        scene = alter(self.CHANGE)
        scene.midflight.advance().done()
        scene.sql("INSERT INTO items (code, price) VALUES ('d', 9)")
        assert scene.sql("SELECT * FROM log") == [("+d",)]
        assert scene.sql("SELECT code FROM cheap ORDER BY code") == [("a",), ("d",)]
        plan = scene.sql("EXPLAIN QUERY PLAN SELECT id FROM items WHERE price = 9")
        assert "items_price" in plan[0][3]


class TestTighterConstraint:
    def test_not_null_that_all_rows_meet_is_put_on(self, alter):
        scene = alter("CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, price TEXT NOT NULL, hint TEXT)")
        scene.midflight.advance().done()
        with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
            scene.sql("INSERT INTO items (code) VALUES ('d')")
        assert len(stored(scene)) == 3

    def test_not_null_that_some_rows_break_lists_them_and_bars_the_cut_over_until_they_are_mended(self, alter):
        scene = alter("CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, price TEXT, hint TEXT NOT NULL)")
        assert scene.quarantine() == ["2"]
        assert "gate quarantine" in scene.midflight.advance().refused().message
        scene.sql("UPDATE items SET hint = 'mended' WHERE id = 2")
        scene.midflight.advance().done()
        assert stored(scene) == [(1, "a", "5", "h1"), (2, "b", "50", "mended"), (3, "c", "500", "h3")]

    def test_a_check_that_some_rows_break_lists_them(self, alter):
        scene = alter("CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, "
                      "price TEXT CHECK (CAST(price AS INTEGER) < 100), hint TEXT)")
        assert scene.quarantine() == ["3"]

    def test_a_unique_column_that_some_rows_share_lists_them(self, alter):
        scene = alter("CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, price TEXT UNIQUE, hint TEXT)",
                      SCHEMA + "INSERT INTO items (id, code, price) VALUES (4, 'd', '5');")
        assert scene.quarantine() == ["4"]
        scene.sql("UPDATE items SET price = '6' WHERE id = 4")
        scene.midflight.advance().done()
        assert [row[2] for row in stored(scene)] == ["5", "50", "500", "6"]


class TestKindOfTable:
    @pytest.mark.parametrize("options", ["WITHOUT ROWID", "STRICT", "STRICT, WITHOUT ROWID"])
    def test_changes(self, alter, options):
        scene = alter(f"CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, code TEXT NOT NULL UNIQUE, price TEXT, "
                      f"hint TEXT DEFAULT 'none') {options}")
        scene.midflight.advance().done()
        scene.sql("UPDATE items SET price = '9' WHERE id = 1")
        scene.sql("INSERT INTO items (id, code) VALUES (4, 'd')")
        assert stored(scene) == [(1, "a", "9", "h1"), (2, "b", "50", None), (3, "c", "500", "h3"), (4, "d", None, "none")]
        kind = scene.sql("SELECT wr, strict FROM pragma_table_list('items')")
        assert kind == [("WITHOUT ROWID" in options, "STRICT" in options)]
        scene.agree()
        scene.midflight.rollback().done()
        assert scene.sql("SELECT wr, strict FROM pragma_table_list('items')") == [(0, 0)]
        assert len(stored(scene)) == 4


def test_the_order_of_columns_changes(alter):
    scene = alter("CREATE TABLE items (hint TEXT, price TEXT, code TEXT NOT NULL UNIQUE, id INTEGER PRIMARY KEY)")
    scene.midflight.advance().done()
    assert stored(scene) == [("h1", "5", "a", 1), (None, "50", "b", 2), ("h3", "500", "c", 3)]
    scene.agree()


def test_a_generated_column_is_added_and_computed(alter):
    scene = alter("CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, price TEXT, hint TEXT, "
                  "big TEXT AS (upper(code)) STORED)")
    scene.midflight.advance().done()
    scene.sql("INSERT INTO items (code) VALUES ('d')")
    assert scene.sql("SELECT big FROM items ORDER BY id") == [("A",), ("B",), ("C",), ("D",)]
    scene.agree()


def test_a_foreign_key_is_added(alter):
    schema = SCHEMA + "CREATE TABLE prices (price TEXT PRIMARY KEY); INSERT INTO prices VALUES ('5'), ('50'), ('500');"
    scene = alter("CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, price TEXT REFERENCES prices, "
                  "hint TEXT)", schema)
    scene.midflight.advance().done()
    scene.sql("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        scene.sql("UPDATE items SET price = '7'")
    assert scene.sql("PRAGMA foreign_key_check") == []


@pytest.mark.parametrize("name", ["select", 'a "table"', "it's", "a table", "[x]"])
def test_a_table_of_any_name(start, name):
    quoted = '"' + name.replace('"', '""') + '"'
    yaml = "'" + name.replace("'", "''") + "'"
    scene = start(f"""
        CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, "a b" TEXT);
        CREATE INDEX "i {name.replace('"', "")}" ON {quoted} ("a b");
        INSERT INTO {quoted} VALUES (1, 'x');
    """, f"""
        migration: named
        old:
          store: ${{APP_DB}}
        alter:
          table: {yaml}
          change: ADD COLUMN "c ""d"" " TEXT DEFAULT 'it''s, new'
        soak: 0s
    """)
    before = scene.sql("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'i %'")
    scene.midflight.advance().done()
    scene.sql(f"INSERT INTO {quoted} (id, \"a b\") VALUES (2, 'y')")
    assert scene.sql(f"SELECT * FROM {quoted} ORDER BY id") == [(1, "x", "it's, new"), (2, "y", "it's, new")]
    assert scene.sql("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'i %'") == before
    scene.agree()
    scene.midflight.rollback().done()
    assert scene.sql(f"SELECT * FROM {quoted} ORDER BY id") == [(1, "x"), (2, "y")]
