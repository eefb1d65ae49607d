"""Proxies under many clients. `course(shape)`: a database, a migration that is not started, and a crowd that is at work on it."""
from contextlib import ExitStack

import pytest

from conformance.conftest import app, migration  # noqa: F401, fixtures
from support.course import COUNT, hot_keys, rows_of, set_course
from support.registers import SHAPES


@pytest.fixture
def course(app, migration, tmp_path, monkeypatch):
    monkeypatch.setenv("MIDFLIGHT_FAULT", "")  # the pilot changes it; it is put back at the end
    with ExitStack() as stack:
        def make(shape, count=COUNT, fault=None, **crowd):
            hot = hot_keys(count)
            midflight = migration(SHAPES[shape].schema + rows_of(shape, hot, count), SHAPES[shape].definition)
            app.prepare("wal")
            if fault:
                midflight.environment["MIDFLIGHT_FAULT"] = fault
            made = set_course(tmp_path, midflight, shape, hot, count, **crowd)
            stack.callback(made.close)
            stack.enter_context(made.crowd)
            return made
        yield make
