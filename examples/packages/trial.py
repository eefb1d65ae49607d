"""What a trial is made of: midflight, the two versions of the application, what is shown, and what is found."""
import bisect
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import index
import users
from twin import Twin, differing, new_shape, read

HERE = pathlib.Path(__file__).parent
MIDFLIGHT = os.environ.get("MIDFLIGHT", HERE.parent.parent / "build" / "midflight")
DEFINITION = HERE / "packages.yaml"
PROCESSES = 2  # of each version of the application


class Broken(Exception):
    """Something happened that must not."""


class Trial:
    def __init__(self, folder):
        self.database = pathlib.Path(folder) / "packages.db"
        self.screen = Screen()
        self.phases = Phases()
        self.old = Version("old", self.database, self.phases)
        self.new = Version("new", self.database, self.phases)
        self.commands = []
        self.lost, self.diverged = set(), set()
        self.comparisons = 0
        self.idle_rate = self.live_rate = self.ratio = None

    def say(self, text):
        self.screen.say(text)

    def phase(self, name):
        self.phases.begin(name)

    def kill(self):
        """Whatever still runs."""
        for process in [*(command.process for command in self.commands), *self.old.processes, *self.new.processes]:
            process.kill()
            process.wait()

    # --- the database ---

    def load(self):
        packages = index.read()
        if not packages:
            raise Broken("apt-cache dumpavail lists no packages on this machine: apt-get update fetches the list")
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(users.JOURNAL)
            index.load(db, packages)
            db.commit()
        self.twin = Twin(packages)
        self.say(f"{len(packages):,} packages of this machine's index are in the old shape")

    def copy(self, name):
        """A fresh copy of the database, while nobody writes."""
        for old in self.database.parent.glob(name + "*"):
            old.unlink()
        return shutil.copy(self.database, self.database.with_name(name))

    @contextlib.contextmanager
    def snapshot(self):
        """The database at one moment, however much is written meanwhile."""
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            db.execute("BEGIN")
            yield db

    def compare_with_twin(self, shape, *tables):
        with self.snapshot() as db:
            self.twin.follow(db)
            found = read(db, *tables)
        lost = differing(shape(self.twin.packages), found)
        self.lost |= lost
        self.say(f"the twin: {len(self.twin.packages):,} packages after {self.twin.writes:,} writes, "
                 f"{len(lost)} are not as written")

    def compare_sides(self):
        """Old with new, not by midflight but by the application's own Python."""
        columns = index.COLUMNS.split(", ")
        with self.snapshot() as db:
            rows = db.execute(f"SELECT {index.COLUMNS} FROM packages").fetchall()
            found = read(db, "package", "dependency")
        packages = {row[0]: dict(zip(columns, row)) for row in rows}
        diverged = differing(new_shape(packages), found)
        self.diverged |= diverged
        self.comparisons += 1
        self.say(f"old and new compared without midflight: {len(packages):,} packages, {len(diverged)} differ")

    # --- midflight ---

    def spawn(self, verb, *options, database=None):
        command = Command(verb, options, database or self.database)
        self.commands.append(command)
        return command

    def midflight(self, verb, *options, database=None, allowed=(0,)):
        """Runs a verb to its end while showing what goes on."""
        command = self.spawn(verb, *options, database=database)
        self.watch_until(command.ended, database)
        if command.process.returncode not in allowed:
            raise Broken(f"midflight {verb} ended with {command.process.returncode}:\n{command.said()}")
        return command

    def status(self, database=None):
        run = subprocess.run(arguments("status"), env=environment(database or self.database), stdout=subprocess.PIPE)
        if run.returncode != 0:
            raise Broken(f"midflight status ended with {run.returncode}:\n{run.stdout.decode()}")
        return json.loads(run.stdout)

    def expect(self, stage):
        status = self.status()
        if status["stage"] != stage:
            raise Broken(f"the stage is {status['stage']}, not {stage}")
        return status

    def verify(self):
        command = self.midflight("verify", allowed=(0, 5))
        *differences, result = command.lines()
        self.diverged |= {difference["key"].strip("'") for difference in differences}
        self.comparisons += 1
        self.say(f"verify: {result['rows']:,} packages, {result['diverged']} diverged")

    # --- time ---

    def watch(self, seconds):
        end = time.monotonic() + seconds
        self.watch_until(lambda: time.monotonic() >= end)

    def watch_until(self, done, database=None):
        while not done():
            for version in (self.old, self.new):
                version.check_alive()
            if self.screen.is_due():
                self.screen.show(self.now(database))
            time.sleep(0.05)

    def now(self, database=None):
        """One line: the stage, how far, and what the application does."""
        status = self.status(database)
        share = status["rows_done"] / status["rows_total"] if status["rows_total"] else 0
        bar = "#" * round(20 * share)
        rates = [f"{version.name} {version.rate():3.0f}/s" for version in (self.old, self.new) if version.processes]
        return f"{status['stage']:26}  [{bar:.<20}] {share:4.0%}  {'  '.join(rates)}"


