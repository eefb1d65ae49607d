"""The short form: whatever belongs to the table or names it goes with the name, and comes back with it."""
from contextlib import closing

import pytest

from support.midflight import AWAITING_ADDITIONAL_ACTION

SCHEMA = """
    CREATE TABLE teams (id integer PRIMARY KEY); INSERT INTO teams VALUES (1), (2);
    CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, visits integer, team integer);
    INSERT INTO customers SELECT i, 'n' || i, i, 1 FROM generate_series(1, 20) i;
    CREATE TABLE orders (id integer PRIMARY KEY, customer integer); INSERT INTO orders SELECT i, i FROM generate_series(1, 20) i;
    CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
"""
CHANGE = "ALTER COLUMN visits TYPE bigint, ADD COLUMN points integer NOT NULL DEFAULT 7"

# What is there, and a query whose answer the change leaves as it is.
THINGS = {
    "foreign key not valid": ("ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers NOT VALID", None),
    "deferrable foreign key": ("ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers DEFERRABLE INITIALLY DEFERRED;", None),
    "foreign key of its own": ("""ALTER TABLE customers ADD CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams ON DELETE SET NULL;
                                 COMMENT ON CONSTRAINT in_team ON customers IS 'one of them'""", None),
    "deferrable unique constraint": ("ALTER TABLE customers ADD CONSTRAINT one_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED", None),
    "exclusion": ("ALTER TABLE customers ADD CONSTRAINT apart EXCLUDE USING btree (name WITH =)", None),
    "indexes": ("""CREATE UNIQUE INDEX "Odd name" ON customers USING btree (name DESC NULLS LAST) WITH (fillfactor = 70);
                   CREATE INDEX tree ON customers USING gist (point(id, id)); CREATE INDEX of_team ON customers (team) WHERE name <> ' USING ';
                   ALTER TABLE customers REPLICA IDENTITY USING INDEX "Odd name"; ALTER INDEX of_team SET (fillfactor = 60);""", None),
    "constraint trigger": ("""CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touched();
                              COMMENT ON TRIGGER later ON customers IS 'at the end'""", None),
    "transition tables": ("""CREATE TRIGGER all_at_once AFTER UPDATE ON customers REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
                             EXECUTE FUNCTION touched(); ALTER TABLE customers ENABLE ALWAYS TRIGGER all_at_once""", None),
    "view with options": ("""CREATE VIEW busy WITH (security_barrier, check_option = local) AS SELECT id, name FROM customers WHERE visits > 5;
                             GRANT SELECT, UPDATE (name) ON busy TO PUBLIC; ALTER VIEW busy ALTER COLUMN name SET DEFAULT 'x'""",
                          "SELECT count(*) FROM busy"),
    "view upon view upon view": ("""CREATE VIEW a AS SELECT id, team FROM customers; CREATE VIEW b AS SELECT a.id, t.id AS team FROM a JOIN teams t ON t.id = team;
                                    CREATE VIEW c AS SELECT b.* FROM b JOIN customers USING (id); GRANT SELECT ON b TO PUBLIC""", "SELECT count(*) FROM c"),
    "recursive view": ("""CREATE RECURSIVE VIEW up (id) AS SELECT 1 UNION SELECT c.id FROM customers c JOIN up ON c.id = up.id + 1""",
                       "SELECT count(*) FROM up"),
    "materialized view": ("""CREATE MATERIALIZED VIEW totals AS SELECT team, count(*) FROM customers GROUP BY team; CREATE UNIQUE INDEX totals_team ON totals (team);
                             COMMENT ON MATERIALIZED VIEW totals IS 'all'; GRANT SELECT ON totals TO PUBLIC; CREATE VIEW above AS SELECT * FROM totals WHERE count > 1;
                             ALTER MATERIALIZED VIEW totals ALTER COLUMN count SET STATISTICS 50""", "SELECT * FROM above"),
    "unpopulated materialized view": ("CREATE MATERIALIZED VIEW totals AS SELECT team FROM customers WITH NO DATA", None),
    "function over rows": ("""CREATE FUNCTION label(c customers) RETURNS text LANGUAGE sql STABLE AS $$ SELECT c.name $$; REVOKE ALL ON FUNCTION label FROM PUBLIC;
                              COMMENT ON FUNCTION label IS 'for people'; CREATE VIEW labels AS SELECT label(customers.*) FROM customers""",
                           "SELECT count(*) FROM labels"),
    "function that returns rows": ("""CREATE FUNCTION first_one() RETURNS SETOF customers LANGUAGE sql AS $$ SELECT * FROM customers ORDER BY id LIMIT 1 $$;
                                      GRANT EXECUTE ON FUNCTION first_one TO PUBLIC""", "SELECT name FROM first_one()"),
    "function kept as read": ("CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM customers; END", "SELECT how_many()"),
    "policy elsewhere": ("""CREATE POLICY known ON orders USING (customer IN (SELECT id FROM customers)) WITH CHECK (customer > 0);
                            ALTER TABLE orders ENABLE ROW LEVEL SECURITY; ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
                            CREATE POLICY mine ON customers AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (team = 1) WITH CHECK (team > 0)""", None),
    "rule elsewhere": ("CREATE RULE counted AS ON DELETE TO orders DO ALSO UPDATE customers SET team = 2 WHERE id = OLD.customer", None),
    "publication": ("CREATE PUBLICATION shop FOR TABLE customers (id, name) WHERE (id > 3), orders", None),
    "statistics": ("CREATE STATISTICS pairs (ndistinct) ON name, team FROM customers; ALTER STATISTICS pairs SET STATISTICS 70; COMMENT ON STATISTICS pairs IS 'x'", None),
    "storage": ("""ALTER TABLE customers ALTER COLUMN name SET STORAGE EXTERNAL, ALTER COLUMN name SET (n_distinct = -0.5), ALTER COLUMN team SET STATISTICS 7,
                   SET (autovacuum_enabled = false, toast.autovacuum_enabled = false)""", None),
    "default privileges": ("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC", None),
    "serial": ("ALTER TABLE customers ADD COLUMN number serial", "SELECT nextval('customers_number_seq') > 20"),
    "identity": ("""ALTER TABLE customers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 5 CACHE 2); GRANT USAGE ON SEQUENCE
                    customers_id_seq TO PUBLIC; COMMENT ON SEQUENCE customers_id_seq IS 'numbers'; INSERT INTO customers (name) VALUES ('first')""",
                 "SELECT max(id) FROM customers"),
}


