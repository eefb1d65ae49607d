"""A session's first statement does not decide the plans of those that follow: PL/pgSQL keeps plans, and one made for a single
row would run nested loops over all rows of a bulk statement. Times are compared with each other, as ratios that only such
loops reach: a hundred times and more at this size."""
import time
from contextlib import closing

import pytest

from conformance.postgresql.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS

ROWS = 20000
MORE = f"INSERT INTO customers (id, name) SELECT i, 'N ' || i FROM generate_series(100, {99 + ROWS}) i;"
LISTED = f"""INSERT INTO customers (id, name, plans) SELECT i, 'N ' || i, '["basic", "storage"]'
             FROM generate_series(100, {99 + ROWS}) i;"""
SLOWER_MAX = 8

# Schema and definition, a statement of one row, and one of all: each to be run with a number of its own.
CASES = {
    "forward, 1:1": (CUSTOMERS + MORE, SPLIT_NAME, "UPDATE customers SET email = '{n}' WHERE id = 100",
                     "UPDATE customers SET email = '{n}' || id WHERE id >= 100"),
    "backward, 1:1": (CUSTOMERS + MORE, SPLIT_NAME, "UPDATE people SET email = '{n}' WHERE id = 100",
                      "UPDATE people SET email = '{n}' || id WHERE id >= 100"),
    "forward, 1:N": (LISTS + LISTED, SUBSCRIPTIONS, "UPDATE customers SET plans = '[\"{n}\"]' WHERE id = 100",
                     "UPDATE customers SET plans = '[\"{n}\", \"x\"]' WHERE id >= 100"),
    "backward, 1:N": (LISTS + LISTED, SUBSCRIPTIONS, "UPDATE subscriptions SET plan = '{n}' WHERE customer_id = 100",
                      "UPDATE subscriptions SET plan = '{n}' WHERE customer_id >= 100"),
    "a key change": (CUSTOMERS + MORE, SPLIT_NAME, "UPDATE customers SET id = 1000000 + {n} WHERE name = 'N 100'",
                     "UPDATE customers SET id = id + 2000000 + {n} * 100000 WHERE name LIKE 'N %'"),
}


def took(connection, statement):
    began = time.monotonic()
    connection.execute(statement)
    return time.monotonic() - began


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_many_rows_after_one_are_as_fast_as_in_a_session_of_their_own(start, case):
    schema, definition, one, many = CASES[case]
    scene, fresh, after = start(schema, definition), [], []
    for n in range(2):
        with closing(scene.app.connect()) as connection:
            fresh.append(took(connection, many.format(n=3 * n)))
        with closing(scene.app.connect()) as connection:
            for _ in range(2):
                connection.execute(one.format(n=3 * n + 1))
            after.append(took(connection, many.format(n=3 * n + 2)))
    print(f"{case}: {min(after):.2f} s after a single row, {min(fresh):.2f} s without")
    assert min(after) < SLOWER_MAX * min(fresh)
    scene.agree()


@pytest.mark.parametrize("rows", [1, 2, 8, 9, 40])
@pytest.mark.parametrize("statement, table", [
    ("UPDATE customers SET name = 'New ' || id WHERE id >= 100 AND id < 100 + {rows}", "people"),
    ("INSERT INTO customers (id, name) SELECT i, 'New ' || i FROM generate_series(1000000, 999999 + {rows}) i", "people"),
    ("DELETE FROM customers WHERE id >= 100 AND id < 100 + {rows}", "people"),
    ("UPDATE people SET last_name = 'New' WHERE id >= 100 AND id < 100 + {rows}", "customers"),
    ("INSERT INTO people (id, first_name) SELECT i, 'New' FROM generate_series(1000000, 999999 + {rows}) i", "customers"),
    ("DELETE FROM people WHERE id >= 100 AND id < 100 + {rows}", "customers")])
def test_few_rows_and_many_are_followed_alike(people, statement, table, rows):
    """One row, few and many take ways of their own."""
    people.sql("INSERT INTO customers (id, name) SELECT i, 'N ' || i FROM generate_series(100, 160) i")
    people.sql(statement.format(rows=rows))
    changed = people.sql(f"SELECT count(*) FROM {table} WHERE id >= 100" if "DELETE" in statement else
                         f"SELECT count(*) FROM {table} WHERE {'name' if table == 'customers' else 'first_name'} LIKE 'New%'"
                         if "last_name" not in statement else "SELECT count(*) FROM customers WHERE name LIKE '% New'")
    assert changed == [(61 - rows if "DELETE" in statement else rows,)]
    people.agree()
