"""A migration without `backward`: said at every stage; one side takes writes at a time, and the other refuses them."""
import sqlite3

import pytest

from scenario.definitions import ONE_WAY
from scenario.stages.conftest import awaiting_additional_action, awaiting_finalization, uninitialized
from support.midflight import AWAITING_FINALIZATION, FINISHED, UNINITIALIZED

WORDS = "no way back"


def said(outcome):
    text = (outcome.out + outcome.err).lower()
    assert WORDS in text or "way back     none" in text, outcome


class TestIsSaid:
    @pytest.mark.parametrize("verb", ["check", "start", "status"])
    def test_before_the_start(self, app, verb):
        said(uninitialized(app, ONE_WAY).midflight.run(verb, json=False).done())

    @pytest.mark.parametrize("verb", ["status", "advance", "start"])
    def test_before_the_cut_over(self, app, verb):
        said(awaiting_additional_action(app, ONE_WAY).midflight.run(verb, json=False).done())

    def test_after_the_cut_over(self, app):
        midflight = awaiting_finalization(app, ONE_WAY).midflight
        said(midflight.status(json=False).done())
        message = midflight.rollback().refused().message
        assert "gate way back" in message and "backward" in message

    def test_to_programs(self, app):
        midflight = uninitialized(app, ONE_WAY).midflight
        assert midflight.status().json["way_back"] is False
        midflight.start().done()
        assert midflight.status().json["way_back"] is False


class TestWrites:
    def test_on_the_old_side_follow_before_the_cut_over(self, app):
        awaiting_additional_action(app, ONE_WAY)
        app.sql("UPDATE customers SET email = 'new@x' WHERE id = 2; INSERT INTO customers (id, name) VALUES (4, 'Di Fox');"
                "DELETE FROM customers WHERE id = 1; UPDATE customers SET id = 30 WHERE id = 3;")
        assert app.rows("SELECT id, first_name, last_name, email FROM people ORDER BY id") == [
            (2, "Bob", None, "new@x"), (4, "Di", "Fox", None), (30, "Cy", "Dee", "cy@x")]

    @pytest.mark.parametrize("statement", ["INSERT INTO {} (id) VALUES (9)", "UPDATE {} SET email = 'x'", "DELETE FROM {}",
                                           "REPLACE INTO {} (id) VALUES (1)", "INSERT OR IGNORE INTO {} (id) VALUES (9)"])
    def test_on_the_new_side_are_refused_before_the_cut_over(self, app, statement):
        awaiting_additional_action(app, ONE_WAY)
        before = app.rows("SELECT * FROM people")
        with pytest.raises(sqlite3.IntegrityError, match="midflight: table people takes no writes now"):
            app.sql(statement.format("people"))
        assert app.rows("SELECT * FROM people") == before

    @pytest.mark.parametrize("statement", ["INSERT INTO {} (id) VALUES (9)", "UPDATE {} SET email = 'x'", "DELETE FROM {}",
                                           "REPLACE INTO {} (id) VALUES (1)", "INSERT OR IGNORE INTO {} (id) VALUES (9)"])
    def test_on_the_old_side_are_refused_after_the_cut_over(self, app, statement):
        awaiting_finalization(app, ONE_WAY)
        before = app.rows("SELECT * FROM customers")
        with pytest.raises(sqlite3.IntegrityError, match="midflight: table customers takes no writes now"):
            app.sql(statement.format("customers"))
        assert app.rows("SELECT * FROM customers") == before

    def test_on_the_new_side_are_taken_after_the_cut_over_and_stay_there(self, app):
        midflight = awaiting_finalization(app, ONE_WAY).midflight
        app.sql("UPDATE people SET email = 'new@x' WHERE id = 2; INSERT INTO people (id, first_name) VALUES (4, 'Di');")
        assert app.rows("SELECT id, email FROM customers ORDER BY id") == [(1, "ann@x"), (2, "bob@x"), (3, "cy@x")]
        midflight.advance().done()
        assert midflight.stage() == FINISHED
        assert app.rows("SELECT id, email FROM people ORDER BY id") == [(1, "ann@x"), (2, "new@x"), (3, "cy@x"), (4, None)]


def test_a_rollback_before_the_cut_over_is_still_possible(app):
    midflight = awaiting_additional_action(app, ONE_WAY).midflight
    app.sql("UPDATE customers SET email = 'new@x' WHERE id = 2")
    midflight.rollback().done()
    assert midflight.stage() == UNINITIALIZED
    app.sql("UPDATE customers SET email = 'newer@x' WHERE id = 2")
    assert app.tables()[0] == "customers" and "people" not in app.tables()


def test_verify_after_the_cut_over_does_not_take_the_new_sides_own_writes_for_a_loss(app):
    midflight = awaiting_finalization(app, ONE_WAY).midflight
    app.sql("UPDATE people SET email = 'new@x' WHERE id = 2; DELETE FROM people WHERE id = 3;")
    outcome = midflight.verify("--repair")
    assert app.rows("SELECT id, email FROM people ORDER BY id") == [(1, "ann@x"), (2, "new@x")], outcome


def test_the_last_step_is_not_barred_by_what_the_new_side_alone_took(app):
    midflight = awaiting_finalization(app, ONE_WAY).midflight
    app.sql("DELETE FROM people")
    midflight.advance().done()
    assert midflight.stage() == FINISHED
    assert AWAITING_FINALIZATION not in midflight.status(json=False).out
