"""The application is behind PgBouncer in transaction mode, where each of its transactions may run in another session and each
session serves many of its connections: the triggers rely on nothing of the session's. midflight itself needs a session."""
from contextlib import ExitStack, closing

import pytest

from conformance.postgresql.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, REFUSED, UNINITIALIZED
from support.pooler import Pooler
from support.postgres_application import USER, PostgresApplication
from support.race import Race, WHILE_S
from support.workload import NEW, OLD
from support.workloads import ListToRows, SplitName


class PooledApplication(PostgresApplication):
    """Its writers come through a pooler of three sessions; who looks on does not."""
    pooler = None

    def connect(self, user=USER, **options):
        return self.pooler.connect(self.database) if user == USER and self.pooler else super().connect(user, **options)


@pytest.fixture
def pooled(tmp_path, postgresql_server):
    app = PooledApplication(tmp_path, postgresql_server)
    with Pooler(postgresql_server, USER) as app.pooler:
        yield app
    app.pooler = None
    app.remove()


@pytest.fixture(params=[SplitName, ListToRows], ids=lambda workload: workload.__name__)
def race(request, pooled):
    with ExitStack() as stack:
        yield Race(request.param(pooled.store), pooled, 500, "wal", stack)


class TestApplication:
    def test_that_writes_both_sides_through_it_loses_nothing_on_the_way_to_the_end(self, race):
        race.to_cut_over()
        race.close(OLD)
        race.midflight.advance().done()
        assert race.midflight.stage() == FINISHED
        race.close(NEW)
        race.twin.agree(NEW)

    def test_that_writes_both_sides_through_it_loses_nothing_on_the_way_back(self, race):
        race.to_cut_over()
        race.close(NEW)
        race.midflight.rollback().done()
        assert race.midflight.stage() == UNINITIALIZED
        race.close(OLD)
        race.twin.agree(OLD)
        assert race.app.schema() == race.before

    def test_whose_statement_failed_leaves_nothing_to_the_next_in_the_same_session(self, pooled):
        """A guard that a failed statement left behind would make the next one's write go unfollowed."""
        pooled.sql(CUSTOMERS)
        midflight = pooled.migration(SPLIT_NAME)
        midflight.start().done()
        with Pooler(pooled.server, USER, size=1) as pooled.pooler:
            for number in range(5):
                with closing(pooled.connect()) as first, closing(pooled.connect()) as second:
                    with pytest.raises(Exception, match="division by zero"):
                        first.execute("UPDATE customers SET email = (1 / (id - 2))::text WHERE id IN (1, 2)")
                    with pytest.raises(Exception, match="null value"):
                        first.execute("UPDATE people SET id = NULL WHERE id = 1")
                    second.execute(f"UPDATE people SET last_name = 'N{number}' WHERE id = 2")
                    first.execute(f"UPDATE customers SET email = '{number}@x' WHERE id = 2")
                    assert second.execute("SELECT name, email FROM customers WHERE id = 2").fetchall() == [
                        (f"Bob N{number}", f"{number}@x")]
                    assert first.execute("SELECT email FROM people WHERE id = 2").fetchall() == [(f"{number}@x",)]
        midflight.verify().done()
        assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
        midflight.advance().done()
        assert midflight.stage() == AWAITING_FINALIZATION


class TestMidflight:
    @pytest.mark.parametrize("mode", ["transaction", "session", "statement"])
    @pytest.mark.parametrize("verb", ["check", "start", "status", "rollback"])
    def test_says_that_it_needs_the_server_itself_and_changes_nothing(self, app, verb, mode):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        with Pooler(app.server, USER, mode) as pooler:
            midflight.environment["APP_DB"] = pooler.address(app.database)
            outcome = midflight.run(verb).exits(REFUSED)
            assert "pooler" in outcome.message and str(pooler.port) in outcome.message and "server itself" in outcome.message
            assert pooler.connect(app.database).execute("SHOW lock_timeout").fetchall() == [("0",)]
        assert app.tables() == ["customers"]
