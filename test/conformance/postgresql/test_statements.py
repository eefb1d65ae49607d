"""Every statement that PostgreSQL has for writing, on either side."""
import psycopg2
import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME
from scenario.conftest import People, split
from support.midflight import REFUSED, USAGE

BOTH = pytest.mark.parametrize("table, name", [("customers", "name"), ("people", "first_name")])


@BOTH
class TestCopy:
    def test_of_rows_follows(self, people, table, name):
        people.db.copy(f"COPY {table} (id, {name}, email) FROM STDIN", "4\tDi\tdi@x\n5\tEd\t\\N\n")
        people.holds({4: ("Di", "di@x", None, None), 5: ("Ed", None, None, None)})

    def test_of_many_rows_follows(self, people, table, name):
        people.db.copy(f"COPY {table} (id, {name}) FROM STDIN", "".join(f"{i}\tN{i}\n" for i in range(10, 3010)))
        people.holds({i: (f"N{i}", None, None, None) for i in range(10, 3010)})

    def test_that_is_refused_leaves_nothing(self, people, table, name):
        with pytest.raises(psycopg2.IntegrityError):
            people.db.copy(f"COPY {table} (id, {name}) FROM STDIN", "4\tDi\n2\tNo\n")
        people.holds()


class TestTruncate:
    @BOTH
    def test_empties_the_other_side(self, people, table, name):
        people.sql(f"TRUNCATE {table}")
        people.holds(gone=[1, 2, 3])
        people.sql(f"INSERT INTO {table} (id, {name}) VALUES (4, 'Di')")
        people.holds({4: ("Di", None, None, None)}, gone=[1, 2, 3])

    @BOTH
    def test_that_is_rolled_back_changes_nothing(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"TRUNCATE {table}")
        people.sql("ROLLBACK")
        people.holds()

    def test_of_both_sides_at_once_empties_both(self, people):
        people.sql("TRUNCATE customers, people")
        people.holds(gone=[1, 2, 3])

    def test_of_the_lists_alone_empties_them(self, lists):
        lists.sql("TRUNCATE subscriptions")
        lists.holds({1: ("Ann", []), 3: ("Cy", [])})


@BOTH
class TestMerge:
    def test_that_inserts_updates_and_deletes_follows(self, people, table, name):
        people.sql(f"""
            MERGE INTO {table} t USING (VALUES (1, 'Al', 'al@x'), (2, NULL, NULL), (4, 'Di', 'di@x')) s (id, name, email)
            ON t.id = s.id
            WHEN MATCHED AND s.name IS NULL THEN DELETE
            WHEN MATCHED THEN UPDATE SET email = s.email
            WHEN NOT MATCHED THEN INSERT (id, {name}, email) VALUES (s.id, s.name, s.email)""")
        people.holds({1: ("Ann Lee", "al@x", "old 1", "new 1"), 4: ("Di", "di@x", None, None)}, gone=[2])

    def test_from_the_other_side_follows(self, people, table, name):
        other = "people" if table == "customers" else "customers"
        people.sql(f"MERGE INTO {table} t USING {other} o ON t.id = o.id AND o.id > 1 "
                   "WHEN MATCHED THEN UPDATE SET email = 'm' || o.email")
        people.holds({2: ("Bob", "mbob@x", "old 2", "new 2"), 3: ("Cy Dee", "mcy@x", "old 3", "new 3")})


@BOTH
class TestWith:
    def test_rows_that_are_moved_by_one_statement_follow(self, people, table, name):
        people.sql(f"WITH gone AS (DELETE FROM {table} WHERE id = 2 RETURNING id, {name}) "
                   f"INSERT INTO {table} (id, {name}) SELECT id + 20, {name} FROM gone")
        people.holds({22: ("Bob", None, None, None)}, gone=[2])

    def test_both_sides_written_by_one_statement_follow(self, people, table, name):
        people.sql("WITH changed AS (UPDATE customers SET email = 'one@x' WHERE id = 1) "
                   "UPDATE people SET email = 'two@x' WHERE id = 2")
        people.holds({1: ("Ann Lee", "one@x", "old 1", "new 1"), 2: ("Bob", "two@x", "old 2", "new 2")})

    def test_an_upsert_that_a_statement_feeds_follows(self, people, table, name):
        people.sql(f"WITH s AS (SELECT id, {name}, 's' || email AS email FROM {table}) "
                   f"INSERT INTO {table} (id, {name}, email) SELECT id + 1, {name}, email FROM s "
                   "ON CONFLICT (id) DO UPDATE SET email = excluded.email")
        fourth = "Cy Dee" if table == "customers" else "Cy"
        people.holds({2: ("Bob", "sann@x", "old 2", "new 2"), 3: ("Cy Dee", "sbob@x", "old 3", "new 3"),
                      4: (fourth, "scy@x", None, None)})


