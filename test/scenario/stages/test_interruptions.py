"""Ctrl-C, Ctrl-Z, a kill and two of us at once: what was done is kept, and the same command goes on."""
import os
import signal
import time

import pytest

from scenario.conftest import split, stopped_backfill
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import AWAITING_ADDITIONAL_ACTION, RUNNING, UNINITIALIZED

ROWS = 1000
SCHEMA = "PRAGMA journal_mode = WAL;" + CUSTOMERS + f"""
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""


@pytest.fixture
def midflight(app):
    app.sql(SCHEMA)
    return app.migration(SPLIT_NAME)


@pytest.fixture
def gentle(midflight):
    """A `start` in the middle of its backfill, which it does in small bites with long rests."""
    process = midflight.begin("start", "--load", "0.001")
    while not 0 < midflight.status().done().json["rows_done"] < ROWS:
        assert process.poll() is None, "the backfill was over before the test began"
        time.sleep(0.005)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def whole(app):
    assert app.rows("SELECT id, first_name, last_name, email FROM people ORDER BY id") == [
        (key, *split(name), email) for key, name, email in app.rows("SELECT id, name, email FROM customers ORDER BY id")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
class TestStop:
    def test_says_that_the_same_command_goes_on(self, midflight, number):
        outcome = stopped_backfill(midflight, ROWS, number).failed()
        assert outcome.json["error"] == "interrupted"
        assert "backfill" in outcome.message and "same command" in outcome.message

    def test_keeps_what_was_copied_and_start_goes_on_from_there(self, app, midflight, number):
        stopped_backfill(midflight, ROWS, number)
        status = midflight.status().json
        assert status["stage"] == RUNNING and status["owner"] == ""
        assert app.value("SELECT count(*) FROM people") == status["rows_done"]
        midflight.start().done()
        assert midflight.status().json["rows_done"] == ROWS
        whole(app)

    def test_may_come_again_and_again(self, app, midflight, number):
        done = []
        for _ in range(3):
            stopped_backfill(midflight, ROWS, number)
            done.append(midflight.status().json["rows_done"])
        assert done == sorted(done)
        midflight.start().done()
        whole(app)

    def test_may_be_answered_by_a_rollback(self, app, midflight, number):
        stopped_backfill(midflight, ROWS, number)
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED and "people" not in app.tables()


class TestKill:
    def test_leaves_a_state_from_which_start_goes_on_at_once(self, app, midflight, gentle):
        gentle.kill()
        gentle.communicate()
        assert midflight.stage() == RUNNING
        midflight.start().done()
        whole(app)

    def test_leaves_a_state_from_which_rollback_leads_home(self, app, midflight, gentle):
        gentle.kill()
        gentle.communicate()
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED and app.names("trigger") == []


def wait_for_state(process, letter):
    """Until the kernel says that the process is in a state, such as T: stopped."""
    until = time.monotonic() + 30
    while True:
        with open(f"/proc/{process.pid}/stat") as stat:
            if stat.read().rsplit(")", 1)[1].split()[0] == letter:
                return
        assert time.monotonic() < until
        time.sleep(0.01)


class TestPause:
    def test_by_ctrl_z_rests_where_it_holds_no_lock(self, app, midflight, gentle):
        gentle.send_signal(signal.SIGTSTP)
        wait_for_state(gentle, "T")
        db = app.connect(timeout=0)
        db.execute("UPDATE customers SET email = 'meanwhile@x' WHERE id = 1")
        db.execute(f"UPDATE customers SET email = 'ahead@x' WHERE id = {ROWS}")
        db.close()
        before = midflight.status().json["rows_done"]
        gentle.send_signal(signal.SIGCONT)
        while midflight.status().json["rows_done"] == before:
            time.sleep(0.01)
        gentle.send_signal(signal.SIGINT)
        midflight.end(gentle).failed()
        midflight.start().done()
        whole(app)

    def test_by_sigstop_goes_on_with_sigcont(self, app, midflight, gentle):
        gentle.send_signal(signal.SIGSTOP)
        wait_for_state(gentle, "T")
        gentle.send_signal(signal.SIGCONT)
        gentle.send_signal(signal.SIGINT)
        midflight.end(gentle).failed()
        midflight.start().done()
        whole(app)


class TestTwoAtOnce:
    @pytest.mark.parametrize("verb", ["start"])
    def test_the_second_is_told_who_is_at_work(self, midflight, gentle, verb):
        outcome = midflight.run(verb).failed()
        assert outcome.json["error"] == "held" and f"pid {gentle.pid}" in outcome.message
        assert gentle.poll() is None

    def test_status_says_who_is_at_work_and_what_is_left(self, midflight, gentle):
        status = midflight.status().json
        assert f"pid {gentle.pid}" in status["owner"] and status["eta_s"] > 0
        assert f"at work      {status['owner']}" in midflight.status(json=False).out

    def test_a_rollback_takes_over_and_the_first_one_writes_nothing_more(self, app, midflight, gentle):
        midflight.rollback().done()
        outcome = midflight.end(gentle).failed()
        assert outcome.json["error"] == "held"
        assert midflight.stage() == UNINITIALIZED
        assert "people" not in app.tables() and app.names("trigger") == []

    def test_begun_in_the_same_moment_one_of_them_goes_on_and_neither_does_harm(self, app, midflight):
        processes = [midflight.begin("start") for _ in range(4)]
        outcomes = [midflight.end(process) for process in processes]
        assert 0 in [outcome.status for outcome in outcomes]
        assert {outcome.status for outcome in outcomes} <= {0, 4}
        assert all(outcome.json["error"] in ("held", "busy") for outcome in outcomes if outcome.status == 4)
        assert midflight.stage() == AWAITING_ADDITIONAL_ACTION
        whole(app)
        assert len(midflight.history().done().lines) == 3

    def test_advances_begun_in_the_same_moment_move_one_stage_each_at_most(self, app, midflight):
        midflight.start().done()
        processes = [midflight.begin("advance") for _ in range(4)]
        outcomes = [midflight.end(process) for process in processes]
        assert {outcome.status for outcome in outcomes} <= {0, 4} and 0 in [outcome.status for outcome in outcomes]
        moves = midflight.history().done().lines
        assert [move["epoch"] for move in moves] == list(range(1, len(moves) + 1))
        names = set(app.tables()) & {"customers", "customers_retired"}
        assert app.rows(f"SELECT count(*) FROM {names.pop()}") == [(ROWS,)]


def test_a_lease_of_another_host_is_waited_for_and_named(app, midflight):
    """Whether a process of another machine still lives cannot be asked: its lease has to run out."""
    stopped_backfill(midflight, ROWS)
    app.sql("UPDATE midflight_migration SET owner = 'ann@elsewhere pid 1', lease_until_ms = "
            "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) + 60000")
    message = midflight.start().failed().message
    assert "ann@elsewhere pid 1" in message and "runs out" in message
    app.sql("UPDATE midflight_migration SET lease_until_ms = 1")
    midflight.start().done()
    whole(app)


def test_a_lease_of_a_dead_process_of_this_host_is_not_waited_for(app, midflight, gentle):
    owner = midflight.status().json["owner"]
    os.kill(gentle.pid, signal.SIGKILL)
    gentle.communicate()
    app.sql(f"UPDATE midflight_migration SET owner = '{owner}', lease_until_ms = 99999999999999")
    midflight.start().done()
    whole(app)
