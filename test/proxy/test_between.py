"""Both faces between two stores, whatever the stage; and what the application feels of the store that follows when it is gone: nothing."""
import time
from contextlib import contextmanager

import pytest

from conformance.between.conftest import scene  # noqa: F401, fixture
from scenario.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS
from support.between import follow, settle
from support.proxy import NEW, OLD, Proxy, Refused
from support.stores import POSTGRESQL
from support.workload import NEW as NEW_SIDE
from support.workload import OLD as OLD_SIDE

STAGES = ["Uninitialized", "Awaiting Additional Action", "Awaiting Finalization", "Finished"]


@contextmanager
def carried(scene, schema, definition, stage, **options):
    """A migration between two stores at a stage, a follower at work where there is something to follow, and a proxy."""
    at = scene(schema, definition)
    if stage != "Uninitialized":
        at.start()
    for _ in range(max(0, STAGES.index(stage) - 1)):
        at.midflight.advance().done()
    with Proxy(at.midflight.file, at.midflight.environment, **options) as proxy:
        at.proxy = proxy
        if stage.startswith("Awaiting"):
            with follow(at.midflight):
                yield at
        else:
            yield at


def until(so, work=lambda: None):
    end = time.monotonic() + 20
    while not so():
        assert time.monotonic() < end, "not so in time"
        work()
        time.sleep(0.01)


@pytest.mark.parametrize("stage", STAGES)
def test_an_entity_of_one_row_is_served_on_both_faces(scene, stage):
    with carried(scene, CUSTOMERS, SPLIT_NAME, stage) as at:
        proxy = at.proxy
        assert proxy.get(NEW, "1")["last_name"] == "Lee" and proxy.get(OLD, "1")["name"] == "Ann Lee"
        proxy.put(NEW, "4", {"first_name": "Di", "last_name": "Fox", "email": "di@x"})
        assert proxy.get(OLD, "4")["name"] == "Di Fox" and proxy.get(NEW, "4")["first_name"] == "Di"
        proxy.put(NEW, "4", {"first_name": "Dee"})
        assert (proxy.get(OLD, "4")["name"], proxy.get(OLD, "4")["email"]) == ("Dee Fox", "di@x")
        if stage != "Finished":
            proxy.put(OLD, "2", {"name": "Rob Roy"})
            assert proxy.get(NEW, "2")["first_name"] == "Rob"
        with pytest.raises(Refused) as refused:
            proxy.insert(NEW, "4", {"first_name": "Ivo"})
        assert refused.value.code == "conflict"
        read = proxy.get(NEW, "3")
        proxy.replace(NEW, "3", {"first_name": "Cyd"}, read)
        with pytest.raises(Refused, match="changed"):
            proxy.replace(NEW, "3", {"first_name": "Cyril"}, read)
        assert [key for key, _ in proxy.list(OLD, None, 3)] == ["1", "2", "3"] and [key for key, _ in proxy.list(NEW, "3")] == ["4"]
        found = proxy.batch(("put", NEW, "7", {"first_name": "Gus"}), ("get", OLD, "7"), ("delete", OLD, "1"), ("get", NEW, "1"))
        assert found[1]["name"] == "Gus" and found[2:] == [True, False]
        if stage.startswith("Awaiting"):
            settle(at.midflight)
            at.agree()


@pytest.mark.parametrize("stage", STAGES)
def test_an_entity_of_several_rows_is_served_on_both_faces(scene, stage):
    with carried(scene, LISTS, SUBSCRIPTIONS, stage) as at:
        proxy = at.proxy
        assert [row["plan"] for row in proxy.get(NEW, "1")["subscriptions"]] == ["basic", "storage"]
        proxy.put(NEW, "1", {"people": [{"name": "Anna"}], "subscriptions": [{"position": 0, "plan": "gold"}]})
        assert "gold" in proxy.get(OLD, "1")["plans"] and "basic" not in proxy.get(OLD, "1")["plans"]
        if stage != "Finished":
            proxy.put(OLD, "2", {"name": "Bob", "plans": '["basic"]'})
            assert [row["plan"] for row in proxy.get(NEW, "2")["subscriptions"]] == ["basic"]
        assert proxy.delete(OLD, "3") and proxy.get(NEW, "3") is None
        if stage.startswith("Awaiting"):
            settle(at.midflight)
            at.agree()


def test_what_waits_in_the_outbox_is_read_where_it_was_written(scene):
    at = scene(CUSTOMERS, SPLIT_NAME).start()
    with Proxy(at.midflight.file, at.midflight.environment) as proxy:
        proxy.rollout(100)
        proxy.put(OLD, "1", {"name": "Eve Lee"})  # nobody follows
        assert proxy.get(NEW, "1")["first_name"] == "Eve"
        assert at.midflight.status().done().json["outbox"] > 0
        at.drain()
        assert "note" in proxy.get(NEW, "1")  # which the new side alone has
        assert at.midflight.status().done().json["outbox"] == 0


