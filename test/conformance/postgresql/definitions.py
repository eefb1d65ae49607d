"""The migrations that scenarios of PostgreSQL are about."""
import textwrap

from scenario import definitions
from support.stores import POSTGRESQL, spoken

CUSTOMERS = definitions.CUSTOMERS
SPLIT_NAME = spoken(definitions.SPLIT_NAME, POSTGRESQL)
LISTS = spoken(definitions.LISTS, POSTGRESQL)
SUBSCRIPTIONS = spoken(definitions.SUBSCRIPTIONS, POSTGRESQL)



def customers(rows):
    """CUSTOMERS, with more of them: `rows` in all."""
    return CUSTOMERS + f"INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM generate_series(4, {rows}) i;"


def whole(app):
    """Both sides of SPLIT_NAME hold the same, as plain SQL says; returns the old one's rows."""
    old = app.rows("SELECT id, name, email FROM customers ORDER BY id")
    assert app.rows("SELECT id, first_name || coalesce(' ' || last_name, ''), email FROM people ORDER BY id") == old
    return old


def copied(key, columns, new):
    """A migration 1:1 of the table `items` to the table `goods`, whose DDL is given, with columns of the same names."""
    listed, keys = ", ".join(columns), ", ".join(key.split())
    before, after = (textwrap.dedent(text) for text in (f"""
        migration: goods
        old:
          store: ${{APP_DB}}
          key: {{items: [{keys}]}}
        new:
          key: {{goods: [{keys}]}}
          create: |
        """, f"""
        forward:
          goods: SELECT {listed} FROM items
        backward:
          items: SELECT {listed} FROM goods
        soak: 0s
        """))
    return before + textwrap.indent(textwrap.dedent(new).strip(), "    ") + "\n" + after
