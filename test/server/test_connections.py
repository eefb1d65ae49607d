"""Many at once."""
import socket
import threading
import time
from contextlib import closing, suppress
from http.client import HTTPException

from server.conftest import ONE


def resident_mb(server):
    lines = open(f"/proc/{server.process.pid}/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def test_a_thousand_idle_and_two_hundred_active(stage, server):
    idle = [server.connect() for _ in range(1000)]
    for connection in idle:
        assert server.get("/healthz", connection=connection, check=False).status == 200
    failures = []

    def work():
        with closing(server.connect()) as connection:
            for _ in range(10):
                answer = server.get(f"{ONE}/old/1", connection=connection, check=False)
                if answer.status != 200:
                    failures.append(answer)
    threads = [threading.Thread(target=work) for _ in range(200)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    for connection in idle:
        assert server.get("/healthz", connection=connection, check=False).status == 200
        connection.close()
    assert resident_mb(server) < 200


def test_no_more_connections_than_allowed(stage):
    stage.make()
    server = stage.serve(options=["--connections", "8", "--threads", "4"])
    held, refused = [], 0
    for _ in range(12):
        connection = server.connect(timeout=5)
        try:
            server.get("/healthz", connection=connection, check=False).ok()
            held.append(connection)
        except (OSError, HTTPException):
            refused += 1
            connection.close()
    assert len(held) <= 8 and refused >= 4
    for connection in held:
        server.get("/healthz", connection=connection, check=False).ok()
        connection.close()
    until = time.monotonic() + 10
    while True:  # there is room again
        with closing(server.connect(timeout=5)) as connection, suppress(OSError, HTTPException):
            server.get("/healthz", connection=connection, check=False).ok()
            break
        assert time.monotonic() < until


def test_a_connection_that_asks_nothing_is_closed(stage):
    stage.make()
    server = stage.serve(options=["--idle", "1"])
    with socket.create_connection(server.host, timeout=10) as silent:
        began = time.monotonic()
        assert silent.recv(1) == b""
        assert 0.5 < time.monotonic() - began < 8
