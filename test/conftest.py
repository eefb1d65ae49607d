"""What every Python test may ask for: `app`, an application with a fresh folder and database of its own."""
import pytest

from support.application import Application


@pytest.fixture
def app(tmp_path):
    """An Application in a fresh folder; see support/application.py for what it can do."""
    return Application(tmp_path)
