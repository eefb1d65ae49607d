"""The twin is right about SQLite itself: without midflight, each side alone holds what the twin predicts. A race that
finds a difference has then found it in midflight."""
from random import Random

import pytest

from support.twin import Twin
from support.workload import NEW, OLD
from support.workloads import ALL
from support.writers import connect, request, seed_of_run

ROWS, REQUESTS = 30, 200


@pytest.mark.parametrize("side", [OLD, NEW])
@pytest.mark.parametrize("workload", ALL, ids=lambda workload: workload.__name__)
def test_the_twin_predicts_sqlite_alone(workload, side, app):
    workload, random = workload(), Random(seed_of_run())
    workload.make(app, ROWS)
    if side == NEW:  # as midflight leaves it at the end, with nobody following
        midflight = workload.migration(app, "soak: 0s")
        for verb in ("start", "advance", "advance"):
            midflight.run(verb).done()
    twin = Twin(workload, app, ROWS)
    connection = connect(workload, app)
    for _ in range(REQUESTS):
        request(app, connection, side, workload.draw_writes(side, 3, random), random)
    connection.close()
    twin.agree(side)
