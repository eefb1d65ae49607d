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
    "outbox": (CUSTOMERS.format(more=", email TEXT"), f"{(EXAMPLES / 'split-name.yaml').read_text().rstrip()}\nsync: outbox\nold_writes: hold\n"),
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


# The same of PostgreSQL, in a folder of its own: triggers, then functions, then types.
IN_POSTGRESQL = {
    "split-name": "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, email text);",
    "subscriptions": "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, subscriptions jsonb NOT NULL);",
    "outbox": "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, email text);",
}


def example_of(name):
    """An example's definition, as PostgreSQL would have it."""
    text = CASES[name][1] if name == "outbox" else (EXAMPLES / f"{name}.yaml").read_text()
    for words, others in (("instr(", "strpos("), ("INTEGER", "bigint"), ("TEXT", "text"), ("s.key AS", "s.number - 1 AS"),
                          ("json_each(c.subscriptions) s", "jsonb_array_elements(c.subscriptions) WITH ORDINALITY s (value, number)"),
                          ("json_group_array(", "jsonb_agg("), ("json_object(", "jsonb_build_object(")):
        text = text.replace(words, others)
    return text


def generated_in_postgresql(app):
    statements = app.rows("""
        SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'midflight%' ORDER BY tgrelid::regclass::text, tgname""")
    statements += app.rows("""
        SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'midflight'::regnamespace ORDER BY proname""")
    statements += app.rows("""
        SELECT format('CREATE TYPE %s AS (%s)', t.typname, string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum))
        FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind = 'c' AND c.relnamespace = 'midflight'::regnamespace GROUP BY t.typname ORDER BY t.typname""")
    return "\n\n".join("\n".join(map(wrapped, f"{text.rstrip()};".splitlines())) for text, in statements) + "\n"


@pytest.mark.parametrize("name", IN_POSTGRESQL)
def test_the_sql_generated_in_postgresql_is_the_one_that_was_reviewed(postgresql_app, name):
    postgresql_app.sql(IN_POSTGRESQL[name])
    postgresql_app.migration(example_of(name)).start().done()
    golden, found = HERE / "postgresql" / f"{name}.sql", generated_in_postgresql(postgresql_app)
    if os.environ.get("MIDFLIGHT_GOLDEN") == "write":
        golden.write_text(found)
    assert found == golden.read_text(), f"postgresql/{golden.name} is not what midflight makes now; see the top of this file"
