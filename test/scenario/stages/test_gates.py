"""What bars `advance` and `rollback`: each gate names itself, says what turns it green, and opens when that is done."""
import pytest

from scenario.definitions import SPLIT_NAME
from scenario.stages.conftest import awaiting_additional_action, awaiting_finalization
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, UNINITIALIZED)

SHORT_NAMES = SPLIT_NAME.replace("first_name TEXT NOT NULL", "first_name TEXT NOT NULL CHECK (length(first_name) < 9)")
FUSSY_OLD = "CREATE TRIGGER fussy BEFORE INSERT ON customers WHEN NEW.name = 'No' BEGIN SELECT RAISE(IGNORE); END;"


def barred(midflight, verb, gate, stage):
    message = midflight.run(verb).refused().message
    assert f"gate {gate}" in message, message
    assert midflight.stage() == stage
    return message


class TestSoak:
    def test_bars_the_last_step_and_says_how_long(self, app):
        midflight = awaiting_finalization(app, SPLIT_NAME.replace("soak: 0s", "soak: 2h")).midflight
        assert "1h 59m" in barred(midflight, "advance", "soak", AWAITING_FINALIZATION)
        assert 7100 < midflight.status().json["soak_left_s"] <= 7200
        assert "soak left" in midflight.status(json=False).out

    def test_leaves_the_way_back_open(self, app):
        midflight = awaiting_finalization(app, SPLIT_NAME.replace("soak: 0s", "soak: 2h")).midflight
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED

    def test_that_is_over_opens(self, app):
        midflight = awaiting_finalization(app, SPLIT_NAME.replace("soak: 0s", "soak: 1ms")).midflight
        midflight.advance().done()
        assert midflight.stage() == FINISHED

    def test_is_a_day_when_the_definition_says_nothing(self, app):
        midflight = awaiting_finalization(app, SPLIT_NAME.replace("    soak: 0s\n", "")).midflight
        assert 86300 < midflight.status().json["soak_left_s"] <= 86400


class TestQuarantine:
    def test_bars_the_cut_over_until_the_row_is_mended(self, app):
        midflight = awaiting_additional_action(app, SHORT_NAMES).midflight
        app.sql("INSERT INTO customers (id, name) VALUES (9, 'Bartholomew')")
        barred(midflight, "advance", "quarantine", AWAITING_ADDITIONAL_ACTION)
        assert midflight.quarantined_keys() == ["9"]
        app.sql("UPDATE customers SET name = 'Bart' WHERE id = 9")
        midflight.advance().done()
        assert midflight.status().json["quarantined"] == 0
        assert app.rows("SELECT first_name FROM people WHERE id = 9") == [("Bart",)]

    def test_bars_the_last_step_when_the_old_side_refused_what_the_new_took(self, app):
        midflight = awaiting_finalization(app).midflight
        app.sql(FUSSY_OLD + "INSERT INTO people (id, first_name) VALUES (9, 'No');")
        barred(midflight, "advance", "quarantine", AWAITING_FINALIZATION)
        app.sql("UPDATE people SET first_name = 'Yes' WHERE id = 9")
        midflight.advance().done()
        assert app.rows("SELECT name FROM customers_retired WHERE id = 9") == [("Yes",)]

    def test_bars_a_rollback_that_would_lose_what_the_new_side_took(self, app):
        midflight = awaiting_finalization(app).midflight
        app.sql(FUSSY_OLD + "INSERT INTO people (id, first_name) VALUES (9, 'No');")
        assert "--force" in barred(midflight, "rollback", "quarantine", AWAITING_FINALIZATION)
        app.sql("UPDATE people SET first_name = 'Yes' WHERE id = 9")
        midflight.rollback().done()
        assert app.rows("SELECT name FROM customers WHERE id = 9") == [("Yes",)]

    def test_gives_way_to_a_forced_rollback(self, app):
        midflight = awaiting_finalization(app).midflight
        app.sql(FUSSY_OLD + "INSERT INTO people (id, first_name) VALUES (9, 'No');")
        midflight.rollback("--force").done()
        assert app.rows("SELECT id FROM customers ORDER BY id") == [(1,), (2,), (3,)]

    def test_is_listed_with_its_reason_and_is_no_divergence(self, app):
        midflight = awaiting_additional_action(app, SHORT_NAMES).midflight
        app.sql("INSERT INTO customers (id, name) VALUES (9, 'Bartholomew')")
        text = midflight.status(json=False).done().out
        assert "quarantined  1\n    9: " in text and "people" in text[text.index("    9: "):].splitlines()[0]
        assert midflight.status().json["diverged"] == 0
        midflight.verify().done()
        assert midflight.status().json["diverged"] == 0


