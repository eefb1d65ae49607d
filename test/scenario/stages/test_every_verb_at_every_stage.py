"""Each verb at each stage does what the documents say, tells it by its exit status, and may be given again."""
import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from scenario.stages.conftest import awaiting_finalization
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, DONE, FAILED, FINISHED, FINISHING,
                               INITIALIZING, LEDGER, REFUSED, ROLLING_BACK, RUNNING, UNINITIALIZED)

MODES = {UNINITIALIZED: "old", INITIALIZING: "old", RUNNING: "shadow", AWAITING_ADDITIONAL_ACTION: "shadow",
         AWAITING_FINALIZATION: "reverse shadow", FINISHING: "new", FINISHED: "new", ROLLING_BACK: "old"}

# (stage, verb): exit status, words of the message, stage afterwards. In the stages that something bars, it still does.
EXPECTED = {
    (UNINITIALIZED, "check"): (DONE, [], UNINITIALIZED),
    (UNINITIALIZED, "start"): (DONE, [], AWAITING_ADDITIONAL_ACTION),
    (UNINITIALIZED, "verify"): (REFUSED, ["Uninitialized"], UNINITIALIZED),
    (UNINITIALIZED, "advance"): (REFUSED, ["gate stage", "midflight start"], UNINITIALIZED),
    (UNINITIALIZED, "rollback"): (DONE, [], UNINITIALIZED),
    (INITIALIZING, "check"): (REFUSED, ["Initializing"], INITIALIZING),
    (INITIALIZING, "start"): (FAILED, ["new.create", "UNIQUE"], INITIALIZING),
    (INITIALIZING, "verify"): (REFUSED, ["Initializing"], INITIALIZING),
    (INITIALIZING, "advance"): (REFUSED, ["gate stage", "midflight start"], INITIALIZING),
    (INITIALIZING, "rollback"): (DONE, [], UNINITIALIZED),
    (RUNNING, "check"): (REFUSED, ["Running"], RUNNING),
    (RUNNING, "start"): (DONE, [], AWAITING_ADDITIONAL_ACTION),
    (RUNNING, "verify"): (REFUSED, ["Running"], RUNNING),
    (RUNNING, "advance"): (REFUSED, ["gate stage", "midflight start"], RUNNING),
    (RUNNING, "rollback"): (DONE, [], UNINITIALIZED),
    (AWAITING_ADDITIONAL_ACTION, "check"): (REFUSED, ["midflight verify"], AWAITING_ADDITIONAL_ACTION),
    (AWAITING_ADDITIONAL_ACTION, "start"): (DONE, [], AWAITING_ADDITIONAL_ACTION),
    (AWAITING_ADDITIONAL_ACTION, "verify"): (DONE, [], AWAITING_ADDITIONAL_ACTION),
    (AWAITING_ADDITIONAL_ACTION, "advance"): (DONE, [], AWAITING_FINALIZATION),
    (AWAITING_ADDITIONAL_ACTION, "rollback"): (DONE, [], UNINITIALIZED),
    (AWAITING_FINALIZATION, "check"): (REFUSED, ["midflight verify"], AWAITING_FINALIZATION),
    (AWAITING_FINALIZATION, "start"): (DONE, [], AWAITING_FINALIZATION),
    (AWAITING_FINALIZATION, "verify"): (DONE, [], AWAITING_FINALIZATION),
    (AWAITING_FINALIZATION, "advance"): (DONE, [], FINISHED),
    (AWAITING_FINALIZATION, "rollback"): (DONE, [], UNINITIALIZED),
    (FINISHING, "check"): (REFUSED, ["Finishing"], FINISHING),
    (FINISHING, "start"): (DONE, [], FINISHING),
    (FINISHING, "verify"): (REFUSED, ["Finishing"], FINISHING),
    (FINISHING, "advance"): (FAILED, ["customers_retired"], FINISHING),
    (FINISHING, "rollback"): (REFUSED, ["gate one-way door"], FINISHING),
    (FINISHED, "check"): (REFUSED, ["Finished"], FINISHED),
    (FINISHED, "start"): (DONE, [], FINISHED),
    (FINISHED, "verify"): (REFUSED, ["Finished"], FINISHED),
    (FINISHED, "advance"): (DONE, [], FINISHED),
    (FINISHED, "rollback"): (REFUSED, ["gate one-way door"], FINISHED),
    (ROLLING_BACK, "check"): (REFUSED, ["Rolling Back"], ROLLING_BACK),
    (ROLLING_BACK, "start"): (REFUSED, ["midflight rollback"], ROLLING_BACK),
    (ROLLING_BACK, "verify"): (REFUSED, ["Rolling Back"], ROLLING_BACK),
    (ROLLING_BACK, "advance"): (REFUSED, ["gate stage", "midflight rollback"], ROLLING_BACK),
    (ROLLING_BACK, "rollback"): (FAILED, ["people"], ROLLING_BACK),
}


