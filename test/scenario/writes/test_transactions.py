"""What the application takes back is taken back on both sides; what it keeps is kept on both."""
import sqlite3

import pytest

EDIT = {"customers": "UPDATE customers SET email = 'new@x' WHERE id = 2",
        "people": "UPDATE people SET email = 'new@x' WHERE id = 2"}
EDITED = {2: ("Bob", "new@x", "old 2", "new 2")}


@pytest.mark.parametrize("table", EDIT)
class TestOneSide:
    def test_a_commit_keeps_both_sides(self, people, table):
        people.sql("BEGIN")
        people.sql(EDIT[table])
        people.sql(f"DELETE FROM {table} WHERE id = 3")
        people.sql("COMMIT")
        people.holds(EDITED, gone=[3])

    def test_a_rollback_takes_both_sides_back(self, people, table):
        people.sql("BEGIN IMMEDIATE")
        people.sql(EDIT[table])
        people.sql(f"DELETE FROM {table}")
        people.sql("ROLLBACK")
        people.holds()

    def test_a_savepoint_takes_back_only_what_followed_it(self, people, table):
        people.sql("BEGIN")
        people.sql(EDIT[table])
        people.sql("SAVEPOINT s")
        people.sql(f"DELETE FROM {table}")
        people.sql("ROLLBACK TO s")
        people.sql("RELEASE s")
        people.sql("COMMIT")
        people.holds(EDITED)

    def test_a_savepoint_within_a_savepoint(self, people, table):
        people.sql("SAVEPOINT outer")
        people.sql(EDIT[table])
        people.sql("SAVEPOINT inner")
        people.sql(f"UPDATE {table} SET id = 50 WHERE id = 1")
        people.sql("RELEASE inner")
        people.sql("ROLLBACK TO outer")
        people.sql(EDIT[table])
        people.sql("RELEASE outer")
        people.holds(EDITED)

    def test_a_failed_statement_in_a_transaction_takes_back_itself_alone(self, people, table):
        people.sql("BEGIN")
        people.sql(EDIT[table])
        with pytest.raises(sqlite3.IntegrityError):
            people.sql(f"INSERT INTO {table} SELECT * FROM {table}")
        people.sql("COMMIT")
        people.holds(EDITED)

    def test_a_connection_that_dies_takes_its_writes_with_it(self, people, table):
        db = people.app.connect()
        db.execute("BEGIN")
        db.execute(EDIT[table])
        db.close()
        people.holds()

    def test_a_reader_sees_both_sides_change_at_once(self, people, table):
        people.sql("PRAGMA journal_mode = WAL")
        reader = people.app.connect()
        emails = "SELECT (SELECT email FROM customers WHERE id = 2), (SELECT email FROM people WHERE id = 2)"
        people.sql("BEGIN")
        people.sql(EDIT[table])
        assert reader.execute(emails).fetchall() == [("bob@x", "bob@x")]
        people.sql("COMMIT")
        assert reader.execute(emails).fetchall() == [("new@x", "new@x")]
        reader.close()


def test_both_sides_written_in_one_transaction_and_one_of_them_taken_back(people):
    people.sql("BEGIN")
    people.sql("UPDATE customers SET name = 'Bea Hill' WHERE id = 2")
    people.sql("SAVEPOINT s")
    people.sql("UPDATE people SET last_name = 'Dale', email = 'no@x' WHERE id = 2")
    people.sql("ROLLBACK TO s")
    people.sql("COMMIT")
    people.holds({2: ("Bea Hill", "bob@x", "old 2", "new 2")})
