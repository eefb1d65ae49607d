"""What `check` finds in the rows and around them before the start."""
import os
import subprocess

import pytest

from scenario.definitions import CUSTOMERS, LISTS, ONE_WAY, SPLIT_NAME, SUBSCRIPTIONS
from support.midflight import REFUSED, binary


def notes(outcome, level):
    return [note["text"] for note in outcome.json["notes"] if note["level"] == level]


def check(app, schema, definition):
    app.sql(schema)
    return app.migration(definition).check()


def test_nothing_but_itself_is_left_behind(app, dump):
    app.sql(CUSTOMERS)
    before = dump()
    app.migration(SPLIT_NAME).check().done()
    assert dump() == before and app.tables() == ["customers"]


@pytest.mark.parametrize("definition", [
    SPLIT_NAME.replace("               email\n", '               "emial" AS email\n'),
    SPLIT_NAME.replace("AS name, email FROM people", 'AS name, "emial" AS email FROM people'),
    SPLIT_NAME.replace("ON people (last_name)", 'ON people ("emial")'),
    SPLIT_NAME.replace("note TEXT\n", """note TEXT, CHECK ("emial" <> '')\n"""),
], ids=["forward", "backward", "index", "create"])
def test_a_misspelt_column_in_double_quotes_is_no_text(app, definition):
    outcome = check(app, CUSTOMERS, definition)
    assert outcome.status != 0 and "emial" in outcome.message, outcome


def test_a_view_that_has_a_text_in_double_quotes_is_the_applications_own(app):
    app.sql(CUSTOMERS + """CREATE VIEW kinds AS SELECT id, "person" AS kind FROM customers;""")
    definition = SPLIT_NAME.replace("email\n        FROM customers", "(SELECT kind FROM kinds k WHERE k.id = customers.id) AS email\n        FROM customers")
    assert "person" not in str(app.migration(definition).check())


class TestRoundTrip:
    def test_that_holds_is_said_with_how_many_rows_were_tried(self, app):
        outcome = check(app, CUSTOMERS, SPLIT_NAME).done().json
        assert (outcome["may_start"], outcome["rows"], outcome["rows_tried"], outcome["broken_count"], outcome["broken"]) == (
            True, 3, 3, 0, [])

    def test_that_fails_is_listed_by_key_and_no_other(self, app):
        # A trailing space makes a last name that is empty, and comes back; an e-mail in capitals does not.
        outcome = check(app, CUSTOMERS + "UPDATE customers SET name = 'Bob ' WHERE id = 2;"
                        "UPDATE customers SET email = 'Cy@X' WHERE id = 3;",
                        SPLIT_NAME.replace("AS name, email FROM", "AS name, lower(email) AS email FROM"))
        assert outcome.json["broken_count"] == 1 and [broken["key"] for broken in outcome.json["broken"]] == ["3"]

    def test_that_fails_is_told_to_a_person(self, app):
        app.sql(CUSTOMERS)
        definition = SPLIT_NAME.replace("AS name, email FROM", "AS name, upper(email) AS email FROM")
        outcome = app.migration(definition).check(json=False)
        for key in (1, 2, 3):
            assert f"entity {key}" in outcome.out
        assert "3 entities do not come back as they were" in outcome.out

    def test_that_fails_for_one_row_of_many_is_found(self, app):
        outcome = check(app, CUSTOMERS + """
            WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO customers (id, name) SELECT i, 'N' || i FROM n;
            UPDATE customers SET name = ' Leading' WHERE id = 2345;
        """, SPLIT_NAME.replace("first_name || coalesce(' ' || last_name, '') AS name",
                                "ltrim(first_name || coalesce(' ' || last_name, '')) AS name"))
        assert [broken["key"] for broken in outcome.json["broken"]] == ["2345"]
        assert outcome.json["rows_tried"] == 3000

    def test_of_json_is_compared_as_a_value(self, app):
        outcome = check(app, LISTS + """UPDATE customers SET plans = '[ "basic" ]' WHERE id = 3;""", SUBSCRIPTIONS).done()
        assert outcome.json["broken"] == []

    def test_of_a_sample_tries_about_its_share(self, app):
        app.sql(CUSTOMERS + "WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
                "INSERT INTO customers (id, name) SELECT i, 'N' || i FROM n;")
        outcome = app.migration(SPLIT_NAME).check("--sample", "20%").done().json
        assert 1000 <= outcome["rows_tried"] <= 3000 and outcome["rows"] == 10000

    def test_says_what_each_query_leaves_alone(self, app):
        proofs = " ".join(notes(check(app, CUSTOMERS, SPLIT_NAME), "proof"))
        assert "hint" in proofs and "note" in proofs


class TestRows:
    def test_of_malformed_json_are_refused_by_key(self, app):
        outcome = check(app, LISTS + "UPDATE customers SET plans = 'oops' WHERE id = 2;", SUBSCRIPTIONS).refused()
        assert any("entity 2 " in text and "JSON" in text for text in notes(outcome, "refusal"))
        assert "JSON" in app.migration(SUBSCRIPTIONS).start().refused().message
        assert app.tables() == ["customers"]

    def test_with_a_null_key_are_refused(self, app):
        schema = CUSTOMERS.replace("id INTEGER PRIMARY KEY", "id INTEGER UNIQUE, n INTEGER PRIMARY KEY").replace(
            "VALUES\n      (1,", "VALUES\n      (1, 1,").replace("(2, 'Bob'", "(NULL, 2, 'Bob'").replace("(3, 'Cy", "(3, 3, 'Cy")
        outcome = check(app, schema, SPLIT_NAME).refused()
        assert any("NULL" in text and "customers" in text for text in notes(outcome, "refusal"))

    def test_that_the_new_side_would_refuse_are_listed_by_key(self, app):
        outcome = check(app, CUSTOMERS, SPLIT_NAME.replace("last_name TEXT,", "last_name TEXT NOT NULL,"))
        assert [broken["key"] for broken in outcome.json["broken"]] == ["2"]


