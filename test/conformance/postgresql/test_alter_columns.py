"""The short form: what a change makes of the columns and their values, forward and back."""
import pytest

from support.midflight import AWAITING_ADDITIONAL_ACTION, REFUSED, UNINITIALIZED, USAGE

SCHEMA = """
    CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, visits integer, price numeric(8, 2), born text, note text);
    CREATE INDEX customers_visits ON customers (visits);
    CREATE VIEW visitors AS SELECT id, name, visits FROM customers;
    INSERT INTO customers SELECT i, 'n' || i, i, i, '2000-01-01', 'x' FROM generate_series(1, 20) i;
"""


@pytest.fixture
def alter(app):
    """alter(change): the migration, its database made."""
    app.sql(SCHEMA)

    def make(change, migration="altered", **options):
        lines = "".join(f"\n        {line}" for line in change.strip().splitlines())
        more = "".join(f"{name}: {value}\n    " for name, value in options.items())
        return app.migration(f"""
    migration: {migration}
    old:
      store: ${{APP_DB}}
    alter:
      table: customers
      change: |{lines}
    soak: 0s
    {more}""", f"{migration}.yaml")
    return make


def run(midflight, *verbs):
    for verb in verbs:
        midflight.run(verb).done()


def columns(app, table="customers"):
    return [name for name, in app.rows(f"SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 "
                                       "AND NOT attisdropped ORDER BY attnum")]


class TestRename:
    CHANGE = "RENAME COLUMN name TO full_name, RENAME COLUMN visits TO calls"

    def test_everything_that_names_the_column_follows(self, app, alter):
        app.sql("""
            CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
            CREATE TRIGGER loud BEFORE UPDATE OF name ON customers FOR EACH ROW WHEN (NEW.visits > 0) EXECUTE FUNCTION loud();
            CREATE TABLE orders (id integer PRIMARY KEY, visits integer);
            ALTER TABLE customers ADD UNIQUE (visits);
            ALTER TABLE orders ADD FOREIGN KEY (visits) REFERENCES customers (visits);
            CREATE POLICY named ON customers USING (name <> '');
            CREATE RULE quiet AS ON UPDATE TO customers WHERE NEW.name = 'never' DO INSTEAD NOTHING;
            GRANT UPDATE (name) ON customers TO PUBLIC; COMMENT ON COLUMN customers.name IS 'what they are called';
        """)
        before = app.schema()
        midflight = alter(self.CHANGE)
        run(midflight, "start", "advance")
        assert columns(app) == ["id", "full_name", "calls", "price", "born", "note"]
        assert app.rows("SELECT name, visits FROM visitors WHERE id = 2") == [("n2", 2)]
        texts = dict(app.schema())
        assert "UPDATE OF full_name" in texts["TRIGGER customers loud"]
        assert "REFERENCES public.customers(calls)" in texts["FK CONSTRAINT orders orders_visits_fkey"]
        assert "full_name <> " in texts["POLICY customers named"]
        assert "UPDATE(full_name)" in texts["ACL COLUMN customers.full_name"].replace(" ", "")
        app.sql("UPDATE customers SET full_name = 'Ann' WHERE id = 3; UPDATE visitors SET visits = 77 WHERE id = 4")
        midflight.rollback().done()
        assert app.schema() == before
        assert app.rows("SELECT name, visits FROM customers WHERE id IN (3, 4) ORDER BY id") == [("Ann", 3), ("n4", 77)]

    def test_two_columns_exchange_their_names(self, app, alter):
        midflight = alter("RENAME COLUMN name TO between, RENAME COLUMN note TO name, RENAME COLUMN between TO note")
        run(midflight, "start")
        app.sql("UPDATE customers SET note = 'fresh' WHERE id = 1")
        run(midflight, "advance")
        assert app.rows("SELECT name, note FROM customers WHERE id IN (1, 2) ORDER BY id") == [("fresh", "n1"), ("x", "n2")]
        assert app.rows("SELECT name FROM visitors WHERE id = 2") == [("n2",)]
        midflight.rollback().done()
        assert app.rows("SELECT name, note FROM customers WHERE id = 1") == [("n1", "fresh")]

    def test_a_column_takes_the_name_of_one_that_goes(self, app, alter):
        midflight = alter("DROP COLUMN note, RENAME COLUMN born TO note")
        run(midflight, "start", "advance")
        assert app.rows("SELECT note FROM customers WHERE id = 1") == [("2000-01-01",)]
        app.sql("UPDATE customers SET note = '1999-12-31' WHERE id = 1")
        midflight.rollback().done()
        assert app.rows("SELECT born, note FROM customers WHERE id = 1") == [("1999-12-31", "x")]

    def test_the_key(self, app, alter):
        midflight = alter("RENAME COLUMN id TO number")
        run(midflight, "start")
        app.sql("UPDATE _customers_new SET name = 'Ann' WHERE number = 1; INSERT INTO customers (id, name) VALUES (99, 'Bob')")
        run(midflight, "advance", "advance")
        assert app.rows("SELECT number, name FROM customers WHERE number IN (1, 99) ORDER BY 1") == [(1, "Ann"), (99, "Bob")]


