"""Roles: midflight is an ordinary owner, the application may be another role that knows nothing of the new tables, rows may
be hidden from it; what midflight lacks it says."""
import os
import time
from contextlib import closing

import psycopg2
import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME
from scenario.conftest import People
from support.midflight import FAILED, REFUSED, USAGE
from support.postgres import SUPERUSER, Server, certify
from support.postgres_application import PostgresApplication

CLERK = "clerk"


@pytest.fixture
def clerk(app):
    """A role that may write the old table and nothing else."""
    app.server.create_role(CLERK)
    return lambda: app.connect(CLERK)


@pytest.fixture
def granted(start, clerk):
    return start(CUSTOMERS + f"GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO {CLERK};", SPLIT_NAME, People)


class TestApplicationRole:
    def test_without_rights_on_the_new_tables_is_followed(self, granted, clerk):
        with closing(clerk()) as db:
            db.execute("INSERT INTO customers (id, name) VALUES (4, 'Di'), (5, 'Ed')")
            db.execute("UPDATE customers SET email = 'new@x' WHERE id = 2")
            db.execute("UPDATE customers SET id = 30 WHERE id = 3")
            db.execute("DELETE FROM customers WHERE id = 5")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                db.execute("SELECT * FROM people")
        granted.holds({2: ("Bob", "new@x", "old 2", "new 2"), 4: ("Di", None, None, None), 30: People.BEFORE[3]}, gone=[3])

    def test_of_the_new_side_without_rights_on_the_old_is_followed(self, granted, clerk):
        granted.sql(f"REVOKE ALL ON customers FROM {CLERK}")
        granted.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON people TO {CLERK}")
        with closing(clerk()) as db:
            db.execute("INSERT INTO people (id, first_name) VALUES (4, 'Di')")
            db.execute("UPDATE people SET last_name = 'Hill' WHERE id = 2")
            db.execute("DELETE FROM people WHERE id = 3")
        granted.holds({2: ("Bob Hill", "bob@x", "old 2", "new 2"), 4: ("Di", None, None, None)}, gone=[3])

    def test_with_rights_on_some_columns_alone_is_followed(self, granted, clerk):
        granted.sql(f"REVOKE ALL ON customers FROM {CLERK}")
        granted.sql(f"GRANT SELECT (id), UPDATE (email) ON customers TO {CLERK}")
        with closing(clerk()) as db:
            db.execute("UPDATE customers SET email = 'new@x' WHERE id = 2")
        granted.holds({2: ("Bob", "new@x", "old 2", "new 2")})

    def test_whose_row_is_refused_on_the_other_side_is_not_bothered(self, start, clerk):
        people = start(CUSTOMERS + f"GRANT ALL ON customers TO {CLERK};",
                       SPLIT_NAME.replace("email TEXT,", "email TEXT NOT NULL,"), People)
        with closing(clerk()) as db:
            db.execute("UPDATE customers SET email = NULL WHERE id = 2")
        assert people.quarantine() == ["2"]

    def test_cannot_reach_past_its_rights_through_midflights_functions(self, granted, clerk):
        with closing(clerk()) as db:
            functions = db.execute("""
                SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'midflight' AND p.prorettype <> 'trigger'::regtype
                AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')""").fetchall()
            tables = db.execute("""
                SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'midflight'::regnamespace
                AND c.relkind IN ('r', 'v', 'S', 'p') AND has_schema_privilege('midflight', 'USAGE')
                AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')""").fetchall()
        assert functions == [] and tables == []

    def test_cannot_lend_a_function_to_midflights_triggers_by_its_search_path(self, granted, clerk):
        with closing(clerk()) as db:
            db.execute("CREATE TEMP TABLE seen (who text)")
            for name in ("strpos(text, text)", "lower(text)", "coalesce_text(text)"):
                db.execute(f"CREATE FUNCTION pg_temp.{name} RETURNS integer LANGUAGE plpgsql AS "
                           "$$ BEGIN INSERT INTO seen VALUES (current_user); RETURN 0; END $$")
            db.execute("SET search_path = pg_temp, public")
            db.execute("UPDATE public.customers SET name = 'Bea Hill' WHERE id = 2")
            assert db.execute("SELECT who FROM seen WHERE who <> 'clerk'").fetchall() == []
        granted.holds({2: ("Bea Hill", "bob@x", "old 2", "new 2")})


