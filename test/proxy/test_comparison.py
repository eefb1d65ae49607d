"""Reads are compared with the other side beside the application's way: what differs is told with its cause, and what is red demotes."""
import time
from contextlib import closing

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION
from support.proxy import NEW, OLD
from support.stores import POSTGRESQL

PATIENCE_S = 20
EVERY = {"sample": 1.0}
GATES = {"window_ms": 60_000, "samples_min": 5}


def until(so, work=lambda: None):
    """Works on until it is so."""
    end = time.monotonic() + PATIENCE_S
    while not (value := so()):
        assert time.monotonic() < end, "not so in time"
        work()
        time.sleep(0.01)
    return value


@pytest.fixture
def compared(app, served):
    """compared(...): at Awaiting Additional Action, three customers; a proxy that compares every read."""
    def make(**options):
        midflight, proxy = served(CUSTOMERS, SPLIT_NAME, **{**EVERY, **options})
        midflight.start().done()
        until(lambda: proxy.status().stage.decode() == AWAITING_ADDITIONAL_ACTION)
        return midflight, proxy
    return make


def read_all(proxy):
    return [proxy.get(face, str(key)) for face in (OLD, NEW) for key in (1, 2, 3)]


def seen(proxy, count):
    """Reads on until so many are compared."""
    return until(lambda: (report := proxy.comparison()).compared >= count and report, lambda: read_all(proxy))


class TestWhatDiffers:
    def test_sides_that_agree_differ_in_nothing(self, compared):
        _, proxy = compared()
        report = seen(proxy, 30)
        assert (report.mismatched, report.leader.errors, report.follower.errors) == (0, 0, 0)
        assert report.leader.p99_ms > 0 and report.follower.p99_ms > 0
        assert proxy.mismatches() == {}

    def test_nothing_is_compared_where_it_is_not_asked_for(self, compared):
        _, proxy = compared(sample=0.0)
        read_all(proxy)
        time.sleep(0.3)
        assert proxy.comparison().compared == 0

    @pytest.mark.parametrize("value, kind", [("'other'", "value"), ("NULL", "null"), ("'ANN@x'", "case"), ("' ann@x'", "blanks")])
    def test_it_is_told_by_column_and_kind_with_both_documents(self, app, compared, value, kind):
        _, proxy = compared()
        app.behind_the_back(f"UPDATE people SET email = {value} WHERE id = 1")
        cause, (count, key, leader, follower) = until(lambda: list(proxy.mismatches().items()), lambda: proxy.get(NEW, "1"))[0]
        assert (cause, key) == (f"people.email: {kind}", "1") and count >= 1
        assert '"email":"ann@x"' in leader and '"email":"ann@x"' not in follower

    def test_a_missing_row_is_told(self, app, compared):
        _, proxy = compared()
        app.behind_the_back("DELETE FROM people WHERE id = 2")
        assert list(until(proxy.mismatches, lambda: proxy.get(NEW, "2"))) == ["people: only the leader has it"]

    @pytest.mark.parametrize("rule", [{"column": "email", "ignore": True}, {"column": "people.email", "fold": True, "trim": True}])
    def test_a_rule_leaves_out_what_does_not_count(self, app, compared, rule):
        _, proxy = compared(rules=[rule])
        app.behind_the_back("UPDATE people SET email = ' ANN@x ' WHERE id = 1")
        for _ in range(20):
            proxy.get(NEW, "1")
        until(lambda: proxy.comparison().compared >= 20)
        assert proxy.comparison().mismatched == 0 and proxy.mismatches() == {}

    def test_what_is_being_written_is_no_mismatch(self, compared):
        _, proxy = compared()
        for n in range(100):
            proxy.put(OLD, "1", {"name": f"Ann Lee{n}"})
            read_all(proxy)
        seen(proxy, 50)
        assert proxy.comparison().mismatched == 0


