"""Short forms that cannot be, or would break something: refused before the start, with the reason, and nothing changed."""
import pytest

from support.midflight import REFUSED, USAGE

SCHEMA = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, visits INTEGER,
      boss INTEGER, age INTEGER, note TEXT, CHECK (age > 0),
      FOREIGN KEY (boss) REFERENCES customers (id));
    CREATE INDEX customers_name ON customers (name);
    CREATE VIEW regulars AS SELECT id FROM customers WHERE visits > 0;
    CREATE VIEW counts AS SELECT id, visits FROM customers;
    CREATE VIEW busy AS SELECT id FROM counts WHERE visits > 100;
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER);
    CREATE TRIGGER orders_count AFTER INSERT ON orders BEGIN UPDATE customers SET note = '1' WHERE id = NEW.customer; END;
    CREATE VIRTUAL TABLE search USING fts5 (name);
    INSERT INTO customers (id, name, email, visits) VALUES (1, 'Ann', 'ann@x', 0);
"""
DEFINITION = """
    migration: refused
    old:
      store: ${{APP_DB}}
    alter:
      table: {table}
      change: |
        {change}
"""

# Table, change, and words that the reason has.
REFUSALS = {
    "no_such_table": ("clients", "ADD COLUMN x", ["clients"]),
    "no_such_column": ("customers", "DROP COLUMN height", ["height"]),
    "a_column_there_is": ("customers", "ADD COLUMN name TEXT", ["name"]),
    "not_null_without_default": ("customers", "ADD COLUMN x TEXT NOT NULL", ["NOT NULL"]),
    "no_clause_of_sqlites": ("customers", "MODIFY COLUMN name INTEGER", ["MODIFY", "CREATE TABLE customers"]),
    "the_key_is_dropped": ("customers", "CREATE TABLE customers (name TEXT PRIMARY KEY NOT NULL, email TEXT, visits INTEGER)",
                           ["key"]),
    "a_dropped_column_that_a_view_has": ("customers", "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
                                         ["regulars"]),
    "a_dropped_column_that_a_view_selects": ("customers", "DROP COLUMN visits", ["visits", "view regulars"]),
    "a_dropped_column_that_a_trigger_has": ("customers", "DROP COLUMN note", ["note", "INSERT INTO orders", "orders_count"]),
    "a_dropped_column_that_an_index_has": ("customers", "DROP COLUMN name", ["index customers_name "]),
    "a_dropped_column_that_a_unique_constraint_has": ("customers", "DROP COLUMN email", ["UNIQUE", "email"]),
    "a_dropped_column_that_is_the_key": ("customers", "DROP COLUMN id", ["PRIMARY KEY", "id"]),
    "a_dropped_column_that_is_a_foreign_key": ("customers", "DROP COLUMN boss", ["boss", "foreign key"]),
    "a_dropped_column_that_a_check_has": ("customers", "DROP COLUMN age", ["age", "table customers"]),
    "a_renamed_column_that_a_view_hands_on_to_another": ("customers", "RENAME COLUMN visits TO calls", ["view busy", "visits"]),
    "another_table_is_created": ("customers", "CREATE TABLE clients (id INTEGER PRIMARY KEY)", ["customers"]),
    "two_statements": ("customers", "ADD COLUMN x; DROP TABLE orders", ["x"]),
    "a_view": ("regulars", "ADD COLUMN x", ["regulars"]),
    "a_virtual_table": ("search", "ADD COLUMN x", ["search"]),
    "midflights_own_table": ("sqlite_schema", "ADD COLUMN x", ["sqlite_schema"]),
}


@pytest.mark.parametrize("table, change, words", REFUSALS.values(), ids=REFUSALS)
def test_refused_before_the_start(app, dump, table, change, words):
    app.sql(SCHEMA)
    before = dump()
    midflight = app.migration(DEFINITION.format(table=table, change=change))
    for verb in ("check", "start"):
        outcome = midflight.run(verb, json=False)
        assert outcome.status in (USAGE, REFUSED)
        for word in words:
            assert word in outcome.err + outcome.out, outcome
    assert dump() == before
    assert app.names("table") == ["customers", "orders", *[t for t in app.tables() if t.startswith("search")]]


def test_a_table_without_a_key_is_refused(app):
    app.sql("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('a');")
    outcome = app.migration(DEFINITION.format(table="notes", change="ADD COLUMN x")).start()
    assert outcome.status in (USAGE, REFUSED) and "notes" in outcome.message and "key" in outcome.message
    assert app.rows("SELECT * FROM notes") == [("a",)]


def test_a_column_that_other_tables_refer_to_is_kept(app):
    app.sql("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, mail TEXT REFERENCES customers (email));
    """)
    change = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
    outcome = app.migration(DEFINITION.format(table="customers", change=change)).start()
    assert outcome.status == REFUSED and "orders" in outcome.message and "foreign key" in outcome.message


@pytest.mark.parametrize("name", ["_customers_new", "_customers_old", "customers_retired"])
def test_a_name_that_midflight_needs_and_that_is_taken_is_refused(app, name):
    app.sql(SCHEMA + f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, mine TEXT); INSERT INTO {name} VALUES (1, 'mine');")
    midflight = app.migration(DEFINITION.format(table="customers", change="ADD COLUMN x"))
    outcome = midflight.start()
    assert outcome.status in (USAGE, REFUSED) and name in outcome.message, outcome
    assert app.rows(f"SELECT * FROM {name}") == [(1, "mine")]
    assert app.names("trigger") == ["orders_count"]
