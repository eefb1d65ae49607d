"""A server over fresh databases: serve() starts one with the migration split-name in its care. Those marked `everywhere` are run
on every kind of home that the data may have; MIDFLIGHT_SERVED="postgresql" chooses others. The rest, which is not about data, on SQLite."""
import os

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.application import Application
from support.between import between
from support.midflight import Midflight
from support.server import Server
from support.stores import SQLITE, spoken
from support.workload import NEW, OLD

HOMES = os.environ.get("MIDFLIGHT_SERVED", "sqlite,postgresql,sqlite->postgresql").split(",")
TOKENS = {"reader": ("read", "r" * 24), "writer": ("write", "w" * 24), "operator": ("operate", "o" * 24),
          "all": ("read,write,operate", "a" * 24)}
ONE = "/v1/migrations/split-name"


def pytest_generate_tests(metafunc):
    if "home" in metafunc.fixturenames:
        everywhere = metafunc.definition.get_closest_marker("everywhere")
        metafunc.parametrize("home", HOMES if everywhere else HOMES[:1])


class Stage:
    """A folder, the databases of the old side and the new one, which may be one, a definition, and tokens."""

    def __init__(self, folder, old, new):
        self.folder, self.old, self.new = folder, old, new
        self.servers = []

    def make(self, schema=CUSTOMERS, definition=SPLIT_NAME):
        self.old.sql(spoken(schema, self.old.store))
        apart = self.old is not self.new
        text = between(definition, {OLD: self.old, NEW: self.new}) if apart else spoken(definition, self.old.store)
        file = self.old.define(text)
        self.midflight = Midflight(file, {**self.old.environment(), "NEW_DB": self.new.environment()["APP_DB"]})
        return file

    def serve(self, *files, options=(), environment=None):
        server = Server(*(files or [self.midflight.file]), options=options,
                        environment=environment or self.midflight.environment)
        self.servers.append(server)
        return server

    def tokens(self):
        file = self.folder / "tokens"
        file.write_text("# who may what\n" + "".join(f"{name} {rights} {token}\n" for name, (rights, token) in TOKENS.items()))
        os.chmod(file, 0o600)
        return file


@pytest.fixture
def stage(request, home, tmp_path):
    old, _, new = home.partition("->")
    apps = [application(request, tmp_path, "old", old)]
    if new:
        apps.append(application(request, tmp_path, "new", new))
    stage = Stage(apps[0].directory, apps[0], apps[-1])
    yield stage
    ended = [(server.end(), server.log()) for server in stage.servers]
    for app in apps:
        app.remove()
    for status, log in ended:
        assert status in (0, -9), log


def application(request, tmp_path, side, store):
    folder = tmp_path / side
    folder.mkdir()
    if store == SQLITE:
        return Application(folder)
    from support.postgres_application import PostgresApplication  # only where it is asked for must PostgreSQL be there
    return PostgresApplication(folder, request.getfixturevalue("postgresql_server"))


@pytest.fixture
def server(stage):
    stage.make()
    return stage.serve()
