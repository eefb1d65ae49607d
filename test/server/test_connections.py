"""Many at once."""
import threading
from contextlib import closing

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