class TestRowSecurity:
    POLICY = f"""
        GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO {CLERK};
        ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON customers TO {CLERK} USING (hint = 'old 2') WITH CHECK (hint = 'old 2');
    """

    def test_lets_the_role_write_its_rows_and_they_follow(self, start, clerk):
        people = start(CUSTOMERS + self.POLICY, SPLIT_NAME, People)
        with closing(clerk()) as db:
            assert db.execute("UPDATE customers SET email = id || '@new'").rowcount == 1
            db.execute("INSERT INTO customers VALUES (4, 'Di', NULL, 'old 2')")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                db.execute("INSERT INTO customers VALUES (5, 'Ed', NULL, 'other')")
        people.holds({2: ("Bob", "2@new", "old 2", "new 2"), 4: ("Di", None, "old 2", None)})

    def test_on_the_new_table_does_not_hide_what_the_old_side_writes(self, start, clerk):
        definition = SPLIT_NAME.replace("index: |", f"""index: |
        ALTER TABLE people ENABLE ROW LEVEL SECURITY;
        GRANT ALL ON people TO {CLERK};
        CREATE POLICY own ON people TO {CLERK} USING (note = 'new 2');""")
        people = start(CUSTOMERS + self.POLICY, definition, People)
        with closing(clerk()) as db:
            db.execute("UPDATE customers SET email = 'two@x'")
            assert db.execute("UPDATE people SET last_name = 'Hill'").rowcount == 1
            assert db.execute("DELETE FROM people WHERE id = 1").rowcount == 0
        people.holds({2: ("Bob Hill", "two@x", "old 2", "new 2")})

    def test_forced_upon_the_owner_is_refused_or_does_not_hide_rows_from_the_copy(self, app):
        app.sql(CUSTOMERS + "ALTER TABLE customers ENABLE ROW LEVEL SECURITY; ALTER TABLE customers FORCE ROW LEVEL SECURITY;"
                "CREATE POLICY own ON customers USING (id < 3);")
        midflight = app.migration(SPLIT_NAME)
        outcome = midflight.start()
        if outcome.status == 0:
            with closing(app.connect(SUPERUSER)) as connection:
                assert connection.execute("SELECT id FROM people ORDER BY id").fetchall() == [(1,), (2,), (3,)]
        else:
            assert outcome.status == REFUSED and "row" in outcome.message and "customers" in outcome.message
            assert app.tables() == ["customers"]


