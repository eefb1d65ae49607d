"""A whole application that knows PgBouncer alone, and is moved from one server to another without hearing of it.

    with Shop(tmp_path, old_server, new_server) as shop, shop.open() as clients:
        shop.midflight.start().done()
        shop.midflight.advance().done()
"""
import threading
import time
from contextlib import closing, contextmanager

from support.between import is_refusal
from support.pooler import ADMIN, Door
from support.postgres_application import USER, PostgresApplication
from support.workload import NEW, OLD

ROWS = 200
SCHEMA = "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, visits bigint NOT NULL DEFAULT 0)"
DEFINITION = """
    migration: shop-to-new
    old:
      store: ${APP_DB}
      key: {customers: id}
    new:
      store: ${NEW_DB}
      key: {customers: id}
      create: %s
    forward:
      customers: SELECT id, name, visits FROM customers
    backward:
      customers: SELECT id, name, visits FROM customers
    soak: 0s
    pause_max: 5s
    pgbouncer:
      admin: ${ADMIN}
      database: ${NAME}
      config: ${CONFIG}
""" % SCHEMA


class Shop:
    def __init__(self, folder, old_server, new_server, mode="transaction"):
        self.apps = {OLD: PostgresApplication(folder, old_server), NEW: PostgresApplication(folder, new_server)}
        old, new = self.apps.values()
        old.sql(f"{SCHEMA}; INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, {ROWS}) AS i")
        self.door = Door(old_server, USER, old.database, mode)
        self.before = self.door.config.read_text()
        self.midflight = self.define(DEFINITION)

    def define(self, text):
        midflight = self.apps[OLD].migration(text, "migration.yaml")
        midflight.environment.update(NEW_DB=self.apps[NEW].address(self.apps[NEW].database), NAME=self.door.database,
                                     ADMIN=self.door.address("pgbouncer", ADMIN), CONFIG=str(self.door.config))
        return midflight

    def __enter__(self):
        self.door.__enter__()
        return self

    def __exit__(self, *_):
        self.door.__exit__()
        for app in self.apps.values():
            app.remove()

    @contextmanager
    def open(self, count=4):
        """Clients at work: none of their transactions may fail, and none be lost."""
        clients = Clients(self, count)
        try:
            yield clients
            time.sleep(0.1)
        finally:
            clients.stop()
        assert not clients.failures, clients.failures[0]

    def leads(self, side):
        """The door is open, and leads there; that side takes writes, and the other one does not."""
        assert self.door.leads_to() == (str(self.apps[side].server.folder), False)
        with closing(self.door.connect(self.door.database)) as connection:
            connection.execute("UPDATE customers SET name = 'written' WHERE id = 1")
        other = self.apps[NEW if side == OLD else OLD]
        if "customers" in other.tables():
            try:
                other.sql("UPDATE customers SET name = 'behind' WHERE id = 1")
            except Exception as failure:
                assert is_refusal(failure), failure
            else:
                raise AssertionError("both sides take writes")

    def visits(self, side):
        return self.apps[side].value("SELECT sum(visits)::bigint FROM customers")


class Clients:
    def __init__(self, shop, count):
        self.shop, self.failures, self.acknowledged, self.longest_ms = shop, [], 0, 0
        self.over, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(number, count), daemon=True) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def run(self, number, count):
        try:
            with closing(self.shop.door.connect(self.shop.door.database)) as connection:
                for turn in range(1_000_000):
                    if self.over.is_set():
                        return
                    key, began = number + 1 + turn * count % (ROWS - 20), time.monotonic()
                    connection.execute("BEGIN")
                    connection.execute(f"UPDATE customers SET visits = visits + 1 WHERE id = {key}")
                    connection.execute("COMMIT")
                    with self.lock:
                        self.acknowledged += 1
                        self.longest_ms = max(self.longest_ms, (time.monotonic() - began) * 1000)
                    time.sleep(0.002)
        except Exception as failure:  # told at the end, in the test's own thread
            self.failures.append(f"client {number}: {type(failure).__name__}: {failure}")

    def go_on(self, count=20):
        """Waits for so many acknowledged transactions more."""
        wanted, until = self.acknowledged + count, time.monotonic() + 30
        while self.acknowledged < wanted:
            assert not self.failures, self.failures[0]
            assert time.monotonic() < until, "the clients get nothing through"
            time.sleep(0.01)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in self.threads), "a client waits for ever"
