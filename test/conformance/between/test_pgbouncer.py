"""A whole application behind PgBouncer is moved from one server to another and back, and hears nothing of it."""
import shutil
import time
from contextlib import closing

import pytest

from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FAILED, FINISHED, REFUSED, UNINITIALIZED
from support.pooler import GUEST
from support.relay import Relay
from support.shop import DEFINITION, Shop
from support.stores import POSTGRESQL
from support.between import CHOSEN
from support.workload import NEW, OLD

pytestmark = pytest.mark.skipif(f"{POSTGRESQL}->{POSTGRESQL}" not in CHOSEN, reason="another pair of stores was chosen")


@pytest.fixture
def shop(tmp_path, postgresql_server, other_server):
    with Shop(tmp_path, postgresql_server, other_server) as shop:
        yield shop


def notes(shop, level):
    return "\n".join(note["text"] for note in shop.midflight.check().done().json["notes"] if note["level"] == level)


class TestMove:
    def test_goes_there_and_back_and_no_transaction_fails(self, shop):
        config = shop.door.config
        config.chmod(0o640)
        owner = config.stat()
        with shop.open() as clients:
            shop.midflight.start().done()
            clients.go_on()
            said = shop.midflight.advance(json=False).done()
            assert "held the clients for" in said.out + said.err
            clients.go_on()
            shop.leads(NEW)
            now = config.stat()
            assert (now.st_mode, now.st_uid, now.st_gid) == (owner.st_mode, owner.st_uid, owner.st_gid)
            lines = [line for line in config.read_text().splitlines() if not line.startswith(";midflight")]
            was = shop.before.splitlines()
            assert [line for line in lines if not line.startswith(shop.door.database)] == [line for line in was if line != shop.door.line]
            assert lines[was.index(shop.door.line)].endswith(" application_name='it''s the shop' pool_size=8")
            shop.midflight.rollback().done()
            clients.go_on()
            shop.leads(OLD)
        assert config.read_text() == shop.before
        assert shop.midflight.stage() == UNINITIALIZED
        assert shop.visits(OLD) == clients.acknowledged

    def test_goes_there_for_good(self, shop):
        with shop.open() as clients:
            shop.midflight.start().done()
            shop.midflight.advance().done()
            clients.go_on()
            shop.midflight.advance().done()
            assert shop.midflight.stage() == FINISHED
            clients.go_on()
            assert shop.door.leads_to() == (str(shop.apps[NEW].server.folder), False)
        assert shop.visits(NEW) == clients.acknowledged

    def test_goes_where_the_target_says(self, shop):
        server = shop.apps[NEW].server
        shop.midflight = shop.define(DEFINITION + f"      target: host={server.folder} port={server.port} dbname={shop.apps[NEW].database} pool_size=3\n")
        shop.midflight.start().done()
        shop.midflight.advance().done()
        shop.leads(NEW)
        assert shop.door.config.read_text().count("pool_size=8") == 1  # of the line as it was

    def test_follows_a_link_and_a_file_that_is_included(self, shop):
        door = shop.door
        apart, link = door.folder / "databases", door.folder / "link"
        apart.write_text(f"other = host=/nowhere\n{door.line}\n")
        link.symlink_to(apart)
        door.reconfigure(lambda text: text.replace(door.line, f"%include {link}"))
        shutil.chown(apart, "postgres")
        door.say("RELOAD")
        shop.midflight.environment["CONFIG"] = str(link)
        shop.midflight.start().done()
        shop.midflight.advance().done()
        shop.leads(NEW)
        assert link.is_symlink() and door.line in apart.read_text()
        shop.midflight.rollback().done()
        shop.leads(OLD)
        assert apart.read_text() == f"other = host=/nowhere\n{door.line}\n"


