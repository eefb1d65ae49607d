"""The application on PostgreSQL, played by pgbench, and what it saw."""
import re
import subprocess
import threading
import time
from contextlib import closing

from support.postgres import environment


def pgbench_words(server, database, *words):
    return ["pgbench", "-h", str(server.folder), "-p", str(server.port), "-U", "app", "-n", *map(str, words), database]


def pgbench(server, database, *words, options=""):
    """Runs it to its end; returns transactions a second, failed and aborted ones, and all it said."""
    done = subprocess.run(pgbench_words(server, database, *words), env={**environment(), "PGOPTIONS": options}, capture_output=True,
                          text=True, check=False)
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode not in (0, 2) or rate is None:
        raise SystemExit(f"pgbench failed\n{done.stdout}{done.stderr}")
    failed = re.search(r"number of failed transactions: ([0-9]+)", done.stdout)
    return float(rate.group(1)), int(failed.group(1)) + done.stderr.count(" aborted"), done.stdout + done.stderr


def pgbench_make(server, database, scale):
    """Its own tables, of 100,000 accounts times `scale`."""
    subprocess.run(pgbench_words(server, database, "-i", "-q", "-s", scale), env=environment(), check=True, capture_output=True)


class Waits:
    """Times of requests, in ms, from when they were due."""

    def __init__(self, times):
        self.times = sorted(times)

    def quantile(self, share):
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))] if self.times else float("nan")

    def __str__(self):
        if not self.times:
            return "no request"
        return f"p50 {self.quantile(0.5):.1f}, p99 {self.quantile(0.99):.1f}, longest {self.times[-1]:.0f} ms of {len(self.times):,}"


class Load:
    """An application that goes on until the block ends: `rate` requests a second whatever becomes of them (0: as many as it
    can), with what each waited, its own lateness included."""

    def __init__(self, server, database, folder, rate, *words):
        self.prefix = f"{folder}/load-{time.monotonic_ns()}"
        words = [*(["-R", f"{rate:.1f}"] if rate else []), "-c", 4, "-j", 1, "-T", 3600, "-l", f"--log-prefix={self.prefix}",
                 "--max-tries=1", *words]
        self.command, self.folder, self.requests, self.failed = pgbench_words(server, database, *words), folder, [], 0

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        time.sleep(1)  # what it has not written down yet is lost with it: that is less than this
        self.process.terminate()
        self.failed = self.process.communicate()[1].count(" aborted")
        with open(f"{self.prefix}.{self.process.pid}", encoding="ascii") as log:
            for line in log:
                fields = line.split()
                if len(fields) < 6 or not line.endswith("\n"):
                    continue
                if not fields[2].isdigit():
                    self.failed += 1
                    continue
                ended = int(fields[4]) + int(fields[5]) / 1e6
                self.requests.append((ended, int(fields[2]) / 1000))

    def between(self, since, until):
        """Those in the middle of their time then."""
        return Waits(ms for ended, ms in self.requests if since <= ended - ms / 2000 < until)

    def rate_between(self, since, until):
        return sum(since <= ended < until for ended, _ in self.requests) / max(until - since, 1e-9)


class Steps:
    """Sees in the ledger when each step of the migration `bench` ends, while the block runs."""

    def __init__(self, server, database):
        self.server, self.database, self.ends, self.done = server, database, [], threading.Event()

    def __enter__(self):
        self.began = time.time()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended = time.time()
        self.done.set()
        self.thread.join()

    def watch(self):
        with closing(self.server.connect(self.database)) as connection:
            over = False
            while not over:
                over = self.done.wait(0.02)  # one look more, when the migration has got there
                self.look(connection, time.time())

    def look(self, connection, now):
        """Steps are found in the order in which they were entered."""
        if connection.execute("SELECT to_regclass('midflight.midflight_step') IS NOT NULL").fetchone()[0]:
            steps = connection.execute("SELECT step FROM midflight.midflight_step WHERE migration = 'bench' ORDER BY ctid").fetchall()
            self.ends += [(step, now) for step, in steps[len(self.ends):]]

    def spans(self):
        """(name, since, until) of each step; the first has the check in it."""
        since = self.began
        for step, until in self.ends:
            yield step, since, until
            since = until
