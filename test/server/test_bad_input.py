"""Whatever is sent: the right status, a problem that says what to do, nothing written by halves, and the server goes on."""
import random
import socket
import time

import pytest

from server.conftest import ONE
from support.server import DESCRIPTION

ODD = ["'", '"', "';DROP%20TABLE%20customers;--", "1%20OR%201=1", "%00", "%zz", "%", "%c3%28", "..%2f..%2fetc", "-1", "1e999", "9" * 400, "null", "1,2", "%F0%9F%98%80", "{}", "$(id)"]
BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\x00", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 3000, b'{"name": "\\ud800"}',
          b'{"name": ' + b"9" * 5000 + b"}", b"'; DROP TABLE customers;--", b'{"name": "x"} trailing', b'{"\'; DROP TABLE customers; --": 1}',
          b'{"name": {"$ne": null}}', b'{"percent": NaN}', b'{"operations": [{}]}', b'{"operations": "x"}', b'{"operations": [{"op": "get", "face": "old", "key": {}}]}']


def raw(server, data, wait=2.0, end=False):
    """What comes back for bytes."""
    with socket.create_connection(server.host, timeout=wait) as peer:
        try:
            peer.sendall(data)
            if end:
                peer.shutdown(socket.SHUT_WR)
            got = b""
            while chunk := peer.recv(65536):
                got += chunk
        except (TimeoutError, ConnectionError):
            pass
        return got


def holds(stage, before):
    assert stage.old.rows("SELECT * FROM customers ORDER BY id") == before


def test_every_path_with_every_odd_value(stage, server):
    before = stage.old.rows("SELECT * FROM customers ORDER BY id")
    for path, item in DESCRIPTION["paths"].items():
        for method in item:
            for odd in ODD:
                if path.endswith(("/pause", "/start", "/advance", "/rollback", "/demote", "/resume")):
                    continue
                for name, key in ((odd, "1"), ("split-name", odd)):
                    target = path.format(name=name, face=odd if name == odd else "old", key=key)
                    answer = server.ask(method.upper(), target, {"name": odd} if method in ("put", "post") else None)
                    assert answer.status < 500, answer
                    if method == "put" and answer.status == 204:
                        server.delete(target).status_is(204)
    holds(stage, before)


def test_every_body(stage, server):
    before = stage.old.rows("SELECT * FROM customers ORDER BY id")
    for path, item in DESCRIPTION["paths"].items():
        for method in set(item) & {"post", "put"}:
            for body in BODIES:
                target = path.format(name="split-name", face="old", key="1")
                if body in (b"", b"{}") and method == "post":
                    continue
                answer = server.ask(method.upper(), target, body)
                assert answer.status in (400, 409, 422), (body, answer)
    holds(stage, before)


@pytest.mark.parametrize("seed", range(3))
def test_bytes_that_are_no_http(stage, server, seed):
    rng = random.Random(seed)
    whole = (f"PUT {ONE}/old/1 HTTP/1.1\r\nHost: {server.address}\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n".encode()
             + b'{"name": "Zed"}')
    for _ in range(60):
        data = bytearray(whole[:-1] if rng.random() < 0.5 else whole)
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data) - 20)] = rng.randrange(256)
        raw(server, bytes(data), wait=0.1)
    raw(server, rng.randbytes(5000), wait=0.2)
    server.get("/healthz").ok()


def test_a_body_that_is_cut_short_is_not_written(stage, server):
    before = stage.old.rows("SELECT * FROM customers ORDER BY id")
    head = f"PUT {ONE}/old/1 HTTP/1.1\r\nHost: {server.address}\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n".encode()
    raw(server, head + b'{"name": "Half"}', end=True)
    holds(stage, before)


def test_too_large(stage):
    stage.make()
    server = stage.serve(options=["--body-max", "1000"])
    server.put(f"{ONE}/old/1", b'"' + b"x" * 2000 + b'"').problem(413, "too-large")
    chunked = f"PUT {ONE}/old/1 HTTP/1.1\r\nHost: {server.address}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert b" 413 " in raw(server, chunked + b"800\r\n" + b"x" * 2048 + b"\r\n0\r\n\r\n", wait=3)
    assert b" 4" in raw(server, f"GET /{'x' * 40000} HTTP/1.1\r\nHost: {server.address}\r\n\r\n".encode(), wait=3)
    assert b" 4" in raw(server, f"GET / HTTP/1.1\r\nHost: {server.address}\r\nX: {'x' * 40000}\r\n\r\n".encode(), wait=3)


def test_one_who_sends_a_byte_now_and_then_is_cut_off(stage):
    stage.make()
    server = stage.serve(options=["--request", "2"])
    for start in (f"GET {ONE} HTTP/1.1\r\nHost: ", f"PUT {ONE}/old/1 HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: 9999\r\n\r\n"):
        began = time.monotonic()
        with socket.create_connection(server.host, timeout=10) as peer:
            peer.sendall(start.encode())
            with pytest.raises(OSError):
                while time.monotonic() - began < 10:
                    peer.sendall(b"a")
                    time.sleep(0.2)
        assert time.monotonic() - began < 8


def test_what_is_no_json_by_its_own_account(server):
    server.put(f"{ONE}/old/1", b'{"name": "x"}', headers={"Content-Type": "text/plain"}).problem(415, "content-type")
    server.post(f"{ONE}/start", b"{}", headers={"Content-Type": "application/x-www-form-urlencoded"}).problem(415, "content-type")


def test_paths_and_methods_that_are_none(server):
    for target in ("/", "//", "/v1", "/v2/migrations", f"{ONE}/", f"{ONE}/old/", f"{ONE}/old/1/2", "/" + "a/" * 20):
        server.get(target).problem(404)
    server.get(f"{ONE}/middle/1").problem(404, "unknown-face")
    server.get("/v1/migrations/none").problem(404, "unknown-migration")
    assert server.ask("DELETE", ONE).status_is(405).headers["Allow"] == "GET, HEAD"
    assert server.ask("GET", f"{ONE}/start").status_is(405).headers["Allow"] == "POST"
