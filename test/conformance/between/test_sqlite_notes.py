"""SQLite as the side that leads: what is noted of a write, whatever the statement and the connection that it comes from."""
import sqlite3
from contextlib import closing

import pytest

from scenario.definitions import SPLIT_NAME
from support.stores import SQLITE
from support.workload import OLD

UNIQUE = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, hint TEXT);
    CREATE UNIQUE INDEX hinted ON customers (hint) WHERE hint <> '';
    INSERT INTO customers VALUES (1, 'Ada Lovelace', 'ada@x', 'a'), (2, 'Bob Bobson', 'bob@x', 'b'), (3, 'Cy', 'cy@x', 'c');
"""


@pytest.fixture
def led(scene, pair):
    if pair[0] != SQLITE:
        pytest.skip("SQLite leads")
    return scene(UNIQUE, SPLIT_NAME).start()


def connect(led, *pragmas):
    connection = sqlite3.connect(led.apps[OLD].database, isolation_level=None)
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return closing(connection)


def followed(led):
    led.drain()
    assert [(key, email) for key, email in led.new("SELECT id, email FROM people ORDER BY id")] == \
           led.old("SELECT id, email FROM customers ORDER BY id")
    led.agree()


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("statement", [
    "REPLACE INTO customers VALUES (9, 'New One', 'bob@x', 'n')",           # displaces 2 by its e-mail
    "REPLACE INTO customers VALUES (9, 'New One', 'n@x', 'b')",             # displaces 2 by a partial index
    "REPLACE INTO customers VALUES (1, 'New One', 'bob@x', 'c')",           # displaces 1, 2 and 3
    "UPDATE OR REPLACE customers SET email = 'bob@x' WHERE id = 3",
    "UPDATE OR REPLACE customers SET id = 2 WHERE id = 3",
    "INSERT OR IGNORE INTO customers VALUES (9, 'New One', 'bob@x', 'n')",
    "INSERT INTO customers VALUES (2, 'New One', 'n@x', 'n') ON CONFLICT (id) DO UPDATE SET email = excluded.email",
])
def test_what_a_statement_displaces_is_followed(led, statement, recursive):
    with connect(led, f"recursive_triggers = {recursive}") as connection:
        connection.execute(statement)
    followed(led)


def test_rows_written_before_a_statement_fails_half_way_are_followed(led):
    with connect(led) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT OR FAIL INTO customers VALUES (8, 'Kept', 'k@x', 'k'), (9, 'Not', 'bob@x', 'n')")
    assert led.old("SELECT count(*) FROM customers WHERE id = 8") == [(1,)]
    followed(led)


def test_a_connection_that_trusts_no_schema_writes_on(led):
    with connect(led, "trusted_schema = OFF") as connection:
        connection.execute("UPDATE customers SET email = 'x' || id")
        connection.execute("REPLACE INTO customers VALUES (9, 'New One', 'x1', 'n')")
    followed(led)


def test_a_file_that_is_attached_under_another_name_is_followed(led, tmp_path):
    with closing(sqlite3.connect(tmp_path / "own.db", isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS shop", (str(led.apps[OLD].database),))
        connection.execute("UPDATE shop.customers SET email = 'y' || id")
        connection.execute("DELETE FROM shop.customers WHERE id = 3")
    followed(led)


def test_rows_that_a_foreign_key_deletes_are_followed(scene, pair):
    if pair[0] != SQLITE:
        pytest.skip("SQLite leads")
    led = scene("CREATE TABLE firms (id INTEGER PRIMARY KEY); INSERT INTO firms VALUES (1), (2);"
                + UNIQUE.replace("hint TEXT)", "hint TEXT, firm INTEGER REFERENCES firms ON DELETE CASCADE)")
                .replace("'a')", "'a', 1)").replace("'b')", "'b', 2)").replace("'c')", "'c', 1)"), SPLIT_NAME).start()
    with connect(led, "foreign_keys = ON") as connection:
        connection.execute("DELETE FROM firms WHERE id = 1")
    assert led.old("SELECT id FROM customers") == [(2,)]
    followed(led)


def test_a_write_that_no_query_reads_costs_nothing(led):
    led.old("UPDATE customers SET hint = hint || 'z'")
    led.old("UPDATE customers SET name = name, email = email")
    assert led.midflight.status().done().json["outbox"] == 0


@pytest.mark.parametrize("clause", ["", "OR IGNORE", "OR REPLACE", "OR FAIL", "OR ROLLBACK"])
def test_after_the_cut_over_no_conflict_clause_gets_past_the_refusal(led, clause):
    led.midflight.advance().done()
    before = led.old("SELECT * FROM customers ORDER BY id")
    for statement in (f"INSERT {clause} INTO customers VALUES (1, 'X', 'x@x', 'x')", f"UPDATE {clause} customers SET email = 'x@x' WHERE id = 2"):
        with connect(led) as connection, pytest.raises(sqlite3.IntegrityError, match="customers has moved to .* write there"):
            connection.execute(statement)
    assert led.old("SELECT * FROM customers ORDER BY id") == before
