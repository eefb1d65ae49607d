"""A definition that does not parse, or does not fit the tables: refused with the place and the reason, nothing changed."""
import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import REFUSED, USAGE

# (what to replace, by what), the line of the complaint, and words in it. Lines are counted in the file as written.
TEXTS = {
    "not_yaml": (("key: {customers: id}", "key: {customers: id"), ["migration.yaml:"]),
    "a_tab": (("  store:", "\tstore:"), ["migration.yaml:4:"]),
    "unknown_field": (("soak: 0s", "soaking: 0s"), ["migration.yaml:", "soaking", "soak"]),
    "no_name": (("migration: split-name", "name: split-name"), ["migration.yaml:", "migration"]),
    "a_bad_name": (("migration: split-name", "migration: Split Name"), ["migration.yaml:2:", "Split Name"]),
    "a_variable_that_is_not_set": (("${APP_DB}", "${NO_SUCH_VARIABLE}"), ["migration.yaml:4:", "NO_SUCH_VARIABLE"]),
    "no_store": (("      store: ${APP_DB}\n", ""), ["migration.yaml:", "store"]),
    "no_forward": (("forward:", "forwards:"), ["migration.yaml:", "forwards"]),
    "an_unknown_store": (("${APP_DB}", "oracle:x"), ["oracle"]),
    "a_store_without_a_file": (("${APP_DB}", "'sqlite:'"), ["sqlite:"]),
    "a_bad_duration": (("soak: 0s", "soak: soon"), ["migration.yaml:", "soon"]),
    "a_bad_retire": (("soak: 0s", "retire: burn"), ["migration.yaml:", "burn", "drop"]),
    "a_query_that_writes": (("        SELECT id,\n", "        DELETE FROM customers RETURNING id,\n"),
                            ["migration.yaml:", "DELETE"]),
    "a_query_for_no_table_of_the_shape": (("      people: |", "      persons: |"), ["migration.yaml:", "persons"]),
    "the_same_table_on_both_sides": (("key: {people: id}", "key: {customers: id}"), ["migration.yaml:", "both sides"]),
    "keys_of_two_widths": (("key: {people: id}", "key: {people: [id, email]}"), ["migration.yaml:", "number"]),
}


