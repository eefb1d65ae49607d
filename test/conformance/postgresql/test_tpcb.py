"""pgbench runs its own transactions, unmodified and as fast as it can, while its accounts are split into two tables, brought
back, split again and merged once more. Its books stay balanced on both shapes in every snapshot, and none of its transactions
fails.

Clerks do the same on the other shape meanwhile. Where one of them and pgbench want the same account from two sides, one has to
give way: clerks look for deadlocks first, and try again."""
import re
import subprocess
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from random import Random

import psycopg2
import pytest

from support.midflight import FINISHED, UNINITIALIZED
from support.postgres import binaries, environment
from support.postgres_application import USER
from support.writers import seed_of_run

ACCOUNTS, TELLERS = 100_000, 10  # of a pgbench database at scale 1, which has one branch
CLIENTS, CLERKS, CLERK = 3, 2, "clerk"
RUN_S, WHILE_S, SAMPLE_REST_S = 2, 1, 0.1
GIVES_WAY = (psycopg2.errors.DeadlockDetected, psycopg2.errors.LockNotAvailable)

SPLIT = """
    migration: split
    old:
      store: ${APP_DB}
      key: {pgbench_accounts: aid}
    new:
      key: {balances: aid, holders: aid}
      create: |
        CREATE TABLE balances (aid integer PRIMARY KEY, abalance integer);
        CREATE TABLE holders (aid integer PRIMARY KEY, bid integer, filler character(84));
    forward:
      balances: SELECT aid, abalance FROM pgbench_accounts
      holders: SELECT aid, bid, filler FROM pgbench_accounts
    backward:
      pgbench_accounts: SELECT aid, bid, abalance, filler FROM balances JOIN holders USING (aid)
    soak: 0s
"""
MERGE = """
    migration: merge
    old:
      store: ${APP_DB}
      key: {balances: aid, holders: aid}
    new:
      key: {pgbench_accounts: aid}
      create: CREATE TABLE pgbench_accounts (aid integer PRIMARY KEY, bid integer, abalance integer, filler character(84))
    forward:
      pgbench_accounts: SELECT aid, bid, abalance, filler FROM balances JOIN holders USING (aid)
    backward:
      balances: SELECT aid, abalance FROM pgbench_accounts
      holders: SELECT aid, bid, filler FROM pgbench_accounts
    soak: 0s
"""
ITS_OWN = ("-b", "tpcb-like")
# The same as its own, by a version of the application that knows the two tables.
ON_BALANCES = r"""
    \set aid random(1, 100000)
    \set tid random(1, 10)
    \set delta random(-5000, 5000)
    BEGIN;
    UPDATE balances SET abalance = abalance + :delta WHERE aid = :aid;
    SELECT abalance FROM balances WHERE aid = :aid;
    UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
    UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = 1;
    INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, 1, :aid, :delta, CURRENT_TIMESTAMP);
    END;
"""


class Worker:
    """Does something over and over on a thread of its own, until the block ends; raises what went wrong."""

    def __enter__(self):
        self.stopping, self.failure, self.rounds = threading.Event(), None, 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.thread.join()
        if kind is None and self.failure is not None:
            raise self.failure
        assert kind is not None or self.rounds > 0

    def run(self):
        try:
            self.work()
        except BaseException as failure:
            self.failure = failure


class Pgbench(Worker):
    """Runs one after the other: each tells how many of its transactions failed."""

    def __init__(self, bank, *script):
        self.command = bank.pgbench("-n", "-c", CLIENTS, "-j", 1, "-T", RUN_S, "-M", "prepared", *script)
        self.transactions = 0

    def work(self):
        while not self.stopping.is_set():
            done = subprocess.run(self.command, env=environment(), capture_output=True, text=True, check=False)
            said = done.stdout + done.stderr
            assert done.returncode == 0 and "aborted" not in said, said
            assert re.search(r"number of failed transactions: 0 ", said) or "failed" not in said, said
            self.transactions += int(re.search(r"transactions actually processed: ([0-9]+)", said).group(1))
            self.rounds += 1


class Clerk(Worker):
    """Writes one shape's balances: half of them of any account, half of those that pgbench wrote last."""

    def __init__(self, bank, table, random):
        self.bank, self.table, self.random, self.conflicts, self.last = bank, table, random, 0, []

    def work(self):
        with closing(self.bank.app.connect(CLERK)) as connection:
            while not self.stopping.is_set():
                aid = self.account(connection)
                while not self.book(connection, aid, self.random.randint(1, TELLERS), self.random.randint(-5000, 5000)):
                    self.conflicts += 1
                self.rounds += 1

    def account(self, connection):
        if self.random.random() < 0.5:
            return self.random.randint(1, ACCOUNTS)
        if not self.last:
            self.last = [aid for aid, in connection.execute("SELECT aid FROM pgbench_history ORDER BY ctid DESC LIMIT 20")]
        return self.last.pop(0) if self.last else 1

    def book(self, connection, aid, tid, delta):
        try:
            connection.execute("BEGIN")
            assert connection.execute(f"UPDATE {self.table} SET abalance = abalance + ?2 WHERE aid = ?1", (aid, delta)).rowcount == 1
            connection.execute("UPDATE pgbench_tellers SET tbalance = tbalance + ?2 WHERE tid = ?1", (tid, delta))
            connection.execute("UPDATE pgbench_branches SET bbalance = bbalance + ?1 WHERE bid = 1", (delta,))
            connection.execute("INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (?1, 1, ?2, ?3, CURRENT_TIMESTAMP)",
                               (tid, aid, delta))
            connection.execute("COMMIT")
            return True
        except GIVES_WAY:
            connection.execute("ROLLBACK")
            return False