class TestLongTransaction:
    def test_ends_the_pause_in_time_is_named_and_harms_nobody(self, shop):
        shop.midflight = shop.define(DEFINITION.replace("pause_max: 5s", "pause_max: 100ms"))
        shop.midflight.start().done()
        with closing(shop.door.connect(shop.door.database)) as slow, shop.open() as clients:
            slow.execute("BEGIN")
            slow.execute("UPDATE customers SET name = 'slow' WHERE id = 199")
            pid, = slow.execute("SELECT pg_backend_pid()").fetchone()
            outcome = shop.midflight.advance().exits(FAILED)
            assert f"server process {pid} " in outcome.message and "100 ms" in outcome.message
            assert shop.midflight.stage() == AWAITING_ADDITIONAL_ACTION
            clients.go_on()
            slow.execute("COMMIT")
            assert shop.door.leads_to() == (str(shop.apps[OLD].server.folder), False)
        assert clients.longest_ms < 3000  # a bound on hanging, not on speed
        shop.midflight = shop.define(DEFINITION)
        shop.midflight.advance().done()
        shop.leads(NEW)
        assert shop.apps[NEW].value("SELECT name FROM customers WHERE id = 199") == "slow"

    def test_of_one_who_comes_another_way_does_not_hold_the_clients_for_longer(self, shop):
        shop.midflight = shop.define(DEFINITION.replace("pause_max: 5s", "pause_max: 300ms"))
        shop.midflight.start().done()
        with closing(shop.apps[OLD].connect()) as slow, shop.open() as clients:
            slow.execute("BEGIN")
            slow.execute("UPDATE customers SET name = 'slow' WHERE id = 199")
            outcome = shop.midflight.advance().exits(FAILED)
            assert f"pid {slow.pid} " in outcome.message, outcome
            clients.go_on()
            shop.leads(OLD)
            slow.execute("ROLLBACK")
        assert clients.longest_ms < 5000
        shop.midflight.advance().done()
        shop.leads(NEW)


class TestServer:
    def test_that_is_slow_to_open_a_session_does_not_keep_the_clients_waiting_when_it_has(self, shop):
        """PAUSE would close it half open, and PgBouncer then open no other for 15 s."""
        old = shop.apps[OLD].server
        with Relay(old) as relay:
            place = f"host={old.folder} port={old.port}"
            shop.door.reconfigure(lambda text: text.replace(f"{shop.door.database} = {place}", f"{shop.door.database} = {relay.place}"))
            shop.door.say("RELOAD")
            shop.midflight.start().done()
            relay.stall()
            with shop.open() as clients:
                process = shop.midflight.begin("advance")
                time.sleep(3)
                relay.resume()
                resumed = time.monotonic()
                shop.midflight.end(process).done()
                clients.go_on()
                assert time.monotonic() - resumed < 10
            shop.leads(NEW)


class TestTrouble:
    def test_a_file_that_pgbouncer_does_not_read_leaves_the_clients_reading_and_the_right_one_mends_it(self, shop):
        copy = shop.door.folder / "copy"
        shutil.copy(shop.door.config, copy)
        shop.midflight.environment["CONFIG"] = str(copy)
        shop.midflight.start().done()
        outcome = shop.midflight.advance().exits(FAILED)
        assert str(copy) in outcome.message and "run the same command again" in outcome.message
        assert shop.midflight.stage() == AWAITING_FINALIZATION
        assert shop.door.leads_to() == (str(shop.apps[OLD].server.folder), False)
        with closing(shop.door.connect(shop.door.database)) as client:
            assert client.execute("SELECT count(*) FROM customers").fetchone() == (200,)
            with pytest.raises(Exception, match="has moved to"):
                client.execute("UPDATE customers SET name = 'x' WHERE id = 1")
        shop.midflight.environment["CONFIG"] = str(shop.door.config)
        shop.midflight.advance().done()
        assert shop.midflight.stage() == AWAITING_FINALIZATION
        shop.leads(NEW)

    def test_a_pooler_that_is_gone_is_told_before_anything_waits(self, shop):
        shop.midflight.start().done()
        shop.door.process.kill()
        shop.door.process.wait()
        outcome = shop.midflight.advance()
        assert outcome.status == FAILED and "console" in outcome.message
        assert shop.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        shop.apps[OLD].sql("UPDATE customers SET name = 'written' WHERE id = 1")

    def test_a_pooler_that_is_started_anew_in_the_middle_goes_by_the_line(self, shop):
        """It has forgotten the PAUSE and what it led to."""
        shop.midflight.start().done()
        shop.midflight.advance().done()
        shop.door.process.kill()
        shop.door.process.wait()
        (shop.door.folder / f".s.PGSQL.{shop.door.port}").unlink(missing_ok=True)
        (shop.door.folder / f".s.PGSQL.{shop.door.port}.lock").unlink(missing_ok=True)
        shop.door.__enter__()
        shop.leads(NEW)

    def test_whoever_paused_it_is_put_right_by_the_next_verb(self, shop):
        """A midflight that was killed cannot be told from an operator: the verb that goes on lets the clients go on."""
        shop.midflight.start().done()
        shop.door.say(f"PAUSE {shop.door.database}")
        shop.midflight.rollback().done()
        shop.leads(OLD)

    def test_a_signal_in_the_middle_of_the_pause_lets_the_clients_go_on(self, shop):
        shop.midflight.start().done()
        with closing(shop.door.connect(shop.door.database)) as slow:
            slow.execute("BEGIN")
            slow.execute("UPDATE customers SET name = 'slow' WHERE id = 199")
            process = shop.midflight.begin("advance")
            until = time.monotonic() + 30
            while not shop.door.leads_to()[1]:
                assert time.monotonic() < until and process.poll() is None
                time.sleep(0.01)
            process.terminate()
            outcome = shop.midflight.end(process)
            assert outcome.status not in (0, -15), outcome
            assert shop.door.leads_to() == (str(shop.apps[OLD].server.folder), False)
            slow.execute("COMMIT")
        shop.leads(OLD)


