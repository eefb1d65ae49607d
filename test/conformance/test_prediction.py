"""The twin is right about the store itself: without midflight, the old side holds what the twin predicts."""
from contextlib import closing
from random import Random

import pytest

from support.twin import Twin
from support.workload import OLD
from support.workloads import PORTABLE
from support.writers import connect, request, seed_of_run

ROWS, REQUESTS = 30, 200


@pytest.mark.parametrize("workload", PORTABLE, ids=lambda workload: workload.__name__)
def test_the_twin_predicts_the_store_alone(workload, app):
    workload, random = workload(app.store), Random(seed_of_run())
    workload.make(app, ROWS)
    twin = Twin(workload, app, ROWS)
    with closing(connect(workload, app)) as connection:
        for _ in range(REQUESTS):
            request(app, connection, OLD, workload.draw_writes(OLD, 3, random), random)
            twin.agree(OLD)
    before = app.schema()
    assert app.schema() == before and any("CREATE TABLE" in sql for _, sql in before)
    app.holds_nothing_of_midflight()