class TestWarning:
    def warns(self, outcome, *words):
        texts = notes(outcome, "warning")
        assert any(all(word in text for word in words) for text in texts), texts

    def test_of_no_way_back(self, app):
        self.warns(check(app, CUSTOMERS, ONE_WAY).done(), "backward", "no way back")

    def test_of_json_in_triggers_and_untrusted_schemas(self, app):
        self.warns(check(app, LISTS, SUBSCRIPTIONS).done(), "trusted_schema")

    def test_of_a_journal_that_makes_readers_wait(self, app):
        self.warns(check(app, CUSTOMERS, SPLIT_NAME).done(), "WAL")

    def test_of_a_check_constraint_that_may_fail_the_applications_write(self, app):
        definition = SPLIT_NAME.replace("TEXT NOT NULL, last", "TEXT NOT NULL CHECK (length(first_name) < 99), last")
        self.warns(check(app, CUSTOMERS, definition).done(), "CHECK", "people")

    def test_of_tables_that_refer_to_what_is_retired(self, app):
        self.warns(check(app, CUSTOMERS + "CREATE TABLE orders (customer INTEGER REFERENCES customers);", SPLIT_NAME).done(),
                   "orders", "customers")


class TestRefusal:
    def refuses(self, outcome, *words):
        outcome.refused()
        assert outcome.json["may_start"] is False
        texts = notes(outcome, "refusal")
        assert any(all(word in text for word in words) for text in texts), texts

    def test_of_dropping_what_others_refer_to(self, app):
        self.refuses(check(app, CUSTOMERS + "CREATE TABLE orders (customer INTEGER REFERENCES customers);",
                           SPLIT_NAME + "    retire: drop\n"), "orders", "customers")

    def test_of_a_name_for_the_retired_table_that_is_taken(self, app):
        self.refuses(check(app, CUSTOMERS + "CREATE TABLE customers_retired (x);", SPLIT_NAME), "customers_retired")

    def test_of_a_table_that_another_migration_is_changing(self, app):
        app.sql(CUSTOMERS)
        app.migration(SPLIT_NAME).start().done()
        second = SPLIT_NAME.replace("split-name", "another").replace("people", "persons")
        self.refuses(app.migration(second, "second.yaml").check(), "customers", "another migration")

    def test_of_a_query_whose_row_depends_on_other_entities(self, app):
        definition = SPLIT_NAME.replace("email\n        FROM", "(SELECT count(*) FROM customers) AS email\n        FROM")
        outcome = check(app, CUSTOMERS, definition)
        assert outcome.status == REFUSED or any("other entities" in text for text in notes(outcome, "warning"))

    def test_of_a_disk_without_room_for_the_new_shape(self, app, small_disk):
        small_disk.fill(app, rows=8000)
        outcome = app.migration(SPLIT_NAME).check()
        self.refuses(outcome, "disk", "room")


class TestPlan:
    def test_lists_each_statement_with_its_stage_and_its_lock(self, app):
        plan = check(app, CUSTOMERS, SPLIT_NAME).done().json["plan"]
        assert {step["stage"] for step in plan} == {"Initializing", "Running", "Awaiting Finalization", "Finishing"}
        text = " ".join(step["statement"] for step in plan)
        assert "CREATE TABLE people" in text and "CREATE INDEX people_last_name" in text
        assert all(step["lock"] for step in plan)

    @pytest.mark.parametrize("retire, word", [("rename", "_retired"), ("drop", "dropped"), ("keep", "stay")])
    def test_says_what_becomes_of_the_old_tables(self, app, retire, word):
        plan = check(app, CUSTOMERS, SPLIT_NAME + f"    retire: {retire}\n").done().json["plan"]
        assert word in [step["statement"] for step in plan if step["stage"] == "Finishing"][0]

    def test_forecasts_time_and_room_from_the_rows(self, app):
        few = check(app, CUSTOMERS, SPLIT_NAME).done().json
        app.sql("WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                "INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@example.com' FROM n;")
        many = app.migration(SPLIT_NAME).check().done().json
        assert many["backfill_s"] > few["backfill_s"] >= 0
        size = app.value("SELECT sum(length(name) + length(email)) FROM customers")
        assert size / 2 < many["disk_bytes"] < size * 10


def test_a_check_of_a_large_table_stays_small_in_memory(app):
    """The rehearsal goes batch by batch; it never holds the table."""
    app.sql("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT);"
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
            "INSERT INTO customers SELECT i, 'First ' || hex(randomblob(100000)), i FROM n;")
    midflight = app.migration(SPLIT_NAME)
    if b"__asan_init" in binary().read_bytes():
        pytest.skip("a sanitizer's memory is not ours")
    process = subprocess.Popen(midflight.words("check", "--sample", "1"), env=midflight.environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    assert usage.ru_maxrss < 200 * 1024  # KiB, for a table of 60 MB: all of its rows twice would be more