@pytest.mark.parametrize("stage, verb", EXPECTED, ids=lambda word: word.replace(" ", "_"))
def test_a_verb_at_a_stage(at, stage, verb):
    status, words, after = EXPECTED[stage, verb]
    midflight = at(stage).midflight
    for _ in range(2 if stage == after else 1):  # where it does not move on, it may be said again
        outcome = midflight.run(verb).exits(status)
        for word in words:
            assert word in outcome.message
        assert midflight.stage() == after


@pytest.mark.parametrize("stage", MODES, ids=lambda stage: stage.replace(" ", "_"))
class TestStatus:
    def test_has_every_key_with_its_value(self, at, stage):
        staged = at(stage)
        status = staged.midflight.status().done().json
        assert status["migration"] == "split-name"
        assert (status["stage"], status["mode"]) == (stage, MODES[stage])
        assert status["outbox"] == status["quarantined"] == status["diverged"] == 0
        assert status["epoch"] == len(staged.midflight.history().done().lines)
        rows = staged.app.value("SELECT count(*) FROM customers") if "customers" in staged.app.tables() else 3
        assert status["rows_total"] == (0 if stage == UNINITIALIZED else rows)
        assert 0 <= status["rows_done"] <= status["rows_total"]
        if stage in (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHING, FINISHED):
            assert status["rows_done"] == rows
        assert status["eta_s"] is None or stage == RUNNING and status["eta_s"] > 0
        assert status["owner"] == ""

    def test_says_the_same_to_a_person_and_what_comes_next(self, at, stage):
        midflight = at(stage).midflight
        text = midflight.status(json=False).done().out
        assert f"\nstage        {stage}\n" in text and f"\nmode         {MODES[stage]}\n" in text
        following = {UNINITIALIZED: "midflight start", INITIALIZING: "midflight start", RUNNING: "midflight start",
                     AWAITING_ADDITIONAL_ACTION: "midflight advance", AWAITING_FINALIZATION: "midflight advance",
                     FINISHING: "midflight advance", FINISHED: "nothing", ROLLING_BACK: "midflight rollback"}[stage]
        assert following in text[text.index("\nnext "):]

    def test_changes_nothing(self, at, dump, stage):
        midflight = at(stage).midflight
        before = dump()
        midflight.status().done()
        midflight.history().done()
        assert dump() == before and midflight.stage() == stage


@pytest.mark.parametrize("stage, verb, after", [(INITIALIZING, "start", AWAITING_ADDITIONAL_ACTION),
                                                (FINISHING, "advance", FINISHED), (ROLLING_BACK, "rollback", UNINITIALIZED)],
                         ids=lambda word: word.replace(" ", "_"))
def test_the_same_command_goes_on_once_the_way_is_clear(at, stage, verb, after):
    staged = at(stage)
    staged.clear()
    staged.midflight.run(verb).done()
    assert staged.midflight.stage() == after


def test_the_history_tells_every_move_when_who_and_why(at):
    moves = at(FINISHED).midflight.history().done().lines
    stages = [UNINITIALIZED, INITIALIZING, RUNNING, AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHING, FINISHED]
    assert [(move["from"], move["to"]) for move in moves] == list(zip(stages, stages[1:]))
    assert [move["epoch"] for move in moves] == [1, 2, 3, 4, 5, 6]
    assert all(move["who"] and move["why"] for move in moves)
    times = [move["at_ms"] for move in moves]
    assert times == sorted(times) and times[0] > 1_600_000_000_000


def test_the_history_outlives_a_rollback_and_goes_on_with_the_next_start(at):
    staged = at(AWAITING_FINALIZATION)
    staged.midflight.rollback().done()
    staged.midflight.start().done()
    moves = [(move["from"], move["to"]) for move in staged.midflight.history().done().lines]
    assert moves[3:] == [(AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION), (AWAITING_FINALIZATION, ROLLING_BACK),
                         (ROLLING_BACK, UNINITIALIZED), (UNINITIALIZED, INITIALIZING), (INITIALIZING, RUNNING),
                         (RUNNING, AWAITING_ADDITIONAL_ACTION)]
    text = staged.midflight.history(json=False).done().out
    assert text.count(" -> ") == len(moves) and "Rolling Back -> Uninitialized" in text