class TestVerified:
    def test_bars_the_cut_over_while_entities_differ(self, app):
        midflight = awaiting_additional_action(app).midflight
        app.behind_the_back("UPDATE people SET email = 'astray' WHERE id = 2")
        midflight.verify().diverged()
        barred(midflight, "advance", "verified", AWAITING_ADDITIONAL_ACTION)
        midflight.verify("--repair").done()
        midflight.advance().done()

    def test_bars_the_last_step_though_nobody_had_compared_since_the_cut_over(self, app):
        midflight = awaiting_finalization(app).midflight
        app.behind_the_back("DELETE FROM customers WHERE id = 2")
        barred(midflight, "advance", "verified", AWAITING_FINALIZATION)
        midflight.verify("--repair").done()
        assert app.rows("SELECT name FROM customers WHERE id = 2") == [("Bob",)]
        midflight.advance().done()

    def test_opens_when_the_application_mended_the_difference_itself(self, app):
        midflight = awaiting_additional_action(app).midflight
        app.behind_the_back("UPDATE people SET email = 'astray' WHERE id = 2")
        midflight.verify().diverged()
        app.sql("UPDATE people SET email = 'bob@x' WHERE id = 2")
        midflight.advance().done()

    def test_finds_before_the_door_what_went_astray_after_the_last_comparison(self, app):
        midflight = awaiting_additional_action(app).midflight  # `start` compared the whole
        app.behind_the_back("UPDATE people SET email = 'astray' WHERE id = 2")
        midflight.advance()  # may trust the comparison of its stage, or compare again
        assert "gate verified" in midflight.advance().refused().message
        assert midflight.stage() in (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION)


class TestCapture:
    @pytest.mark.parametrize("stage", [awaiting_additional_action, awaiting_finalization], ids=["before", "after"])
    @pytest.mark.parametrize("table", ["customers", "people"])
    def test_names_the_trigger_that_is_gone(self, app, stage, table):
        staged = stage(app)
        name = next(name for name in app.names("trigger") if name.endswith(f"_{table}_insert"))
        app.sql(f'DROP TRIGGER "{name}"; INSERT INTO {table} (id, {dict(customers="name", people="first_name")[table]}) '
                "VALUES (9, 'unseen');")
        for verb in ("advance", "verify"):
            outcome = staged.midflight.run(verb)
            assert outcome.status in (3, 4) and "gate capture" in outcome.message and name in outcome.message
        staged.midflight.rollback().done()

    def test_names_the_trigger_that_was_changed(self, app):
        staged = awaiting_additional_action(app)
        name = next(name for name in app.names("trigger") if name.endswith("_customers_update"))
        app.sql(f'DROP TRIGGER "{name}"; CREATE TRIGGER "{name}" AFTER UPDATE ON customers BEGIN SELECT 1; END;')
        outcome = staged.midflight.advance()
        assert outcome.status in (3, 4) and name in outcome.message

    def test_names_a_helper_that_is_gone(self, app):
        staged = awaiting_additional_action(app)
        name = next(name for name in app.names("trigger") if name.endswith("_sync"))
        app.sql(f'DROP TRIGGER "{name}"')
        outcome = staged.midflight.advance()
        assert outcome.status in (3, 4) and name in outcome.message, outcome

    def test_is_not_fooled_by_a_trigger_edited_in_the_schema_itself(self, app):
        staged = awaiting_additional_action(app)
        db = app.connect()
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = replace(sql, 'BEGIN', 'BEGIN SELECT 1; ') "
                   "WHERE name LIKE '%_customers_delete'")
        db.execute("PRAGMA writable_schema = RESET")
        db.close()
        outcome = staged.midflight.advance()
        assert outcome.status in (3, 4) and "gate capture" in outcome.message


class TestWayBack:
    # The old side takes no new e-mail, which only the way back would find out.
    FUSSY = ("CREATE TRIGGER fussy BEFORE UPDATE OF email ON customers WHEN NEW.email IS NOT OLD.email "
             "BEGIN SELECT RAISE(ABORT, 'e-mails are for ever'); END")

    def test_is_tried_before_the_cut_over_and_undone(self, app):
        staged = awaiting_additional_action(app)
        rows = app.rows("SELECT * FROM customers"), app.rows("SELECT * FROM people")
        assert "way back" in staged.midflight.advance().done().err
        assert (app.rows("SELECT * FROM customers"), app.rows("SELECT * FROM people")) == rows

    def test_that_fails_bars_the_cut_over(self, app):
        # backward makes another e-mail than forward took: the rehearsal meets the trigger.
        staged = awaiting_additional_action(app, SPLIT_NAME.replace("AS name, email FROM people",
                                                                    "AS name, lower(email) AS email FROM people"))
        app.sql("UPDATE customers SET email = 'BOB@X' WHERE id = 2;" + self.FUSSY)
        barred(staged.midflight, "advance", "way back", AWAITING_ADDITIONAL_ACTION)
        app.sql("DROP TRIGGER fussy")
        staged.midflight.advance().done()


class TestPause:
    """A table so wide that its triggers cannot be made anew within a millisecond."""

    COLUMNS = [f"c{number}" for number in range(150)]
    WIDE = """
        migration: widen
        old: {store: "${APP_DB}"}
        alter: {table: wide, change: "ADD COLUMN more TEXT"}
        soak: 0s
        pause_max: 1ms
    """

    def test_bars_a_cut_over_that_would_hold_the_writers_longer_and_leaves_all_as_it_was(self, app):
        app.sql(f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {', '.join(self.COLUMNS)}); INSERT INTO wide (id, c7) VALUES (1, 'x')")
        midflight = app.migration(self.WIDE)
        midflight.start().done()
        before = app.rows("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
        assert "pause_max is 1 ms" in barred(midflight, "advance", "pause", AWAITING_ADDITIONAL_ACTION)
        assert app.rows("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name") == before
        app.sql("UPDATE wide SET c7 = 'y'")
        assert app.rows("SELECT c7 FROM _wide_new") == [("y",)]

        patient = app.migration(self.WIDE.replace("1ms", "1h"))
        patient.advance().done()
        assert patient.stage() == AWAITING_FINALIZATION
        assert app.rows("SELECT c7, more FROM wide") == [("y", None)]
