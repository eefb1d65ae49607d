"""The key itself is written: the entity moves on the other side, with all that only the other side holds."""
import sqlite3

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME

BOTH = pytest.mark.parametrize("table", ["customers", "people"])


@BOTH
class TestKey:
    def test_of_one_row_moves_the_entity(self, people, table):
        people.sql(f"UPDATE {table} SET id = 20 WHERE id = 2")
        people.holds({20: ("Bob", "bob@x", "old 2", "new 2")}, gone=[2])

    def test_of_every_row_moves_them_all(self, people, table):
        people.sql(f"UPDATE {table} SET id = id + 100")
        people.holds({key + 100: values for key, values in people.BEFORE.items()}, gone=[1, 2, 3])

    def test_to_the_neighbour_that_moves_on_in_the_same_statement(self, people, table):
        people.sql(f"UPDATE {table} SET id = -id")
        people.sql(f"UPDATE {table} SET id = id - 1")  # -3 to -4, then -2 to -3, then -1 to -2
        people.holds({-key - 1: values for key, values in people.BEFORE.items()}, gone=[1, 2, 3])

    def test_with_other_columns_in_the_same_statement(self, people, table):
        people.sql(f"UPDATE {table} SET id = 20, email = 'new@x' WHERE id = 2")
        people.holds({20: ("Bob", "new@x", "old 2", "new 2")}, gone=[2])

    def test_swapped_between_two_rows_through_a_third(self, people, table):
        people.sql("BEGIN")
        for old, new in [(1, 99), (2, 1), (99, 2)]:
            people.sql(f"UPDATE {table} SET id = ? WHERE id = ?", new, old)
        people.sql("COMMIT")
        people.holds({1: people.BEFORE[2], 2: people.BEFORE[1]})

    def test_to_one_that_is_taken_fails_and_changes_nothing(self, people, table):
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            people.sql(f"UPDATE {table} SET id = 3 WHERE id = 2")
        people.holds()

    def test_to_one_that_is_taken_is_ignored_when_the_statement_says_so(self, people, table):
        people.sql(f"UPDATE OR IGNORE {table} SET id = 3")
        people.holds()

    def test_to_one_that_is_taken_replaces_that_row_when_the_statement_says_so(self, people, table):
        people.sql(f"UPDATE OR REPLACE {table} SET id = 3 WHERE id = 2")
        people.holds({3: people.BEFORE[2]}, gone=[2])

    def test_rolled_back_leaves_the_entity_where_it_was(self, people, table):
        people.sql("BEGIN")
        people.sql(f"UPDATE {table} SET id = 20 WHERE id = 2")
        people.sql("ROLLBACK")
        people.holds()


@BOTH
def test_a_key_moved_there_and_back_loses_nothing(people, table):
    people.sql(f"UPDATE {table} SET id = 20 WHERE id = 2")
    people.sql(f"UPDATE {table} SET id = 2 WHERE id = 20")
    people.holds()


def test_a_text_key_that_changes_its_case_alone_moves(start):
    schema = CUSTOMERS.replace("id INTEGER PRIMARY KEY", "id TEXT NOT NULL PRIMARY KEY").replace("(1,", "('a',").replace(
        "(2,", "('b',").replace("(3,", "('c',")
    people = start(schema, SPLIT_NAME.replace("id INTEGER PRIMARY KEY", "id TEXT NOT NULL PRIMARY KEY"))
    people.sql("UPDATE people SET note = 'kept'")
    people.sql("UPDATE customers SET id = 'B' WHERE id = 'b'")
    assert people.sql("SELECT id, note FROM people ORDER BY id") == [("B", "kept"), ("a", "kept"), ("c", "kept")]
    people.agree()


def test_a_nocase_key_that_changes_its_case_alone_is_still_the_same_entity(start):
    key = "id TEXT NOT NULL COLLATE NOCASE PRIMARY KEY"
    schema = CUSTOMERS.replace("id INTEGER PRIMARY KEY", key).replace("(1,", "('a',").replace("(2,", "('b',").replace(
        "(3,", "('c',")
    people = start(schema, SPLIT_NAME.replace("id INTEGER PRIMARY KEY", key))
    people.sql("UPDATE people SET note = 'kept'")
    people.sql("UPDATE customers SET id = 'B', email = 'new@x' WHERE id = 'b'")
    assert people.sql("SELECT id, email, note FROM people ORDER BY id") == [
        ("a", "ann@x", "kept"), ("B", "new@x", "kept"), ("c", "cy@x", "kept")]
    people.agree()