def test_numbers_may_differ_by_a_tolerance(app, served):
    definition = SPLIT_NAME.replace("note TEXT", "note TEXT, score REAL").replace("               email\n        FROM", "               email, score\n        FROM") \
                           .replace("AS name, email FROM", "AS name, email, score FROM")
    schema = CUSTOMERS.replace("hint TEXT", "hint TEXT, score REAL").replace("INSERT INTO customers VALUES", "INSERT INTO customers (id, name, email, hint) VALUES")
    midflight, proxy = served(schema, definition, sample=1.0, rules=[{"column": "score", "tolerance": 0.01}])
    app.sql("UPDATE customers SET score = id")
    midflight.start().done()
    app.behind_the_back("UPDATE people SET score = 1.001 WHERE id = 1", "UPDATE people SET score = 2.5 WHERE id = 2")
    assert list(until(proxy.mismatches, lambda: [proxy.get(NEW, key) for key in "123"])) == ["people.score: value"]
    assert proxy.mismatches()["people.score: value"][1] == "2"


class TestGates:
    def test_too_many_mismatches_take_the_reads_back(self, app, compared):
        _, proxy = compared(mismatch_rate=0.1, **GATES)
        proxy.rollout(100)
        app.behind_the_back("UPDATE people SET email = 'wrong' WHERE id = 1")
        until(lambda: proxy.status().percent == 0, lambda: read_all(proxy))
        assert "gate mismatches: " in proxy.status().demoted.decode()

    def test_too_many_mismatches_make_the_old_side_lead_again(self, app, compared):
        midflight, proxy = compared(mismatch_rate=0.1, **GATES)
        midflight.advance().done()
        until(lambda: proxy.status().stage.decode() == AWAITING_FINALIZATION)
        app.behind_the_back("UPDATE customers SET email = 'wrong' WHERE id = 1")
        until(lambda: proxy.status().stage.decode() == AWAITING_ADDITIONAL_ACTION, lambda: read_all(proxy))
        assert "gate mismatches" in midflight.run("history", json=False).done().out
        proxy.put(NEW, "2", {"first_name": "Rob"})  # and the new side follows
        assert app.value("SELECT first_name FROM people WHERE id = 2") == "Rob"

    def test_a_side_that_is_slower_takes_the_reads_back(self, compared):
        _, proxy = compared(latency_ratio=0.0001, **GATES)
        proxy.rollout(100)
        until(lambda: proxy.status().percent == 0, lambda: read_all(proxy))
        assert "gate latency: " in proxy.status().demoted.decode()

    def test_a_side_that_fails_takes_the_reads_back_and_the_application_is_answered(self, app, compared):
        _, proxy = compared(error_rate=0.1, **GATES)
        seen(proxy, 5)
        proxy.rollout(100)
        app.sql("ALTER TABLE people RENAME TO persons")
        until(lambda: proxy.status().percent == 0, lambda: [proxy.get(OLD, str(key)) for key in (1, 2, 3)])
        assert "gate errors: " in proxy.status().demoted.decode()

    def test_green_gates_leave_everything_as_it_is(self, compared):
        midflight, proxy = compared(mismatch_rate=0.1, error_rate=0.1, latency_ratio=1000, **GATES)
        proxy.rollout(40)
        seen(proxy, 60)
        time.sleep(0.6)
        assert proxy.status().percent == 40 and not proxy.status().demoted
        midflight.advance().done()
        seen(proxy, 60)
        time.sleep(0.6)
        assert midflight.status().done().json["stage"] == AWAITING_FINALIZATION


def test_a_locked_side_that_follows_makes_no_read_slower(app, compared):
    if app.store != POSTGRESQL:
        pytest.skip("who locks one table of SQLite's locks all")
    _, proxy = compared()
    seen(proxy, 5)
    with closing(app.connect()) as connection:
        connection.execute("BEGIN; LOCK TABLE people IN ACCESS EXCLUSIVE MODE")
        times = []
        for n in range(600):  # more than the queue holds
            began = time.monotonic()
            proxy.get(OLD, str(n % 3 + 1))
            times.append(time.monotonic() - began)
        assert max(times) < 0.5 and proxy.comparison().left_out > 0
        connection.execute("ROLLBACK")
