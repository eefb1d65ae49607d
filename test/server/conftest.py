"""A server over a fresh database: serve() starts one with the migration split-name in its care."""
import os

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.server import Server

TOKENS = {"reader": ("read", "r" * 24), "writer": ("write", "w" * 24), "operator": ("operate", "o" * 24),
          "all": ("read,write,operate", "a" * 24)}
ONE = "/v1/migrations/split-name"


class Stage:
    """A folder with a database, a definition, and tokens."""

    def __init__(self, app):
        self.app, self.folder = app, app.directory
        self.servers = []

    def make(self, schema=CUSTOMERS, definition=SPLIT_NAME):
        self.app.sql(schema)
        self.midflight = self.app.migration(definition)
        return self.midflight.file

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
def stage(app):
    stage = Stage(app)
    yield stage
    for server in stage.servers:
        assert server.end() in (0, -9), server.log()


@pytest.fixture
def server(stage):
    stage.make()
    return stage.serve()
