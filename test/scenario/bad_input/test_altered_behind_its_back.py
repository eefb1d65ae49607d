"""Somebody alters a table while the migration is under way: noticed before the next step, with advice that works."""
import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import RUNNING, UNINITIALIZED

REBUILD = """
    CREATE TABLE rebuilt (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, hint TEXT, extra TEXT);
    INSERT INTO rebuilt SELECT *, NULL FROM customers;
    DROP TABLE customers;
    ALTER TABLE rebuilt RENAME TO customers;
"""
# What somebody does to the old table, and to the new one.
OLD = {"add_column": "ALTER TABLE customers ADD COLUMN extra TEXT", "rebuild": REBUILD, "drop": "DROP TABLE customers",
       "rename_table": "ALTER TABLE customers RENAME TO clients",
       "rename_column": "ALTER TABLE customers RENAME COLUMN email TO mail",
       "drop_column": "ALTER TABLE customers DROP COLUMN hint"}
NEW = {"drop": "DROP TABLE people", "rename_table": "ALTER TABLE people RENAME TO persons",
       "rebuild": "CREATE TABLE rebuilt AS SELECT * FROM people; DROP TABLE people; ALTER TABLE rebuilt RENAME TO people"}


@pytest.fixture
def midflight(app):
    app.sql("PRAGMA legacy_alter_table = ON;" + CUSTOMERS)
    midflight = app.migration(SPLIT_NAME)
    midflight.start().done()
    return midflight


def alter(app, script):
    # As an older tool would: SQLite's newer ALTER TABLE refuses some of these itself, as midflight's triggers name the table.
    app.sql("PRAGMA legacy_alter_table = ON;" + script)


def noticed(outcome):
    assert outcome.status in (3, 4) and "rollback" in outcome.message, outcome


class TestOldTable:
    @pytest.mark.parametrize("script", OLD.values(), ids=OLD)
    @pytest.mark.parametrize("verb", ["advance", "verify"])
    def test_altered_is_noticed_before_the_next_step(self, app, midflight, verb, script):
        alter(app, script)
        noticed(midflight.run(verb))
        assert midflight.stage() == "Awaiting Additional Action"

    @pytest.mark.parametrize("script", OLD.values(), ids=OLD)
    def test_altered_does_not_bar_the_way_home(self, app, midflight, script):
        alter(app, script)
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED
        assert not [name for name in app.names("trigger") + app.names("view") if "midflight" in name]
        assert "people" not in app.tables()

    def test_with_a_new_column_may_start_anew(self, app, midflight):
        alter(app, OLD["add_column"])
        midflight.rollback().done()
        midflight.start().done()
        midflight.advance().done()

    def test_put_back_as_it_was_goes_on(self, app, midflight):
        app.sql("ALTER TABLE customers ADD COLUMN extra TEXT")
        noticed(midflight.advance())
        app.sql("ALTER TABLE customers DROP COLUMN extra")
        midflight.advance().done()

    def test_that_got_an_index_goes_on(self, app, midflight):
        app.sql("CREATE INDEX customers_name ON customers (name); ANALYZE;")
        midflight.advance().done()

    def test_vacuumed_goes_on(self, app, midflight):
        app.sql("VACUUM")
        app.sql("UPDATE customers SET email = 'new@x' WHERE id = 1")
        assert app.value("SELECT email FROM people WHERE id = 1") == "new@x"
        midflight.advance().done()


class TestNewTable:
    @pytest.mark.parametrize("script", NEW.values(), ids=NEW)
    def test_altered_is_noticed_before_the_next_step(self, app, midflight, script):
        alter(app, script)
        noticed(midflight.advance())
        assert midflight.stage() == "Awaiting Additional Action"

    @pytest.mark.parametrize("script", NEW.values(), ids=NEW)
    def test_altered_does_not_bar_the_way_home(self, app, midflight, script):
        alter(app, script)
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED
        assert app.rows("SELECT id FROM customers ORDER BY id") == [(1,), (2,), (3,)]


class TestHalfWay:
    """The backfill was stopped, and the table is altered before it goes on."""

    @pytest.fixture
    def half_way(self, app):
        app.sql("PRAGMA journal_mode = WAL;" + CUSTOMERS + """
            WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO customers (id, name) SELECT i, 'First Last' || i FROM n;
        """)
        midflight = app.migration(SPLIT_NAME)
        stopped_backfill(midflight, 1000)
        return midflight

    @pytest.mark.parametrize("script", OLD.values(), ids=OLD)
    def test_start_notices_and_rollback_leads_home(self, app, half_way, script):
        alter(app, script)
        outcome = half_way.start()
        if outcome.status == 0:  # it may go on to the end of the copy, but not past the next gate
            noticed(half_way.advance())
        else:
            noticed(outcome)
            assert half_way.stage() == RUNNING
        half_way.rollback().done()
        assert half_way.stage() == UNINITIALIZED and "people" not in app.tables()

    def test_a_dropped_trigger_is_noticed_before_the_cut_over(self, app, half_way):
        name = next(name for name in app.names("trigger") if name.endswith("_customers_insert"))
        app.sql(f'DROP TRIGGER "{name}"; INSERT INTO customers (id, name) VALUES (-1, \'Unseen\');')
        outcome = half_way.start()
        if outcome.status == 0:
            outcome = half_way.advance()
        assert name in outcome.message and outcome.status in (3, 4)


class TestAfterTheCutOver:
    @pytest.mark.parametrize("script", [OLD["add_column"], OLD["rebuild"], NEW["rename_table"]],
                             ids=["add_column", "rebuild", "rename_new"])
    def test_altered_is_noticed_before_the_door(self, app, midflight, script):
        midflight.advance().done()
        alter(app, script)
        noticed(midflight.advance())
        assert midflight.stage() == "Awaiting Finalization"
        midflight.rollback().done()
        assert app.rows("SELECT id FROM customers ORDER BY id") == [(1,), (2,), (3,)]

    def test_columns_for_the_new_application_may_be_added_to_the_new_table(self, app, midflight):
        midflight.advance().done()
        app.sql("ALTER TABLE people ADD COLUMN nickname TEXT;"
                "UPDATE people SET nickname = 'Annie', email = 'annie@x' WHERE id = 1;")
        assert app.value("SELECT email FROM customers WHERE id = 1") == "annie@x"
        midflight.advance().done()
        assert app.value("SELECT nickname FROM people WHERE id = 1") == "Annie"
