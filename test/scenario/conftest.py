"""What scenarios share: a migration that is under way, the application's connection to its data, and both sides of it."""
import json
import signal
import time
from contextlib import closing

import pytest

from scenario.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS
from support.stores import spoken


def stopped_backfill(midflight, rows, number=signal.SIGINT):
    """Starts so gently that a signal reaches it between the first chunks and the last; returns what came of it."""
    process = midflight.begin("start", "--load", "0.001")
    while not 0 < midflight.status().done().json["rows_done"] < rows:
        assert process.poll() is None, "the backfill was over before it could be stopped"
        time.sleep(0.005)
    process.send_signal(number)
    return midflight.end(process)


class Scene:
    """A database whose migration was started. `db` is a connection of the application; every statement commits."""

    def __init__(self, app, midflight):
        self.app, self.midflight = app, midflight
        self.db = app.connect()

    def sql(self, statement, *values):
        return self.db.execute(statement, values).fetchall()

    def quarantine(self):
        return self.midflight.quarantined_keys()

    def behind_the_back(self, *statements):
        self.app.behind_the_back(*statements)

    def agree(self):
        """Says midflight: both sides agree, and no entity is in quarantine."""
        self.midflight.verify().done()
        assert self.app.quarantined() == 0, self.quarantine()


@pytest.fixture
def start(app):
    """start(schema, definition): makes the database, starts the migration to its end, and returns the Scene."""
    scenes = []

    def make(schema, definition, kind=Scene):
        app.sql(spoken(schema, app.store))
        midflight = app.migration(spoken(definition, app.store))
        outcome = midflight.start().done()
        assert "second pass" not in outcome.err  # the backfill alone made both sides agree
        scenes.append(kind(app, midflight))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.db.close()


class People(Scene):
    """customers on the old side, people on the new: both live, with values that nobody maps on either."""

    BEFORE = {1: ("Ann Lee", "ann@x", "old 1", "new 1"),
              2: ("Bob", "bob@x", "old 2", "new 2"),
              3: ("Cy Dee", "cy@x", "old 3", "new 3")}

    def __init__(self, app, midflight):
        super().__init__(app, midflight)
        self.sql("UPDATE people SET note = 'new ' || id")

    def holds(self, changed=None, gone=()):
        """Both sides hold the rows they began with but for `changed`, {id: (name, email, hint, note)}, and `gone`."""
        entities = {**self.BEFORE, **(changed or {})}
        entities = {key: entities[key] for key in sorted(entities) if key not in gone}
        old = [(key, name, email, hint) for key, (name, email, hint, _) in entities.items()]
        new = [(key, *split(name), email, note) for key, (name, email, _, note) in entities.items()]
        assert self.sql("SELECT id, name, email, hint FROM customers ORDER BY id") == old
        assert self.sql("SELECT id, first_name, last_name, email, note FROM people ORDER BY id") == new
        self.agree()


def split(name):
    """The name cut at its first space, as people have it."""
    first, space, last = name.partition(" ")
    return first, last if space else None


@pytest.fixture
def people(start):
    return start(CUSTOMERS, SPLIT_NAME, People)


class Lists(Scene):
    """customers with a list of plans on the old side; people and subscriptions on the new."""

    BEFORE = {1: ("Ann", ["basic", "storage"]), 2: ("Bob", []), 3: ("Cy", ["basic"])}

    def holds(self, changed=None, gone=()):
        """Both sides hold what they began with but for `changed`, {id: (name, [plan, ...])}, and `gone`. A list's gaps
        in position are the new side's own affair: only the order counts."""
        entities = {**self.BEFORE, **(changed or {})}
        entities = {key: entities[key] for key in sorted(entities) if key not in gone}
        names = [(key, name) for key, (name, _) in entities.items()]
        plans = [(key, plan) for key, (_, plans) in entities.items() for plan in plans]
        old = self.sql("SELECT id, name, plans FROM customers ORDER BY id")
        assert [(key, name, json.loads(held)) for key, name, held in old] == [
            (key, name, plans) for key, (name, plans) in entities.items()]
        assert self.sql("SELECT id, name FROM people ORDER BY id") == names
        assert self.sql("SELECT customer_id, plan FROM subscriptions ORDER BY customer_id, position") == plans
        self.agree()


@pytest.fixture
def lists(start):
    return start(LISTS, SUBSCRIPTIONS, Lists)


@pytest.fixture
def dump(app):
    """dump(): every object and row of the database but midflight's ledger, to compare with what it was before."""
    def read():
        with closing(app.connect()) as connection:
            schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema "
                                        "WHERE name NOT LIKE 'midflight_%' AND tbl_name NOT LIKE 'midflight_%' "
                                        "ORDER BY type, name").fetchall()
            tables = [name for kind, name, _, _ in schema if kind == "table"]
            quote = lambda name: '"' + name.replace('"', '""') + '"'
            return schema, {name: sorted(connection.execute(f"SELECT * FROM {quote(name)}").fetchall(), key=repr)
                            for name in tables}
    return read