@BOTH
class TestUpdate:
    def test_through_a_cursor_follows(self, people, table, name):
        people.sql("BEGIN")
        people.sql(f"DECLARE c CURSOR FOR SELECT id FROM {table} WHERE id = 2 FOR UPDATE")
        people.sql("FETCH c")
        people.sql(f"UPDATE {table} SET email = 'new@x' WHERE CURRENT OF c")
        people.sql("COMMIT")
        people.holds({2: ("Bob", "new@x", "old 2", "new 2")})

    def test_of_a_prepared_statement_follows_each_time(self, people, table, name):
        people.sql(f"PREPARE set_email (int, text) AS UPDATE {table} SET email = $2 WHERE id = $1")
        for i in range(12):  # past the point where a generic plan is taken
            people.sql(f"EXECUTE set_email (2, 'n{i}@x')")
        people.holds({2: ("Bob", "n11@x", "old 2", "new 2")})

    def test_in_a_function_whose_exception_is_caught_follows_in_part(self, people, table, name):
        people.sql(f"""DO $$ BEGIN
            UPDATE {table} SET email = 'kept@x' WHERE id = 1;
            BEGIN
                UPDATE {table} SET email = 'lost@x' WHERE id = 2;
                RAISE division_by_zero;
            EXCEPTION WHEN division_by_zero THEN
                UPDATE {table} SET email = 'caught@x' WHERE id = 3;
            END;
        END $$""")
        people.holds({1: ("Ann Lee", "kept@x", "old 1", "new 1"), 3: ("Cy Dee", "caught@x", "old 3", "new 3")})

    def test_of_ten_thousand_rows_follows(self, people, table, name):
        people.sql(f"INSERT INTO {table} (id, {name}, email) SELECT i, 'N', i || '@x' FROM generate_series(10, 10009) i")
        people.sql(f"UPDATE {table} SET email = 'new ' || email WHERE id >= 10")
        assert people.sql("SELECT count(*) FROM customers c JOIN people p USING (id) "
                          "WHERE c.email = p.email AND c.email = 'new ' || id || '@x'") == [(10000,)]
        people.sql(f"UPDATE {table} SET id = id + 100000 WHERE id >= 10")
        people.sql(f"DELETE FROM {table} WHERE id >= 10")
        people.holds()


@pytest.mark.parametrize("table", ["customers", "people"])
@pytest.mark.parametrize("change, keys", [("id = id + 1", {1: 2, 2: 3, 3: 4}), ("id = 4 - id", {1: 3, 2: 2, 3: 1})],
                         ids=["shifted", "exchanged"])
def test_keys_that_pass_through_a_clash_follow_or_are_refused_before_the_start(app, table, change, keys):
    """A deferrable key may clash within a statement; ON CONFLICT cannot use it."""
    deferred = "id INTEGER PRIMARY KEY DEFERRABLE INITIALLY DEFERRED"
    app.sql(CUSTOMERS.replace("id INTEGER PRIMARY KEY", deferred))
    midflight = app.migration(SPLIT_NAME.replace("id INTEGER PRIMARY KEY", deferred))
    outcome = midflight.start()
    if outcome.status != 0:
        assert outcome.status in (USAGE, REFUSED) and "deferrable" in outcome.message.lower() and "customers" in outcome.message
        return
    app.sql(f"UPDATE {table} SET {change}")
    for held in ("customers", "people"):
        assert dict(app.rows(f"SELECT email, id FROM {held}")) == {
            People.BEFORE[key][1]: new for key, new in keys.items()}
    midflight.verify().done()