class Auditor(Worker):
    """Takes the sums of everything in one snapshot, of the shapes that are whole just then."""

    def __init__(self, bank):
        self.bank, self.tables, self.lock = bank, ["pgbench_accounts"], threading.Lock()

    def looks_at(self, *tables):
        """From now on; a look at others is over when this returns."""
        with self.lock:
            self.tables = tables

    def work(self):
        with closing(self.bank.app.connect()) as connection:
            while not self.stopping.wait(SAMPLE_REST_S):
                with self.lock:
                    sums = {table: f"SELECT sum(abalance) FROM {table}" for table in self.tables}
                    sums |= {"tellers": "SELECT sum(tbalance) FROM pgbench_tellers", "branches": "SELECT sum(bbalance) FROM pgbench_branches",
                             "history": "SELECT coalesce(sum(delta), 0) FROM pgbench_history"}
                    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    found = {name: connection.execute(query).fetchone()[0] for name, query in sums.items()}
                    connection.execute("COMMIT")
                assert len(set(found.values())) == 1, found
                self.rounds += 1


class Bank:
    """pgbench's tables, and who works on them."""

    def __init__(self, app):
        self.app, self.random = app, Random(seed_of_run())
        app.server.create_role(CLERK)
        app.server.execute(f"GRANT {USER} TO {CLERK}")
        # Both are over before pgbench's clients first look for a deadlock, 1 s after they began to wait.
        for setting in ("deadlock_timeout = '50ms'", "lock_timeout = '400ms'"):
            app.server.execute(f"ALTER ROLE {CLERK} SET {setting}")
        subprocess.run(self.pgbench("-i", "-q", "-s", 1), env=environment(), check=True, capture_output=True)

    def pgbench(self, *words):
        return [binaries() / "pgbench", "-h", str(self.app.server.folder), "-p", str(self.app.server.port), "-U", USER, *map(str, words),
                self.app.database]

    @contextmanager
    def clerks(self, table):
        with ExitStack() as stack:
            clerks = [stack.enter_context(Clerk(self, table, Random(self.random.random()))) for _ in range(CLERKS)]
            yield
        print(f"clerks on {table}: {sum(clerk.rounds for clerk in clerks)} bookings, {sum(clerk.conflicts for clerk in clerks)} times one gave way")

    def every_account_is_balanced(self, table):
        wrong = self.app.rows(f"""
            SELECT a.aid, a.abalance, h.sum FROM {table} a
            LEFT JOIN (SELECT aid, sum(delta) FROM pgbench_history GROUP BY aid) h USING (aid) WHERE a.abalance <> coalesce(h.sum, 0)""")
        assert wrong == []
        assert self.app.value(f"SELECT count(*) FROM {table}") == ACCOUNTS


@pytest.fixture
def bank(app):
    return Bank(app)


def lead_over(midflight, bank, auditor, old, new):
    """From nothing to Awaiting Finalization; clerks write the new side as soon as it is open."""
    midflight.start().done()
    auditor.looks_at(old, new)
    with bank.clerks(new):
        time.sleep(WHILE_S)
        midflight.verify().done()
        midflight.advance().done()
        time.sleep(WHILE_S)
        midflight.verify().done()
    assert midflight.status().json["quarantined"] == 0


def test_the_books_are_balanced_in_every_snapshot_and_no_transaction_fails(app, bank, tmp_path):
    script = tmp_path / "balances.sql"
    script.write_text(ON_BALANCES, encoding="utf-8")
    split, merge = app.migration(SPLIT, "split.yaml"), app.migration(MERGE, "merge.yaml")
    with Auditor(bank) as auditor:
        with Pgbench(bank, *ITS_OWN) as first:
            lead_over(split, bank, auditor, "pgbench_accounts", "balances")
            auditor.looks_at("pgbench_accounts")
            split.rollback().done()
            assert split.stage() == UNINITIALIZED
            lead_over(split, bank, auditor, "pgbench_accounts", "balances")
        bank.every_account_is_balanced("pgbench_accounts")
        bank.every_account_is_balanced("balances")
        auditor.looks_at("balances")
        with Pgbench(bank, "-f", script) as second:
            split.advance().done()
            assert split.stage() == FINISHED
            lead_over(merge, bank, auditor, "balances", "pgbench_accounts")
        auditor.looks_at("pgbench_accounts")
        with Pgbench(bank, *ITS_OWN) as third:
            merge.advance().done()
            assert merge.stage() == FINISHED
    bank.every_account_is_balanced("pgbench_accounts")
    app.holds_nothing_of_midflight()
    print(f"{first.transactions + second.transactions + third.transactions} transactions of pgbench's, {auditor.rounds} snapshots")
