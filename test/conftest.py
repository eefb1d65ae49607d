"""What every Python test may ask for: `app`, an application with a fresh folder and database of its own."""
import pytest

from support.application import Application


@pytest.fixture
def sqlite_app(tmp_path):
    """An Application in a fresh folder; see support/application.py for what it can do."""
    return Application(tmp_path)


@pytest.fixture
def app(sqlite_app):
    return sqlite_app


@pytest.fixture(scope="session")
def postgresql_server():
    """One server for all tests of a worker; see support/postgres.py."""
    from support.postgres import Server  # only where it is asked for must PostgreSQL be there
    with Server() as server:
        yield server


@pytest.fixture
def postgresql_app(tmp_path, postgresql_server):
    """An Application with a fresh database of that server."""
    from support.postgres_application import PostgresApplication
    application = PostgresApplication(tmp_path, postgresql_server)
    yield application
    application.remove()
