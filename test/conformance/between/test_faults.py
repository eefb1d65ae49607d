"""Trouble between two stores: either server crashes under load, connections are cut or fall silent, packets are lost, a midflight freezes
for longer than its lease while another goes on. What was acknowledged is there, never are both sides open, the same command goes on."""
import signal
import subprocess
import time
from random import Random

import pytest

from support import network
from support.application import Application
from support.between import CHOSEN, PAIRS, Move
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FAILED, FINISHED, RUNNING, UNINITIALIZED)
from support.postgres import Server
from support.postgres_application import USER, PostgresApplication
from support.relay import Relay
from support.stores import POSTGRESQL
from support.workload import NEW, OLD
from support.workloads import ListToRows, SplitName

COUNT = 2000
LONG = pytest.mark.long
OPTIONS = ("hold_max: 5ms", "soak: 0s", "pause_max: 2s")
SLOWLY = ("--load", "0.05")
ROOMY = "ALTER TABLE people SET (fillfactor = 10, autovacuum_enabled = false)"
SLOW_UPKEEP = """
    ALTER TABLE people SET (autovacuum_enabled = true, autovacuum_vacuum_insert_threshold = 0, autovacuum_vacuum_insert_scale_factor = 0,
                            autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_cost_delay = 100)
"""
# With a server at one end at least.
SERVED = [pytest.param(PAIRS[name], id=name, marks=() if PAIRS[name] == (POSTGRESQL, POSTGRESQL) else LONG)
          for name in CHOSEN if POSTGRESQL in PAIRS.get(name, ())]
FREEZABLE = [case for case in SERVED if case.values[0][1] == POSTGRESQL]  # a frozen process keeps a file's lock


class Fleet:
    """Servers that lose nothing by a crash, and a Move on them whose midflight reaches them through relays."""

    def __init__(self, pair, folder, kind, count, **settings):
        self.servers, self.relays, self.apps = {}, {}, {}
        for side, store in zip((OLD, NEW), pair):
            here = folder / side
            here.mkdir()
            if store == POSTGRESQL:
                self.servers[side] = Server(durable=True, distinct=True, **settings).__enter__()
                self.apps[side] = PostgresApplication(here, self.servers[side])
            else:
                self.apps[side] = Application(here)
        self.move = Move(kind, self.apps, count, *OPTIONS)
        self.midflight, self.random = self.move.midflight, Random(self.move.seed)

    def relay(self):
        """midflight's way to each server leads through one from now on; the application's does not."""
        for side, server in self.servers.items():
            self.relays[side] = Relay(server).__enter__()
            self.midflight.environment[{OLD: "APP_DB", NEW: "NEW_DB"}[side]] = self.relays[side].address(self.apps[side].database, USER)
        return self

    def crash(self, side):
        self.servers[side].crash()
        self.servers[side].start()

    def through(self, verb, stage, trouble, times=3):
        """Runs a verb while there is trouble, again and again, and then to its end."""
        for _ in range(times):
            process = self.midflight.begin(verb)
            time.sleep(self.random.uniform(0, 0.4))
            trouble(self.random.choice(list(self.servers)))
            outcome = self.midflight.end(process)
            assert outcome.status in (0, FAILED), outcome
            if self.midflight.stage() == stage:
                break
        if self.midflight.stage() != stage:
            self.midflight.run(verb).done()
        assert self.midflight.stage() == stage

    def close(self):
        self.move.abandon()
        for held in (*self.relays.values(), *self.servers.values()):
            held.__exit__(None, None, None)


@pytest.fixture
def fleet(tmp_path):
    made = []

    def make(pair, kind=SplitName, count=COUNT, **settings):
        made.append(Fleet(pair, tmp_path, kind, count, **settings))
        return made[-1]
    yield make
    for one in made:
        one.close()


