"""`midflight status` of a server: what an operator sees of all its migrations, and what is said when the server cannot be asked."""
import os
import pty
import subprocess
import time

import pytest

from server.conftest import ONE, TOKENS
from server.test_control import begin_gently, many_rows
from support.midflight import AWAITING_ADDITIONAL_ACTION, FAILED, FINISHED, RUNNING, USAGE, binary
from support.server import certificate

SECONDS_MAX = 60  # how long a copy may take to get on, among tests


def status(*words, environment=()):
    return subprocess.run([str(binary()), "status", *map(str, words)], env={**os.environ, **dict(environment)}, capture_output=True, text=True, timeout=60)


def url(server, path=""):
    return f"http://{server.address}{path}"


def said(*words, **more):
    """What it prints, when it can."""
    run = status(*words, **more)
    assert run.returncode == 0, run
    return run.stdout


def refused(code, *words, **more):
    """Why it cannot."""
    run = status(*words, **more)
    assert run.returncode == code and run.stdout == "", run
    return run.stderr


def test_all_that_goes_on_is_seen(stage):
    stage.make()
    server = stage.serve(options=["--sample", "1"])
    server.post(f"{ONE}/start").ok()
    server.put(f"{ONE}/rollout", {"percent": 25}).ok()
    for _ in range(20):
        server.get(f"{ONE}/old/1").ok()
    until = time.monotonic() + 20
    while "compared    20, 0 differ" not in (text := said(url(server))):
        assert time.monotonic() < until, text
    assert f"split-name: {AWAITING_ADDITIONAL_ACTION} (shadow)" in text
    assert "25 % of the reads from the new side, 1 node" in text and "outbox      0" in text
    assert "leader p50" in text and "follower p50" in text


def test_a_line_a_second_shows_how_a_copy_goes_on(stage, server):
    many_rows(stage)
    begin_gently(server)
    with subprocess.Popen([str(binary()), "status", "--watch", url(server)], stdout=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        while "rows/s" not in lines[-1] and len(lines) < SECONDS_MAX:
            lines.append(process.stdout.readline())
        process.terminate()
    for line in lines:
        assert line.startswith(f"split-name: {RUNNING} (shadow)") and "at work start" in line, line
    assert "rows/s" in lines[-1] and " of 19994 rows" in lines[-1], lines


def test_on_a_terminal_the_screen_is_drawn_anew(server):
    own, theirs = pty.openpty()
    process = subprocess.Popen([str(binary()), "status", "--watch", url(server)], stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while seen.count(b"\x1b[H\x1b[J") < 2:
            seen += os.read(own, 4096)
    finally:
        process.terminate()
        process.wait()
        os.close(own)
    assert b"split-name: Uninitialized (old), epoch 0\r\n  outbox      0" in seen


def test_it_ends_when_all_is_finished(server):
    for verb in ("start", "advance", "advance"):
        server.post(f"{ONE}/{verb}").ok()
    assert said("--watch", url(server)).startswith(f"split-name: {FINISHED} (new)")


def test_one_migration_and_json(server):
    import json
    found, = json.loads(said("--json", url(server, ONE)))["migrations"]
    assert found["migration"] == "split-name" and found["stage"] == "Uninitialized"


def test_a_server_that_went_away_is_waited_for(stage, server):
    with subprocess.Popen([str(binary()), "status", "--watch", url(server)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "split-name" in process.stdout.readline()
        server.end()
        while "does the server run" not in process.stderr.readline():
            assert process.poll() is None
        again = stage.serve(options=["--listen", server.address])
        while "split-name" not in process.stdout.readline():
            assert process.poll() is None
        process.terminate()
    again.get(ONE).ok()


def test_why_a_server_cannot_be_asked(server):
    away = server.address
    assert "Not Found" not in refused(USAGE, url(server, "/v1/nonsense")) and "/openapi.json" in refused(USAGE, url(server, "/v1/nonsense"))
    assert "is not about migrations" in refused(USAGE, url(server, "/healthz"))
    assert "no address of a server" in refused(USAGE, "http://")
    assert "/v1/migrations/none" in refused(USAGE, url(server, "/v1/migrations/none"))
    run = subprocess.run([str(binary()), "start", url(server)], capture_output=True, text=True, timeout=30)
    assert run.returncode == USAGE and "POST" in run.stderr
    server.end()
    assert "does the server run" in refused(FAILED, f"http://{away}")


def test_a_token(stage):
    stage.make()
    server = stage.serve(options=["--tokens", stage.tokens()])
    file = stage.folder / "token"
    file.write_text(TOKENS["reader"][1] + "\n")
    os.chmod(file, 0o600)
    assert "split-name" in said("--token-file", file, url(server))
    assert "split-name" in said(url(server), environment={"MIDFLIGHT_TOKEN": TOKENS["operator"][1]})
    assert "--token-file, or into MIDFLIGHT_TOKEN" in refused(USAGE, url(server))
    assert "takes a token" in refused(USAGE, url(server), environment={"MIDFLIGHT_TOKEN": "wrong"})
    assert "more than one line" in refused(USAGE, url(server), environment={"MIDFLIGHT_TOKEN": "a\r\nX-Evil: b"})
    os.chmod(file, 0o644)
    assert "chmod 600" in refused(USAGE, "--token-file", file, url(server))
    assert "No such file" in refused(USAGE, "--token-file", stage.folder / "none", url(server))


@pytest.mark.parametrize("trusted", [True, False])
def test_tls(stage, trusted):
    stage.make()
    cert, key = certificate(stage.folder)
    server = stage.serve(options=["--certificate", cert, "--key", key])
    if trusted:
        assert "split-name" in said("--ca", cert, f"https://{server.address}")
    else:
        assert "--ca FILE" in refused(USAGE, f"https://{server.address}")