def test_reads_are_compared_with_the_other_store(scene):
    with carried(scene, CUSTOMERS, SPLIT_NAME, "Awaiting Additional Action", sample=1.0) as at:
        at.behind(NEW_SIDE, "UPDATE people SET email = 'wrong' WHERE id = 1")
        end = time.monotonic() + 20
        while not at.proxy.mismatches():
            assert time.monotonic() < end
            [at.proxy.get(face, key) for face in (OLD, NEW) for key in "123"]
        assert all(cause.endswith(".email: value") for cause in at.proxy.mismatches())


class TestGate:
    """A red gate after the cut-over makes the old store lead again, by itself."""

    @pytest.fixture
    def red(self, scene):
        with carried(scene, CUSTOMERS, SPLIT_NAME, "Awaiting Additional Action", sample=1.0, mismatch_rate=0.1, samples_min=5) as at:
            at.proxy.rollout(100)
            at.midflight.advance().done()
            at.proxy.put(NEW, "2", {"first_name": "Rob"})
            settle(at.midflight)
            at.behind(OLD_SIDE, "UPDATE customers SET email = 'wrong' WHERE id = 1")
            until(lambda: at.midflight.stage() == "Awaiting Additional Action", lambda: [at.proxy.get(NEW, key) for key in "123"])
            yield at

    def test_says_why_and_takes_no_read_from_the_new_side(self, red):
        until(lambda: red.proxy.status().demoted)
        assert "gate mismatches: " in red.proxy.status().demoted.decode() and red.proxy.status().percent == 0
        assert "gate mismatches: " in red.midflight.history().done().lines[-1]["why"]

    def test_loses_nothing_and_the_new_side_follows(self, red):
        assert red.proxy.get(OLD, "2")["name"].startswith("Rob")
        red.proxy.put(OLD, "3", {"name": "Cyril Dee"})
        red.proxy.put(NEW, "4", {"first_name": "Di"})
        settle(red.midflight)
        assert red.new("SELECT id, first_name FROM people WHERE id > 2 ORDER BY id") == [(3, "Cyril"), (4, "Di")]

    def test_lets_the_migration_cross_over_again_once_it_is_mended(self, red):
        assert red.midflight.advance().status != 0  # the sides differ
        red.midflight.verify("--repair").done()
        for stage in ("Awaiting Finalization", "Finished"):
            assert red.midflight.advance().done().json["stage"] == stage
        assert red.proxy.get(NEW, "1")["email"] == "wrong" and red.proxy.get(NEW, "2")["first_name"] == "Rob"


class TestTheFollowerIsGone:
    @pytest.fixture
    def gone(self, apps, scene):
        """At Awaiting Additional Action, and the new side's server has crashed. Started again at the end."""
        if apps[NEW_SIDE].store != POSTGRESQL:
            pytest.skip("a file does not crash")
        at, server = scene(CUSTOMERS, SPLIT_NAME).start(), apps[NEW_SIDE].server
        with Proxy(at.midflight.file, at.midflight.environment, sample=1.0, error_rate=0.1, samples_min=3) as proxy:
            at.proxy, at.server = proxy, server
            proxy.rollout(100)
            assert proxy.get(NEW, "1")["first_name"] == "Ann"
            server.crash()
            try:
                yield at
            finally:
                if server.keeper is None:
                    server.start()

    def works(self, proxy):
        proxy.put(OLD, "2", {"name": "Rob Roy"})
        assert proxy.get(OLD, "2")["name"] == "Rob Roy"
        assert proxy.get(NEW, "2")["first_name"] == "Rob"
        assert [key for key, _ in proxy.list(NEW)] == ["1", "2", "3"]

    def test_the_application_reads_and_writes_on(self, gone):
        for _ in range(5):
            self.works(gone.proxy)

    def test_what_only_the_new_store_can_translate_says_so(self, gone):
        self.works(gone.proxy)
        with pytest.raises(Refused, match="the new side of migration split-name cannot be reached|connection was lost") as refused:
            gone.proxy.put(NEW, "2", {"first_name": "Rob"})
        assert refused.value.code in ("busy", "store")

    def test_a_proxy_may_be_opened(self, gone):
        with Proxy(gone.midflight.file, gone.midflight.environment) as proxy:
            proxy.put(OLD, "2", {"name": "Rob Roy"})
            assert proxy.get(OLD, "2")["name"] == "Rob Roy"

    def test_its_gate_takes_the_reads_back(self, gone):
        end = time.monotonic() + 20
        while gone.proxy.status().percent > 0:
            assert time.monotonic() < end
            assert gone.proxy.get(OLD, "1")["name"] == "Ann Lee" and gone.proxy.get(NEW, "3")["first_name"] == "Cy"
        assert "gate errors" in gone.proxy.status().demoted.decode()

    def test_it_is_served_again_when_it_is_back(self, gone):
        self.works(gone.proxy)
        gone.server.start()
        gone.drain()
        end = time.monotonic() + 20
        gone.proxy.rollout(100)
        while "note" not in gone.proxy.get(NEW, "2"):
            assert time.monotonic() < end
            time.sleep(0.05)
        gone.proxy.put(NEW, "2", {"first_name": "Robert"})
        assert gone.proxy.get(OLD, "2")["name"] == "Robert Roy"
