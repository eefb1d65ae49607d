"""Both sides are live: whatever statement either version of the application uses, the other side follows in the same
transaction, and what only one side knows stays as it is."""
import pytest

from scenario.conftest import People
from scenario.definitions import CUSTOMERS, SPLIT_NAME

BOTH = pytest.mark.parametrize("table, name", [("customers", "name"), ("people", "first_name")])


@BOTH
class TestInsert:
    def test_of_one_row_follows(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}, email) VALUES (4, 'Di', 'di@x')")
        people.holds({4: ("Di", "di@x", None, None)})

    def test_of_many_rows_follows(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}, email) VALUES (4, 'Di', 'di@x'), (-5, 'Ed', NULL), (60, 'Flo', 'flo@x')")
        people.holds({4: ("Di", "di@x", None, None), -5: ("Ed", None, None, None), 60: ("Flo", "flo@x", None, None)})

    def test_of_a_query_follows(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}) SELECT id + 10, {name} FROM {table} WHERE id = 2")
        people.holds({12: ("Bob", None, None, None)})

    def test_of_a_query_over_the_other_side_follows(self, people, table, name):
        other, other_name = ("people", "first_name") if table == "customers" else ("customers", "name")
        people.sql(f"INSERT INTO {table} (id, {name}) SELECT id + 10, {other_name} FROM {other} WHERE id = 2")
        people.holds({12: ("Bob", None, None, None)})

    def test_that_its_own_side_refuses_leaves_nothing(self, people, table, name):
        with pytest.raises(people.app.IntegrityError):
            people.sql(f"INSERT INTO {table} (id, {name}) VALUES (4, 'Di'), (2, 'No')")
        people.holds()

    def test_returns_what_it_wrote(self, people, table, name):
        assert people.sql(f"INSERT INTO {table} (id, {name}) VALUES (4, 'Di') RETURNING id, {name}") == [(4, "Di")]
        people.holds({4: ("Di", None, None, None)})


@BOTH
class TestUpdate:
    def test_of_one_row_follows(self, people, table, name):
        people.sql(f"UPDATE {table} SET email = 'new@x' WHERE id = 2")
        people.holds({2: ("Bob", "new@x", "old 2", "new 2")})

    def test_of_every_row_follows(self, people, table, name):
        people.sql(f"UPDATE {table} SET email = 'new ' || email")
        people.holds({key: (name, f"new {email}", hint, note) for key, (name, email, hint, note) in people.BEFORE.items()})

    def test_of_no_row_changes_nothing(self, people, table, name):
        people.sql(f"UPDATE {table} SET email = 'new@x' WHERE id = 99")
        people.holds()

    def test_to_what_is_there_changes_nothing(self, people, table, name):
        people.sql(f"UPDATE {table} SET {name} = {name}, email = email")
        people.holds()

    def test_to_null_and_back_follows(self, people, table, name):
        people.sql(f"UPDATE {table} SET email = NULL")
        people.holds({key: (name, None, hint, note) for key, (name, _, hint, note) in people.BEFORE.items()})
        people.sql(f"UPDATE {table} SET email = 'back@x' WHERE id = 1")
        people.sql(f"UPDATE {table} SET email = id || '@x' WHERE id > 1")
        people.holds({1: ("Ann Lee", "back@x", "old 1", "new 1"), 2: ("Bob", "2@x", "old 2", "new 2"),
                      3: ("Cy Dee", "3@x", "old 3", "new 3")})

    def test_from_another_table_follows(self, people, table, name):
        people.sql("CREATE TABLE wishes (id INTEGER PRIMARY KEY, email TEXT)")
        people.sql("INSERT INTO wishes VALUES (1, 'w1@x'), (3, 'w3@x'), (9, 'w9@x')")
        people.sql(f"UPDATE {table} SET email = w.email FROM wishes w WHERE w.id = {table}.id")
        people.holds({1: ("Ann Lee", "w1@x", "old 1", "new 1"), 3: ("Cy Dee", "w3@x", "old 3", "new 3")})

    def test_twice_in_one_transaction_follows(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"UPDATE {table} SET email = 'first@x' WHERE id = 2")
        people.sql(f"UPDATE {table} SET email = 'second@x' WHERE id = 2")
        people.sql("COMMIT")
        people.holds({2: ("Bob", "second@x", "old 2", "new 2")})


@BOTH
class TestDelete:
    def test_of_one_row_follows(self, people, table, name):
        people.sql(f"DELETE FROM {table} WHERE id = 2")
        people.holds(gone=[2])

    def test_of_every_row_follows(self, people, table, name):
        people.sql(f"DELETE FROM {table}")
        people.holds(gone=[1, 2, 3])

    def test_of_what_a_query_finds_follows(self, people, table, name):
        people.sql(f"DELETE FROM {table} WHERE id IN (SELECT id FROM customers WHERE hint > 'old 1')")
        people.holds(gone=[2, 3])

    def test_and_insert_of_the_same_key_starts_anew(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"DELETE FROM {table} WHERE id = 2")
        people.sql(f"INSERT INTO {table} (id, {name}) VALUES (2, 'Bea')")
        people.sql("COMMIT")
        people.holds({2: ("Bea", None, None, None)})


