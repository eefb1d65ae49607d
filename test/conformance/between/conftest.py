"""One suite for every pair of stores that support/between.py names: `apps` are two applications, each with a database of its
own, on a server of its own where there are servers; or one application twice, where both sides are in its database ("sqlite").
MIDFLIGHT_PAIRS="sqlite->postgresql,sqlite" chooses others."""
import pytest

from support.application import Application
from support.between import CHOSEN, PAIRS, WITHIN, Move, between, eventually, follow, midflight_between, settle
from support.stores import POSTGRESQL, SQLITE, spoken
from support.workload import NEW, OLD


@pytest.fixture(scope="session")
def other_server():
    """For the new side: the old one's is `postgresql_server`."""
    from support.postgres import Server
    with Server(distinct=True) as server:
        yield server


@pytest.fixture(params=CHOSEN)
def pair(request):
    """(the old side's store, the new one's)"""
    return {**PAIRS, **WITHIN}[request.param]


@pytest.fixture
def within(request, pair):
    """Are both sides in one database?"""
    return request.node.callspec.params["pair"] in WITHIN


@pytest.fixture
def two_stores(within):
    if within:
        pytest.skip("what has two stores")


@pytest.fixture
def apps(request, pair, within, tmp_path):
    apps = {}
    for side, store, server in zip((OLD, NEW), pair, ("postgresql_server", "other_server")):
        if within and side == NEW:
            apps[NEW] = apps[OLD]
            break
        folder = tmp_path / side
        folder.mkdir()
        if store == SQLITE:
            apps[side] = Application(folder)
        else:
            from support.postgres_application import PostgresApplication
            apps[side] = PostgresApplication(folder, request.getfixturevalue(server))
    yield apps
    for app in set(apps.values()):
        app.remove()


@pytest.fixture
def move(apps):
    """move(workload, count, option...): both versions of the application, ready to write."""
    moves = []

    def make(kind, count, *options):
        moves.append(Move(kind, apps, count, *options))
        return moves[-1]
    yield make
    for made in moves:
        made.abandon()


class Scene:
    """A migration between two databases, and plain SQL to each."""

    def __init__(self, apps, schema, definition):
        self.apps = apps
        self.stores = {side: app.store for side, app in apps.items()}
        for app in apps.values():
            app.prepare("wal")
        apps[OLD].sql(spoken(schema, self.stores[OLD]))
        if apps[NEW] is not apps[OLD]:
            apps[NEW].sql("CREATE TABLE others (id INTEGER)")  # SQLite's file is there with the first table
        self.before = {side: app.schema() for side, app in apps.items()}
        self.definition = between(definition, apps)
        self.midflight = midflight_between(apps, self.definition)

    def redefine(self, definition):
        self.midflight = midflight_between(self.apps, between(definition, self.apps))

    def start(self, *options):
        self.midflight.start(*options).done()
        return self

    def old(self, sql, *values):
        return self.at(OLD, sql, *values)

    def new(self, sql, *values):
        return self.at(NEW, sql, *values)

    def at(self, side, sql, *values):
        """Runs a statement as the application would, and returns what it yields."""
        return self.apps[side].rows(spoken(sql, self.stores[side]), *values)

    def drain(self):
        """Until nothing is left to be carried over."""
        with follow(self.midflight):
            settle(self.midflight)
        return self

    def released(self):
        """Until nothing is left in quarantine either."""
        with follow(self.midflight):
            eventually(self.midflight, lambda status: status["outbox"] == status["quarantined"] == 0)
        return self

    def quarantine(self):
        return self.midflight.quarantined_keys()

    def behind(self, side, *statements):
        """Behind the triggers' back."""
        self.apps[side].behind_the_back(*(spoken(sql, self.stores[side]) for sql in statements))

    def agree(self):
        """Says midflight."""
        self.midflight.verify().done()
        assert self.apps[OLD].quarantined() == 0, self.quarantine()


@pytest.fixture
def scene(apps):
    """scene(schema, definition): the databases as they are before the start."""
    return lambda schema, definition: Scene(apps, schema, definition)
