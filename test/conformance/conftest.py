"""One suite for every store: `app` is an application on each of those that support/stores.py names. Its SQL is plain
where it can be; where stores differ, definitions.py says how."""
import pytest

from support.stores import POSTGRESQL, STORES

collect_ignore = [] if POSTGRESQL in STORES else ["postgresql"]


@pytest.fixture(params=STORES)
def app(request):
    return request.getfixturevalue(f"{request.param}_app")