@BOTH
class TestUpsert:
    def test_that_updates_follows(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}, email) VALUES (2, 'Bea', 'bea@x') "
                   f"ON CONFLICT (id) DO UPDATE SET {name} = excluded.{name}, email = excluded.email")
        people.holds({2: ("Bea", "bea@x", "old 2", "new 2")})

    def test_that_inserts_follows(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}) VALUES (4, 'Di') ON CONFLICT (id) DO UPDATE SET {name} = 'No'")
        people.holds({4: ("Di", None, None, None)})

    def test_of_many_rows_inserts_and_updates(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}, email) VALUES (2, 'Bea', 'bea@x'), (4, 'Di', 'di@x') "
                   f"ON CONFLICT (id) DO UPDATE SET {name} = excluded.{name}, email = excluded.email")
        people.holds({2: ("Bea", "bea@x", "old 2", "new 2"), 4: ("Di", "di@x", None, None)})

    def test_that_does_nothing_changes_nothing(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}) VALUES (2, 'No'), (4, 'Di') ON CONFLICT DO NOTHING")
        people.holds({4: ("Di", None, None, None)})

    def test_whose_update_is_left_out_changes_nothing(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}) VALUES (2, 'No') ON CONFLICT (id) DO UPDATE SET {name} = 'No' WHERE 1 = 0")
        people.holds()


@pytest.fixture
def unique(start):
    """E-mails are unique on both sides."""
    return start(CUSTOMERS, SPLIT_NAME.replace("index: |", "index: |\n        CREATE UNIQUE INDEX people_email ON people (email);"),
                 People)


@BOTH
class TestUnique:
    def test_upsert_by_another_unique_index_updates_the_row_that_holds_it(self, unique, table, name):
        unique.sql(f"INSERT INTO {table} (id, {name}, email) VALUES (4, 'Bea', 'bob@x') "
                   f"ON CONFLICT (email) DO UPDATE SET {name} = excluded.{name}")
        unique.holds({2: ("Bea", "bob@x", "old 2", "new 2")})

    def test_values_swapped_in_a_transaction_are_swapped_on_the_other_side(self, unique, table, name):
        unique.sql("BEGIN")
        for email, key in [(None, 1), ("ann@x", 2), ("bob@x", 1)]:
            unique.sql(f"UPDATE {table} SET email = ?2 WHERE id = ?1", key, email)
        unique.sql("COMMIT")
        unique.holds({1: ("Ann Lee", "bob@x", "old 1", "new 1"), 2: ("Bob", "ann@x", "old 2", "new 2")})

    def test_a_value_handed_on_in_one_statement_follows(self, unique, table, name):
        unique.sql(f"UPDATE {table} SET email = NULL WHERE id = 1")
        unique.sql(f"UPDATE {table} SET email = 'ann@x' WHERE id = 3")
        unique.holds({1: ("Ann Lee", None, "old 1", "new 1"), 3: ("Cy Dee", "ann@x", "old 3", "new 3")})


@BOTH
class TestKey:
    def test_of_one_row_moves_the_entity_with_all_that_only_one_side_holds(self, people, table, name):
        people.sql(f"UPDATE {table} SET id = 20 WHERE id = 2")
        people.holds({20: people.BEFORE[2]}, gone=[2])

    def test_of_every_row_moves_them_all(self, people, table, name):
        people.sql(f"UPDATE {table} SET id = id + 100")
        people.holds({key + 100: values for key, values in people.BEFORE.items()}, gone=[1, 2, 3])

    def test_and_another_column_in_one_statement(self, people, table, name):
        people.sql(f"UPDATE {table} SET id = 20, email = 'new@x' WHERE id = 2")
        people.holds({20: ("Bob", "new@x", "old 2", "new 2")}, gone=[2])

    def test_swapped_between_two_rows_through_a_third(self, people, table, name):
        people.sql("BEGIN")
        for key, other in [(1, 99), (2, 1), (99, 2)]:
            people.sql(f"UPDATE {table} SET id = ?2 WHERE id = ?1", key, other)
        people.sql("COMMIT")
        people.holds({1: people.BEFORE[2], 2: people.BEFORE[1]})

    def test_there_and_back_loses_nothing(self, people, table, name):
        people.sql(f"UPDATE {table} SET id = 20 WHERE id = 2")
        people.sql(f"UPDATE {table} SET id = 2 WHERE id = 20")
        people.holds()

    def test_to_one_that_is_taken_fails_and_changes_nothing(self, people, table, name):
        with pytest.raises(people.app.IntegrityError):
            people.sql(f"UPDATE {table} SET id = 3 WHERE id = 2")
        people.holds()

    def test_given_up_and_taken_by_another_row_in_one_transaction(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"DELETE FROM {table} WHERE id = 2")
        people.sql(f"UPDATE {table} SET id = 2 WHERE id = 3")
        people.sql("COMMIT")
        people.holds({2: people.BEFORE[3]}, gone=[3])


