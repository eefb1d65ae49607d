"""The application whose data changes shape: a folder with one SQLite database and the definitions of migrations.

    def test_a_name_is_split(app):
        app.sql("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)")
        app.sql("INSERT INTO customers VALUES (1, 'Ann Lee')")
        midflight = app.migration('''
            migration: split-name
            ...''')
        midflight.start().done()
        assert app.rows("SELECT last_name FROM people") == [("Lee",)]
"""
import os
import shutil
import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path

from support.midflight import LEDGER, Midflight
from support.stores import SQLITE

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Application:
    store = SQLITE
    ledger = ""  # what stands before the names of its tables
    own = LEDGER  # tables that stay, of midflight
    table_names = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    journal = "CREATE TABLE journal (number INTEGER PRIMARY KEY, writer TEXT NOT NULL, writes TEXT NOT NULL)"
    begin_writing, begin_reading = "BEGIN IMMEDIATE", "BEGIN"  # see twin.py: the first in an order, the second in one snapshot
    IntegrityError = sqlite3.IntegrityError

    def __init__(self, directory):
        self.directory = Path(directory)
        self.database = self.directory / "app.db"

    def connect(self, **options):
        """A connection as an application has it: 5 s of patience with locks, autocommit unless it says BEGIN."""
        return sqlite3.connect(self.database, isolation_level=None, **options)

    def sql(self, script):
        """Runs statements; the first call makes the database."""
        with closing(self.connect()) as connection:
            connection.executescript(script)

    def copy(self, directory):
        """The same application with data of its own, as they are now, in a folder that is made for it."""
        return Application(shutil.copytree(self.directory, directory))

    def remove(self):
        """Takes away what is not in its folder."""

    def prepare(self, journal_mode):
        self.sql(f"PRAGMA journal_mode = {journal_mode}")

    def rows(self, query, *values):
        with closing(self.connect()) as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query, *values):
        return self.rows(query, *values)[0][0]

    def tables(self):
        """The names of all tables, in order."""
        return self.names("table")

    def names(self, kind):
        """The names of all tables, views, triggers or indexes, in order, without SQLite's own."""
        return [name for name, in self.rows(
            "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%' ORDER BY name", kind)]

    def quarantined(self):
        """How many entities are in quarantine, as the ledger has it: midflight need not run to say so."""
        return self.value(f"SELECT count(*) FROM {self.ledger}midflight_finding WHERE kind LIKE 'quarantine%'")

    def schema(self):
        """All DDL but the ledger's, in order of names."""
        everything = self.rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        return [(name, sql) for name, sql in everything if name not in LEDGER]

    def holds_nothing_of_midflight(self):
        """But its ledger; and the file is sound."""
        left = [name for name, _ in self.schema() if "midflight" in name]
        assert not left, f"midflight left behind: {left}"
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []

    def behind_the_back(self, *statements):
        """Runs statements that no trigger sees, as a tool that drops the triggers and puts them back would."""
        with closing(self.connect()) as connection:
            triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
            connection.execute("BEGIN IMMEDIATE")
            for name, _ in triggers:
                quoted = name.replace('"', '""')
                connection.execute(f'DROP TRIGGER "{quoted}"')
            for statement in (*statements, *(sql for _, sql in triggers), "COMMIT"):
                connection.execute(statement)

    def define(self, definition, name="migration.yaml"):
        """Writes a definition file (indented text is fine) and returns its path. A short form's cut-over may take as long as
        a sanitizer's build needs for it, unless the definition says otherwise: tests assert no times."""
        text = textwrap.dedent(definition)
        if "\nalter:" in text and "pause_max" not in text:
            text = f"{text.rstrip()}\npause_max: 1m\n"
        path = self.directory / name
        path.write_text(text)
        return path

    def environment(self):
        return {**os.environ, "APP_DB": self.address(self.database)}

    def address(self, database):
        """Of a database of that name, there or not, as a definition has it."""
        return f"sqlite:{database}"

    def migration(self, definition, name="migration.yaml"):
        """A Midflight for a definition: its text, or the Path of a file, such as EXAMPLES / "split-name.yaml"."""
        path = definition if isinstance(definition, Path) else self.define(definition, name)
        return Midflight(path, self.environment())