class TestCompositeKey:
    SCHEMA = """
        CREATE TABLE bookings (hotel TEXT NOT NULL, night INTEGER NOT NULL, guest TEXT, hint TEXT, PRIMARY KEY (hotel, night));
        INSERT INTO bookings VALUES ('a', 1, 'Ann', 'old a1'), ('a', 2, 'Bob', 'old a2'), ('b', 1, 'Cy', 'old b1');
    """
    DEFINITION = """
        migration: bookings
        old:
          store: ${APP_DB}
          key: {bookings: [hotel, night]}
        new:
          key: {stays: [house, day]}
          create: |
            CREATE TABLE stays (house TEXT NOT NULL, day INTEGER NOT NULL, person TEXT, note TEXT, PRIMARY KEY (house, day));
        forward:
          stays: SELECT hotel AS house, night AS day, guest AS person FROM bookings
        backward:
          bookings: SELECT house AS hotel, day AS night, person AS guest FROM stays
    """

    @pytest.fixture
    def bookings(self, start):
        scene = start(self.SCHEMA, self.DEFINITION)
        scene.sql("UPDATE stays SET note = 'new ' || house || day")
        return scene

    def holds(self, scene, rows):
        """Each row is (hotel, night, guest, hint, note)."""
        assert scene.sql("SELECT * FROM bookings ORDER BY 1, 2") == [row[:4] for row in rows]
        assert scene.sql("SELECT * FROM stays ORDER BY 1, 2") == [row[:3] + row[4:] for row in rows]
        scene.agree()

    @pytest.mark.parametrize("statement", ["UPDATE bookings SET night = 7 WHERE guest = 'Bob'",
                                           "UPDATE stays SET day = 7 WHERE person = 'Bob'"], ids=["old", "new"])
    def test_one_column_of_it_moves_the_entity(self, bookings, statement):
        bookings.sql(statement)
        self.holds(bookings, [("a", 1, "Ann", "old a1", "new a1"), ("a", 7, "Bob", "old a2", "new a2"),
                              ("b", 1, "Cy", "old b1", "new b1")])

    @pytest.mark.parametrize("statement", ["UPDATE bookings SET hotel = 'c' WHERE hotel = 'a'",
                                           "UPDATE stays SET house = 'c' WHERE house = 'a'"], ids=["old", "new"])
    def test_the_column_that_rows_share_moves_them_all(self, bookings, statement):
        bookings.sql(statement)
        self.holds(bookings, [("b", 1, "Cy", "old b1", "new b1"), ("c", 1, "Ann", "old a1", "new a1"),
                              ("c", 2, "Bob", "old a2", "new a2")])

    def test_its_columns_exchange_places_between_rows(self, bookings):
        bookings.sql("BEGIN")
        bookings.sql("UPDATE bookings SET hotel = 'x' WHERE hotel = 'a' AND night = 1")
        bookings.sql("UPDATE bookings SET hotel = 'a' WHERE hotel = 'b'")
        bookings.sql("UPDATE bookings SET hotel = 'b' WHERE hotel = 'x'")
        bookings.sql("COMMIT")
        self.holds(bookings, [("a", 1, "Cy", "old b1", "new b1"), ("a", 2, "Bob", "old a2", "new a2"),
                              ("b", 1, "Ann", "old a1", "new a1")])


class TestOneToMany:
    @pytest.fixture
    def marked(self, lists):
        lists.sql("UPDATE people SET note = 'note ' || id")
        lists.sql("UPDATE subscriptions SET remark = 'remark ' || customer_id || position")
        return lists

    def test_the_key_of_the_one_takes_its_many_along(self, marked):
        marked.sql("UPDATE customers SET id = 20 WHERE id = 1")
        marked.holds({20: ("Ann", ["basic", "storage"])}, gone=[1])
        assert marked.sql("SELECT note FROM people WHERE id = 20") == [("note 1",)]
        assert marked.sql("SELECT remark FROM subscriptions WHERE customer_id = 20 ORDER BY position") == [
            ("remark 10",), ("remark 11",)]

    def test_one_of_the_many_moves_to_another_entity(self, marked):
        marked.sql("UPDATE subscriptions SET customer_id = 2 WHERE customer_id = 1 AND position = 1")
        marked.holds({1: ("Ann", ["basic"]), 2: ("Bob", ["storage"])})
        assert marked.sql("SELECT remark FROM subscriptions WHERE customer_id = 2") == [("remark 11",)]

    def test_one_of_the_many_replaces_that_of_another_entity(self, marked):
        marked.sql("UPDATE OR REPLACE subscriptions SET customer_id = 3 WHERE customer_id = 1 AND position = 0")
        marked.holds({1: ("Ann", ["storage"])})
        assert marked.sql("SELECT remark FROM subscriptions WHERE customer_id = 3") == [("remark 10",)]

    def test_all_of_the_new_side_moves_table_by_table(self, marked):
        marked.sql("BEGIN")
        marked.sql("UPDATE people SET id = id + 100")
        marked.sql("UPDATE subscriptions SET customer_id = customer_id + 100")
        marked.sql("COMMIT")
        marked.holds({key + 100: values for key, values in marked.BEFORE.items()}, gone=[1, 2, 3])
        assert marked.sql("SELECT hint FROM customers ORDER BY id") == [("old 1",), ("old 2",), ("old 3",)]

    def test_replacing_the_one_by_its_own_key_keeps_what_the_new_side_holds(self, marked):
        marked.sql("""INSERT OR REPLACE INTO customers VALUES (1, 'Ann', '["basic","storage","extra"]', NULL)""")
        marked.holds({1: ("Ann", ["basic", "storage", "extra"])})
        assert marked.sql("SELECT remark FROM subscriptions WHERE customer_id = 1 ORDER BY position") == [
            ("remark 10",), ("remark 11",), (None,)]