@pytest.mark.parametrize("stage", [INITIALIZING, RUNNING, AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION],
                         ids=lambda stage: stage.replace(" ", "_"))
def test_a_rollback_from_any_stage_before_the_door_leaves_the_database_as_it_was(at, app, stage):
    staged = at(stage)
    rows = app.rows("SELECT * FROM customers")
    staged.midflight.rollback().done()
    assert app.rows("SELECT * FROM customers") == rows
    assert [name for name in app.tables() if name != "barrier"] == ["customers", *LEDGER]
    assert app.names("trigger") == app.names("view") == []
    assert app.names("index") == ["customers_email"]
    status = staged.midflight.status().json
    assert status["quarantined"] == status["diverged"] == status["rows_done"] == 0


def test_a_finished_migration_leaves_no_trigger_behind(at, app):
    at(FINISHED)
    assert app.names("trigger") == app.names("view") == []
    assert app.tables() == ["customers_retired", *LEDGER, "people"]
    app.sql("INSERT INTO people (first_name) VALUES ('Di')")
    assert app.value("SELECT count(*) FROM customers_retired") == 3


@pytest.mark.parametrize("retire, left", [("rename", ["customers_retired"]), ("drop", []), ("keep", ["customers"])])
def test_a_finished_migration_retires_the_old_table_as_it_was_told(app, retire, left):
    staged = awaiting_finalization(app, SPLIT_NAME + f"    retire: {retire}\n")
    staged.midflight.advance().done()
    assert [name for name in app.tables() if name.startswith("customers")] == left
    for table in left:
        assert app.value(f"SELECT count(*) FROM {table}") == 3
        app.sql(f"DELETE FROM {table}")  # nobody listens any more
    assert app.value("SELECT count(*) FROM people") == 3


def test_what_named_the_old_table_goes_on_naming_its_rows_when_it_is_renamed(app):
    app.sql(CUSTOMERS + """
        CREATE VIEW emails AS SELECT email FROM customers;
        CREATE TABLE orders (customer INTEGER REFERENCES customers);
        INSERT INTO orders VALUES (2);
    """)
    midflight = app.migration(SPLIT_NAME)
    for verb in ("start", "advance", "advance"):
        midflight.run(verb).done()
    assert len(app.rows("SELECT * FROM emails")) == 3
    assert app.rows("PRAGMA foreign_key_check") == []
    assert app.value("SELECT \"table\" FROM pragma_foreign_key_list('orders')") == "customers_retired"


def test_two_migrations_after_one_another_on_the_same_tables(at, app):
    at(FINISHED)
    second = app.migration("""
        migration: join-name
        old:
          store: ${APP_DB}
          key: {people: id}
        new:
          key: {members: id}
          create: CREATE TABLE members (id INTEGER PRIMARY KEY, name TEXT)
        forward:
          members: SELECT id, first_name || coalesce(' ' || last_name, '') AS name FROM people
        soak: 0s
    """, "second.yaml")
    second.start().done()
    second.advance().done()
    second.advance().done()
    assert app.rows("SELECT name FROM members ORDER BY id") == [("Ann Lee",), ("Bob",), ("Cy Dee",)]


def test_two_migrations_side_by_side_on_tables_of_their_own(app):
    app.sql("CREATE TABLE pens (id INTEGER PRIMARY KEY, v); CREATE TABLE inks (id INTEGER PRIMARY KEY, v);"
            "INSERT INTO pens VALUES (1, 'a'); INSERT INTO inks VALUES (1, 'b');")
    both = [app.migration(f"""
        migration: {name}
        old:
          store: ${{APP_DB}}
          key: {{{name}: id}}
        new:
          key: {{{name}2: id}}
          create: CREATE TABLE {name}2 (id INTEGER PRIMARY KEY, v)
        forward:
          {name}2: SELECT id, v FROM {name}
        backward:
          {name}: SELECT id, v FROM {name}2
        soak: 0s
    """, f"{name}.yaml") for name in ("pens", "inks")]
    for midflight in both:
        midflight.start().done()
    app.sql("UPDATE pens SET v = 'aa'; UPDATE inks2 SET v = 'bb';")
    both[0].rollback().done()
    app.sql("INSERT INTO inks VALUES (2, 'more')")
    both[1].advance().done()
    assert app.rows("SELECT * FROM pens") == [(1, "aa")]
    for table in ("inks", "inks2"):
        assert app.rows(f"SELECT * FROM {table} ORDER BY id") == [(1, "bb"), (2, "more")]
    assert [midflight.stage() for midflight in both] == [UNINITIALIZED, AWAITING_FINALIZATION]
