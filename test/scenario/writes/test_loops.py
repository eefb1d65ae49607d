"""Each side's triggers stand back while the other side syncs, and only then."""
import sqlite3

import pytest

from scenario.conftest import People
from scenario.definitions import CUSTOMERS, SPLIT_NAME

SHORT_NAMES = SPLIT_NAME.replace("first_name TEXT NOT NULL", "first_name TEXT NOT NULL CHECK (length(first_name) < 9)")


def test_writes_on_both_sides_in_one_transaction_all_follow(people):
    people.sql("BEGIN")
    for i in range(10, 60):
        people.sql("INSERT INTO customers (id, name) VALUES (?, 'Old ' || ?)", i, i)
        people.sql("UPDATE people SET email = id || '@x' WHERE id = ?", i)
        people.sql("UPDATE customers SET name = 'Older ' || id WHERE id = ?", i)
    people.sql("COMMIT")
    people.holds({i: (f"Older {i}", f"{i}@x", None, None) for i in range(10, 60)})


def test_the_statement_after_a_failed_one_follows(people):
    """FAIL keeps what was done before the row that failed; the stamp of that sync must not silence the next one."""
    for i in range(10, 60):
        with pytest.raises(sqlite3.IntegrityError):
            people.sql("INSERT OR FAIL INTO customers (id, name) VALUES (?, 'Di'), (1, 'No')", i)
        people.sql("UPDATE people SET email = id || '@x' WHERE id = ?", i)
    people.holds({i: ("Di", f"{i}@x", None, None) for i in range(10, 60)})


def test_the_statement_after_a_refused_one_follows(start):
    """The new side refuses the row, at once something is written there: what midflight remembers must not silence it."""
    people = start("PRAGMA journal_mode = WAL;" + CUSTOMERS, SHORT_NAMES, People)
    people.sql("PRAGMA synchronous = OFF")  # so fast that both fall into one tick of the clock
    for i in range(10, 300):
        try:
            people.sql("INSERT OR FAIL INTO customers (id, name) VALUES (?, 'Bartholomew')", i)
        except sqlite3.IntegrityError:
            pass  # whether it may fail is another scenario's question
        people.sql("UPDATE people SET email = ? WHERE id = 1", f"{i}@x")
        assert people.sql("SELECT email FROM customers WHERE id = 1") == [(f"{i}@x",)]


def test_a_trigger_that_fails_a_sync_half_way_hides_nothing(start):
    """RAISE(FAIL) in the application's own trigger ends the statement and keeps what was written until then."""
    people = start(CUSTOMERS + """
        CREATE TRIGGER customers_email_form BEFORE UPDATE OF email ON customers WHEN NEW.email NOT LIKE '%@%'
        BEGIN SELECT RAISE(FAIL, 'an e-mail has an @'); END;
    """, SPLIT_NAME, People)
    with pytest.raises(sqlite3.IntegrityError, match="an e-mail has an @"):
        people.sql("UPDATE people SET email = 'nowhere' WHERE id = 2")
    old = people.sql("SELECT email FROM customers WHERE id = 2")
    assert old == people.sql("SELECT email FROM people WHERE id = 2") or people.quarantine() == ["2"]


def test_a_trigger_that_aborts_a_sync_takes_the_whole_statement_back(start):
    people = start(CUSTOMERS + """
        CREATE TRIGGER customers_email_form BEFORE UPDATE OF email ON customers WHEN NEW.email NOT LIKE '%@%'
        BEGIN SELECT RAISE(ABORT, 'an e-mail has an @'); END;
    """, SPLIT_NAME, People)
    with pytest.raises(sqlite3.IntegrityError, match="an e-mail has an @"):
        people.sql("UPDATE people SET email = 'nowhere'")
    people.sql("UPDATE people SET email = 'some@where' WHERE id = 2")
    people.holds({2: ("Bob", "some@where", "old 2", "new 2")})


def test_a_trigger_that_ignores_a_sync_is_noticed(start):
    people = start(CUSTOMERS + """
        CREATE TRIGGER customers_email_form BEFORE UPDATE OF email ON customers WHEN NEW.email NOT LIKE '%@%'
        BEGIN SELECT RAISE(IGNORE); END;
    """, SPLIT_NAME, People)
    people.sql("UPDATE people SET email = 'nowhere' WHERE id = 2")
    assert people.sql("SELECT email FROM customers WHERE id = 2") == [("bob@x",)]
    assert people.quarantine() == ["2"]


def test_connections_at_once_on_both_sides_all_follow(people):
    """One connection's sync must not make another's triggers stand back."""
    import threading

    def write(table, name, first):
        with people.app.connect(timeout=30) as db:
            for i in range(first, first + 100):
                db.execute(f"INSERT INTO {table} (id, {name}) VALUES (?, 'N')", (i,))
        db.close()
    threads = [threading.Thread(target=write, args=work)
               for work in [("customers", "name", 1000), ("people", "first_name", 2000)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    people.holds({i: ("N", None, None, None) for first in (1000, 2000) for i in range(first, first + 100)})