@pytest.mark.parametrize("change, words", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("verb", ["check", "start", "status", "rollback"])
def test_a_text_that_is_no_definition_is_refused_with_its_place(app, verb, change, words):
    app.sql(CUSTOMERS)
    assert change[0] in SPLIT_NAME
    midflight = app.migration(SPLIT_NAME.replace(*change))
    outcome = midflight.run(verb)
    assert outcome.status == USAGE, outcome
    for word in words:
        assert word in outcome.message, outcome
    assert app.tables() == ["customers"]


# What is done to the tables, what is replaced in the definition by what, and words of the complaint.
MISFITS = {
    "the_old_table_is_missing": ("ALTER TABLE customers RENAME TO clients", None, ["customers"]),
    "the_old_table_is_a_view": ("ALTER TABLE customers RENAME TO c; CREATE VIEW customers AS SELECT * FROM c", None,
                                ["customers", "view"]),
    "the_old_table_is_virtual": ("DROP TABLE customers; CREATE VIRTUAL TABLE customers USING fts5 (id, name, email)", None,
                                 ["customers", "virtual"]),
    "the_new_table_is_there_already": ("CREATE TABLE people (id INTEGER PRIMARY KEY)", None, ["people"]),
    "the_key_is_no_column": ("", ("{customers: id}", "{customers: number}"), ["customers", "number"]),
    "the_new_key_is_no_column": ("", ("{people: id}", "{people: number}"), ["people", "number"]),
    "the_old_table_has_no_unique_key": ("CREATE TABLE x AS SELECT * FROM customers; DROP TABLE customers; "
                                        "ALTER TABLE x RENAME TO customers", None, ["customers", "unique"]),
    "the_key_has_no_index": ("", ("{customers: id}", "{customers: name}"), ["customers", "index", "name"]),
    "the_new_key_has_no_index": ("", ("id INTEGER PRIMARY KEY, first", "id INTEGER NOT NULL, x INTEGER PRIMARY KEY, first"),
                                 ["people"]),
    "a_column_that_is_missing_is_read": ("", ("instr(name, ' ')", "instr(nome, ' ')"), ["forward.people", "nome"]),
    "a_table_that_is_missing_is_read": ("", ("FROM customers\n", "FROM clients\n"), ["forward.people", "clients"]),
    "a_column_that_the_target_lacks_is_yielded": ("", ("AS last_name", "AS surname"), ["forward.people", "surname"]),
    "the_key_is_not_yielded": ("", ("        SELECT id,\n", "        SELECT id AS note,\n"), ["forward.people", "id"]),
    "a_column_is_yielded_twice": ("", ("AS last_name", "AS first_name"), ["forward.people", "first_name", "twice"]),
    "a_not_null_column_is_left_out": ("", ("note TEXT", "note TEXT NOT NULL"), ["forward.people", "note", "NOT NULL"]),
    "a_query_does_not_parse": ("", ("FROM customers\n", "FORM customers\n"), ["forward.people", "syntax"]),
    "backward_does_not_fit": ("", ("AS name, email FROM people", "AS nome, email FROM people"), ["backward.customers", "nome"]),
    "a_query_has_a_parameter": ("", ("instr(name, ' ')", "instr(name, ?1)"), ["forward.people"]),
    "a_query_is_two": ("", ("FROM customers\n", "FROM customers; DELETE FROM customers\n"), ["forward.people"]),
    "a_function_that_does_not_exist": ("", ("instr(name, ' ')", "find(name, ' ')"), ["forward.people", "find"]),
    "create_does_not_parse": ("", ("CREATE TABLE people", "CREATE TABEL people"), ["new.create", "TABEL"]),
    "create_makes_another_table": ("", ("CREATE TABLE people", "CREATE TABLE persons"), ["people"]),
    "index_does_not_parse": ("", ("ON people (last_name)", "ON people (surname)"), ["new.index", "surname"]),
    "collations_differ": ("", ("id INTEGER PRIMARY KEY, first", "id INTEGER COLLATE NOCASE NOT NULL PRIMARY KEY, first"),
                          ["collation", "people"]),
    "key_types_differ": ("", ("id INTEGER PRIMARY KEY, first", "id TEXT NOT NULL PRIMARY KEY, first"), ["people", "id"]),
    "a_key_column_of_the_new_table_may_be_null": ("", ("id INTEGER PRIMARY KEY, first_name", "id BIGINT UNIQUE, first_name"),
                                                  ["people"]),
    "a_temporary_shape": ("", ("CREATE TABLE people", "CREATE TEMP TABLE people"), ["people"]),
}


@pytest.mark.parametrize("tables, change, words", MISFITS.values(), ids=MISFITS)
def test_a_definition_that_does_not_fit_the_tables_is_refused_before_the_start(app, dump, tables, change, words):
    app.sql(CUSTOMERS + tables)
    assert change is None or change[0] in SPLIT_NAME
    before = dump()
    midflight = app.migration(SPLIT_NAME if change is None else SPLIT_NAME.replace(*change))
    for verb in ("check", "start"):
        outcome = midflight.run(verb, json=False)
        assert outcome.status in (USAGE, REFUSED), outcome
        for word in words:
            assert word in outcome.out + outcome.err, outcome
    assert midflight.stage() == "Uninitialized"
    assert dump() == before and not [name for name in app.tables() if name.startswith("midflight")]


class TestChangedWhileItRuns:
    CHANGES = [("AS last_name", "|| '' AS last_name"), ("key: {customers: id}", "key: {customers: email}"),
               ("note TEXT", "note TEXT DEFAULT 'x'"), ("people_last_name", "people_by_name")]

    @pytest.mark.parametrize("change", CHANGES, ids=["query", "key", "create", "index"])
    @pytest.mark.parametrize("verb", ["start", "advance", "verify", "rollback"])
    def test_is_refused_and_going_back_to_it_goes_on(self, app, verb, change):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        app.migration(SPLIT_NAME.replace(*change))
        if verb == "rollback":
            # The way home must not depend on a file that was lost: it goes by what was started, or says what to do.
            outcome = midflight.rollback()
            assert outcome.status in (0, REFUSED)
            if outcome.status == 0:
                assert app.names("trigger") == [] and "people" not in app.tables()
                return
        outcome = midflight.run(verb).refused()
        assert "changed" in outcome.message and "rollback" in outcome.message
        assert midflight.stage() == "Awaiting Additional Action"
        app.migration(SPLIT_NAME)
        midflight.run(verb).done()

    @pytest.mark.parametrize("settings", ["soak: 5h", "soak: 0s\n    hold_max: 5ms\n    pause_max: 100ms"],
                             ids=["soak", "pauses"])
    def test_of_what_may_change_is_taken(self, app, settings):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        app.migration(SPLIT_NAME.replace("soak: 0s", settings))
        midflight.advance().done()
        assert midflight.stage() == "Awaiting Finalization"

    def test_by_comments_and_layout_alone_is_none(self, app):
        app.sql(CUSTOMERS)
        midflight = app.migration(SPLIT_NAME)
        midflight.start().done()
        app.migration("# a note\n" + SPLIT_NAME.replace("key: {people: id}", "key:\n        people: [id]  # the key"))
        midflight.advance().done()


def test_a_file_that_is_gone_is_named(app):
    app.sql(CUSTOMERS)
    midflight = app.migration(SPLIT_NAME)
    midflight.start().done()
    midflight.file.unlink()
    outcome = midflight.status().exits(USAGE)
    assert str(midflight.file) in outcome.message


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"\xff\xfe\x00", b"- - -", b"[]", b"x" * 3_000_000, b"&a [*a]"],
                         ids=["empty", "nuls", "utf16", "dashes", "list", "huge", "alias"])
def test_a_file_of_anything_else_is_refused(app, content):
    app.sql(CUSTOMERS)
    path = app.directory / "other.yaml"
    path.write_bytes(content)
    outcome = app.migration(path).start().exits(USAGE)
    assert "other.yaml" in outcome.message
