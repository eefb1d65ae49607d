"""The whole life of a migration, live, on this machine's own package index. Run by ./try.

packages.yaml            the migration
old_app.py, new_app.py   the application, before it and after it
users.py                 what the application's users do, and how they notice that something is wrong
index.py                 the packages, from apt
twin.py                  what must be in the tables, whatever happened
trial.py                 midflight and the application as processes, and what is shown of them
"""
import contextlib
import re
import signal
import sqlite3
import sys
import tempfile
import time

from trial import DEFINITION, Broken, Trial
from twin import new_shape, old_shape

GENTLE = "0.5"  # the share of the time that the first backfill may take, so that it has a middle to be killed in
KILL_AT = 0.3  # the share of the rows at which it is killed
COMPARE_S = 8  # the time in which another comparison of speed with INSERT ... SELECT may begin


def fly(trial):
    trial.load()
    compare_speed(trial)

    trial.phase("no midflight")
    trial.say("the old version of the application is up, two processes")
    trial.old.start()
    trial.watch(3)

    trial.phase("check")
    check, = trial.midflight("check").lines()
    trial.say(f"check: {check['rows_tried']:,} packages forward and back, {check['broken_count']} come back changed")
    if check["broken_count"] > 0:
        raise Broken(f"backward(forward(x)) is not x: {check['broken'][0]}")

    trial.phase("start")
    start_and_kill(trial)
    trial.watch(1)
    trial.say("start: the same command goes on from there")
    trial.midflight("start")
    trial.expect("Awaiting Additional Action")

    trial.phase("both versions, old leads")
    trial.say("Awaiting Additional Action: both shapes are live, and the new version is deployed beside the old")
    trial.new.start()
    trial.watch(4)
    trial.verify()
    trial.compare_sides()

    cut_over(trial)
    trial.watch(2)

    trial.phase("rollback")
    trial.say("second thoughts: the new version is withdrawn; rollback")
    trial.new.stop()
    trial.midflight("rollback")
    trial.expect("Uninitialized")
    trial.compare_with_twin(old_shape, "packages")

    trial.phase("start")
    trial.say("start: forward again, from the beginning")
    rows, seconds = trial.midflight("start").backfilled()
    trial.live_rate = rows / seconds
    trial.expect("Awaiting Additional Action")
    trial.phase("both versions, old leads")
    trial.say("Awaiting Additional Action: the new version is back")
    trial.new.start()
    trial.watch(2)

    soak_s = cut_over(trial)
    trial.midflight("advance", allowed=[3])
    trial.say(f"advance, too early: refused, as {soak_s} s of soak are not over")
    trial.watch(soak_s + 1)
    trial.verify()
    trial.compare_sides()

    trial.phase("finish")
    trial.say("the old version is retired; advance: through the one-way door")
    trial.old.stop()
    trial.midflight("advance")
    trial.expect("Finished")
    trial.phase("the new version alone")
    trial.say("Finished")
    trial.watch(2)
    trial.new.stop()
    trial.compare_with_twin(new_shape, "package", "dependency")


def start_and_kill(trial):
    trial.say(f"start --load {GENTLE}")
    start = trial.spawn("start", "--load", GENTLE)

    def is_midway():
        status = trial.status()
        return status["stage"] == "Running" and status["rows_done"] >= KILL_AT * status["rows_total"]

    trial.watch_until(lambda: start.ended() or is_midway())
    start.kill()
    status = trial.expect("Running")
    if not 0 < status["rows_done"] < status["rows_total"]:
        raise Broken("midflight was not killed in the middle of the backfill")
    trial.say(f"SIGKILL to midflight after {status['rows_done']:,} of {status['rows_total']:,} packages")


def cut_over(trial):
    """Returns the seconds of soak that are left."""
    trial.phase("cut-over")
    trial.say("advance: the cut-over")
    trial.midflight("advance")
    status = trial.expect("Awaiting Finalization")
    trial.phase("both versions, new leads")
    trial.say("Awaiting Finalization: the new shape leads, the old one follows")
    return status["soak_left_s"]