@pytest.fixture
def altered(app):
    """altered(things): the application's database with them, and the migration."""
    def make(things, change=CHANGE):
        app.sql(SCHEMA)
        app.sql(things)
        return app.migration(f"""
            migration: altered
            old:
              store: ${{APP_DB}}
            alter:
              table: customers
              change: {change}
            soak: 0s
            retire: drop
        """)
    return make


def entries(app):
    """All but the table itself."""
    return [entry for entry in app.schema() if entry[0] != "TABLE customers"]


@pytest.mark.parametrize("things, query", THINGS.values(), ids=THINGS)
def test_it_is_there_after_the_cut_over_and_after_a_rollback(app, altered, things, query):
    midflight = altered(things)
    before, all_before = entries(app), app.schema()
    answer = app.rows(query) if query else None
    for verb in ("start", "advance"):
        midflight.run(verb).done()
    now = dict(entries(app))
    assert {name: now.get(name) for name, _ in before} == dict(before)
    assert query is None or app.rows(query) == answer
    midflight.rollback().done()
    assert app.schema() == all_before
    assert query is None or app.rows(query) == answer
    app.holds_nothing_of_midflight()
    for verb in ("start", "advance", "advance"):
        midflight.run(verb).done()
    assert entries(app) == before
    app.holds_nothing_of_midflight()