class TestDrop:
    def test_a_rollback_gives_the_values_back(self, app, alter):
        midflight = alter("DROP COLUMN note, DROP COLUMN born")
        run(midflight, "start", "advance")
        assert columns(app) == ["id", "name", "visits", "price"]
        app.sql("UPDATE customers SET name = 'Ann' WHERE id = 1; INSERT INTO customers (id, name) VALUES (99, 'Bob')")
        midflight.rollback().done()
        assert app.rows("SELECT name, born, note FROM customers WHERE id IN (1, 99) ORDER BY id") == [
            ("Ann", "2000-01-01", "x"), ("Bob", None, None)]

    @pytest.mark.parametrize("column, words", {"visits": ["visits", "view visitors"], "id": ["id", "key"]}.items())
    def test_what_something_needs_is_refused(self, app, alter, column, words):
        midflight, before = alter(f"DROP COLUMN {column}"), app.schema()
        for verb in ("check", "start"):
            outcome = midflight.run(verb)
            assert outcome.status in (REFUSED, USAGE), outcome
            assert all(word in outcome.out + outcome.err for word in words), outcome
        assert app.schema() == before and midflight.stage() == UNINITIALIZED

    def test_an_index_over_it_goes_with_it(self, app, alter):
        app.sql("CREATE INDEX customers_note ON customers (note)")
        midflight, before = alter("DROP COLUMN note"), app.schema()
        run(midflight, "start", "advance")
        assert "INDEX customers_note" not in dict(app.schema())
        midflight.rollback().done()
        assert app.schema() == before


class TestType:
    def test_values_that_do_not_fit_wait_in_quarantine_and_bar_the_cut_over(self, app, alter):
        app.sql("UPDATE customers SET born = 'long ago' WHERE id IN (5, 6)")
        midflight = alter("ALTER COLUMN born TYPE date USING born::date")
        run(midflight, "start")
        assert midflight.status().json["quarantined"] == 2
        midflight.advance().refused()
        app.sql("UPDATE customers SET born = '1815-12-10' WHERE id = 5; DELETE FROM customers WHERE id = 6")
        run(midflight, "advance")
        assert app.rows("SELECT id, born::text FROM customers WHERE id IN (5, 6)") == [(5, "1815-12-10")]
        app.sql("UPDATE customers SET born = born + 1 WHERE id = 5")
        midflight.rollback().done()
        assert app.rows("SELECT born FROM customers WHERE id = 5") == [("1815-12-11",)]

    def test_a_value_that_only_the_new_type_takes_bars_the_way_back(self, app, alter):
        midflight = alter("ALTER COLUMN visits TYPE bigint")
        run(midflight, "start", "advance")
        app.sql("UPDATE customers SET visits = 3000000000 WHERE id = 1")
        midflight.rollback().refused()
        app.sql("UPDATE customers SET visits = 30 WHERE id = 1")
        midflight.rollback().done()
        assert app.value("SELECT visits FROM customers WHERE id = 1") == 30

    def test_a_view_changes_its_type_with_what_reads_it(self, app, alter):
        app.sql("""
            ALTER VIEW visitors SET (security_barrier = true); COMMENT ON VIEW visitors IS 'who came'; GRANT SELECT ON visitors TO PUBLIC;
            COMMENT ON COLUMN visitors.visits IS 'how often'; CREATE VIEW regulars AS SELECT visits + 1 AS next FROM visitors;
            CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
            CREATE TRIGGER seen INSTEAD OF DELETE ON visitors FOR EACH ROW EXECUTE FUNCTION seen();
        """)
        midflight, before = alter("ALTER COLUMN visits TYPE bigint"), app.schema()
        run(midflight, "start", "advance")
        types = "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'regulars'::regclass AND attnum = 1"
        assert app.value(types) == "bigint"
        assert [entry for entry in app.schema() if "visitors" in entry[0]] == [entry for entry in before if "visitors" in entry[0]]
        midflight.rollback().done()
        assert app.schema() == before and app.value(types) == "integer"

    def test_an_expression_that_only_the_user_can_undo_is_refused(self, app, alter):
        midflight = alter("ALTER COLUMN price TYPE bigint USING (price * 100)::bigint")
        for verb in ("check", "start"):
            outcome = midflight.run(verb)
            assert outcome.status == USAGE and "price" in outcome.message and "long form" in outcome.message, outcome

    def test_a_cast_keeps_what_it_can_on_the_way_back(self, app, alter):
        midflight = alter("ALTER price TYPE integer USING CAST (price AS integer)")
        app.sql("UPDATE customers SET price = 7.25 WHERE id = 7")
        run(midflight, "start")
        app.sql("UPDATE customers SET name = 'Ann' WHERE id = 7; UPDATE _customers_new SET name = 'Bob' WHERE id = 8")
        assert app.rows("SELECT price FROM customers WHERE id IN (7, 8) ORDER BY id") == [(7.25,), (8,)]
        run(midflight, "advance")
        app.sql("UPDATE customers SET name = 'Cleo' WHERE id = 7")
        midflight.rollback().done()
        assert app.rows("SELECT name, price FROM customers WHERE id = 7") == [("Cleo", 7.25)]


