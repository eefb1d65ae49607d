"""What only PostgreSQL has."""
import pytest


@pytest.fixture
def app(postgresql_app):
    return postgresql_app
