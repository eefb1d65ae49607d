"""A midflight that freezes while a server waits for it, to read what it ships or to send what lands: no timeout of the server's ends such
a session, and it keeps what it has locked. Who takes over does."""
import signal
import time
from contextlib import closing, contextmanager

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import FAILED, RUNNING, UNINITIALIZED
from support.stores import POSTGRESQL
from support.workload import NEW, OLD

PATIENCE_S = 60
LARGE = CUSTOMERS + """
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, repeat(i || '@x', 3000) FROM generate_series(4, 5000) AS g (i);
"""
SLOWLY = ("--load", "0.3")
SHIPS, LANDS = (OLD, "ClientWrite"), (NEW, "ClientRead")


@pytest.fixture
def scene(scene, pair, within):
    if within or pair != (POSTGRESQL, POSTGRESQL):
        pytest.skip("nobody can end what a frozen process does to a file")
    return scene(LARGE, SPLIT_NAME)


@contextmanager
def frozen(scene, process, where):
    side, for_what = where
    until = time.monotonic() + PATIENCE_S
    with closing(scene.apps[side].connect()) as connection:
        def waits():
            return connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'midflight' AND "
                                      f"state = 'active' AND query LIKE 'COPY%' AND wait_event = '{for_what}'").fetchall()
        while True:
            assert process.poll() is None and time.monotonic() < until, "it is never waited for"
            if waits():
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.2)
                if waits():
                    break
                process.send_signal(signal.SIGCONT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def rolled_back(scene):
    scene.midflight.rollback().done()
    assert scene.midflight.stage() == UNINITIALIZED
    assert {side: app.schema() for side, app in scene.apps.items()} == scene.before


def ended(scene, process):
    process.send_signal(signal.SIGTERM)
    assert scene.midflight.end(process).status in (0, FAILED)


@pytest.mark.parametrize("where", [SHIPS, LANDS], ids=["what it ships", "what lands"])
def test_one_that_copies_does_not_keep_a_rollback_from_its_end(scene, where):
    process = scene.midflight.begin("start", *SLOWLY)
    scene.midflight.reach(RUNNING)
    with frozen(scene, process, where):
        rolled_back(scene)
    ended(scene, process)


@pytest.mark.parametrize("where", [SHIPS, LANDS], ids=["what it ships", "what lands"])
def test_one_that_follows_does_not_keep_a_rollback_from_its_end(scene, where):
    scene.start()
    process = scene.midflight.begin("follow")
    scene.old("UPDATE customers SET email = email || 'b'")
    with frozen(scene, process, where):
        rolled_back(scene)
    ended(scene, process)


def test_one_that_compares_does_not_keep_a_rollback_from_its_end(scene):
    scene.start()
    process = scene.midflight.begin("verify")
    with frozen(scene, process, SHIPS):
        rolled_back(scene)
    ended(scene, process)


@pytest.mark.long
def test_one_that_helps_to_copy_does_not_keep_the_others_from_the_end(scene):
    process = scene.midflight.begin("start", "--workers", "1", "--load", "0.05")
    scene.midflight.reach(RUNNING)
    helper = scene.midflight.begin("start", "--join", *SLOWLY)
    with frozen(scene, helper, SHIPS):
        scene.midflight.end(process).done()
        rolled_back(scene)
    ended(scene, helper)
