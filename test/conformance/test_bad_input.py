"""What is wrong is told: what happened, to what, and what to do; with the exit status that says whether to try again, and
nothing is changed by it."""
import pytest

from scenario.conftest import stopped_backfill
from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FAILED, REFUSED, UNINITIALIZED, USAGE)
from support.stores import spoken

VERBS = ["check", "start", "status", "verify", "advance", "rollback", "history"]


class TestAddress:
    @pytest.mark.parametrize("verb", VERBS)
    def test_of_a_database_that_is_not_there_is_named_and_nothing_is_created(self, app, migration, verb):
        midflight = migration(CUSTOMERS, SPLIT_NAME)
        midflight.environment["APP_DB"] = app.address("no_such_database")
        outcome = midflight.run(verb).exits(USAGE)
        assert "no_such_database" in outcome.message
        assert midflight.run(verb).exits(USAGE).message == outcome.message

    def test_whose_variable_is_not_set_names_it(self, migration):
        midflight = migration(CUSTOMERS, SPLIT_NAME)
        del midflight.environment["APP_DB"]
        assert "APP_DB" in midflight.start().exits(USAGE).message

    def test_of_a_store_that_is_none_names_those_that_are(self, migration):
        midflight = migration(CUSTOMERS, SPLIT_NAME)
        midflight.environment["APP_DB"] = "punchcards:shelf"
        assert "punchcards" in midflight.start().exits(USAGE).message


# What is done to the tables, what is replaced in the definition by what, and words of the complaint.
MISFITS = {
    "the old table is missing": ("ALTER TABLE customers RENAME TO clients", None, ["customers"]),
    "the old table is a view": ("ALTER TABLE customers RENAME TO c; CREATE VIEW customers AS SELECT * FROM c", None,
                                ["customers"]),
    "the new table is there already": ("CREATE TABLE people (id INTEGER PRIMARY KEY)", None, ["people"]),
    "the key is no column": ("", ("{customers: id}", "{customers: number}"), ["customers", "number"]),
    "the new key is no column": ("", ("{people: id}", "{people: number}"), ["people", "number"]),
    "the key has no index": ("", ("{customers: id}", "{customers: name}"), ["customers", "name"]),
    "a column that is missing is read": ("", (" email\n        FROM customers", " email, nome AS note\n        FROM customers"),
                                         ["forward.people", "nome"]),
    "a table that is missing is read": ("", ("FROM customers\n", "FROM clients\n"), ["forward.people", "clients"]),
    "a column that the target lacks is yielded": ("", ("AS last_name", "AS surname"), ["forward.people", "surname"]),
    "the create is no SQL": ("", ("CREATE TABLE people (", "CREATE TUBLE people ("), ["TUBLE"]),
}


@pytest.mark.parametrize("verb", ["check", "start"])
@pytest.mark.parametrize("tables, change, words", MISFITS.values(), ids=MISFITS)
def test_a_definition_that_does_not_fit_is_refused_and_changes_nothing(app, migration, verb, tables, change, words):
    definition = SPLIT_NAME.replace(*change) if change else SPLIT_NAME
    assert change is None or definition != SPLIT_NAME
    midflight = migration(CUSTOMERS + tables, definition)
    before = app.schema()
    outcome = midflight.run(verb)
    assert outcome.status in (USAGE, REFUSED), outcome
    for word in words:
        assert word in outcome.out, outcome
    assert app.schema() == before
    app.holds_nothing_of_midflight()


