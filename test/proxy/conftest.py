"""Proxies under many clients. `course(shape)`: a database, a migration that is not started, and a crowd that is at work on it."""
from contextlib import ExitStack

import pytest

from conformance.conftest import app, migration  # noqa: F401, fixtures
from support.course import COUNT, hot_keys, rows_of, set_course
from support.registers import SHAPES


@pytest.fixture
def course(app, migration, tmp_path):
    with ExitStack() as stack:
        def make(shape, count=COUNT, **crowd):
            hot = hot_keys(count)
            midflight = migration(SHAPES[shape].schema + rows_of(shape, hot, count), SHAPES[shape].definition)
            app.prepare("wal")
            made = set_course(tmp_path, midflight, shape, hot, count, **crowd)
            stack.callback(made.close)
            stack.enter_context(made.crowd)
            return made
        yield make