class TestMidflightsRole:
    def as_role(self, app, role, definition=SPLIT_NAME):
        midflight = app.migration(definition)
        midflight.environment["APP_DB"] = app.server.address(app.database, role)
        return midflight

    @pytest.mark.parametrize("verb", ["check", "start"])
    def test_that_does_not_own_the_tables_is_told_so_before_anything_is_made(self, app, clerk, verb):
        app.sql(CUSTOMERS + f"GRANT ALL ON customers TO {CLERK};")
        outcome = self.as_role(app, CLERK).run(verb)
        assert outcome.status in (REFUSED, FAILED) and "customers" in outcome.out and CLERK in outcome.out, outcome
        assert app.tables() == ["customers"]
        app.holds_nothing_of_midflight()

    @pytest.mark.parametrize("verb", ["check", "start"])
    def test_that_may_make_no_schema_is_told_so_before_anything_is_made(self, app, clerk, verb):
        app.sql(CUSTOMERS)
        app.server.execute(f"ALTER TABLE customers OWNER TO {CLERK}", app.database)
        outcome = self.as_role(app, CLERK).run(verb)
        assert outcome.status in (REFUSED, FAILED) and "CREATE" in outcome.out, outcome
        assert app.tables() == ["customers"]

    @pytest.mark.parametrize("verb", ["status", "history"])
    def test_that_may_not_read_the_ledger_is_told_so(self, granted, clerk, verb):
        outcome = self.as_role(granted.app, CLERK).run(verb)
        assert outcome.status in (REFUSED, FAILED, USAGE) and "permission" in outcome.message.lower(), outcome

    def test_that_is_a_member_of_the_owner_is_enough(self, app, clerk):
        app.sql(CUSTOMERS)
        app.server.execute(f"GRANT app TO {CLERK}")
        try:
            midflight = self.as_role(app, CLERK)
            midflight.start().done()
            app.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
            midflight.advance().done()
            midflight.rollback().done()
        finally:
            app.server.execute(f"REVOKE app FROM {CLERK}")
        assert app.rows("SELECT email FROM customers WHERE id = 2") == [("new@x",)]

    def test_without_create_on_the_database_is_enough_where_it_owns_the_schema_midflight(self, app, clerk):
        app.sql(CUSTOMERS)
        for statement in (f"ALTER TABLE customers OWNER TO {CLERK}", f"GRANT CREATE ON SCHEMA public TO {CLERK}",
                          f"CREATE SCHEMA midflight AUTHORIZATION {CLERK}"):
            app.server.execute(statement, app.database)
        midflight = self.as_role(app, CLERK)
        for verb in ("check", "start", "verify", "advance", "rollback"):
            midflight.run(verb).done()
        assert app.server.execute(f"SELECT has_database_privilege('{CLERK}', current_database(), 'CREATE')", app.database) == [(False,)]

    def test_that_may_create_nothing_in_the_schema_public_is_told_so_before_anything_is_made(self, app, clerk):
        """As PostgreSQL 15 and later have it, for all but the database's owner."""
        app.sql(CUSTOMERS)
        for statement in (f"ALTER TABLE customers OWNER TO {CLERK}", f"CREATE SCHEMA midflight AUTHORIZATION {CLERK}",
                          "REVOKE CREATE ON SCHEMA public FROM PUBLIC"):
            app.server.execute(statement, app.database)
        midflight = self.as_role(app, CLERK)
        for verb in ("check", "start"):
            assert "schema public" in midflight.run(verb).failed().message
        assert app.tables() == ["customers"]

    def test_that_may_make_nothing_temporary_is_told_so_before_anything_is_made(self, app, clerk):
        app.sql(CUSTOMERS)
        for statement in (f"ALTER TABLE customers OWNER TO {CLERK}", f"GRANT CREATE ON SCHEMA public TO {CLERK}",
                          f"CREATE SCHEMA midflight AUTHORIZATION {CLERK}",
                          f'REVOKE TEMPORARY ON DATABASE "{app.database}" FROM PUBLIC'):
            app.server.execute(statement, app.database)
        assert "TEMPORARY" in self.as_role(app, CLERK).start().failed().message
        assert app.tables() == ["customers"]
        app.server.execute(f'GRANT TEMPORARY ON DATABASE "{app.database}" TO {CLERK}', app.database)
        self.as_role(app, CLERK).start().done()

    def test_needs_no_right_of_others_to_wait_for_their_transactions(self, app, clerk):
        """Those older than the capture, of roles whose activity it may not read."""
        app.sql(CUSTOMERS)
        app.server.create_role("stranger")
        app.sql("GRANT SELECT, UPDATE ON customers TO stranger")
        midflight = app.migration(SPLIT_NAME)
        with closing(app.connect("stranger")) as stranger:
            stranger.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            stranger.execute("SELECT count(*) FROM customers")
            process = midflight.begin("start")
            time.sleep(1.5)
            assert process.poll() is None, "it did not wait for a transaction older than the capture"
            stranger.execute("COMMIT")
            midflight.end(process).done()

    def test_may_make_the_new_tables_in_another_schema_than_the_old_ones(self, app, clerk):
        app.sql(CUSTOMERS)
        for statement in (f"ALTER TABLE customers OWNER TO {CLERK}", f"CREATE SCHEMA midflight AUTHORIZATION {CLERK}",
                          f"CREATE SCHEMA {CLERK} AUTHORIZATION {CLERK}", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"):
            app.server.execute(statement, app.database)
        midflight = self.as_role(app, CLERK)
        midflight.start().done()
        with closing(app.connect(CLERK)) as db:
            db.execute("UPDATE public.customers SET email = 'new@x' WHERE id = 2")
            assert db.execute(f"SELECT email FROM {CLERK}.people WHERE id = 2").fetchall() == [("new@x",)]
            db.execute(f"UPDATE {CLERK}.people SET email = 'newer@x' WHERE id = 2")
            assert db.execute("SELECT email FROM customers WHERE id = 2").fetchall() == [("newer@x",)]
        for verb in ("advance", "verify", "rollback"):
            midflight.run(verb).done()

    def test_is_no_superuser(self, app):
        assert app.value("SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls "
                         "FROM pg_roles WHERE rolname = current_user") is False


class TestPassword:
    SECRET = "s3cr3t"

    @pytest.mark.parametrize("verb", ["check", "start", "status", "advance"])
    @pytest.mark.parametrize("form", ["uri", "query", "wrong host", "broken"])
    def test_is_never_shown(self, app, form, verb):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        address = app.address(app.database)
        midflight.environment["APP_DB"] = {
            "uri": address.replace("app@", f"app:{self.SECRET}@"), "query": f"{address}&password={self.SECRET}",
            "wrong host": f"postgresql://app:{self.SECRET}@/app?host={app.directory}",
            "broken": f"postgresql://app:{self.SECRET}@[::1/app?port=none"}[form]
        outcome = midflight.run(verb)
        assert self.SECRET not in outcome.out + outcome.err, outcome
        if form in ("wrong host", "broken"):
            assert outcome.status in (USAGE, FAILED)
        else:
            midflight.start().done()
            process = midflight.begin("verify")
            words = open(f"/proc/{process.pid}/cmdline", "rb").read()
            midflight.end(process).done()
            assert self.SECRET.encode() not in words

    def test_that_stands_in_the_definition_stays_out_of_the_database_and_of_every_verb(self, app):
        app.sql(CUSTOMERS)
        address = app.address(app.database).replace("app@", f"app:{self.SECRET}@")
        midflight = app.migration(SPLIT_NAME.replace("${APP_DB}", f"{address}&password={self.SECRET}"))
        outcomes = [midflight.run(verb, json=json).done() for verb in ("check", "start", "status", "verify", "history", "advance")
                    for json in (True, False)]
        assert self.SECRET in midflight.file.read_text()
        assert not any(self.SECRET in outcome.out + outcome.err for outcome in outcomes)
        dump = app.server.run("pg_dump", "--host", app.server.folder, "--port", str(app.server.port), "--username", SUPERUSER,
                              app.database)
        assert self.SECRET not in dump and "app:******@" in dump


class TestNetwork:
    """A server that asks for a password and has a certificate of its own."""
    SECRET = "s3cr3t"

    @pytest.fixture(scope="class")
    def certified(self):
        with Server(clients=("hostssl all all samehost scram-sha-256", "hostnossl all all samehost reject"), ssl="on",
                    listen_addresses="'localhost'") as server:
            yield server

    @pytest.fixture
    def far(self, tmp_path, certified):
        app = PostgresApplication(tmp_path, certified)
        certified.execute(f"ALTER ROLE app PASSWORD '{self.SECRET}'")
        app.sql(CUSTOMERS)
        app.far = app.migration(SPLIT_NAME)
        app.certificate, app.other = certified.certificate, tmp_path / "other.crt"
        certify("localhost", app.other, tmp_path / "other.key")
        yield app
        app.remove()

    def reach(self, far, **options):
        words = "&".join(f"{name}={value}" for name, value in options.items())
        far.far.environment["APP_DB"] = f"postgresql://app@localhost:{far.server.port}/{far.database}?{words}"
        return far.far.environment

    def test_with_a_certificate_that_is_trusted_is_used(self, far):
        self.reach(far, sslmode="verify-full", sslrootcert=far.certificate)["PGPASSWORD"] = self.SECRET
        for verb in ("check", "start", "verify", "advance", "rollback"):
            far.far.run(verb).done()

    def test_with_a_certificate_of_somebody_elses_is_refused(self, far):
        self.reach(far, sslmode="verify-full", sslrootcert=far.other)["PGPASSWORD"] = self.SECRET
        outcome = far.far.start().failed()
        assert "certificate" in outcome.message and self.SECRET not in outcome.out + outcome.err

    def test_without_tls_is_refused_by_a_server_that_wants_it(self, far):
        self.reach(far, sslmode="disable")["PGPASSWORD"] = self.SECRET
        assert "no encryption" in far.far.start().message

    @pytest.mark.parametrize("mode, status", [(0o600, 0), (0o644, FAILED)])
    def test_password_is_taken_from_a_pgpass_file_that_nobody_else_may_read(self, far, mode, status):
        file = far.directory / "pgpass"
        file.write_text(f"*:*:*:*:{self.SECRET}\n")
        os.chmod(file, mode)
        self.reach(far, sslmode="require")["PGPASSFILE"] = str(file)
        outcome = far.far.start().exits(status)
        assert self.SECRET not in outcome.out + outcome.err
        assert status == 0 or "password" in outcome.message

    def test_password_that_is_wrong_is_told_and_not_shown(self, far):
        self.reach(far, sslmode="require")["PGPASSWORD"] = "wrong s3cr3t"
        outcome = far.far.start()
        assert outcome.status != 0 and "password authentication failed" in outcome.message
        assert "wrong s3cr3t" not in outcome.out + outcome.err