class TestOrder:
    CHANGE = """
        CREATE TABLE customers (name text NOT NULL, visits integer, id integer PRIMARY KEY, born text, note text, price numeric(8, 2));
        CREATE INDEX customers_visits ON customers (visits);
    """

    def test_columns_stand_in_the_order_of_the_change(self, app, alter):
        midflight, before = alter(self.CHANGE), app.schema()
        run(midflight, "start")
        app.sql("UPDATE customers SET note = 'a' WHERE id = 1; UPDATE _customers_new SET note = 'b' WHERE id = 2")
        run(midflight, "advance")
        assert columns(app) == ["name", "visits", "id", "born", "note", "price"]
        assert app.rows("SELECT note FROM customers WHERE id < 4 ORDER BY id") == [("a",), ("b",), ("x",)]
        assert "INDEX customers_visits" in dict(app.schema()) and app.value("SELECT count(*) FROM visitors") == 20
        midflight.rollback().done()
        assert app.schema() == before


class TestPartitions:
    RANGE = """
        CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, visits integer, price numeric(8, 2), born text, note text)
          PARTITION BY RANGE (id);
        CREATE TABLE customers_low PARTITION OF customers FOR VALUES FROM (MINVALUE) TO (11);
        CREATE TABLE customers_high PARTITION OF customers FOR VALUES FROM (11) TO (MAXVALUE);
        CREATE INDEX customers_visits ON customers (visits);
    """
    HASH = """
        CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, visits integer, price numeric(8, 2), born text, note text)
          PARTITION BY HASH (id);
        CREATE TABLE customers_even PARTITION OF customers FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE customers_odd PARTITION OF customers FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE INDEX customers_visits ON customers (visits);
    """

    @pytest.mark.parametrize("change", [RANGE, HASH], ids=["range", "hash"])
    def test_a_table_is_partitioned(self, app, alter, change):
        midflight, before = alter(change), app.schema()
        run(midflight, "start")
        app.sql("INSERT INTO customers (id, name) VALUES (99, 'Ann'); UPDATE customers SET id = 0 WHERE id = 20")
        run(midflight, "advance")
        assert app.value("SELECT count(DISTINCT tableoid) FROM customers") == 2 and app.value("SELECT count(*) FROM customers") == 21
        app.sql("UPDATE customers SET id = 98 WHERE id = 1; DELETE FROM customers WHERE id = 2")
        midflight.rollback().done()
        assert app.rows("SELECT id, name FROM customers WHERE id IN (0, 1, 2, 98, 99) ORDER BY id") == [(0, "n20"), (98, "n1"), (99, "Ann")]
        assert app.schema() == before

    def test_foreign_keys_of_a_partitioned_table(self, app, alter):
        app.sql("""CREATE TABLE teams (id integer PRIMARY KEY); INSERT INTO teams VALUES (1), (2);
                   ALTER TABLE customers ADD COLUMN team integer CONSTRAINT in_team REFERENCES teams; UPDATE customers SET team = 1;""")
        change = self.RANGE.replace("note text)", "note text, team integer CONSTRAINT in_team REFERENCES teams)")
        midflight, before = alter(change), app.schema()
        run(midflight, "start", "advance")
        for wrong in ("UPDATE customers SET team = 9 WHERE id = 1", "DELETE FROM teams WHERE id = 1"):
            with pytest.raises(app.IntegrityError):
                app.sql(wrong)
        midflight.rollback().done()
        assert app.schema() == before
        run(midflight, "start", "advance", "advance")
        app.sql("DROP TABLE customers_retired")
        again = alter("ADD COLUMN points integer, RENAME COLUMN team TO side", migration="again")
        before = app.schema()
        run(again, "start", "advance")
        assert "(side)" in dict(app.schema())["FK CONSTRAINT customers in_team"]
        run(again, "rollback")
        assert app.schema() == before
        run(again, "start", "advance", "advance")
        app.sql("UPDATE customers SET side = 2; DELETE FROM teams WHERE id = 1")

    def test_a_partitioned_table_changes(self, app, alter):
        app.sql(f"DROP TABLE customers CASCADE; {self.RANGE}")
        app.sql("CREATE VIEW visitors AS SELECT id, name, visits FROM customers; INSERT INTO customers (id, name) VALUES (1, 'a'), (12, 'b')")
        midflight, before = alter("ALTER COLUMN visits TYPE bigint, ADD COLUMN points integer NOT NULL DEFAULT 3"), app.schema()
        run(midflight, "start")
        app.sql("INSERT INTO customers_high (id, name) VALUES (13, 'c')")
        run(midflight, "advance")
        assert app.rows("SELECT id, points FROM customers_high ORDER BY id") == [(12, 3), (13, 3)]
        assert sorted(name for name in app.tables() if "midflight" not in name) == [
            "_customers_high_old", "_customers_low_old", "_customers_old", "customers", "customers_high", "customers_low"]
        midflight.rollback().done()
        assert app.schema() == before