def there_and_back(fleet, trouble):
    """Every verb meets trouble; both versions are at it all the while."""
    move = fleet.move
    old, new = move.open(OLD, comes_back=True), move.open(NEW, comes_back=True)
    fleet.through("start", AWAITING_ADDITIONAL_ACTION, trouble)
    fleet.through("advance", AWAITING_FINALIZATION, trouble)
    new.writes_again()
    move.midflight.verify().done()
    fleet.through("rollback", UNINITIALIZED, trouble)
    old.writes_again()
    fleet.through("start", AWAITING_ADDITIONAL_ACTION, trouble, times=1)
    fleet.through("advance", AWAITING_FINALIZATION, trouble, times=1)
    new.writes_again()
    move.close(OLD)
    move.close(NEW)
    move.drain()
    move.twin.agree()
    assert move.phases() == [OLD, NEW, OLD, NEW]
    fleet.through("advance", FINISHED, trouble, times=1)
    move.twin.agree(NEW)
    move.clean(NEW)


@pytest.mark.parametrize("pair", SERVED)
@pytest.mark.parametrize("kind", [SplitName, pytest.param(ListToRows, marks=LONG)], ids=lambda kind: kind.__name__)
def test_crashes_of_either_server_lose_no_acknowledged_write(fleet, pair, kind):
    fleet = fleet(pair, kind)
    there_and_back(fleet, fleet.crash)


@pytest.mark.parametrize("pair", SERVED)
def test_connections_that_are_cut_lose_no_write(fleet, pair):
    fleet = fleet(pair).relay()
    there_and_back(fleet, lambda side: fleet.relays[side].cut())


@LONG
@pytest.mark.parametrize("pair", SERVED)
def test_connections_that_fall_silent_for_a_while_lose_no_write(fleet, pair):
    fleet = fleet(pair).relay()

    def stall(side):
        fleet.relays[side].stall()
        time.sleep(fleet.random.uniform(0.5, 3))
        fleet.relays[side].resume()
    there_and_back(fleet, stall)


@pytest.mark.parametrize("pair", SERVED)
def test_a_follower_whose_server_crashes_says_so_and_the_next_goes_on(fleet, pair):
    fleet = fleet(pair)
    move = fleet.move
    move.open(OLD, comes_back=True)
    move.midflight.start().done()
    for side in fleet.servers:
        process = move.midflight.begin("follow")
        time.sleep(0.3)
        fleet.crash(side)
        time.sleep(0.3)
        if process.poll() is None:  # it may come through, or not have noticed
            process.send_signal(signal.SIGTERM)
        outcome = move.midflight.end(process)
        assert outcome.status in (0, FAILED), outcome
    move.close(OLD)
    move.drain()
    move.twin.agree()


def reached(ask):
    until = time.monotonic() + 60
    while not ask():
        assert time.monotonic() < until
        time.sleep(0.05)


@LONG
@pytest.mark.parametrize("pair", FREEZABLE)
def test_the_servers_own_vacuum_of_what_was_copied_gives_way_to_the_indexes(fleet, pair):
    """It takes a minute, and that of a large table takes longer; it has begun before the copy ends."""
    fleet = fleet(pair, count=5000, autovacuum_naptime="1s")
    new, server = fleet.apps[NEW], fleet.servers[NEW]
    process = fleet.midflight.begin("start", "--load", "0.3")
    fleet.midflight.reach(RUNNING)
    new.sql(ROOMY)
    reached(lambda: new.value("SELECT count(*) FROM people") > 1000)
    process.send_signal(signal.SIGINT)
    fleet.midflight.end(process)
    new.sql(SLOW_UPKEEP)
    reached(lambda: server.execute("SELECT 1 FROM pg_stat_progress_vacuum WHERE relid = 'people'::regclass", new.database))
    fleet.midflight.start().done()
    assert server.upkeep_ended_early()
    fleet.move.twin.agree()


