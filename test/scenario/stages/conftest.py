"""The eight stages, each reached as it is reached in life: where a stage does not wait by itself, something bars the way
until `clear` takes it away."""
import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, FINISHING, INITIALIZING,
                               ROLLING_BACK, RUNNING, UNINITIALIZED)

MANY_CUSTOMERS = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
# The last statement of new.create fails as long as the application's own row is there.
BARRED_CREATE = SPLIT_NAME.replace("      index: |", "        INSERT INTO barrier VALUES (1);\n      index: |")


class Staged:
    def __init__(self, app, definition):
        self.app, self.midflight = app, app.migration(definition)
        self.clear = lambda: None


def uninitialized(app, definition=SPLIT_NAME):
    app.sql("PRAGMA journal_mode = WAL;" + CUSTOMERS)
    return Staged(app, definition)


def initializing(app):
    app.sql(CUSTOMERS + "CREATE TABLE barrier (x UNIQUE); INSERT INTO barrier VALUES (1);")
    staged = Staged(app, BARRED_CREATE)
    staged.midflight.start().failed()
    staged.clear = lambda: app.sql("DELETE FROM barrier")
    return staged


def running(app):
    app.sql("PRAGMA journal_mode = WAL;" + MANY_CUSTOMERS)
    staged = Staged(app, SPLIT_NAME)
    stopped_backfill(staged.midflight, 1000).failed()
    return staged


def awaiting_additional_action(app, definition=SPLIT_NAME):
    staged = uninitialized(app, definition)
    staged.midflight.start().done()
    return staged


def awaiting_finalization(app, definition=SPLIT_NAME):
    staged = awaiting_additional_action(app, definition)
    staged.midflight.advance().done()
    return staged


def finishing(app):
    staged = awaiting_finalization(app)
    app.sql("CREATE TABLE customers_retired (mine TEXT)")  # the name that the old table is to have
    staged.midflight.advance().failed()
    staged.clear = lambda: app.sql("DROP TABLE customers_retired")
    return staged


def finished(app):
    staged = awaiting_finalization(app)
    staged.midflight.advance().done()
    return staged


def rolling_back(app):
    staged = awaiting_additional_action(app)
    app.sql("DROP TABLE people; CREATE VIEW people AS SELECT 1 AS id")  # what is no table cannot be dropped as one
    staged.midflight.rollback().failed()
    staged.clear = lambda: app.sql("DROP VIEW people")
    return staged


STAGES = {UNINITIALIZED: uninitialized, INITIALIZING: initializing, RUNNING: running,
          AWAITING_ADDITIONAL_ACTION: awaiting_additional_action, AWAITING_FINALIZATION: awaiting_finalization,
          FINISHING: finishing, FINISHED: finished, ROLLING_BACK: rolling_back}


@pytest.fixture
def at(app):
    """at(stage): a Staged migration there."""
    def reach(stage):
        staged = STAGES[stage](app)
        assert staged.midflight.stage() == stage
        return staged
    return reach