class TestChangedDefinition:
    CHANGES = {"query": (" AS name, email FROM", " AS name, lower(email) AS email FROM"),
               "create": ("email TEXT, note TEXT", "email TEXT, note TEXT, more TEXT"),
               "key": ("{customers: id}", "{customers: email}")}

    @pytest.mark.parametrize("verb", ["start", "advance", "verify"])
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_is_refused_and_going_back_to_it_goes_on(self, people, verb, change):
        text = people.midflight.file.read_text()
        assert change[0] in text
        people.midflight.file.write_text(text.replace(*change))
        outcome = people.midflight.run(verb)
        assert outcome.status in (USAGE, REFUSED) and "changed" in outcome.message
        people.midflight.file.write_text(text)
        people.holds()

    def test_does_not_bar_the_way_home(self, people):
        text = people.midflight.file.read_text()
        people.midflight.file.write_text(text.replace(*self.CHANGES["create"]))
        people.midflight.rollback().done()
        people.app.holds_nothing_of_midflight()
        assert "people" not in people.app.tables()

    def test_in_its_soak_alone_is_taken(self, people):
        people.midflight.advance().done()
        people.midflight.file.write_text(people.midflight.file.read_text().replace("soak: 0s", "soak: 3h"))
        people.midflight.verify().done()


# What somebody does to a table while the migration is under way.
ALTERATIONS = {
    "column added": "ALTER TABLE customers ADD COLUMN extra TEXT",
    "column dropped": "ALTER TABLE customers DROP COLUMN hint",
    "column renamed": "ALTER TABLE customers RENAME COLUMN hint TO clue",
    "table renamed": "ALTER TABLE customers RENAME TO clients",
    "table dropped": "DROP TABLE customers",
    "new table renamed": "ALTER TABLE people RENAME TO persons",
    "new table dropped": "DROP TABLE people",
}


@pytest.mark.parametrize("alteration", ALTERATIONS.values(), ids=ALTERATIONS)
class TestAlteredBehindItsBack:
    def alter(self, app, alteration):
        """As an older tool would: SQLite's newer ALTER TABLE refuses some of it, as midflight's triggers name the table."""
        app.sql(spoken(f"PRAGMA legacy_alter_table = ON; {alteration}", app.store))

    def test_is_noticed_before_the_next_step(self, people, alteration):
        self.alter(people.app, alteration)
        outcome = people.midflight.advance()
        assert outcome.status in (REFUSED, FAILED) and "rollback" in outcome.message, outcome
        assert people.midflight.stage() == AWAITING_ADDITIONAL_ACTION

    def test_does_not_bar_the_way_home(self, people, alteration):
        self.alter(people.app, alteration)
        people.midflight.rollback().done()
        assert people.midflight.stage() == UNINITIALIZED
        assert "people" not in people.app.tables()
        left = [name for kind in ("trigger", "view", "index") for name in people.app.names(kind)]
        assert not [name for name in left if "midflight" in name and not name.startswith(people.app.own)]

    def test_half_way_through_the_copy_is_noticed_and_leads_home(self, app, migration, alteration):
        midflight = migration(CUSTOMERS + """
            WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO customers (id, name) SELECT i, 'First Last' || i FROM n;
        """, SPLIT_NAME)
        stopped_backfill(midflight, 1000).failed()
        self.alter(app, alteration)
        outcome = midflight.start()
        if outcome.status == 0:  # it may go on to the end of the copy, but not past the next gate
            outcome = midflight.advance()
        assert outcome.status in (REFUSED, FAILED) and "rollback" in outcome.message, outcome
        midflight.rollback().done()
        assert midflight.stage() == UNINITIALIZED and "people" not in app.tables()


def test_an_index_or_statistics_added_meanwhile_bar_nothing(people):
    people.app.sql("CREATE INDEX customers_name ON customers (name); ANALYZE customers;")
    people.midflight.advance().done()
    assert people.midflight.stage() == AWAITING_FINALIZATION


def test_a_ledger_of_another_version_is_refused_with_advice(people):
    people.app.sql(f"UPDATE {people.app.ledger}midflight_migration SET stage = 'Levitating'")
    outcome = people.midflight.advance().failed()
    assert "'Levitating'" in outcome.message and "version" in outcome.message


def test_a_table_that_another_migration_is_changing_is_refused(people, migration):
    second = migration("", SPLIT_NAME.replace("split-name", "another").replace("people", "persons"), "second.yaml")
    outcome = second.check().refused()
    assert any("another migration" in note["text"] and "customers" in note["text"] for note in outcome.json["notes"])
    second.start().refused()
    people.holds()
