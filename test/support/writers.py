"""Processes that play the old and the new version of an application, all at once on the same hot keys."""
import multiprocessing
import os
import time
import traceback
from random import Random

from support.twin import record

# Processes, not threads: each with connections of its own, as an application has them.
context = multiprocessing.get_context("fork")

RESTS_S = (0, 0, 0, 0.0005, 0.002)


def seed_of_run():
    """Printed by every race; set MIDFLIGHT_RACE_SEED to draw the same writes again."""
    seed = int(os.environ.get("MIDFLIGHT_RACE_SEED", Random().getrandbits(32)))
    print(f"MIDFLIGHT_RACE_SEED={seed}")
    return seed


class Writers:
    """`with Writers(...) as writers: ...` starts them; leaving stops them and says what failed."""

    def __init__(self, workload, app, side, count, seed):
        self.stop_wanted = context.Event()
        self.reports = context.Queue()
        self.processes = [
            context.Process(target=play, daemon=True,
                            args=(workload, app, side, f"{side}-{n}", Random(f"{seed} {side} {n}"),
                                  self.stop_wanted, self.reports))
            for n in range(count)]
        self.side, self.failures, self.requests, self.longest_ms = side, [], 0, 0

    def __enter__(self):
        for process in self.processes:
            process.start()
        return self

    def __exit__(self, kind, *_):
        self.stop()
        assert kind is not None or not self.failures, "failed requests:\n" + "\n".join(self.failures)

    def stop(self):
        """Waits for their last commits."""
        if not self.processes:
            return
        self.stop_wanted.set()
        while self.processes:
            failures, requests, longest_ms = self.reports.get(timeout=60)
            self.failures += failures
            self.requests += requests
            self.longest_ms = max(self.longest_ms, longest_ms)
            self.processes.pop()
        print(f"the {self.side} version: {self.requests} requests, the longest took {self.longest_ms:.0f} ms")
        assert self.requests > 0


def connect(workload, app):
    connection = app.connect()
    for pragma in workload.pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def play(workload, app, side, writer, random, stop_wanted, reports):
    failures, requests, longest_ms = [], 0, 0
    connection = connect(workload, app)
    while not stop_wanted.is_set() and len(failures) < 3:
        drawn = workload.draw_writes(side, random.choice((1, 1, 2, 5)), random)
        began = time.monotonic()
        try:
            request(app, connection, writer, drawn, random)
        except Exception:
            failures.append(f"{writer}: {[(write.name, values) for write, values in drawn]}\n{traceback.format_exc()}")
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        requests += 1
        longest_ms = max(longest_ms, (time.monotonic() - began) * 1000)
        time.sleep(random.choice(RESTS_S))
    connection.close()
    reports.put((failures, requests, longest_ms))


def request(app, connection, writer, drawn, random):
    """One transaction: most commit, some are undone, in whole or in part."""
    fate = random.random()
    connection.execute(app.begin_writing)
    if fate < 0.1:
        for write, values in drawn:
            write.run(connection, values)
        connection.execute("ROLLBACK")
        return
    if fate < 0.2:
        connection.execute("SAVEPOINT doubt")
        for write, values in drawn:
            write.run(connection, values)
        connection.execute("ROLLBACK TO doubt")
    for write, values in drawn:
        write.run(connection, values)
    record(connection, writer, [(write.name, values) for write, values in drawn])
    connection.execute("COMMIT")
