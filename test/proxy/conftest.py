"""Proxies under many clients. `course(shape)`: a database, a migration that is not started, and a crowd that is at work on it."""
from contextlib import ExitStack

import pytest

from conformance.between.conftest import apps, other_server, pair, within  # noqa: F401, fixtures
from conformance.conftest import app, migration, served  # noqa: F401, fixtures
from support.between import between, midflight_between
from support.course import COUNT, hot_keys, rows_of, set_course
from support.registers import SHAPES
from support.stores import spoken
from support.workload import NEW, OLD


@pytest.fixture
def embark(tmp_path):
    """embark(prepare, shape, ...): prepare(schema, definition) makes the databases and returns a Midflight."""
    with ExitStack() as stack:
        def make(prepare, shape, count=COUNT, **crowd):
            hot = hot_keys(count)
            midflight = prepare(SHAPES[shape].schema + rows_of(shape, hot, count), SHAPES[shape].definition)
            made = set_course(tmp_path, midflight, shape, hot, count, **crowd)
            stack.callback(made.close)
            stack.enter_context(made.crowd)
            return made
        yield make


@pytest.fixture
def course(app, migration, embark):
    def prepare(schema, definition):
        midflight = migration(schema, definition)
        app.prepare("wal")
        return midflight
    return lambda shape, **more: embark(prepare, shape, **more)


@pytest.fixture
def course_between(apps, embark):
    """The same between two stores."""
    def prepare(schema, definition):
        for at in apps.values():
            at.prepare("wal")
        apps[OLD].sql(spoken(schema, apps[OLD].store))
        apps[NEW].sql("CREATE TABLE others (id INTEGER)")  # SQLite's file is there with the first table
        return midflight_between(apps, between(definition, apps))
    return lambda shape, **more: embark(prepare, shape, **more)
