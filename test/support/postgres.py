"""Real PostgreSQL servers, each in a folder of its own that vanishes with it.

    with Server() as server:
        server.create_database("shop", owner="app")
        with closing(server.connect("shop", "app")) as connection:
            connection.execute("SELECT 1")

A server listens on a Unix socket in its folder alone. It runs for as long as the process that started it, however that
process ends: a keeper waits for the end of a pipe, then stops the server and removes the folder.
"""
import io
import json
import os
import pwd
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import psycopg2
import psycopg2.extensions
import psycopg2.extras

SUPERUSER = "postgres"
START_TIMEOUT_S = 60
SOCKET_PATH_MAX = 100  # bytes; what a Unix socket's address has room for

# A line on standard input is the signal to end the server with; the end of the input stops it and removes its folder.
KEEPER = """
    folder=$1; shift
    "$@" & server=$!
    if read -r signal; then kill -"$signal" $server; wait $server
    else kill -INT $server 2>/dev/null; wait $server; rm -rf "$folder"; fi
"""
GENTLE = {"listen_addresses": "''", "shared_buffers": "16MB", "max_connections": "60", "max_prepared_transactions": "10", "logging_collector": "off",
          "max_wal_size": "256MB", "autovacuum_naptime": "5s", "timezone": "UTC"}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@cache
def binaries():
    """The folder of initdb and postgres."""
    try:
        folder = Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
    except FileNotFoundError:
        raise RuntimeError("pg_config is missing, so PostgreSQL cannot be tested: run tools/install") from None
    missing = [name for name in ("initdb", "postgres", "pg_dump") if not (folder / name).exists()]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} missing in {folder}, so PostgreSQL cannot be tested: run tools/install")
    return folder


def unprivileged():
    """What to put before a command so that root runs it as somebody else: a server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={SUPERUSER}", f"--regid={pwd.getpwnam(SUPERUSER).pw_gid}", "--init-groups"]


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def environment():
    """Ours without what would lead libpq elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def certify(host, certificate, key):
    """A certificate that vouches for itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}", "-addext",
                    f"subjectAltName=DNS:{host}", "-out", certificate, "-keyout", key], check=True, capture_output=True)
    os.chmod(key, 0o600)


class Server:
    def __init__(self, durable=False, clients=(), distinct=False, **settings):
        """`settings` are lines of postgresql.conf, `clients` of pg_hba.conf, before those that let everybody in through the
        socket; with ssl="on" it has a `certificate` for localhost; one that is not `durable` forgets what a crash takes; one that
        is `distinct` has a system identifier of its own, by which a server knows another."""
        self.clients, self.distinct = clients, distinct
        self.settings = {**GENTLE, **({} if durable else NOT_DURABLE), **settings}
        self.folder = Path(tempfile.mkdtemp(prefix="midflight-pg-"))
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.port = random.randint(20000, 60000)
        self.keeper = None

    def __enter__(self):
        assert len(os.fsencode(self.folder / f".s.PGSQL.{self.port}")) < SOCKET_PATH_MAX, \
            f"{self.folder} is too long for a socket: set TMPDIR to a shorter one"
        try:
            self.initialize()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def initialize(self):
        if os.geteuid() == 0:
            shutil.chown(self.folder, SUPERUSER)
        if self.distinct:
            self.make(self.data)
        else:
            self.run("/bin/cp", "-r", self.first(), self.data)
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
        if self.settings.get("ssl") == "on":
            self.certificate, key = self.folder / "server.crt", self.data / "server.key"
            certify("localhost", self.certificate, key)
            shutil.copy(self.certificate, self.data / "server.crt")
            if os.geteuid() == 0:
                shutil.chown(key, SUPERUSER)
                os.chmod(self.folder, 0o755)  # the certificate is for everybody
        rules = self.data / "pg_hba.conf"
        rules.write_text("".join(f"{line}\n" for line in self.clients) + rules.read_text())

    def make(self, data):
        self.run("initdb", "--pgdata", data, "--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def first(self):
        """What initdb made for the first server, kept where temporary files are: to make it takes ten times as long as to copy it."""
        kept = Path(tempfile.gettempdir()) / f"midflight-initdb-{os.geteuid()}-{binaries().parent.name}"
        if not kept.exists():
            self.make(self.folder / "first")
            with suppress(OSError):  # somebody else was faster
                (self.folder / "first").rename(kept)
        return kept

    def run(self, program, *words):
        """Runs a program, one of PostgreSQL's where it has no path, as whom the server runs as, to its end; returns what it prints."""
        command = [*unprivileged(), binaries() / program, *words]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, cwd=self.folder, check=False)
        assert done.returncode == 0, f"{program}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        command = [*unprivileged(), binaries() / "postgres", "-D", self.data, "-k", self.folder, "-p", str(self.port)]
        with open(self.log, "ab") as log:
            self.keeper = subprocess.Popen(["sh", "-c", KEEPER, "keeper", self.folder, *command], stdin=subprocess.PIPE,
                                           stdout=log, stderr=log, env=environment(), start_new_session=True)
        until = time.monotonic() + START_TIMEOUT_S
        while not self.answers():
            assert self.runs(), f"the server ended:\n{self.log.read_text(errors='replace')}"
            assert time.monotonic() < until, f"no answer after {START_TIMEOUT_S} s:\n{self.log.read_text(errors='replace')}"
            time.sleep(0.02)

    def answers(self):
        try:
            self.connect("postgres").close()
            return True
        except psycopg2.OperationalError:
            return False

    def runs(self):
        """Or is about to: the keeper has a child that is no zombie."""
        pids = children(self.keeper.pid)
        return not pids or ") Z " not in Path(f"/proc/{pids[0]}/stat").read_text()

    def end(self, how="INT"):
        """Ends it and keeps its data, for another `start`: INT stops it in order, QUIT as a crash does."""
        self.keeper.stdin.write(f"{how}\n".encode())
        self.keeper.stdin.close()
        self.keeper.wait(timeout=START_TIMEOUT_S)
        self.keeper = None

    def crash(self):
        """Kills every process of it at once, as a loss of power does."""
        postmaster, = children(self.keeper.pid)
        os.kill(postmaster, signal.SIGSTOP)  # it starts no more of them meanwhile
        for child in children(postmaster):
            os.kill(child, signal.SIGKILL)
        self.end("KILL")

    def upkeep_ended_early(self):
        """Has a vacuum of its own given way to somebody who waited?"""
        return "canceling autovacuum task" in self.log.read_text(errors="replace")

    def remove(self):
        if self.keeper is not None:
            self.keeper.stdin.close()
            self.keeper.wait(timeout=START_TIMEOUT_S)
            self.keeper = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database, user=SUPERUSER, **options):
        return Connection(psycopg2.connect(dbname=database, user=user, host=str(self.folder), port=self.port, **options))

    def execute(self, statement, database="postgres"):
        """One statement as the superuser."""
        with closing(self.connect(database)) as connection:
            return connection.execute(statement).fetchall()

    def create_role(self, name, attributes="LOGIN"):
        self.execute(f"""DO $$ BEGIN CREATE ROLE "{name}" {attributes};
                               EXCEPTION WHEN duplicate_object THEN NULL; END $$""")

    def create_database(self, name, owner, template="template1"):
        self.execute(f'CREATE DATABASE "{name}" OWNER "{owner}" TEMPLATE "{template}"')

    def drop_database(self, name):
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def address(self, database, user):
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"


