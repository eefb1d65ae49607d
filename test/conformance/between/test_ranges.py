"""Several carry over what waits, each a range of the keys: what one of them has nobody else writes, whoever comes, sleeps or dies."""
import signal
import threading
import time
from contextlib import ExitStack, closing

import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.between import PATIENCE_S, eventually, follow, settle
from support.midflight import FAILED
from support.stores import POSTGRESQL
from support.workload import NEW, OLD

ROWS = 40000
LAG_S = 10  # of a key among others, on a machine that is busy
MANY = CUSTOMERS + f"""
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
# An item may pass from one order to another, and is known by its own number.
ITEMS = f"""
    CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE items (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, what TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS // 2})
    INSERT INTO orders (id, name) SELECT i, 'order ' || i FROM n;
    CREATE INDEX items_order ON items (order_id);
    INSERT INTO items (id, order_id, what) SELECT id, id, 'item ' || id FROM orders;
"""
ORDERS = """
    migration: orders
    old:
      store: ${APP_DB}
      key: {orders: id, items: order_id}
    new:
      key: {purchases: id, lines: purchase_id}
      create: |
        CREATE TABLE purchases (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE lines (id INTEGER PRIMARY KEY, purchase_id INTEGER NOT NULL, what TEXT, note TEXT);
        CREATE INDEX lines_purchase ON lines (purchase_id);
    forward:
      purchases: SELECT id, name FROM orders
      lines: SELECT id, order_id AS purchase_id, what FROM items
    backward:
      orders: SELECT id, name FROM purchases
      items: SELECT id, purchase_id AS order_id, what FROM lines
    soak: 0s
"""


def ranges(scene):
    """How many the ledger knows of."""
    return scene.apps[OLD].value(f"SELECT count(*) FROM {scene.apps[OLD].ledger}midflight_drain")


def both(scene):
    return (scene.old("SELECT id, name, email FROM customers ORDER BY id"),
            scene.new("SELECT id, first_name || coalesce(' ' || last_name, ''), email FROM people ORDER BY id"))


def agree(scene):
    old, new = both(scene)
    assert old == new
    scene.agree()


def idle(seconds=1.5):
    """Until those who follow have found out that there is nothing to do."""
    time.sleep(seconds)


@pytest.mark.parametrize("side", [OLD, pytest.param(NEW, marks=pytest.mark.long)])
def test_a_hot_range_is_split_among_those_who_follow_and_nothing_is_lost(scene, two_stores, side):
    scene = scene(MANY, SPLIT_NAME).start()
    if side == NEW:
        scene.midflight.advance().done()
    with follow(scene.midflight), follow(scene.midflight), follow(scene.midflight, "--join"):
        idle()
        until = time.monotonic() + PATIENCE_S
        while ranges(scene) < 2:
            assert time.monotonic() < until, "nobody splits what waits"
            scene.at(side, f"UPDATE {'customers' if side == OLD else 'people'} SET email = email || 'b'")
            eventually(scene.midflight, lambda status: ranges(scene) > 1 or status["outbox"] == 0)
        settle(scene.midflight)
    agree(scene)


class Hot:
    """Writes one key, up to 1,000 times a second, until the block ends."""

    def __init__(self, scene, key):
        self.scene, self.key, self.count, self.over = scene, key, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with closing(self.scene.apps[OLD].connect()) as connection:
            while not self.over.wait(0.001):
                connection.execute(f"UPDATE customers SET email = 'hot {self.count}' WHERE id = {self.key}")
                self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_one_key_that_is_written_all_the_time_holds_no_other_back(scene, two_stores):
    """Its range cannot be split. What is written elsewhere meanwhile is on the other side while the key is still being written."""
    scene = scene(MANY, SPLIT_NAME).start()
    with follow(scene.midflight), follow(scene.midflight, "--join"), Hot(scene, ROWS // 2) as hot:
        idle()
        for number in range(10):
            key, before = 7 + number * (ROWS // 10), hot.count
            scene.old(f"UPDATE customers SET email = 'mark {number}' WHERE id = {key}")
            until = time.monotonic() + LAG_S
            while scene.new(f"SELECT email FROM people WHERE id = {key}") != [(f"mark {number}",)]:
                assert time.monotonic() < until, f"key {key} waits for longer than {LAG_S} s, after {hot.count - before} writes of the hot one"
                time.sleep(0.01)
        assert hot.thread.is_alive() and hot.count > 0
    scene.drain()
    agree(scene)


def test_workers_of_one_process_share_what_waits(scene):
    scene = scene(MANY, SPLIT_NAME).start()
    with follow(scene.midflight, "--workers", "3"):
        idle()
        scene.old("UPDATE customers SET email = 'b' || id")
        settle(scene.midflight)
    agree(scene)


def test_a_value_that_passes_from_range_to_range_arrives(scene):
    """A unique one: neither range alone can take it."""
    scene = scene(MANY, SPLIT_NAME.replace("CREATE INDEX people_last_name ON people (last_name)",
                                           "CREATE UNIQUE INDEX people_email ON people (email)")).start()
    with follow(scene.midflight), follow(scene.midflight, "--join"):
        idle()
        scene.old("UPDATE customers SET email = 'b' || id")
        for number in range(5):
            scene.old("UPDATE customers SET email = 'free' WHERE id = 10")
            scene.old(f"UPDATE customers SET email = 'b10' WHERE id = {ROWS - 10}")
            scene.old(f"UPDATE customers SET email = 'b{ROWS - 10}' WHERE id = 10")
            scene.old("UPDATE customers SET email = 'free' WHERE id = 10")
            scene.old(f"UPDATE customers SET email = 'b{ROWS - 10}' WHERE id = {ROWS - 10}")
            scene.old("UPDATE customers SET email = 'b10' WHERE id = 10")
            time.sleep(0.1)
        eventually(scene.midflight, lambda status: status["outbox"] == status["quarantined"] == 0)
    agree(scene)


def test_rows_that_may_pass_from_entity_to_entity_are_one_range(scene):
    scene = scene(ITEMS, ORDERS).start()
    with follow(scene.midflight), follow(scene.midflight, "--join"):
        idle()
        scene.old(f"UPDATE items SET order_id = {ROWS // 2} + 1 - order_id")
        scene.old("UPDATE items SET what = what || '!'")
        settle(scene.midflight)
        assert ranges(scene) == 0
    assert scene.old("SELECT id, order_id, what FROM items ORDER BY id") == scene.new("SELECT id, purchase_id, what FROM lines ORDER BY id")
    scene.agree()


@pytest.mark.parametrize("options", [pytest.param((), marks=pytest.mark.long), ("--join",)], ids=["one who may lead", "a helper"])
def test_a_follower_that_dies_leaves_its_range_to_others(scene, options):
    scene = scene(MANY, SPLIT_NAME).start()
    with ExitStack() as stack:
        helpers = [scene.midflight.begin("follow", *options) for _ in range(2)]
        stack.enter_context(follow(scene.midflight))
        idle()
        scene.old("UPDATE customers SET email = 'b' || id")
        time.sleep(0.2)
        for helper in helpers:
            helper.kill()
            helper.communicate()
        scene.old("UPDATE customers SET email = 'c' || id WHERE id % 7 = 0")
        settle(scene.midflight)  # a range's lease has run out by then
    agree(scene)


def test_a_helper_that_sleeps_longer_than_its_lease_does_no_harm_when_it_wakes(scene, pair):
    if pair != (POSTGRESQL, POSTGRESQL):
        pytest.skip("a frozen process may keep a file's lock")
    scene = scene(MANY, SPLIT_NAME).start()
    helper = scene.midflight.begin("follow", "--join")
    with follow(scene.midflight):
        idle()
        scene.old("UPDATE customers SET email = 'b' || id")
        time.sleep(0.15)
        helper.send_signal(signal.SIGSTOP)
        try:
            scene.old("UPDATE customers SET email = 'c' || id WHERE id % 3 = 0")
            time.sleep(12)  # a lease is 10 s
            scene.old("UPDATE customers SET email = 'd' || id WHERE id % 5 = 0")
            settle(scene.midflight)
        finally:
            helper.send_signal(signal.SIGCONT)
        time.sleep(1)
        helper.send_signal(signal.SIGTERM)
        assert scene.midflight.end(helper).status in (0, FAILED)
        settle(scene.midflight)
    agree(scene)


def test_others_have_the_lease_while_several_follow(scene):
    scene = scene(MANY, SPLIT_NAME).start()
    with follow(scene.midflight), follow(scene.midflight, "--join"):
        idle()
        scene.old("UPDATE customers SET email = 'b' || id WHERE id < 5000")
        scene.midflight.again("verify").done()
        scene.midflight.again("advance").done()
        scene.new("UPDATE people SET email = 'c' || id WHERE id % 2 = 0 AND id < 5000")
        settle(scene.midflight)
        assert scene.old("SELECT email FROM customers WHERE id IN (1, 2) ORDER BY id") == [("b1",), ("c2",)]
    agree(scene)
