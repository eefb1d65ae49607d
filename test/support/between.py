"""A migration from one store to another, with a version of the application at each of the two; or within one database by an outbox,
where both versions are at that.

    move = Move(SplitName, {OLD: app, NEW: other_app}, 1000)
    move.open(OLD)
    move.midflight.start().done()
    with move.following():
        move.close(OLD)
        move.settle()
    move.twin.agree()

One side takes writes at a time; the other version is told so, tries again, and is right in doing so.
"""
import os
import re
import signal
import textwrap
import threading
import time
from contextlib import closing, contextmanager
from itertools import groupby
from random import Random

import psycopg2

from support.midflight import AWAITING_FINALIZATION, FINISHED, FINISHING, tell
from support.stores import POSTGRESQL, SQLITE, spoken
from support.twin import Twin, as_meant, compare, record
from support.workload import NEW, OLD
from support.writers import seed_of_run

PAIRS = {f"{old}->{new}": (old, new) for old, new in
         ((SQLITE, POSTGRESQL), (POSTGRESQL, POSTGRESQL), (POSTGRESQL, SQLITE), (SQLITE, SQLITE))}
# Both sides in one database, with sync: outbox.
WITHIN = {SQLITE: (SQLITE, SQLITE), POSTGRESQL: (POSTGRESQL, POSTGRESQL)}
CHOSEN = os.environ.get("MIDFLIGHT_PAIRS", ",".join((*PAIRS, *WITHIN))).split(",")

# What only one side knows. It stays with a row, but not with a key: whether one that was deleted and made again is the same
# row as before depends on how often the outbox was drained in between.
UNMAPPED = {"origin", "note", "hint"}

PATIENCE_S = 60
OPTIONS = ("soak: 0s", "pause_max: 10s")  # a cut-over may take as long as a busy machine needs for it
REFUSAL = re.compile(r"midflight: |\(migration |has moved to")
NOT_THERE = (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidColumnReference)  # or not with its primary key yet
OTHER = {OLD: NEW, NEW: OLD}


def between(definition, apps):
    """A definition as SQLite has it, in the words of two stores: what runs in a store is in its own."""
    old, new = apps[OLD].store, apps[NEW].store
    parts = re.split(r"^(?=\w)", textwrap.dedent(definition), flags=re.MULTILINE)
    stores = {"new": new, "backward": new}
    text = "".join(spoken(part, stores.get(part.split(":")[0], old)) for part in parts)
    if apps[OLD] is apps[NEW]:
        return f"{text.rstrip()}\nsync: outbox\n"
    return text.replace("\nnew:\n", "\nnew:\n  store: ${NEW_DB}\n", 1)


def apart(kind):
    """A workload whose sides take writes one after the other: Workload(apps)."""
    class Apart(kind):
        def __init__(self, apps):
            super().__init__(SQLITE)
            self.stores = {side: app.store for side, app in apps.items()}
            self.schema, self.definition = spoken(kind.schema, self.stores[OLD]), between(kind.definition, apps)

        def store_of(self, side):
            return self.stores[side]

        def open_sides(self, stage):
            return (NEW,) if stage in (AWAITING_FINALIZATION, FINISHING, FINISHED) else (OLD,)

        whole_sides = open_sides

    Apart.__name__ = kind.__name__
    return Apart


class TwinOfTwo(Twin):
    """Knows the writes of both journals. The side that takes writes may be compared at any moment, the other one when everything
    has reached it."""

    def __init__(self, workload, apps, count):
        super().__init__(workload, apps[OLD], count)
        self.apps = apps

    def differences(self, *sides):
        return [line for side in sides for line in self.of_side(side)]

    def of_side(self, side):
        with closing(self.apps[side].connect()) as connection, closing(self.apps[OTHER[side]].connect()) as other:
            connection.execute(self.apps[side].begin_reading)
            found = {}
            for table, columns in self.mapped(side).items():
                found[table] = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
            self.follow_all(*([connection] if self.apps[OLD] is self.apps[NEW] else [connection, other]))
            connection.execute("COMMIT")
        expected = self.expected(side)
        return [line for table in found for line in compare(f"{side} {table}", expected[table], map(as_meant, found[table]))]

    def follow_all(self, *connections):
        after = "SELECT number, writes FROM journal WHERE number > ?1"
        self.play(sorted(row for connection in connections for row in connection.execute(after, (self.number,))))

    def mapped(self, side):
        return {table: [column for column in columns if column not in UNMAPPED] for table, columns in self.workload.tables[side].items()}

    def expected(self, side):
        rows = self.workload.rows(self.state)
        wanted = {table: [n for n, column in enumerate(columns) if column not in UNMAPPED]
                  for table, columns in self.workload.tables[side].items()}
        return {table: [tuple(row[n] for n in places) for row in rows[table]] for table, places in wanted.items()}


def is_refusal(failure):
    """The side is closed by midflight, and says so; or its tables are not there yet, or not any more."""
    text = str(failure)
    return REFUSAL.search(text) is not None or "no such table" in text or isinstance(failure, NOT_THERE)