class Connection:
    """A psycopg2 connection that is used as sqlite3's are: each statement commits unless BEGIN was said, parameters are
    ?1, ?2, ..., and JSON comes as the text that SQLite would print."""

    def __init__(self, raw):
        self.raw = raw
        raw.autocommit = True
        psycopg2.extras.register_default_json(raw, loads=as_text)
        psycopg2.extras.register_default_jsonb(raw, loads=as_text)

    def execute(self, sql, values=()):
        return Cursor(self.raw, sql, values)

    def executemany(self, sql, rows):
        for row in rows:
            self.execute(sql, row)

    def executescript(self, script):
        if script.strip():
            self.execute(script)

    def copy(self, sql, text):
        """COPY ... FROM STDIN with that input."""
        with self.raw.cursor() as cursor:
            cursor.copy_expert(sql, io.StringIO(text))

    @property
    def in_transaction(self):
        return self.raw.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_IDLE

    @property
    def pid(self):
        return self.raw.info.backend_pid

    def close(self):
        self.raw.close()


class Cursor:
    """A statement that was run, and what it yielded: nothing where it is no query."""

    def __init__(self, raw, sql, values):
        cursor = raw.cursor()
        cursor.execute(*numbered(sql, values))
        self.rowcount = cursor.rowcount
        self.rows = iter(cursor.fetchall() if cursor.description else [])
        cursor.close()

    def __iter__(self):
        return self.rows

    def fetchone(self):
        return next(self.rows, None)

    def fetchall(self):
        return list(self.rows)


def numbered(sql, values):
    """With psycopg2's parameters in place of ?1, ?2, ..."""
    if not values:
        return (sql,)
    return re.sub(r"\?(\d+)", r"%(\1)s", sql.replace("%", "%%")), {str(n): value for n, value in enumerate(values, 1)}


def as_text(value):
    return json.dumps(json.loads(value), separators=(",", ":"), ensure_ascii=False)
