"""PgBouncer between an application and a server, in transaction mode: each transaction may run in another session."""
import os
import pwd
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

from support.postgres import SUPERUSER, Connection

START_TIMEOUT_S = 20


class Pooler:
    def __init__(self, server, user, mode="transaction", size=3):
        self.server, self.user, self.port = server, user, random.randint(20000, 60000)
        self.folder = Path(tempfile.mkdtemp(prefix="midflight-pool-"))
        users = self.folder / "users"
        users.write_text(f'"{user}" ""\n')
        (self.folder / "ini").write_text(f"""
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
            for path in (self.folder, users, self.folder / "ini"):
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

    def connect(self, database):
        return Connection(psycopg2.connect(dbname=database, user=self.user, host=str(self.folder), port=self.port))

    def address(self, database):
        return f"postgresql://{self.user}@/{database}?host={self.folder}&port={self.port}"
