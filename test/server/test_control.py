"""The verbs over HTTP lead where they lead on the command line, and say why when they do not."""
import threading
import time

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from scenario.definitions import ONE_WAY
from server.conftest import ONE
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, INITIALIZING, RUNNING,
                               UNINITIALIZED)

GENTLY = {"load": 0.001}  # a copy that is still under way when the test wants to meet it


def many_rows(stage, rows=20000):
    stage.old.sql(f"""WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                      INSERT INTO customers SELECT i, 'Ann ' || i, 'a' || i || '@x', NULL FROM n""")


def begin_gently(server, load=0.001):
    """A start that will go on for longer than the test."""
    server.post(f"{ONE}/start", {"load": load}, headers={"Prefer": "respond-async"}).status_is(202)
    server.reach("split-name", RUNNING)


def test_a_migration_goes_all_the_way(stage, server):
    assert server.post(f"{ONE}/check").ok().json["result"]["may_start"] is True
    assert server.post(f"{ONE}/start").ok().json["result"]["stage"] == AWAITING_ADDITIONAL_ACTION
    assert stage.new.rows("SELECT first_name, last_name FROM people WHERE id = 1") == [("Ann", "Lee")]
    assert server.post(f"{ONE}/verify").ok().json["result"] == {"rows": 3, "diverged": 0, "repaired": 0}
    assert server.post(f"{ONE}/advance").ok().json["result"]["stage"] == AWAITING_FINALIZATION
    assert server.post(f"{ONE}/advance").ok().json["result"]["stage"] == FINISHED
    moves = server.get(f"{ONE}/history").ok().json["moves"]
    assert [move["to"] for move in moves][-1] == FINISHED and [move["epoch"] for move in moves] == list(range(1, len(moves) + 1))


def test_and_back(stage, server):
    server.post(f"{ONE}/start").ok()
    server.post(f"{ONE}/advance").ok()
    stage.new.sql("UPDATE people SET last_name = 'King' WHERE id = 1")
    assert server.post(f"{ONE}/rollback").ok().json["result"]["stage"] == UNINITIALIZED
    assert stage.old.rows("SELECT name FROM customers WHERE id = 1") == [("Ann King",)]
    stage.old.holds_nothing_of_midflight()


def test_a_red_gate_is_a_problem_that_names_it(stage, server):
    problem = server.post(f"{ONE}/advance").problem(409, "gate")
    assert "run `midflight start`" in problem["detail"] and problem["work"]["state"] == "failed"


def test_the_sides_that_differ_are_a_result(stage, server):
    server.post(f"{ONE}/start").ok()
    stage.new.behind_the_back("UPDATE people SET last_name = 'Nobody' WHERE id = 1")
    answer = server.post(f"{ONE}/verify").ok().json
    assert answer["result"]["diverged"] == 1 and answer["differences"][0]["key"] == "1"
    assert [finding["key"] for finding in server.get(f"{ONE}/findings").ok().json["divergence"]] == ["1"]
    assert server.post(f"{ONE}/verify", {"repair": True}).ok().json["result"]["repaired"] == 1
    assert stage.new.value("SELECT last_name FROM people WHERE id = 1") == "Lee"


def test_a_migration_that_may_not_start_is_a_result_of_check(stage):
    stage.make()
    stage.old.sql("CREATE TABLE other (id REFERENCES customers (id) ON DELETE CASCADE); DROP TABLE customers; "
                  "CREATE TABLE customers (id INTEGER, name TEXT, email TEXT, hint TEXT)")
    answer = stage.serve().post(f"{ONE}/check")
    if answer.status == 200:
        assert answer.json["result"]["may_start"] is False
        assert any(note["level"] == "refusal" for note in answer.json["result"]["notes"])
    else:
        assert answer.problem(409)["work"]["state"] == "failed"


def test_a_long_verb_is_answered_while_it_is_under_way(stage, server):
    many_rows(stage)
    answer = server.post(f"{ONE}/start", GENTLY, headers={"Prefer": "wait=1"}).status_is(202)
    assert answer.headers["Location"] == f"{ONE}/work"
    work = server.get(f"{ONE}/work").ok().json["work"]
    assert (work["verb"], work["state"]) == ("start", "running")


def test_asking_twice_is_asking_once(stage, server):
    many_rows(stage)
    begin_gently(server)
    again = server.post(f"{ONE}/start", headers={"Prefer": "respond-async"}).status_is(202).json
    assert again["id"] == server.get(f"{ONE}/work").json["work"]["id"]