class TestNames:
    def test_odd_and_long_names_in_a_schema_of_their_own(self, app):
        long = "x" * 63
        app.sql(f"""
            CREATE SCHEMA "Odd schema"; SET search_path = "Odd schema";
            CREATE TABLE "{long}" ("Key" integer PRIMARY KEY, "it's" text, "{long}" integer);
            CREATE INDEX "{long[1:]}y" ON "{long}" ("{long}"); CREATE VIEW "a ""view"" of it" AS SELECT "it's" FROM "{long}";
            CREATE STATISTICS "{long[2:]}z" ON "it's", "{long}" FROM "{long}"; INSERT INTO "{long}" SELECT i, 'b', i FROM generate_series(1, 9) i;
            ALTER ROLE app IN DATABASE {app.database} SET search_path = "Odd schema", public;
        """)
        before = app.schema()
        midflight = app.migration(f"""
            migration: odd
            old:
              store: ${{APP_DB}}
            alter:
              table: {long}
              change: ALTER COLUMN "{long}" TYPE bigint, RENAME COLUMN "it's" TO "is it, (really) 'so'?"
            soak: 0s
            retire: drop
        """)
        run(midflight, "start", "advance")
        app.sql(f"""UPDATE "{long}" SET "is it, (really) 'so'?" = 'c' WHERE "Key" = 1""")
        assert app.value("""SELECT count(*) FROM "a ""view"" of it" WHERE "it's" = 'c' """) == 1
        run(midflight, "rollback")
        assert app.schema() == before
        run(midflight, "start", "advance", "advance")
        assert [name for name, _ in app.schema()] == [name for name, _ in before]
        app.holds_nothing_of_midflight()


class TestNewColumns:
    def test_a_serial_counts_the_rows_and_goes_on(self, app, alter):
        midflight = alter("ADD COLUMN number serial, ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()", retire="drop")
        run(midflight, "start")
        app.sql("INSERT INTO customers (id, name) VALUES (50, 'Ann')")
        run(midflight, "advance", "advance")
        app.sql("INSERT INTO customers (id, name) VALUES (51, 'Bob')")
        assert sorted(app.rows("SELECT number FROM customers")) == [(n,) for n in range(1, 23)]
        assert app.value("SELECT count(DISTINCT token) FROM customers") == 22
        assert app.value("SELECT pg_get_serial_sequence('customers', 'number')") == "public.customers_number_seq"

    def test_a_column_becomes_an_identity(self, app, alter):
        midflight, before = alter("ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 100)"), app.schema()
        run(midflight, "start", "advance")
        app.sql("INSERT INTO customers (name) VALUES ('Ann')")
        assert app.rows("SELECT name FROM customers WHERE id = 100") == [("Ann",)]
        midflight.rollback().done()
        assert app.schema() == before
        assert app.rows("SELECT name FROM customers WHERE id = 100") == [("Ann",)]

    def test_a_foreign_key_to_itself_is_made_when_all_rows_are_there(self, app, alter):
        midflight, before = alter("ADD COLUMN boss integer CONSTRAINT led REFERENCES customers"), app.schema()
        run(midflight, "start", "advance")
        assert "REFERENCES public.customers(id)" in dict(app.schema())["FK CONSTRAINT customers led"]
        midflight.rollback().done()
        assert app.schema() == before