def test_numbers_go_on_through_a_cut_over_and_back(app, altered):
    midflight = altered("""ALTER TABLE customers ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 100), ADD COLUMN number serial""")
    app.sql("INSERT INTO customers (name) VALUES ('old')")
    midflight.start().done()
    app.sql("INSERT INTO _customers_new (name) VALUES ('new'); INSERT INTO customers (name) VALUES ('old')")
    midflight.advance().done()
    app.sql("INSERT INTO customers (name) VALUES ('new'); INSERT INTO _customers_old (name) VALUES ('old')")
    midflight.rollback().done()
    app.sql("INSERT INTO customers (name) VALUES ('old')")
    assert app.rows("SELECT id, number FROM customers WHERE id >= 100 ORDER BY id") == [(id, id - 79) for id in range(100, 106)]


def test_a_policy_and_a_right_given_meanwhile_count(app, altered):
    midflight = altered("ALTER TABLE customers ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON customers USING (id < 5)")
    midflight.start().done()
    app.sql("GRANT SELECT ON customers TO PUBLIC; DROP POLICY few ON customers; CREATE POLICY fewer ON customers USING (id < 3)")
    midflight.advance().done()
    app.server.create_role("somebody")
    with closing(app.connect("somebody")) as somebody:
        assert somebody.execute("SELECT count(*) FROM customers").fetchall() == [(2,)]


def test_row_security_switched_on_meanwhile_stays_on(app, altered):
    midflight = altered("GRANT SELECT ON customers TO PUBLIC")
    midflight.start().done()
    app.sql("ALTER TABLE customers ENABLE ROW LEVEL SECURITY")
    midflight.advance().done()
    app.server.create_role("somebody")
    with closing(app.connect("somebody")) as somebody:
        assert somebody.execute("SELECT count(*) FROM customers").fetchall() == [(0,)]


def test_a_trigger_fires_once_wherever_one_writes(app, altered):
    midflight = altered("""CREATE TABLE seen (id integer, name text);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (NEW.id, NEW.name); RETURN NEW; END $$;
        CREATE TRIGGER see AFTER UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION see();""")
    midflight.start().done()
    app.sql("UPDATE customers SET name = 'a' WHERE id = 1")
    midflight.advance().done()
    app.sql("UPDATE customers SET name = 'b' WHERE id = 1")
    midflight.rollback().done()
    app.sql("UPDATE customers SET name = 'c' WHERE id = 1")
    assert app.rows("SELECT name FROM seen") == [("a",), ("b",), ("c",)]


def test_a_foreign_key_is_obeyed_at_every_stage(app, altered):
    midflight = altered("ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers ON DELETE CASCADE")

    def holds(id):
        with pytest.raises(app.IntegrityError):
            app.sql("INSERT INTO orders VALUES (100, 1000)")
        app.sql(f"DELETE FROM customers WHERE id = {id}")
        assert app.value("SELECT count(*) FROM orders WHERE customer NOT IN (SELECT id FROM customers)") == 0
    for id, verb in enumerate(("start", "advance", "rollback", "start", "advance", "advance"), 1):
        midflight.run(verb).done()
        holds(id)


def test_what_cannot_be_carried_over_is_refused_by_its_name(app, altered):
    midflight = altered("""CREATE MATERIALIZED VIEW totals AS SELECT team, count(*) FROM customers GROUP BY team;
                           CREATE MATERIALIZED VIEW upon AS SELECT * FROM totals""")
    outcome = midflight.start()
    assert outcome.status == 3 and "upon" in outcome.message, outcome


def test_a_busy_table_is_left_alone_and_the_cut_over_comes_later(app, altered):
    midflight = altered("")
    midflight.start().done()
    with closing(app.connect()) as somebody:
        somebody.execute("BEGIN; UPDATE customers SET name = 'held' WHERE id = 1")
        process = midflight.begin("advance")
        with closing(app.connect()) as other:
            for _ in range(20):  # nobody waits behind the waiting lock for long
                other.execute("SET statement_timeout = 2000; UPDATE customers SET name = name WHERE id = 2")
        assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
        somebody.execute("COMMIT")
    midflight.end(process).done()
    assert app.value("SELECT points FROM customers WHERE id = 1") == 7
