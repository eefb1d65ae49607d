"""What `check` says before the start: what stands in the way, what will become of whoever is tied to the tables, and every
lock."""
import textwrap
import time
from contextlib import closing

import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME, copied
from support.midflight import REFUSED
from support.postgres import SUPERUSER

DROP = textwrap.dedent(SPLIT_NAME).rstrip() + "\nretire: drop\n"
ORDERS = "CREATE TABLE orders (id integer PRIMARY KEY, customer integer REFERENCES customers ON DELETE CASCADE);"
COUNTRIES = CUSTOMERS + """CREATE TABLE countries (code text PRIMARY KEY); INSERT INTO countries VALUES ('de');
                           ALTER TABLE customers ADD COLUMN country text REFERENCES countries;"""
NEW_COUNTRY = "note TEXT, country text REFERENCES countries\n"


def checked(app, schema, definition=SPLIT_NAME, status=0):
    app.sql(schema)
    before = app.schema()
    outcome = app.migration(definition).check().exits(status)
    assert app.schema() == before
    app.holds_nothing_of_midflight()
    return outcome


class TestTies:
    @pytest.mark.parametrize("schema, said", {
        "a foreign key": (ORDERS, ["orders (orders_customer_fkey)", "refers to customers", "ON DELETE CASCADE", "NOT VALID"]),
        "a view": ("CREATE VIEW names AS SELECT name FROM customers;", ["view names reads customers"]),
        "a materialized view": ("CREATE MATERIALIZED VIEW names AS SELECT name FROM customers;", ["view names reads customers"]),
        "row security": ("ALTER TABLE customers ENABLE ROW LEVEL SECURITY;", ["row security of customers", "policies"]),
        "a trigger": ("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
                      "CREATE TRIGGER audit AFTER UPDATE ON customers EXECUTE FUNCTION f();", ["triggers of customers", "audit"]),
    }.values(), ids=["foreign key", "view", "materialized view", "row security", "trigger"])
    def test_are_told_and_may_stay(self, app, schema, said):
        outcome = checked(app, CUSTOMERS + schema)
        assert all(words in outcome.out for words in said), outcome

    def test_to_a_publication_are_told(self, app):
        app.sql(CUSTOMERS)
        app.server.execute("CREATE PUBLICATION feed FOR TABLE customers", app.database)
        assert "publication feed publishes customers" in app.migration(SPLIT_NAME).check().done().out

    @pytest.mark.parametrize("schema, said", [(ORDERS, "orders (orders_customer_fkey) refers to customers"),
                                              ("CREATE VIEW names AS SELECT name FROM customers;", "view names reads customers")],
                             ids=["foreign key", "view"])
    def test_that_would_stop_the_old_table_from_being_dropped_are_refused(self, app, schema, said):
        outcome = checked(app, CUSTOMERS + schema, DROP, REFUSED)
        assert f"retire: drop: {said}" in outcome.out
        assert said in app.migration(DROP).start().refused().message
        app.sql("DROP TABLE IF EXISTS orders; DROP VIEW IF EXISTS names;")
        midflight = app.migration(DROP)
        for verb in ("check", "start", "advance", "advance"):
            midflight.run(verb).done()
        assert app.tables() == sorted([*app.own, "people"])

    def test_to_a_foreign_table_are_refused(self, app):
        app.sql(CUSTOMERS)
        with closing(app.connect(SUPERUSER)) as connection:
            connection.execute("CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
                               "CREATE FOREIGN TABLE far () INHERITS (customers) SERVER files "
                               "OPTIONS (filename '/dev/null', format 'csv'); ALTER FOREIGN TABLE far OWNER TO app")
        outcome = app.migration(SPLIT_NAME).check()
        assert outcome.status != 0 and "far" in outcome.out, outcome