class TestRetire:
    @pytest.mark.parametrize("retire, left", {"rename": ["customers", "customers_retired"], "keep": ["_customers_old", "customers"],
                                              "drop": ["customers"]}.items())
    def test_what_becomes_of_the_old_table(self, app, alter, retire, left):
        app.sql("""CREATE TABLE teams (id integer PRIMARY KEY); INSERT INTO teams VALUES (1);
                   ALTER TABLE customers ADD COLUMN team integer REFERENCES teams, ADD COLUMN number serial; UPDATE customers SET team = 1;""")
        midflight = alter("ADD COLUMN points integer", retire=retire)
        run(midflight, "start", "advance", "advance")
        assert [name for name in app.tables() if "customers" in name] == left
        app.sql("UPDATE customers SET team = NULL; DELETE FROM teams; INSERT INTO customers (id, name) VALUES (50, 'Ann')")
        app.holds_nothing_of_midflight()
        again = alter("ADD COLUMN more integer", migration="again")
        outcome = again.start()
        if retire == "keep":
            assert outcome.status == REFUSED and "_customers_old" in outcome.message, outcome
        else:
            run(again, "advance", "rollback")
        app.sql("DROP TABLE customers CASCADE")  # nothing of the old one holds it up


REFUSALS = {
    "no such table": ("ALTER COLUMN name TYPE text", "clients", ["clients"]),
    "no such column": ("DROP COLUMN height", "customers", ["height"]),
    "no clause of PostgreSQL's": ("MODIFY COLUMN name integer", "customers", ["MODIFY"]),
    "two statements": ("ADD COLUMN x integer; DROP TABLE customers", "customers", ["multiple commands"]),
    "another table": ("CREATE TABLE clients (id integer PRIMARY KEY)", "customers", ["does not create table customers"]),
    "another name": ("RENAME TO clients", "customers", ["keeps its name"]),
    "a view": ("ALTER COLUMN name SET DEFAULT 'x'", "visitors", ["visitors", "view"]),
    "an inheriting table": ("ADD COLUMN x integer", "parents", ["children", "inherits"]),
    "a column of its rows": ("ADD COLUMN x integer", "parts", ["wholes", "part"]),
    "an identity's numbers": ("ALTER COLUMN id SET INCREMENT BY 3", "numbered", ["identity", "id"]),
    "a restart": ("ALTER COLUMN id RESTART WITH 5000", "numbered", ["identity", "RESTART"]),
    "no key": ("DROP CONSTRAINT customers_pkey", "customers", ["primary key"]),
}


@pytest.mark.parametrize("change, table, words", REFUSALS.values(), ids=REFUSALS)
def test_refused_before_the_start(app, change, table, words):
    app.sql(SCHEMA + """CREATE TABLE parents (id integer PRIMARY KEY); CREATE TABLE children () INHERITS (parents);
                        CREATE TABLE parts (id integer PRIMARY KEY); CREATE TABLE wholes (part parts);
                        CREATE TABLE numbered (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY);""")
    before = app.schema()
    midflight = app.migration(f"""
        migration: refused
        old:
          store: ${{APP_DB}}
        alter:
          table: {table}
          change: {change}
    """)
    for verb in ("check", "start"):
        outcome = midflight.run(verb)
        assert outcome.status in (REFUSED, USAGE), outcome
        assert all(word in outcome.out + outcome.err for word in words), outcome
    assert app.schema() == before


def test_an_index_made_since_the_start_is_missed(app, alter):
    midflight = alter("ADD COLUMN points integer")
    run(midflight, "start")
    app.sql("CREATE INDEX customers_price ON customers (price)")
    outcome = midflight.advance()
    assert outcome.status == REFUSED and "customers_price" in outcome.message, outcome
    assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
    app.sql("CREATE INDEX _customers_price_new ON _customers_new (price)")
    run(midflight, "advance")
    assert "INDEX customers_price" in dict(app.schema())