def is_gone(failure):
    """The server is, or the way to it."""
    if not isinstance(failure, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return False
    return failure.pgcode is None or failure.pgcode[:3] in ("57P", "080")


def changes(connection):
    """A number that grows with every row written: SQLite refuses rows, and no statement that finds none; PostgreSQL refuses statements."""
    return getattr(connection, "total_changes", time.monotonic())


class Version:
    """One version of the application: connections that write, until `stop`. It remembers what was acknowledged and what it was told
    when its side was closed; with `comes_back` it survives its server. Anything else that fails, fails the test."""

    def __init__(self, workload, app, side, seed, count=2, comes_back=False):
        self.workload, self.app, self.side, self.comes_back = workload, app, side, comes_back
        self.acknowledged, self.refusals, self.failures, self.longest_ms, self.gone = [], [], [], 0, 0
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(f"{side}-{seed}-{n}", Random(f"{seed} {side} {n}")), daemon=True)
                        for n in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, name, random):
        number = 0
        while not self.over.is_set():
            try:
                with closing(self.app.connect()) as connection:
                    while not self.over.is_set():
                        number += 1
                        self.request(connection, f"{name} {number}", random)
            except Exception as failure:  # told by `stop`, in the test's own thread
                if not self.comes_back or not is_gone(failure):
                    self.failures.append(f"{name} {number}: {type(failure).__name__}: {failure}")
                    return
                self.gone += 1
                self.over.wait(0.02)

    def request(self, connection, name, random):
        drawn = self.workload.draw_writes(self.side, random.choice((1, 1, 2, 5)), random)
        began = time.monotonic()
        try:
            connection.execute(self.app.begin_writing)
            wrote = changes(connection)
            for write, values in drawn:
                write.run(connection, values)
            wrote = changes(connection) - wrote
            record(connection, name, [(write.name, values) for write, values in drawn])
            if not wrote or random.random() < 0.1:
                connection.execute("ROLLBACK")
                return
            connection.execute("COMMIT")
        except Exception as failure:
            if not is_refusal(failure):
                raise
            self.refusals.append(str(failure))
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self.over.wait(0.02)
            return
        self.acknowledged.append(name)
        self.longest_ms = max(self.longest_ms, (time.monotonic() - began) * 1000)
        time.sleep(random.choice((0, 0, 0.001, 0.003)))

    def writes_again(self):
        """Waits for a write that is acknowledged from now on."""
        before, until = len(self.acknowledged), time.monotonic() + PATIENCE_S
        while len(self.acknowledged) == before:
            assert not self.failures, self.failures[0]
            assert time.monotonic() < until, f"the {self.side} version gets nothing through: {self.refusals[-1:]}"
            time.sleep(0.005)

    def stop(self):
        """Waits for the last commits: everything that was acknowledged is in the journal."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        print(f"the {self.side} version: {len(self.acknowledged)} requests, the longest took {self.longest_ms:.0f} ms; "
              f"{len(self.refusals)} were refused")
        assert not self.failures, "failed requests:\n" + "\n".join(self.failures)
        kept = {name for name, in self.app.rows("SELECT writer FROM journal")}
        lost = [name for name in self.acknowledged if name not in kept]
        assert not lost, f"acknowledged and lost: {lost[:10]}"


class Move:
    def __init__(self, kind, apps, count, *options, seed=None, made=False):
        """`made`: the databases are there already."""
        self.apps, self.seed = apps, seed if seed is not None else seed_of_run()
        self.workload = apart(kind)(apps)
        if not made:
            self.workload.make(apps[OLD], count)
        if not made and apps[NEW] is not apps[OLD]:
            apps[NEW].prepare("wal")
            apps[NEW].sql(apps[NEW].journal)
        self.before = {side: app.schema() for side, app in apps.items()}
        self.twin = TwinOfTwo(self.workload, apps, count)
        self.midflight = midflight_between(apps, "\n".join([self.workload.definition.strip(), *(options or OPTIONS)]) + "\n")
        self.versions, self.opened = {}, 0

    def open(self, side, **more):
        """That version begins to write, or to try. Each time it draws anew: what is meant to be fresh is."""
        self.opened += 1
        self.versions[side] = Version(self.workload, self.apps[side], side, f"{self.seed}-{self.opened}", **more)
        return self.versions[side]

    def close(self, side):
        self.versions.pop(side).stop()

    def abandon(self):
        """At the end of a test, however it ended."""
        for version in self.versions.values():
            version.over.set()
        for version in self.versions.values():
            for thread in version.threads:
                thread.join()

    @contextmanager
    def following(self):
        """`midflight follow` is at work."""
        with follow(self.midflight) as process:
            yield process

    def settle(self):
        """While somebody follows, and nobody writes: waits until everything has reached the other side."""
        settle(self.midflight)

    def drain(self):
        with self.following():
            self.settle()

    def phases(self):
        """The sides in the order in which they took writes: while one did the other did not."""
        writers = sorted({row for app in self.apps.values() for row in app.rows("SELECT number, writer FROM journal")})
        return [side for side, _ in groupby(writer.split("-")[0] for _, writer in writers)]

    def clean(self, *sides):
        """Nothing of midflight is left there."""
        for side in sides or (OLD, NEW):
            self.apps[side].holds_nothing_of_midflight()


def midflight_between(apps, definition, name="migration.yaml"):
    """The Midflight of a definition that names ${APP_DB} and ${NEW_DB}."""
    midflight = apps[OLD].migration(definition, name)
    midflight.environment["NEW_DB"] = apps[NEW].address(apps[NEW].database)
    return midflight


@contextmanager
def follow(midflight, *options, ends=signal.SIGTERM):
    process = midflight.begin("follow", *options)
    try:
        yield process
        tell(process, ends)
        midflight.end(process).done()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def settle(midflight):
    eventually(midflight, lambda status: status["outbox"] == 0)


def eventually(midflight, so):
    until = time.monotonic() + PATIENCE_S
    while not so(status := midflight.status().done().json):
        assert time.monotonic() < until, f"still not so: {status}"
        time.sleep(0.02)