class TestNewTables:
    def test_without_an_index_on_the_key_are_refused(self, app):
        outcome = checked(app, CUSTOMERS, """
            migration: rows
            old:
              store: ${APP_DB}
              key: {customers: id}
            new:
              key: {people: person}
              create: CREATE TABLE people (number serial PRIMARY KEY, person integer NOT NULL, name text, UNIQUE (name, person));
            forward:
              people: SELECT id AS person, name FROM customers
        """, REFUSED)
        assert "table people has no index that begins with its key" in outcome.out

    @pytest.mark.parametrize("kind, status, said", [("UNLOGGED", 0, "UNLOGGED"), ("TEMPORARY", REFUSED, "temporary")])
    def test_that_would_not_last_are_told(self, app, kind, status, said):
        outcome = app.migration(SPLIT_NAME.replace("CREATE TABLE people", f"CREATE {kind} TABLE people"))
        app.sql(CUSTOMERS)
        outcome = outcome.check()
        assert (outcome.status == 0) == (status == 0) and said in outcome.out, outcome

    def test_with_a_column_that_nobody_fills_are_refused(self, app):
        outcome = checked(app, CUSTOMERS, SPLIT_NAME.replace("note TEXT\n", "note TEXT NOT NULL\n"), REFUSED)
        assert "forward.people does not yield note" in outcome.out

    def test_that_leave_columns_alone_are_told(self, app):
        outcome = checked(app, CUSTOMERS)
        assert "forward.people leaves alone (unmapped): note" in outcome.out
        assert "backward.customers leaves alone (unmapped): hint" in outcome.out

    @pytest.mark.parametrize("old, new, told", [
        ("text", "varchar(10)", True), ("varchar(10)", "varchar(20)", False), ("varchar(20)", "varchar(10)", True),
        ("varchar(20)", "text", False), ("integer", "bigint", False), ("bigint", "integer", True), ("text", "integer", True),
        ("integer", "numeric", False), ("numeric", "numeric(6,2)", True), ("numeric(6,2)", "numeric(6,2)", False),
        ("timestamp", "timestamptz", False), ("jsonb", "jsonb", False), ("integer", "small", True), ("small", "small", False)])
    def test_with_columns_that_hold_less_are_told(self, app, old, new, told):
        outcome = checked(app, f"CREATE DOMAIN small AS integer CHECK (VALUE < 10); CREATE TABLE items (id integer PRIMARY KEY, v {old});",
                          copied("id", ["id", "v"], f"CREATE TABLE goods (id integer PRIMARY KEY, v {new})"))
        assert ("forward.goods yields v as" in outcome.out) == told, outcome
        assert "yields id" not in outcome.out

    def test_are_looked_at_though_the_old_ones_are_empty(self, app):
        outcome = checked(app, CUSTOMERS + "DELETE FROM customers;", SPLIT_NAME.replace("note TEXT\n", "note TEXT NOT NULL\n"), REFUSED)
        assert "forward.people does not yield note" in outcome.out


def steps(outcome):
    return [(step["stage"], step["statement"], step["lock"]) for step in outcome.json["plan"]]


class TestLocks:
    def test_on_tables_that_foreign_keys_refer_to_are_listed(self, app):
        plan = steps(checked(app, COUNTRIES, DROP.replace("note TEXT\n", NEW_COUNTRY)))
        assert [lock for stage, _, lock in plan if stage == "Initializing" and "countries" in lock]
        assert [lock for stage, _, lock in plan if stage == "Finishing" and "ACCESS EXCLUSIVE" in lock and "countries" in lock]

    def test_on_sequences_are_listed(self, app):
        serial = CUSTOMERS.replace("id INTEGER PRIMARY KEY", "id serial PRIMARY KEY")
        plan = steps(checked(app, serial, SPLIT_NAME.replace("id INTEGER PRIMARY KEY", "id serial PRIMARY KEY")))
        statement, = [statement for _, statement, _ in plan if "ALTER SEQUENCE" in statement]
        assert "customers_id_seq" in statement and "people_id_seq" in statement

    def test_of_the_cut_over_without_a_way_back_are_listed(self, app):
        plan = steps(checked(app, CUSTOMERS, SPLIT_NAME.split("backward:")[0]))
        assert [lock for stage, statement, lock in plan if stage == "Awaiting Finalization" and "ACCESS EXCLUSIVE" in lock]

    @pytest.mark.parametrize("verb", ["advance", "rollback"])
    def test_that_a_drop_takes_on_other_tables_stop_no_writer_of_theirs(self, app, verb):
        app.sql(COUNTRIES)
        midflight = app.migration(DROP.replace("note TEXT\n", NEW_COUNTRY))
        midflight.start().done()
        if verb == "advance":
            midflight.advance().done()
        with closing(app.connect()) as holder, closing(app.connect()) as writer:
            holder.execute("BEGIN")
            holder.execute("INSERT INTO countries VALUES ('it')")
            process = midflight.begin(verb)
            longest = 0
            for number in range(40):
                began = time.monotonic()
                writer.execute("INSERT INTO countries VALUES (?1)", (f"c{number}",))
                longest = max(longest, time.monotonic() - began)
                time.sleep(0.03)
            waited = process.poll() is None
            holder.execute("COMMIT")
            midflight.end(process).done()
        assert waited and longest < 1, f"a writer of countries waited for {longest:.2f} s"
        app.holds_nothing_of_midflight()
