"""A proxy serves by the stage that it has confirmed, and by no other; who changes the stage waits for it, or for the end of its lease."""
import signal
import time
from contextlib import closing

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import AWAITING_FINALIZATION
from support.proxy import NEW, OLD, Proxy, Refused, at_work
from support.stores import SQLITE


def until(so, seconds=20):
    end = time.monotonic() + seconds
    while not (value := so()):
        assert time.monotonic() < end, "not so in time"
        time.sleep(0.02)
    return value


def refused(call):
    """Waits until the call is refused; returns what was said."""
    def told():
        try:
            call()
        except Refused as error:
            return error
        return None
    return until(told)


def test_a_proxy_of_last_weeks_definition_is_refused_and_told_why(app, served):
    midflight, _ = served(CUSTOMERS, SPLIT_NAME)
    last_week = app.define(midflight.file.read_text().replace("' ' || last_name", "'  ' || last_name"), "last-week.yaml")
    with Proxy(last_week, app.environment()) as proxy:
        assert proxy.get(OLD, "1")["name"] == "Ann Lee"  # nothing is started yet
        midflight.start().done()
        error = refused(lambda: proxy.get(OLD, "1"))
        until(lambda: "definition of migration split-name was changed" in str(refused(lambda: proxy.put(NEW, "1", {"first_name": "x"}))))
        assert error.code in ("refused", "epoch")
    with pytest.raises(Refused, match="definition of migration split-name was changed"):
        Proxy(last_week, app.environment())


def test_a_proxy_that_cannot_confirm_refuses_and_says_to_try_again(app, served):
    midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
    midflight.start().done()
    with closing(app.connect()) as connection:
        connection.execute("BEGIN IMMEDIATE" if app.store == "sqlite" else f"BEGIN; LOCK TABLE {app.ledger}midflight_node IN SHARE MODE")
        error = refused(lambda: proxy.get(OLD, "1"))
        assert (error.code, proxy.status().confirmed) == ("epoch", False)
        assert "Make the same call again; nothing was read or written" in str(error)
        connection.execute("ROLLBACK")
    until(lambda: proxy.status().confirmed)
    assert proxy.get(OLD, "1")["name"] == "Ann Lee"


def test_connections_that_the_server_ended_are_no_matter_of_the_callers(app, served):
    if app.store == SQLITE:
        pytest.skip("there is no server")
    midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
    midflight.start().done()
    read = proxy.get(OLD, "1")
    calls = (lambda: proxy.get(NEW, "1"), lambda: proxy.replace(OLD, "1", {"email": "new@x"}, read), lambda: proxy.list(OLD),
             lambda: proxy.batch(("put", NEW, "1", {"first_name": "Eve"}), ("get", OLD, "1")))
    for call in calls:
        with closing(app.connect()) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                               "AND usename = current_user AND pid <> pg_backend_pid()")  # not the server's own
        call()
    assert (proxy.get(OLD, "1")["name"], proxy.get(OLD, "1")["email"]) == ("Eve Lee", "new@x")


def test_calls_that_never_cease_hold_no_stage_up(served):
    """There is always one under way, and each holds the stage that it goes by."""
    midflight, proxy = served(CUSTOMERS, SPLIT_NAME)
    midflight.start().done()

    def call(first):
        return lambda: proxy.batch(*[("put", NEW, str(first + i), {"first_name": "Eve"}) for i in range(40)])
    with at_work([call(100 * n) for n in range(1, 9)], but=("busy", "epoch")):
        for verb in ("advance", "demote", "advance", "rollback"):
            midflight.run(verb).done()


def test_a_stage_waits_for_a_proxy_until_its_lease_is_over(course):
    made = course("split", count=50, processes=1, threads=0).verb("start", until="Awaiting Additional Action")
    process = made.crowd.processes[0]
    process.send_signal(signal.SIGSTOP)
    try:
        advance = made.midflight.begin("advance")
        time.sleep(1.5)
        assert advance.poll() is None and made.stage() != AWAITING_FINALIZATION
        made.midflight.end(advance).done()
        assert made.stage() == AWAITING_FINALIZATION and made.pilot.status().nodes == 1
    finally:
        process.send_signal(signal.SIGCONT)
    until(lambda: made.pilot.status().nodes == 2)  # it has begun anew
    made.work().ends()
