"""The server's own life: what it carries on, how it ends, what it refuses to begin with."""
import http.client
import signal
import subprocess
import threading
import time

import pytest

from scenario.definitions import SPLIT_NAME
from server.conftest import ONE
from server.test_control import begin_gently, many_rows
from support.midflight import AWAITING_ADDITIONAL_ACTION, RUNNING, UNINITIALIZED, USAGE, binary
from support.server import Server


def test_a_start_goes_on_after_a_crash(stage, server):
    many_rows(stage, 3000)
    begin_gently(server)
    server.end(signal.SIGKILL)
    again = stage.serve()
    again.reach("split-name", AWAITING_ADDITIONAL_ACTION)
    assert stage.new.value("SELECT count(*) FROM people") == stage.old.value("SELECT count(*) FROM customers")
    assert again.post(f"{ONE}/verify").ok().json["result"]["diverged"] == 0


def test_a_server_that_is_paused_carries_nothing_on(stage, server):
    many_rows(stage, 3000)
    begin_gently(server)
    server.end(signal.SIGKILL)
    again = stage.serve(options=["--paused"])
    time.sleep(2.5)
    assert again.get(ONE).json["stage"] == RUNNING and again.get(ONE).json["work"] is None
    again.post(f"{ONE}/resume").ok()
    again.reach("split-name", AWAITING_ADDITIONAL_ACTION)


def test_a_start_that_nobody_asked_for_is_not_begun(server):
    time.sleep(2)
    assert server.get(ONE).json["stage"] == UNINITIALIZED


def test_sigterm_lets_requests_end_and_work_stop(stage, server):
    many_rows(stage)
    begin_gently(server)
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(server.post(f"{ONE}/start", headers={"Prefer": "wait=60"})))
    waiter.start()
    time.sleep(0.5)
    assert server.end() == 0
    waiter.join(10)
    assert answers[0].status in (202, 503) and answers[0].headers["Connection"] == "close"
    assert server.events("drained")[0]["cut_off"] == 0
    again = stage.serve(options=["--paused"])
    status = again.get(ONE).ok().json
    assert status["stage"] == RUNNING and status["owner"] == ""  # the lease was given back


def test_a_connection_that_is_open_does_not_keep_it_from_ending(server):
    connection = server.connect()
    server.get("/healthz", connection=connection).ok()
    began = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - began < 10
    connection.close()


def test_after_sigterm_nobody_is_let_in(server):
    host, port = server.host
    server.end()
    with pytest.raises(OSError):
        http.client.HTTPConnection(host, port, timeout=2).request("GET", "/healthz")


def test_several_migrations_of_a_folder(stage):
    stage.make()
    folder = stage.folder / "migrations"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(SPLIT_NAME.replace("split-name", name).replace("people", f"people_{name}"))
    (folder / "notes.txt").write_text("no definition")
    server = stage.serve(folder)
    assert [one["migration"] for one in server.get("/v1/migrations").ok().json["migrations"]] == ["one", "two"]
    server.post("/v1/migrations/two/start").ok()
    assert server.get("/v1/migrations/one").json["stage"] == UNINITIALIZED


def test_a_store_that_is_away_is_said_and_waited_for(stage):
    stage.make()
    away = stage.folder / "away" / "app.db"
    server = stage.serve(environment={**stage.midflight.environment, "APP_DB": f"sqlite:{away}"})
    assert server.get("/healthz").ok()
    assert server.get("/readyz").problem(503)["migrations"] == ["split-name"]
    assert str(away) in server.get("/v1/migrations").ok().json["migrations"][0]["failure"]["detail"]
    assert server.get(ONE).status >= 500
    away.parent.mkdir()
    stage.old.copy(stage.folder / "copy")
    (stage.folder / "copy" / "app.db").rename(away)
    assert server.get("/readyz").ok()
    assert server.post(f"{ONE}/start").ok()


def refuses(stage, *words, environment=None):
    """What it says when it does not begin."""
    run = subprocess.run([str(binary()), "serve", *map(str, words)], env=environment or stage.midflight.environment, capture_output=True,
                         text=True, timeout=30)
    assert run.returncode == USAGE, run
    return run.stderr


def test_what_it_does_not_begin_with(stage):
    file = stage.make()
    broken = stage.folder / "broken.yaml"
    broken.write_text("migration: [")
    empty = stage.folder / "empty"
    empty.mkdir()
    assert "definition files" in refuses(stage)
    assert "broken.yaml:" in refuses(stage, broken)
    assert "no definition in it" in refuses(stage, empty)
    assert "another migration split-name" in refuses(stage, file, file)
    assert "absent.yaml" in refuses(stage, stage.folder / "absent.yaml")
    assert "--threads takes" in refuses(stage, "--threads", "0", file)
    assert "--listen takes" in refuses(stage, "--listen", "8080", file)
    assert "TLS and tokens" in refuses(stage, "--listen", "0.0.0.0:0", file)
    assert "go together" in refuses(stage, "--certificate", file, file)


def test_a_port_that_is_taken_is_said(stage, server):
    run = subprocess.run([str(binary()), "serve", "--listen", server.address, str(stage.midflight.file)], env=stage.midflight.environment,
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 4 and "in use" in run.stderr


def test_the_server_ends_well_with_sigint_too(stage):
    stage.make()
    with Server(stage.midflight.file, environment=stage.midflight.environment) as server:
        assert server.end(signal.SIGINT) == 0