class TestCheck:
    def test_says_what_it_has_proved(self, shop):
        text = notes(shop, "proof")
        for wanted in ("may PAUSE", "pools", "transaction", "can be written anew", "line leads to the old store", "target leads to the new store"):
            assert wanted in text, text
        assert shop.door.leads_to() == (str(shop.apps[OLD].server.folder), False)
        assert shop.door.config.read_text() == shop.before

    def refused(self, shop, *words):
        for verb in ("check", "start"):
            outcome = shop.midflight.run(verb).exits(REFUSED)
            text = outcome.out + outcome.err
            assert all(word in text for word in words), outcome
        assert shop.midflight.stage() == UNINITIALIZED

    def test_refuses_an_account_that_may_not_pause(self, shop):
        shop.midflight.environment["ADMIN"] = shop.door.address("pgbouncer", GUEST)
        self.refused(shop, "admin_users", GUEST)

    def test_refuses_a_console_that_is_not_there(self, shop):
        shop.midflight.environment["ADMIN"] = "postgresql://bouncer@/pgbouncer?host=/nonexistent"
        self.refused(shop, "console", "pgbouncer.admin")

    def test_refuses_a_name_that_has_no_line(self, shop):
        shop.midflight.environment["NAME"] = "another"
        self.refused(shop, "0 lines", "another")

    def test_refuses_a_name_that_has_two(self, shop):
        shop.door.reconfigure(lambda text: text.replace(shop.door.line, f"{shop.door.line}\n{shop.door.line}"))
        self.refused(shop, "2 lines", shop.door.database)

    def test_refuses_a_file_that_is_not_there(self, shop):
        shop.midflight.environment["CONFIG"] = "/nonexistent/ini"
        self.refused(shop, "/nonexistent/ini")

    def test_refuses_a_file_that_was_not_loaded(self, shop):
        shop.door.reconfigure(lambda text: text.replace(f"dbname={shop.door.database}", "dbname=postgres"))
        self.refused(shop, "reloaded")

    def test_refuses_a_target_that_is_not_the_new_store(self, shop):
        server = shop.apps[NEW].server
        shop.midflight = shop.define(DEFINITION + f"      target: host={server.folder} port={server.port} dbname=postgres\n")
        self.refused(shop, "pgbouncer.target", "another database")

    def test_refuses_a_target_that_cannot_be_reached(self, shop):
        shop.midflight = shop.define(DEFINITION + "      target: host=/nonexistent dbname=shop\n")
        self.refused(shop, "pgbouncer.target", "/nonexistent")

    def test_refuses_a_database_that_is_paused(self, shop):
        shop.door.say(f"PAUSE {shop.door.database}")
        self.refused(shop, "RESUME it first")

    def test_warns_of_sessions(self, tmp_path, postgresql_server, other_server):
        with Shop(tmp_path, postgresql_server, other_server, mode="session") as shop:
            text = notes(shop, "warning")
            assert "pools" in text and "sessions" in text, text
