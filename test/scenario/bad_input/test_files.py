"""A database that is missing, locked, read-only, full or damaged: a clear error, nothing harmed, and a way on."""
import signal
import time

import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import FAILED, REFUSED, RUNNING, UNINITIALIZED, USAGE

VERBS = ["check", "start", "status", "verify", "advance", "rollback", "history"]


class TestMissing:
    @pytest.mark.parametrize("verb", VERBS)
    def test_is_named_and_never_created(self, app, verb):
        outcome = app.migration(SPLIT_NAME).run(verb).exits(USAGE)
        assert str(app.database) in outcome.message
        assert not app.database.exists()

    def test_folder_in_its_place_is_named(self, app):
        app.database.mkdir()
        assert str(app.database) in app.migration(SPLIT_NAME).start().exits(USAGE).message

    def test_variable_is_named(self, app):
        midflight = app.migration(SPLIT_NAME)
        del midflight.environment["APP_DB"]
        assert "APP_DB" in midflight.start().exits(USAGE).message


class TestLocked:
    """Somebody holds SQLite's one writer's lock for long: midflight waits for a while, says so, and gives up unharmed."""

    @pytest.fixture
    def locked(self, app):
        app.sql("PRAGMA journal_mode = WAL;" + CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        db = app.connect()
        yield midflight, db
        db.close()

    def test_before_the_start_nothing_is_left_behind(self, app, locked):
        midflight, db = locked
        db.execute("BEGIN IMMEDIATE")
        outcome = midflight.start().failed()
        assert outcome.json["error"] == "busy" and "locked" in outcome.message and str(app.database) in outcome.message
        db.execute("ROLLBACK")
        assert app.tables() == ["customers"]
        midflight.start().done()

    def test_in_any_later_stage_the_same_command_goes_on(self, locked):
        midflight, db = locked
        midflight.start().done()
        db.execute("BEGIN IMMEDIATE")
        processes = [midflight.begin(verb) for verb in ("advance", "verify", "rollback")]
        for process in processes:
            assert midflight.end(process).failed().json["error"] == "busy"
        db.execute("ROLLBACK")
        assert midflight.stage() == "Awaiting Additional Action"
        midflight.advance().done()

    def test_for_a_moment_it_is_waited_for(self, locked):
        midflight, db = locked
        db.execute("BEGIN IMMEDIATE")
        process = midflight.begin("start")
        time.sleep(0.3)
        db.execute("COMMIT")
        midflight.end(process).done()

    def test_readers_are_answered_all_the_while(self, locked):
        midflight, db = locked
        db.execute("BEGIN IMMEDIATE")
        assert midflight.status().done().json["stage"] == UNINITIALIZED
        midflight.check().done()
        midflight.history().done()

    def test_exclusively_even_a_reader_is_told(self, app):
        app.sql(CUSTOMERS)  # without a write-ahead log
        db = app.connect()
        db.execute("BEGIN EXCLUSIVE")
        outcome = app.migration(SPLIT_NAME).status().failed()
        assert outcome.json["error"] == "busy"
        db.close()


class TestReadOnly:
    def refused(self, app, midflight, verb):
        outcome = midflight.run(verb)
        assert outcome.status in (REFUSED, FAILED), outcome
        assert str(app.database) in outcome.out + outcome.err and "right to write" in outcome.out + outcome.err, outcome

    @pytest.mark.parametrize("journal", ["DELETE", "WAL"])
    @pytest.mark.parametrize("what", ["file", "folder"])
    @pytest.mark.parametrize("verb", ["check", "start"])
    def test_before_the_start_is_told_and_the_same_command_goes_on(self, app, unwritable, verb, what, journal):
        app.sql(f"PRAGMA journal_mode = {journal};" + CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        unwritable(app.database if what == "file" else app.directory)
        self.refused(app, midflight, verb)
        unwritable.end()
        assert app.tables() == ["customers"]
        midflight.start().done()

    @pytest.mark.parametrize("verb", ["advance", "rollback"])
    def test_in_the_middle_is_told_and_the_same_command_goes_on(self, app, unwritable, verb):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        unwritable(app.directory)
        self.refused(app, midflight, verb)
        assert midflight.status().done().json["stage"] == "Awaiting Additional Action"
        unwritable.end()
        midflight.run(verb).done()


class TestFullDisk:
    """The check that would have refused is passed by as the rows grow after it, or as others take the room."""

    ROWS = 2000

    @pytest.fixture
    def full(self, app, small_disk):
        """A backfill that was stopped, after which others took what room there was; the application is connected."""
        small_disk.fill(app, self.ROWS)
        midflight = app.migration(SPLIT_NAME)
        stopped_backfill(midflight, self.ROWS)
        db = app.connect()
        db.execute("SELECT count(*) FROM customers").fetchall()
        yield midflight, small_disk.fill_up()
        db.close()

    def test_in_the_backfill_is_told_and_more_room_lets_it_go_on(self, app, small_disk, full):
        midflight, _ = full
        outcome = midflight.start().failed()
        assert outcome.json["error"] == "full" and "make room" in outcome.message and "rollback" in outcome.message
        assert midflight.stage() == RUNNING
        small_disk.grow(24)
        midflight.start().done()
        assert app.rows("SELECT id FROM people ORDER BY id") == app.rows("SELECT id FROM customers ORDER BY id")
        assert app.value("PRAGMA integrity_check") == "ok"

    def test_in_the_backfill_does_not_stop_the_reader(self, app, full):
        midflight, _ = full
        midflight.start().failed()
        assert midflight.status().done().json["stage"] == RUNNING
        assert app.value("SELECT count(*) FROM customers") == self.ROWS

    def test_is_led_home_from_by_a_rollback_once_there_is_a_little_room(self, app, full):
        midflight, ballast = full
        midflight.start().failed()
        ballast.unlink()
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED and app.names("trigger") == []
        assert app.value("SELECT count(*) FROM customers") == self.ROWS
        assert app.value("PRAGMA integrity_check") == "ok"

    def test_at_the_cut_over_leaves_the_stage_as_it_was(self, app, small_disk):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        ballast = small_disk.fill_up()
        outcome = midflight.advance().failed()
        assert outcome.json["error"] in ("full", "store") and "disk is full" in outcome.message, outcome
        ballast.unlink()
        assert midflight.stage() == "Awaiting Additional Action"
        midflight.advance().done()


def overwrite(path, offset, content):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


class TestDamaged:
    @pytest.mark.parametrize("verb", VERBS)
    def test_header_is_told_and_not_touched(self, app, verb):
        app.sql(CUSTOMERS)
        overwrite(app.database, 0, b"This is no database " * 50)
        content = app.database.read_bytes()
        outcome = app.migration(SPLIT_NAME).run(verb).failed()
        assert outcome.json["error"] == "corrupt" and "no SQLite database" in outcome.message
        assert "backup" in outcome.message and app.database.read_bytes() == content

    @pytest.mark.parametrize("verb", VERBS)
    def test_text_file_is_told(self, app, verb):
        app.database.write_text("id,name\n1,Ann\n")
        assert app.migration(SPLIT_NAME).run(verb).failed().json["error"] == "corrupt"

    def test_empty_file_is_an_empty_database(self, app):
        app.database.touch()
        assert "customers" in app.migration(SPLIT_NAME).start().exits(USAGE).message

    @pytest.mark.parametrize("verb", ["check", "start"])
    def test_page_of_the_table_is_told_before_the_start(self, app, verb):
        self.with_damaged_page(app)
        outcome = app.migration(SPLIT_NAME).run(verb).failed()
        assert outcome.json["error"] == "corrupt" and "integrity_check" in outcome.message
        assert app.tables() == ["customers"]

    def with_damaged_page(self, app):
        app.sql(CUSTOMERS + """
            WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO customers (id, name) SELECT i, 'First Last' || i FROM n;
        """)
        # A leaf of the table, whichever page it is: the one that holds customer 1500.
        content = app.database.read_bytes()
        page = content.index(b"Last1500") // 4096
        overwrite(app.database, page * 4096, b"\xff" * 100)

    def test_page_that_goes_bad_meanwhile_is_told_and_nothing_is_made_worse(self, app):
        app.sql(CUSTOMERS + """
            WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO customers (id, name) SELECT i, 'First Last' || i FROM n;
        """)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        content = app.database.read_bytes()
        overwrite(app.database, content.index(b"First Last1500") // 4096 * 4096, b"\xff" * 100)
        outcome = midflight.verify().failed()
        assert outcome.json["error"] == "corrupt"
        assert midflight.stage() == "Awaiting Additional Action"

    def test_end_that_is_cut_off_is_told(self, app):
        app.sql(CUSTOMERS + "WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
                "INSERT INTO customers (id, name) SELECT i, 'First Last' || i FROM n;")
        with open(app.database, "r+b") as file:
            file.truncate(4096 * 5)
        assert app.migration(SPLIT_NAME).start().failed().json["error"] == "corrupt"


class TestLedger:
    """What another version of midflight, or another tool, left in the ledger is not taken for what it is not."""

    @pytest.fixture
    def midflight(self, app):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        return midflight

    @pytest.mark.parametrize("verb", VERBS)
    def test_with_an_unknown_stage_is_refused_with_advice(self, app, midflight, verb):
        app.sql("UPDATE midflight_migration SET stage = 'Levitating'")
        outcome = midflight.run(verb).failed()
        assert "'Levitating'" in outcome.message and "version" in outcome.message
        assert app.value("SELECT stage FROM midflight_migration") == "Levitating"

    @pytest.mark.parametrize("verb", ["start", "status", "advance", "rollback"])
    def test_of_another_form_is_refused_with_advice(self, app, midflight, verb):
        app.sql("ALTER TABLE midflight_migration RENAME COLUMN epoch TO era")
        outcome = midflight.run(verb).failed()
        assert "era" in outcome.message or "epoch" in outcome.message
        app.sql("ALTER TABLE midflight_migration RENAME COLUMN era TO epoch")
        midflight.run(verb).done()

    def test_that_somebody_emptied_is_told_by_what_is_in_the_way(self, app, midflight):
        app.sql("DELETE FROM midflight_migration; DELETE FROM midflight_step; DELETE FROM midflight_history;")
        outcome = midflight.start()
        assert outcome.status in (USAGE, REFUSED, FAILED) and "people" in outcome.message
        assert app.value("SELECT count(*) FROM people") == 3

    def test_of_an_epoch_that_somebody_else_moved_on_is_not_passed_over(self, app, midflight):
        process = midflight.begin("verify")
        midflight.end(process).done()
        app.sql("UPDATE midflight_migration SET token = token + 5")
        midflight.advance().done()
        assert midflight.stage() == "Awaiting Finalization"


def test_a_process_that_is_killed_while_it_waits_leaves_no_lock(app):
    app.sql("PRAGMA journal_mode = WAL;" + CUSTOMERS)
    midflight = app.migration(SPLIT_NAME)
    db = app.connect()
    db.execute("BEGIN IMMEDIATE")
    process = midflight.begin("start")
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    db.execute("UPDATE customers SET email = 'still@x' WHERE id = 1")
    db.execute("COMMIT")
    db.close()
    midflight.start().done()
