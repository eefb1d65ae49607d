"""One suite for every store: `app` is an application on each of those that support/stores.py names, and scenarios are set
as SQLite's are. Statements are plain SQL; definitions are said in the words of the store."""
from contextlib import ExitStack

import pytest

from scenario.conftest import lists, people, start  # noqa: F401, fixtures
from support.proxy import Proxy
from support.race import Race
from support.stores import POSTGRESQL, STORES, spoken

# Moves from one store to another are a part of ./check by themselves.
collect_ignore = ["between", *([] if POSTGRESQL in STORES else ["postgresql"])]


@pytest.fixture(params=STORES)
def app(request):
    return request.getfixturevalue(f"{request.param}_app")


@pytest.fixture
def migration(app):
    """migration(schema, definition): makes the database; nothing is started."""
    def make(schema, definition, name="migration.yaml"):
        app.sql(spoken(schema, app.store))
        return app.migration(spoken(definition, app.store), name)
    return make


@pytest.fixture
def race(app):
    """race(workload, count): both versions of an application, ready to write."""
    with ExitStack() as stack:
        yield lambda workload, count: Race(workload(app.store), app, count, "wal", stack)


@pytest.fixture
def served(app, migration):
    """served(schema, definition): makes the database and opens a proxy; nothing is started."""
    proxies = []

    def make(schema, definition, **options):
        midflight = migration(schema, definition)
        proxies.append(Proxy(midflight.file, app.environment(), **options))
        return midflight, proxies[-1]

    yield make
    for proxy in proxies:
        proxy.close()
