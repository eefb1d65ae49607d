"""Who may ask what: tokens and their rights, TLS, pages of other origins."""
import os
import re
import ssl
import subprocess

import pytest

from server.conftest import ONE, TOKENS
from support.midflight import ROOT, UNINITIALIZED
from support.server import DESCRIPTION, certificate, trust
from server.test_life import refuses


@pytest.fixture
def guarded(stage):
    stage.make()
    return stage.serve(options=["--tokens", stage.tokens()])


def may(server, name, method, target, body=None):
    """Is the one that the token names let in? The answer itself does not matter."""
    answer = server.ask(method, target, body, headers={"Authorization": f"Bearer {TOKENS[name][1]}"})
    assert answer.status != 401, answer
    return not (answer.status == 403 and answer.json["code"] == "right")


def test_rights_are_three_and_apart(guarded):
    who = ("reader", "writer", "operator")
    assert [may(guarded, name, "GET", ONE) for name in who] == [True, True, True]
    assert [may(guarded, name, "GET", f"{ONE}/findings") for name in who] == [True, False, False]
    assert [may(guarded, name, "POST", f"{ONE}/start") for name in who] == [False, False, True]
    assert [may(guarded, name, "POST", f"{ONE}/rollback") for name in who] == [False, False, True]
    assert [may(guarded, name, "PUT", f"{ONE}/rollout", {"percent": 5}) for name in who] == [False, False, True]
    assert [may(guarded, name, "GET", f"{ONE}/old/1") for name in who] == [True, False, False]
    assert [may(guarded, name, "PUT", f"{ONE}/old/1", {"name": "x"}) for name in who] == [False, True, False]
    assert [may(guarded, name, "DELETE", f"{ONE}/old/1") for name in who] == [False, True, False]


def test_no_path_is_open_that_should_not_be(guarded):
    """Without a token, with a wrong one, with one that is nearly right."""
    for path, item in DESCRIPTION["paths"].items():
        target = path.format(name="split-name", face="old", key="1")
        for method, operation in item.items():
            for header in (None, "Bearer ", "Bearer wrong", f"Bearer {TOKENS['all'][1]}x", f"Bearer {TOKENS['all'][1][:-1]}",
                           f"Basic {TOKENS['all'][1]}", TOKENS["all"][1]):
                answer = guarded.ask(method.upper(), target, headers={"Authorization": header})
                if operation.get("security") == []:
                    answer.ok()
                else:
                    answer.problem(401, "token")
                    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert guarded.ask("GET", ONE, headers={"Authorization": f"bearer {TOKENS['all'][1]}"}).ok().json["stage"] == UNINITIALIZED


def test_every_path_that_there_is_is_described():
    source = (ROOT / "src/server/route.c").read_text().replace('MIGRATION "', '"/v1/migrations/{name}').replace("MIGRATION,", '"/v1/migrations/{name}",')
    routes = {(path, method.lower()) for method, path in re.findall(r'^    \{"([A-Z]+)", "([^"]+)"', source, re.M)}
    assert len(routes) > 20 and routes == {(path, method) for path, item in DESCRIPTION["paths"].items() for method in item}


def test_which_migrations_there_are_is_not_told_without_a_token(guarded):
    assert guarded.get("/v1/migrations/no-such").problem(401, "token")


def test_a_body_is_not_read_without_a_token(guarded):
    connection = guarded.connect()
    connection.putrequest("PUT", f"{ONE}/old/1")
    connection.putheader("Content-Length", "1000000")
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()
    assert connection.getresponse().status == 401  # though nothing of the body was sent
    connection.close()


def test_who_asked_stands_in_the_log_and_the_token_does_not(stage, guarded):
    guarded.token = TOKENS["operator"][1]
    assert guarded.post(f"{ONE}/check").ok().json["by"] == "operator"
    guarded.end()
    assert any(event["who"] == "operator" for event in guarded.events("request"))
    assert TOKENS["operator"][1] not in "".join(guarded.lines)


def test_a_token_by_its_digest(stage):
    stage.make()
    file = stage.folder / "tokens"
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=b"s" * 30, capture_output=True, check=True).stdout.split()[0].decode()
    file.write_text(f"someone read,operate sha256:{digest}\n")
    os.chmod(file, 0o600)
    server = stage.serve(options=["--tokens", file])
    server.token = "s" * 30
    server.get(ONE).ok()


@pytest.mark.parametrize("text, mode, words", [
    ("", 0o600, "no token"), ("a read\n", 0o600, ":1:"), ("a rule " + "x" * 20, 0o600, "rights are"), ("a read short\n", 0o600, "16 characters"),
    ("a read sha256:00\n", 0o600, "64 hex"), ("a read " + "x" * 20 + " more\n", 0o600, ":1:"), ("a read " + "x" * 20, 0o644, "chmod 600")])
def test_a_file_of_tokens_that_is_wrong_is_refused(stage, text, mode, words):
    file = stage.make()
    tokens = stage.folder / "tokens"
    tokens.write_text(text)
    os.chmod(tokens, mode)
    assert words in refuses(stage, "--tokens", tokens, file)


@pytest.mark.parametrize("headers, code", [
    ({"Host": "evil.example"}, "host"), ({"Host": "evil.example:8080"}, "host"), ({"Host": "127.0.0.1.evil.example"}, "host"),
    ({"Origin": "http://evil.example"}, "origin"), ({"Origin": "null"}, "origin"), ({"Origin": "http://127.0.0.1:1"}, "origin")])
def test_a_page_in_a_browser_cannot_ask_in_its_users_place(server, headers, code):
    server.ask("POST", f"{ONE}/start", headers=headers).problem(403, code)
    assert server.get(ONE).json["stage"] == UNINITIALIZED


def test_a_page_of_the_servers_own_can(server):
    server.get(ONE, headers={"Origin": f"http://{server.address}"}).ok()
    server.get(ONE, headers={"Host": "localhost"}).ok()


def test_tls(stage):
    stage.make()
    cert, key = certificate(stage.folder)
    server = stage.serve(options=["--listen", "0.0.0.0:0", "--certificate", cert, "--key", key, "--tokens", stage.tokens()])
    server.address = server.address.replace("0.0.0.0", "127.0.0.1")
    server.context, server.token = trust(cert), TOKENS["all"][1]
    connection = server.connect()
    for _ in range(3):
        server.get(ONE, connection=connection).ok()
    connection.close()
    server.context = ssl.create_default_context()
    with pytest.raises(ssl.SSLError):
        server.get("/healthz")
    server.context = None
    with pytest.raises(OSError):
        server.get("/healthz", check=False)


def test_a_certificate_that_is_none_is_refused(stage):
    file = stage.make()
    run = subprocess.run([str(__import__("support.midflight", fromlist=["binary"]).binary()), "serve", "--listen", "127.0.0.1:0", "--certificate",
                          str(file), "--key", str(file), str(file)], env=stage.midflight.environment, capture_output=True, text=True, timeout=30)
    assert run.returncode != 0 and "certificate and key" in run.stderr
