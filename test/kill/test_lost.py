"""The new store's server crashes in the middle of the cut-over, with what its disk was not waited for: the same command, or rollback, carries
it over once more. Or a connection is lost. Not one of the clients' transactions fails or is lost."""
import os
import signal

import pytest

from support.failpoints import freeze
from support.midflight import AWAITING_FINALIZATION, UNINITIALIZED
from support.postgres import Server
from support.shop import Shop
from support.workload import NEW, OLD


@pytest.fixture
def shop(tmp_path):
    with Server(durable=True) as old, Server(durable=True) as new, Shop(tmp_path, old, new) as shop:
        yield shop


@pytest.mark.parametrize("then", ["advance", "rollback"])
@pytest.mark.parametrize("point", [AWAITING_FINALIZATION, "open the new side"])
def test_what_landed_in_the_fence_is_not_lost_with_the_new_server(shop, point, then):
    server = shop.apps[NEW].server
    (writer,), = server.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")
    os.kill(writer, signal.SIGSTOP)  # nothing comes to the disk by itself
    with shop.open() as clients:
        shop.midflight.start().done()
        clients.go_on()
        process = freeze(shop.midflight, point, 1, "advance")  # the end of its session would have the server write down what it has
        server.crash()
        process.kill()
        process.communicate()
        server.start()
        assert shop.visits(NEW) < shop.visits(OLD) == clients.acknowledged  # else there was nothing to lose
        shop.midflight.run(then).done()
        leads = NEW if then == "advance" else OLD
        assert shop.midflight.stage() == (AWAITING_FINALIZATION if then == "advance" else UNINITIALIZED)
        shop.leads(leads)
        clients.go_on()
    assert shop.visits(leads) == clients.acknowledged


def test_a_drain_whose_connection_is_lost_ends_with_that_and_is_gone_on_with(shop):
    with shop.open() as clients:
        shop.midflight.start().done()
        shop.midflight.advance().done()
        clients.go_on()
        process = freeze(shop.midflight, "parcel, uncommitted", 1, "rollback")
        shop.apps[NEW].server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'midflight%'")
        process.send_signal(signal.SIGCONT)
        outcome = shop.midflight.end(process).failed()
        assert outcome.json["error"] == "store" and "connection" in outcome.message, outcome
        shop.leads(NEW)
        shop.midflight.rollback().done()
        clients.go_on()
    assert shop.visits(OLD) == clients.acknowledged