# --- speed, with nobody else there ---

def compare_speed(trial):
    """One INSERT ... SELECT and midflight's backfill in turn, each on a fresh copy of the database; best of each."""
    plain, moved = [], []
    end = time.monotonic() + COMPARE_S
    while not plain or time.monotonic() < end:
        plain.append(insert_select(trial.copy("plain.db")))
        start = trial.midflight("start", database=trial.copy("moved.db"))
        rows, seconds = start.backfilled()
        moved.append(seconds + start.indexed())
    trial.idle_rate, trial.ratio = rows / min(moved), min(plain) / min(moved)
    trial.say(f"on copies, nobody there: INSERT ... SELECT {min(plain):.2f} s, midflight's backfill with its indexes "
              f"{min(moved):.2f} s")


def insert_select(database):
    """The seconds that the definition's own queries take into the definition's own tables, in one transaction."""
    definition = DEFINITION.read_text()
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -16000")  # as midflight has it
        db.executescript(blocks(definition, "new")["create"] + blocks(definition, "new")["index"])
        began = time.monotonic()
        db.execute("BEGIN")
        for table, query in blocks(definition, "forward").items():
            columns = [column for column, *_ in db.execute(query + " LIMIT 0").description]
            db.execute(f"INSERT INTO {table} ({', '.join(columns)}) {query}")
        db.execute("COMMIT")
        return time.monotonic() - began


def blocks(definition, section):
    """The SQL texts of one section of the definition: {key: text}. Python's library reads no YAML."""
    body = re.search(rf"^{section}:\n((?:(?: .*)?\n)+)", definition, re.M)[1]
    return dict(re.findall(r"^  (\w+): \|\n((?:(?:    .*)?\n)+)", body, re.M))


# --- what came of it ---

def print_table(trial):
    """Returns whether all is well."""
    old, new, lost, diverged = trial.old, trial.new, len(trial.lost), len(trial.diverged)
    failed = old.failed + new.failed
    phases = dict.fromkeys([*old.slowest, *new.slowest])
    stalls = {phase: max(old.slowest.get(phase, 0), new.slowest.get(phase, 0)) for phase in phases}
    worst = max(stalls, key=stalls.get)
    print()
    for name, value, meaning in [
        ("requests, old version", f"{old.requests:,}", ""),
        ("requests, new version", f"{new.requests:,}", ""),
        ("failed", f"{failed:,}", "refused, or answered with anything but what was written last"),
        ("lost", f"{lost:,}", f"packages not as {trial.twin.writes:,} writes left them: all were compared with a twin"),
        ("diverged", f"{diverged:,}", f"packages, in {trial.comparisons} comparisons of all of old with all of new"),
        ("longest stall", f"{stalls[worst]:,.0f} ms", f"of one request, in: {worst}"),
        ("backfill", f"{trial.live_rate:,.0f} rows/s", "old rows a second, while the old version is at work"),
        ("backfill, idle", f"{trial.idle_rate:,.0f} rows/s", "on a copy, nobody at work, the indexes counted in"),
        ("ratio", f"{trial.ratio:.2f}", "backfill, idle, and its indexes, to one INSERT ... SELECT: same"),
        ("", "", "queries, tables and indexes, on a copy as well, nobody at work"),
    ]:
        print(f"  {name:23}{value:>14}  {meaning}".rstrip())
    print("\n  longest request, by what went on")
    for phase, stall in stalls.items():
        print(f"  {phase:27}{stall:>7,.0f} ms")
    return not (failed or lost or diverged)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="midflight-try-") as folder, contextlib.ExitStack() as stack:
        trial = Trial(folder)
        stack.callback(trial.kill)
        try:
            fly(trial)
            well = print_table(trial)
        except KeyboardInterrupt:
            trial.say("stopped")
            return 130
        except Broken as broken:
            trial.say(f"BROKEN: {broken}")
            well = False
        for error in (trial.old.errors + trial.new.errors)[:10]:
            print(f"  failed: {error[:300]}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