HABITS = ["SET search_path = ''", "SET search_path = pg_temp, public", "SET datestyle = 'German'",
          "SET standard_conforming_strings = off", "SET bytea_output = 'escape'", "SET extra_float_digits = -15",
          "SET plan_cache_mode = force_generic_plan", "SET default_transaction_isolation = 'serializable'",
          "SET transform_null_equals = on", "SET check_function_bodies = off", "SET enable_seqscan = off",
          "SET backslash_quote = off", "SET timezone = 'Asia/Kathmandu'", "SET jit_above_cost = 0", "SET row_security = off",
          "SET work_mem = '64kB'", "SET default_tablespace = ''", "SET array_nulls = off"]


@pytest.mark.parametrize("habit", HABITS)
def test_a_connection_with_habits_of_its_own_is_followed(people, habit):
    people.sql(habit)
    people.sql("UPDATE public.customers SET email = 'new@x' WHERE id = 2")
    people.sql("INSERT INTO public.people (id, first_name) VALUES (4, 'Di')")
    people.sql("UPDATE public.people SET id = 30 WHERE id = 3")
    people.sql("RESET ALL")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2"), 4: ("Di", None, None, None), 30: people.BEFORE[3]}, gone=[3])


def test_a_temporary_table_of_the_same_name_hides_nothing_from_the_triggers(people):
    people.sql("CREATE TEMP TABLE people (id INTEGER PRIMARY KEY, email TEXT)")
    people.sql("CREATE TEMP TABLE customers (id INTEGER PRIMARY KEY, email TEXT)")
    people.sql("UPDATE public.customers SET email = 'new@x' WHERE id = 2")
    people.sql("UPDATE public.people SET email = 'newer@x' WHERE id = 3")
    people.sql("DROP TABLE pg_temp.people")
    people.sql("DROP TABLE pg_temp.customers")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2"), 3: ("Cy Dee", "newer@x", "old 3", "new 3")})


def test_tables_of_another_schema_with_the_same_names_stay_as_they_are(people):
    people.sql("CREATE SCHEMA other")
    people.sql("CREATE TABLE other.customers (LIKE public.customers)")
    people.sql("CREATE TABLE other.people (LIKE public.people)")
    people.sql("SET search_path = other")
    people.sql("INSERT INTO customers VALUES (1, 'Other', NULL, NULL)")
    people.sql("UPDATE public.customers SET email = 'new@x' WHERE id = 2")
    assert people.sql("SELECT * FROM customers") == [(1, "Other", None, None)]
    assert people.sql("SELECT * FROM people") == []
    people.sql("RESET search_path")
    people.holds({2: ("Bob", "new@x", "old 2", "new 2")})


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_transactions_of_every_isolation_follow(people, level):
    people.sql(f"BEGIN ISOLATION LEVEL {level}")
    people.sql("UPDATE customers SET name = 'Bea Hill' WHERE id = 2")
    people.sql("UPDATE people SET email = 'hill@x' WHERE id = 2")
    people.sql("INSERT INTO people (id, first_name) VALUES (4, 'Di')")
    people.sql("DELETE FROM customers WHERE id = 3")
    people.sql("COMMIT")
    people.holds({2: ("Bea Hill", "hill@x", "old 2", "new 2"), 4: ("Di", None, None, None)}, gone=[3])


def test_a_prepared_transaction_of_two_phases_follows_when_it_commits(people):
    people.sql("BEGIN")
    people.sql("UPDATE customers SET name = 'Bea Hill' WHERE id = 2")
    people.sql("PREPARE TRANSACTION 'two_phases'")
    assert people.sql("SELECT first_name FROM people WHERE id = 2") == [("Bob",)]
    people.sql("COMMIT PREPARED 'two_phases'")
    people.holds({2: ("Bea Hill", "bob@x", "old 2", "new 2")})


def test_rows_that_returning_yields_are_the_statements_own(people):
    assert people.sql("UPDATE customers SET name = 'Bea Hill' WHERE id = 2 RETURNING id, name, hint") == [
        (2, "Bea Hill", "old 2")]
    assert people.sql("DELETE FROM people WHERE id = 2 RETURNING first_name, last_name, note") == [
        (*split("Bea Hill"), "new 2")]
    people.holds(gone=[2])


def test_the_count_that_the_application_is_told_is_its_own(people):
    assert people.db.execute("UPDATE customers SET email = NULL").rowcount == 3
    assert people.db.execute("INSERT INTO people (id, first_name) VALUES (4, 'Di'), (5, 'Ed')").rowcount == 2
    assert people.db.execute("DELETE FROM people WHERE id > 3").rowcount == 2