class Command:
    """One run of midflight."""

    def __init__(self, verb, options, database):
        self.output, self.notes = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(arguments(verb, *options), env=environment(database), stdout=self.output,
                                        stderr=self.notes, start_new_session=True)

    def ended(self):
        return self.process.poll() is not None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def lines(self):
        """What it printed, as JSON: the last line is the result."""
        self.output.seek(0)
        return [json.loads(line) for line in self.output]

    def said(self):
        """All it printed, as it stands."""
        self.output.seek(0)
        self.notes.seek(0)
        return self.output.read() + self.notes.read()

    def backfilled(self):
        """By its own note: the rows it copied, and the seconds that took."""
        rows, seconds = re.search(r"backfill: (\d+) rows in ([\d.]+) s", self.said()).groups()
        return int(rows), float(seconds)

    def indexed(self):
        """The seconds that the indexes took after the backfill."""
        built = re.search(r"indexes: built in ([\d.]+) s", self.said())
        return float(built[1]) if built else 0.0


def arguments(verb, *options):
    return [MIDFLIGHT, verb, "--json", *options, DEFINITION]


def environment(database):
    return {**os.environ, "APP_DB": f"sqlite:{database}"}


class Version:
    """The processes of one version of the application, and what they report."""

    def __init__(self, name, database, phases):
        self.name, self.database, self.phases = name, database, phases
        self.processes, self.readers, self.errors = [], [], []
        self.requests = self.failed = 0
        self.slowest = {}  # by phase: the longest request in ms
        self.rated = (time.monotonic(), 0)
        self.lock = threading.Lock()

    def start(self):
        for number in range(PROCESSES):
            process = subprocess.Popen([sys.executable, HERE / f"{self.name}_app.py", self.database, str(number)],
                                       stdout=subprocess.PIPE, start_new_session=True)
            reader = threading.Thread(target=self.read, args=[process.stdout])
            reader.start()
            self.processes.append(process)
            self.readers.append(reader)

    def read(self, reports):
        for line in reports:
            report = json.loads(line)
            phase = self.phases.at(report["slowest_at"])
            with self.lock:
                self.requests += report["requests"]
                self.failed += report["failed"]
                self.errors += report["errors"]
                self.slowest[phase] = max(self.slowest.get(phase, 0), report["slowest_ms"])

    def rate(self):
        """Requests a second since this was asked last."""
        (before, requests), self.rated = self.rated, (time.monotonic(), self.requests)
        return (self.requests - requests) / (self.rated[0] - before)

    def check_alive(self):
        if any(process.poll() is not None for process in self.processes):
            raise Broken(f"a process of the {self.name} version is dead")

    def stop(self):
        """As a deployment does it: each process first ends the request it is at."""
        self.check_alive()
        for process in self.processes:
            process.terminate()
        for process, reader in zip(self.processes, self.readers):
            process.wait()
            reader.join()
        self.processes, self.readers = [], []


class Screen:
    """Lines that stay; on a terminal, below them, one that shows what is going on now."""

    def __init__(self):
        self.began = self.shown = time.monotonic()
        self.terminal = sys.stdout.isatty()

    def say(self, text):
        print(f"{self.clear()}{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def is_due(self):
        return time.monotonic() - self.shown > (0.3 if self.terminal else 2)

    def show(self, text):
        self.shown = time.monotonic()
        if self.terminal:
            print(f"{self.clear()}{text[:shutil.get_terminal_size().columns - 1]}", end="", flush=True)
        else:
            self.say(text)

    def clear(self):
        return "\r\033[K" if self.terminal else ""


class Phases:
    """What went on when."""

    def __init__(self):
        self.names, self.begins = ["before"], [0.0]

    def begin(self, name):
        self.names.append(name)
        self.begins.append(time.monotonic())

    def at(self, moment):
        return self.names[bisect.bisect(self.begins, moment) - 1]
