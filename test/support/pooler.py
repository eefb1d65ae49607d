"""PgBouncer between an application and a server, in transaction mode: each transaction may run in another session."""
import os
import pwd
import random
import shutil
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2

from support.postgres import SUPERUSER, Connection

START_TIMEOUT_S = 20


class Pooler:
    def __init__(self, server, user, mode="transaction", size=3):
        self.server, self.user, self.port = server, user, random.randint(20000, 60000)
        self.folder = Path(tempfile.mkdtemp(prefix="midflight-pool-"))
        self.config, users = self.folder / "ini", self.folder / "users"
        users.write_text(f'"{user}" ""\n')
        self.config.write_text(f"""
            [databases]
            * = host={server.folder} port={server.port}
            [pgbouncer]
            unix_socket_dir = {self.folder}
            listen_port = {self.port}
            auth_type = trust
            auth_file = {users}
            pool_mode = {mode}
            default_pool_size = {size}
            max_client_conn = 100
            ignore_startup_parameters = extra_float_digits
            """.replace("\n            ", "\n"))
        if os.geteuid() == 0:
            for path in (self.folder, users, self.config):
                shutil.chown(path, SUPERUSER)

    def __enter__(self):
        words = ["pgbouncer", "-q", "ini"]
        if os.geteuid() == 0:  # it refuses to run as root, as a server does
            account = pwd.getpwnam(SUPERUSER)
            words = ["setpriv", f"--reuid={SUPERUSER}", f"--regid={account.pw_gid}", "--init-groups", "--pdeathsig=KILL", *words]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log)
        until = time.monotonic() + START_TIMEOUT_S
        while not (self.folder / f".s.PGSQL.{self.port}").exists():
            assert self.process.poll() is None and time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def reconfigure(self, edit):
        """edit(text) is the new configuration; it is read at the start, or at RELOAD."""
        self.config.write_text(edit(self.config.read_text()))

    def connect(self, database):
        return Connection(psycopg2.connect(dbname=database, user=self.user, host=str(self.folder), port=self.port))

    def address(self, database):
        return f"postgresql://{self.user}@/{database}?host={self.folder}&port={self.port}"


ADMIN, GUEST = "bouncer", "guest"  # who may PAUSE, and who may only look


class Door(Pooler):
    """A pooler that leads one name to a database of a server, by a line among others, and can be told to lead elsewhere."""

    def __init__(self, server, user, database, mode="transaction", size=8):
        super().__init__(server, user, mode, size)
        self.database = database
        (self.folder / "users").write_text("".join(f'"{name}" ""\n' for name in (user, ADMIN, GUEST)))
        self.line = f"{database} = host={server.folder} port={server.port} dbname={database} application_name='it''s the shop' pool_size={size}"
        self.reconfigure(lambda text: text.replace("* =", f"; the shop\n{self.line}\nelsewhere =") +
                         f"admin_users = {ADMIN}\nstats_users = {GUEST}\n")

    def __enter__(self):
        super().__enter__()
        until = time.monotonic() + START_TIMEOUT_S
        while True:  # the socket is there a moment before anybody listens
            try:
                self.say("SHOW VERSION")
                return self
            except psycopg2.OperationalError:
                assert time.monotonic() < until
                time.sleep(0.01)

    def address(self, database, user=None):
        return f"postgresql://{user or self.user}@/{database}?host={self.folder}&port={self.port}"

    def say(self, command):
        """On the console; rows as dictionaries."""
        with closing(psycopg2.connect(self.address("pgbouncer", ADMIN))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(command)
                return [dict(zip([column.name for column in cursor.description], row)) for row in cursor.fetchall()] if cursor.description else []

    def leads_to(self):
        """The folder of the server whose socket that is, and whether it is paused."""
        row, = [row for row in self.say("SHOW DATABASES") if row["name"] == self.database]
        return row["host"], bool(row["paused"])