def test_another_verb_waits_its_turn_and_says_so(stage, server):
    many_rows(stage)
    begin_gently(server)
    answer = server.post(f"{ONE}/verify")
    assert "at work at start" in answer.problem(409, "busy")["detail"] and int(answer.headers["Retry-After"]) > 0


def test_a_rollback_stops_what_is_under_way(stage, server):
    many_rows(stage)
    begin_gently(server)
    assert server.post(f"{ONE}/rollback", headers={"Prefer": "wait=60"}).ok().json["result"]["stage"] == UNINITIALIZED
    stage.old.holds_nothing_of_midflight()


def test_pause_stops_and_resume_carries_on(stage, server):
    many_rows(stage, 3000)
    begin_gently(server)
    assert server.post(f"{ONE}/pause").ok().json["paused"] is True
    until = time.monotonic() + 30
    while (care := server.get(f"{ONE}/work").json)["work"] is not None:
        assert time.monotonic() < until
    assert care["last"]["state"] == "stopped"
    assert server.post(f"{ONE}/advance").problem(409, "paused")
    rows = server.get(ONE).json["rows_done"]
    assert 0 < rows < 3000 and server.get(ONE).json["rows_done"] == rows
    assert server.post(f"{ONE}/resume").ok().json["paused"] is False
    server.reach("split-name", AWAITING_ADDITIONAL_ACTION)


def test_no_way_back_is_said(stage):
    stage.make(definition=ONE_WAY)
    assert stage.serve().get(ONE).ok().json["way_back"] is False


def test_many_who_wait_for_the_same_all_hear_of_it(stage, server):
    many_rows(stage, 2000)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server.post(f"{ONE}/start", headers={"Prefer": "wait=60"}))) for _ in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {answer.ok().json["result"]["stage"] for answer in answers} == {AWAITING_ADDITIONAL_ACTION}


def test_a_midflight_of_the_command_line_at_work_is_not_disturbed(stage, server):
    many_rows(stage)
    process = stage.midflight.begin("start", "--load", "0.001")
    server.reach("split-name", RUNNING)
    answer = server.post(f"{ONE}/rollback")
    process.terminate()
    stage.midflight.end(process)
    assert answer.status in (200, 503), answer  # a rollback takes the lease from a start that is under way


@pytest.mark.parametrize("verb, body, word", [
    ("start", {"lod": 1}, "lod"), ("start", {"load": 2}, "load"), ("start", {"load": "much"}, "load"), ("start", {"workers": 0}, "workers"),
    ("start", {"workers": 1.5}, "workers"), ("verify", {"repair": 1}, "repair"), ("verify", {"from": 7}, "from"), ("verify", {"from": ""}, "from"),
    ("rollback", {"force": "yes"}, "force"), ("advance", {"force": True}, "force"), ("check", {"sample": 0}, "sample"),
    ("pause", {"for": 1}, "for"), ("demote", {"why": "x" * 201}, "why")])
def test_an_option_that_is_wrong_is_named(server, verb, body, word):
    assert word in server.post(f"{ONE}/{verb}", body).problem(400, "member")["detail"]
    assert server.get(ONE).json["stage"] == UNINITIALIZED and server.get(f"{ONE}/work").json["last"] is None


def samples(server):
    families = text_string_to_metric_families(server.get("/metrics").ok().body.decode())
    return {(sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples}


def test_metrics_are_of_the_form_that_collectors_read(stage, server):
    server.post(f"{ONE}/start").ok()
    server.get(f"{ONE}/old/1").ok()
    counted, until = ("midflight_request_seconds_count", ("method", "GET"), ("path", "/v1/migrations/{name}/{face}/{key}")), time.monotonic() + 5
    while counted not in (found := samples(server)):  # a request counts when its answer is gone, which its client knows before
        assert time.monotonic() < until
    assert found["midflight_stage", ("midflight_stage", AWAITING_ADDITIONAL_ACTION), ("migration", "split-name")] == 1
    assert found["midflight_requests_total", ("method", "POST"), ("path", "/v1/migrations/{name}/start"), ("status", "200")] == 1
    assert found[counted] == 1
    assert found["midflight_proxy_confirmed", ("migration", "split-name")] == 1 and found["midflight_lag_seconds", ("migration", "split-name")] == 0


def test_what_is_logged_can_be_found_by_the_requests_id(server):
    server.get(ONE, headers={"X-Request-Id": "find-me.1"}).ok()
    server.get(ONE, headers={"X-Request-Id": 'no"id\t'}).ok()
    until = time.monotonic() + 5
    while not (found := [event for event in server.events("request") if event["id"] == "find-me.1"]):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert found[0]["path"] == ONE and found[0]["status"] == 200 and found[0]["ms"] > 0