class TestFrozen:
    """For longer than its lease, in the middle of something; another takes over, and the first wakes when all is different."""
    PATIENCE_S = 60

    def until(self, ask):
        began = time.monotonic()
        while (outcome := ask()).status != 0:
            assert time.monotonic() - began < self.PATIENCE_S, outcome
            time.sleep(0.5)

    @pytest.mark.parametrize("pair", FREEZABLE)
    @pytest.mark.parametrize("after", [pytest.param(0.15, marks=LONG), 0.4, pytest.param(0.8, marks=LONG)])
    def test_one_that_copies_is_refused_when_it_wakes_and_does_no_harm(self, fleet, pair, after):
        fleet = fleet(pair, count=20000)
        move = fleet.move
        process = move.midflight.begin("start", *SLOWLY)
        move.midflight.reach(RUNNING)
        time.sleep(after)
        process.send_signal(signal.SIGSTOP)
        try:
            self.until(move.midflight.start)
            move.open(OLD).writes_again()
            time.sleep(0.5)
            move.close(OLD)
            move.drain()
            move.twin.agree()
        finally:
            process.send_signal(signal.SIGCONT)
        outcome = move.midflight.end(process).failed()
        assert outcome.json["error"] in ("held", "store"), outcome
        assert move.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        move.drain()
        move.twin.agree()
        move.midflight.verify().done()

    @pytest.mark.parametrize("pair", FREEZABLE)
    def test_one_that_follows_is_refused_when_it_wakes_behind_a_cut_over(self, fleet, pair):
        fleet = fleet(pair, count=20000)
        move = fleet.move
        move.midflight.start().done()
        old = move.open(OLD)
        process = move.midflight.begin("follow")
        old.writes_again()
        time.sleep(0.4)
        process.send_signal(signal.SIGSTOP)
        try:
            self.until(move.midflight.advance)
            move.open(NEW).writes_again()
            time.sleep(0.5)
            move.close(OLD)
            move.close(NEW)
            move.drain()
            move.twin.agree()
        finally:
            process.send_signal(signal.SIGCONT)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert move.midflight.end(process).status in (0, FAILED)
        move.twin.agree()
        assert move.phases() == [OLD, NEW]
        move.midflight.verify().done()

    @LONG
    @pytest.mark.parametrize("pair", FREEZABLE)
    def test_one_of_several_workers_is_refused_when_it_wakes(self, fleet, pair):
        if pair[0] != POSTGRESQL:
            pytest.skip("one worker copies from SQLite")
        fleet = fleet(pair, count=40000)
        move = fleet.move
        process = move.midflight.begin("start", *SLOWLY)
        move.midflight.reach(RUNNING)
        helper = move.midflight.begin("start", "--join", *SLOWLY)
        time.sleep(0.6)
        helper.send_signal(signal.SIGSTOP)
        try:
            process.send_signal(signal.SIGINT)
            move.midflight.end(process)
            self.until(move.midflight.start)
            move.open(OLD).writes_again()
            time.sleep(0.5)
            move.close(OLD)
            move.drain()
        finally:
            helper.send_signal(signal.SIGCONT)
        move.midflight.end(helper)
        move.twin.agree()
        move.midflight.verify().done()


@LONG
@pytest.mark.skipif(not network.possible(), reason="only root can lay a wire")
@pytest.mark.parametrize("lost", [OLD, NEW])
def test_lost_packets_to_either_server_are_noticed_and_the_same_command_goes_on(tmp_path, lost):
    """Nothing arrives any more, in either direction, and nobody is told."""
    noticed_s = 30
    with Server(durable=True, clients=("host all all samenet trust",), listen_addresses="'*'") as far, Server(durable=True) as near, \
            network.Wire() as wire:
        apps = {}
        for side in (OLD, NEW):
            (tmp_path / side).mkdir()
            apps[side] = PostgresApplication(tmp_path / side, far if side == lost else near)
        move = Move(SplitName, apps, 20000, *OPTIONS)
        name = {OLD: "APP_DB", NEW: "NEW_DB"}[lost]
        address = move.midflight.environment[name]
        move.midflight.environment[name] = f"postgresql://{USER}@{wire.address}:{far.port}/{apps[lost].database}"
        process = subprocess.Popen([*wire.beyond, *move.midflight.words("start", *SLOWLY)], env=move.midflight.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 30
        while not ("people" in apps[NEW].tables() and apps[NEW].value("SELECT count(*) > 0 FROM people")):
            assert time.monotonic() < until, "nothing is copied"
            time.sleep(0.02)
        wire.lose()
        began = time.monotonic()
        outcome = move.midflight.end(process).failed()
        assert time.monotonic() - began < noticed_s, "it waited for a server that no packet reaches"
        assert "connection" in outcome.message, outcome
        move.midflight.environment[name] = address
        began = time.monotonic()
        while (outcome := move.midflight.start()).status != 0:
            assert time.monotonic() - began < noticed_s, outcome
            time.sleep(0.5)
        move.twin.agree()
        for app in apps.values():
            app.remove()