class TestUnmapped:
    def test_columns_written_on_their_own_side_change_nothing_elsewhere(self, people):
        people.sql("UPDATE customers SET hint = 'mine' WHERE id = 2")
        people.sql("UPDATE people SET note = 'mine too' WHERE id = 2")
        people.holds({2: ("Bob", "bob@x", "mine", "mine too")})

    def test_columns_given_at_birth_stay(self, people):
        people.sql("INSERT INTO customers VALUES (4, 'Di', NULL, 'old 4')")
        people.sql("INSERT INTO people VALUES (5, 'Ed', NULL, NULL, 'new 5')")
        people.holds({4: ("Di", None, "old 4", None), 5: ("Ed", None, None, "new 5")})

    def test_columns_outlive_many_writes_of_either_side(self, people):
        for i in range(5):
            people.sql("UPDATE customers SET name = 'Old ' || ?1, email = ?1 || '@x' WHERE id = 2", str(i))
            people.sql("UPDATE people SET last_name = 'New ' || ?1 WHERE id = 2", str(i))
        people.holds({2: ("Old New 4", "4@x", "old 2", "new 2")})


@BOTH
class TestTransaction:
    def test_that_is_rolled_back_leaves_no_trace(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"INSERT INTO {table} (id, {name}) VALUES (4, 'Di')")
        people.sql(f"UPDATE {table} SET email = 'new@x'  WHERE id = 1")
        people.sql(f"UPDATE {table} SET id = 20 WHERE id = 2")
        people.sql(f"DELETE FROM {table} WHERE id = 3")
        people.sql("ROLLBACK")
        people.holds()

    def test_that_is_rolled_back_in_part_keeps_the_rest(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"UPDATE {table} SET email = 'kept@x' WHERE id = 1")
        people.sql("SAVEPOINT doubt")
        people.sql(f"DELETE FROM {table}")
        people.sql("ROLLBACK TO doubt")
        people.sql(f"UPDATE {table} SET email = 'later@x' WHERE id = 2")
        people.sql("COMMIT")
        people.holds({1: ("Ann Lee", "kept@x", "old 1", "new 1"), 2: ("Bob", "later@x", "old 2", "new 2")})

    def test_is_unseen_by_others_until_it_commits(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"UPDATE {table} SET email = 'new@x' WHERE id = 2")
        for other in ("customers", "people"):
            assert people.sql(f"SELECT email FROM {other} WHERE id = 2") == [("new@x",)]
            assert people.app.value(f"SELECT email FROM {other} WHERE id = 2") == "bob@x"
        people.sql("COMMIT")
        people.holds({2: ("Bob", "new@x", "old 2", "new 2")})


def test_both_sides_written_in_one_transaction_follow_each_other(people):
    people.sql("BEGIN")
    for key in range(10, 40):
        people.sql("INSERT INTO customers (id, name) VALUES (?1, 'Old Name')", key)
        people.sql("UPDATE people SET email = id || '@x' WHERE id = ?1", key)
        people.sql("UPDATE customers SET name = 'Older Name' WHERE id = ?1", key)
    people.sql("COMMIT")
    people.holds({key: ("Older Name", f"{key}@x", None, None) for key in range(10, 40)})


def test_the_statement_after_a_failed_one_follows(people):
    """A sync that fails half way must not silence the next one of this connection."""
    for key in range(10, 20):
        with pytest.raises(people.app.IntegrityError):
            people.sql("INSERT INTO customers (id, name) VALUES (?1, 'Di'), (1, 'No')", key)
        people.sql("UPDATE people SET email = ?1 || '@x' WHERE id = 1", str(key))
        assert people.sql("SELECT email FROM customers WHERE id = 1") == [(f"{key}@x",)]
    people.holds({1: ("Ann Lee", "19@x", "old 1", "new 1")})


@BOTH
def test_either_side_still_follows_the_other_after_the_cut_over(people, table, name):
    people.midflight.advance().done()
    people.sql(f"INSERT INTO {table} (id, {name}, email) VALUES (4, 'Di', 'di@x'), (5, 'Ed', 'ed@x')")
    people.sql(f"UPDATE {table} SET email = 'new@x' WHERE id = 2")
    people.sql(f"UPDATE {table} SET id = 40 WHERE id = 4")
    people.sql(f"DELETE FROM {table} WHERE id = 3")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2"), 40: ("Di", "di@x", None, None), 5: ("Ed", "ed@x", None, None)},
                 gone=[3])
