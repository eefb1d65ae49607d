"""An application behind PgBouncer, at 1,000 transactions a second, led from one server to another: by hand (PAUSE, the line written anew,
RELOAD, RESUME, on one connection to the console), and by midflight's cut-over."""
import os
import re
import statistics
import subprocess
import time
from contextlib import closing

import psycopg2

from load import Load, pgbench
from support.midflight import binary
from support.pooler import ADMIN, Door
from support.postgres import environment

RATE = 1000
ROWS = 50_000
TABLE = "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, email text, visits bigint NOT NULL DEFAULT 0)"
FILL = f"INSERT INTO customers SELECT i, 'First Last ' || i, i || '@example.com' FROM generate_series(1, {ROWS}) AS i"
WRITE = f"\\set id random(1, {ROWS})\nUPDATE customers SET visits = visits + 1 WHERE id = :id;\n"
DEFINITION = """
migration: bench
old: {{store: '{old}', key: {{customers: id}}}}
new:
  store: '{new}'
  key: {{customers: id}}
  create: {table}
forward: {{customers: 'SELECT id, name, email, visits FROM customers'}}
backward: {{customers: 'SELECT id, name, email, visits FROM customers'}}
pause_max: 2s
pgbouncer: {{admin: '{admin}', database: moved, config: '{config}'}}
"""


class Bouncer:
    def __init__(self, old, new, folder):
        self.old, self.new, self.folder = old, new, folder
        for server in (old, new):
            for name in ("bare", "moved"):
                server.drop_database(name)
                server.create_database(name, "app")
        for server, name in ((old, "bare"), (new, "bare"), (old, "moved")):
            with closing(server.connect(name, "app")) as connection:
                connection.execute(f"{TABLE}; {FILL}")
            server.execute("VACUUM (FREEZE, ANALYZE) customers", name)
        self.script = os.path.join(folder, "visits.sql")
        with open(self.script, "w", encoding="ascii") as file:
            file.write(WRITE)
        self.door = Door(old, "app", "moved")
        self.bare = f"bare = host={old.folder} port={old.port} dbname=bare pool_size=8"
        self.door.reconfigure(lambda text: text.replace("elsewhere =", f"{self.bare}\nelsewhere ="))
        self.file = os.path.join(folder, "bounced.yaml")
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(DEFINITION.format(old=old.address("moved", "app"), new=new.address("moved", "app"), table=TABLE, config=self.door.config,
                                         admin=self.door.address("pgbouncer", ADMIN)))

    def run(self, verb):
        done = subprocess.run([binary(), verb, self.file], capture_output=True, text=True, env=environment(), check=False)
        if done.returncode != 0:
            raise SystemExit(f"{verb}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def by_hand(self, since, until):
        """The recipe, with everything opened before; for how long it held the clients, in ms."""
        with closing(psycopg2.connect(self.door.address("pgbouncer", ADMIN))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            began = time.monotonic()
            cursor.execute("PAUSE bare")
            text, fresh = self.door.config.read_text(), self.door.folder / "fresh"
            fresh.write_text(text.replace(f"bare = host={since.folder} port={since.port}", f"bare = host={until.folder} port={until.port}"))
            os.chmod(fresh, 0o644)
            os.replace(fresh, self.door.config)
            cursor.execute("RELOAD")
            cursor.execute("RESUME bare")
            return (time.monotonic() - began) * 1000

    def stall(self, database, move):
        """The longest that a transaction took around a move, and what the move said."""
        with Load(self.door, database, self.folder, RATE, "-M", "simple", "-f", self.script) as load:
            time.sleep(1.5)
            began = time.time()
            said = move()
            ended = time.time()
            time.sleep(1)
        if load.failed:
            raise SystemExit(f"{load.failed} transactions failed")
        return load.between(began - 0.1, ended + 0.5).times[-1], said, len(load.requests)

    def round(self, number):
        bare, hand_ms, _ = self.stall("bare", lambda: self.by_hand(self.old, self.new))
        self.by_hand(self.new, self.old)
        self.run("start")
        follow = subprocess.Popen([binary(), "follow", self.file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        try:
            ours, said, count = self.stall("moved", lambda: self.run("advance"))
        finally:
            follow.terminate()
            follow.wait()
        held = float(re.search(r"held the clients for ([0-9.]+) ms", said).group(1))
        self.run("rollback")
        print(f"  pgbouncer {number + 1}: the longest transaction: by hand {bare:.1f} ms (held for {hand_ms:.1f}), midflight {ours:.1f} ms (held for "
              f"{held:.1f}); none of {count:,} failed", flush=True)
        return bare, ours, hand_ms, held


def measure(old, new, folder, rounds):
    bouncer = Bouncer(old, new, folder)
    with bouncer.door:
        pgbench(bouncer.door, "bare", "-M", "simple", "-c", 4, "-T", 1, "-f", bouncer.script)
        seen = [bouncer.round(number) for number in range(rounds)]
    bare, ours, hand_ms, held = (statistics.median(values) for values in zip(*seen))
    print(f"pgbouncer: at {RATE:,} transactions/s the longest stall is {ours:.1f} ms, by hand {bare:.1f} ms: {ours / bare:.2f} times; held for {held:.1f} "
          f"and {hand_ms:.1f} ms (medians of {rounds})", flush=True)
