"""What the users of the application do, whichever its version: requests, each one transaction, timed and checked.

A write is noted in the table `journal` by the transaction that does it. So every read can be checked against the last
write of anybody, through either version; and at the end the twin knows what must be there.
"""
import contextlib
import json
import random
import signal
import sqlite3
import sys
import time
import zlib

MIX = {"read": 40, "page": 10, "dependents": 5, "set_version": 15, "require": 10, "release": 8, "add": 7, "remove": 5}
THINK_S = 0.008  # the mean time from one answer to the next request
REPORT_S = 0.1

JOURNAL = """
CREATE TABLE journal (id INTEGER PRIMARY KEY, action TEXT NOT NULL, name TEXT NOT NULL, arguments TEXT NOT NULL);
CREATE INDEX journal_name ON journal (name);
"""


class WrongAnswer(Exception):
    """The application answered, but not with what was written last."""


def serve(App):
    """APP.py DATABASE NUMBER: serves users until SIGTERM; ten times a second a line of JSON reports on them."""
    database, number = sys.argv[1:]
    users = Users(App, database, number)
    signal.signal(signal.SIGTERM, users.stop)
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more: that is the end, too
        while not users.stopped:
            print(json.dumps(users.serve(REPORT_S)), flush=True)


class Users:
    def __init__(self, App, database, number):
        self.stopped = False
        self.db = sqlite3.connect(database, timeout=10, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("PRAGMA foreign_keys = ON")
        self.app = App(self.db)
        self.mix = dict(MIX)
        if not hasattr(App, "dependents"):
            del self.mix["dependents"]
        self.random = random.Random()
        self.prefix = f"{App.__name__.lower()}-{number}-{time.time_ns():x}"
        self.names = list(self.all_names())
        # Here all processes get in each other's way.
        self.hot = [name for name in self.names if zlib.crc32(name.encode()) % 2000 == 0]

    def all_names(self):
        page = self.app.page("")
        while page:
            yield from (name for name, _ in page)
            page = self.app.page(page[-1][0])

    def stop(self, *_):
        self.stopped = True

    def serve(self, seconds):
        """Serves for so long; returns the report."""
        report = {"requests": 0, "failed": 0, "errors": [], "slowest_ms": 0, "slowest_at": 0}
        end = time.monotonic() + seconds
        while not self.stopped and time.monotonic() < end:
            request, = self.random.choices(list(self.mix), self.mix.values())
            began = time.monotonic()
            try:
                getattr(self, request)()
            except (sqlite3.Error, WrongAnswer) as error:
                report["failed"] += 1
                report["errors"].append(f"{request}: {error}")
            took_ms = (time.monotonic() - began) * 1000
            report["requests"] += 1
            if took_ms > report["slowest_ms"]:
                report["slowest_ms"], report["slowest_at"] = took_ms, began
            time.sleep(self.random.expovariate(1 / THINK_S))
        return report

    @contextlib.contextmanager
    def transaction(self, begin):
        self.db.execute(begin)
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    # --- requests that read ---

    def read(self):
        name = self.any_name()
        with self.transaction("BEGIN"):
            package = self.app.get(name)
            last = self.db.execute("SELECT action, arguments FROM journal WHERE name = ? ORDER BY id DESC LIMIT 1",
                                   (name,)).fetchone()
        if last and not shows(package, last["action"], *json.loads(last["arguments"])):
            raise WrongAnswer(f"the last write of {name} was {last['action']} {last['arguments']}, but it is {package}")

    def page(self):
        after = self.any_name()
        names = [name for name, _ in self.app.page(after)]
        if names != sorted(names) or (names and names[0] <= after):
            raise WrongAnswer(f"after {after} come {names}")

    def dependents(self):
        name = self.any_name()
        with self.transaction("BEGIN"):
            for dependent in self.app.dependents(name):
                package = self.app.get(dependent)
                if package is None or name not in package["depends"]:
                    raise WrongAnswer(f"{dependent} is said to depend on {name}, and does not")

    # --- requests that write ---

    def set_version(self):
        self.write("set_version", self.any_name(), self.any_version())

    def require(self):
        alternatives = [f"{self.any_name()} (>= {self.any_version()})", self.any_name()]
        self.write("require", self.any_name(), " | ".join(alternatives[:self.random.randint(1, 2)]))

    def release(self):
        name = self.any_name()
        package = self.app.get(name)
        if package and package["depends"]:
            self.write("release", name, self.random.choice(package["depends"].split(", ")))

    def add(self):
        fresh = self.random.random() < 0.7
        name = f"{self.prefix}-{len(self.names)}" if fresh else self.random.choice(self.hot)
        depends = [f"{self.any_name()} (= {self.any_version()})" for _ in range(self.random.randint(0, 6))]
        self.write("add", name, {
            "version": self.any_version(), "section": "misc", "architecture": "all", "depends": ", ".join(depends),
            "installed_size": self.random.choice([None, 1234]), "maintainer": "A. Nonymous", "description": "It's new"})
        if fresh:
            self.names.append(name)

    def remove(self):
        self.write("remove", self.any_name())

    def write(self, action, name, *arguments):
        with self.transaction("BEGIN IMMEDIATE"):
            if getattr(self.app, action)(name, *arguments):
                self.db.execute("INSERT INTO journal (action, name, arguments) VALUES (?, ?, ?)",
                                (action, name, json.dumps(arguments)))

    # --- what they ask for ---

    def any_name(self):
        return self.random.choice(self.hot if self.random.random() < 0.3 else self.names)

    def any_version(self):
        a, b, c = (self.random.randint(0, 10**6) for _ in range(3))
        return self.random.choice([f"{a}", f"{a}.{b}-{c}", f"0:{a}-{b}", f"{a}:{b}~rc1", f"{a}:{b}-rc1-{c}+b1"])


def shows(package, action, *arguments):
    """Is the package as somebody can see it right after this write?"""
    if action == "remove" or package is None:
        return action == "remove" and package is None
    if action == "add":
        return package == arguments[0]
    if action == "set_version":
        return package["version"] == arguments[0]
    return (arguments[0] in package["depends"].split(", ")) == (action == "require")
