"""The views, triggers and tables that midflight makes in the database, as a reviewer would read them: each .sql file here
is what stands in sqlite_schema at Awaiting Additional Action. A change of the generator shows as a change of these.

To write them anew: MIDFLIGHT_GOLDEN=write python3 -m pytest test/golden, and read the difference.
"""
import os
import textwrap
from pathlib import Path

import pytest

from scenario.definitions import ONE_WAY
from support.application import EXAMPLES

HERE = Path(__file__).parent
CUSTOMERS = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL{more});"

# Golden file -> the old shape and the definition.
CASES = {
    "split-name": (CUSTOMERS.format(more=", email TEXT"), EXAMPLES / "split-name.yaml"),
    "subscriptions": (CUSTOMERS.format(more=", subscriptions TEXT NOT NULL"), EXAMPLES / "subscriptions.yaml"),
    "alter": (CUSTOMERS.format(more=""), EXAMPLES / "alter.yaml"),
    "one-way": (CUSTOMERS.format(more=", email TEXT"), ONE_WAY),
}


def wrapped(line):
    """A long line as several, for reading."""
    indent = line[:len(line) - len(line.lstrip())]
    return textwrap.fill(line, 118, subsequent_indent=indent + "      ", drop_whitespace=True, replace_whitespace=False,
                         expand_tabs=False, break_long_words=False, break_on_hyphens=False)


def generated(app):
    """Everything that midflight made beside its ledger, one statement after another, by kind and name."""
    objects = app.rows("SELECT type, sql FROM sqlite_schema WHERE name GLOB 'midflight_*_*' AND sql IS NOT NULL "
                       "ORDER BY type, name")
    statements = ("\n".join(map(wrapped, f"{sql};".splitlines())) for _, sql in objects)
    return "\n\n".join(statements) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_generated_sql_is_the_one_that_was_reviewed(app, name):
    schema, definition = CASES[name]
    app.sql(schema)
    app.migration(definition).start().done()
    golden, found = HERE / f"{name}.sql", generated(app)
    if os.environ.get("MIDFLIGHT_GOLDEN") == "write":
        golden.write_text(found)
    assert found == golden.read_text(), f"{golden.name} is not what midflight makes now; see the top of this file"


@pytest.mark.parametrize("name", CASES)
def test_the_generated_sql_is_the_same_each_time(app, name):
    schema, definition = CASES[name]
    app.sql(schema)
    midflight = app.migration(definition)
    midflight.start().done()
    first = generated(app)
    midflight.rollback().done()
    midflight.start().done()
    assert generated(app) == first
