"""What only PostgreSQL has."""
import textwrap

import pytest


@pytest.fixture
def app(postgresql_app):
    return postgresql_app


def copied(key, columns, new, extra=""):
    """A migration 1:1 of the table `items` to the table `goods`, whose DDL is given, with columns of the same names.
    `extra`: lines of the definition that follow."""
    listed = ", ".join(columns)
    keys = ", ".join(key.split())
    return textwrap.dedent(f"""
        migration: goods
        old:
          store: ${{APP_DB}}
          key: {{items: [{keys}]}}
        new:
          key: {{goods: [{keys}]}}
          create: |
        """) + textwrap.indent(textwrap.dedent(new).strip(), "    ") + textwrap.dedent(f"""
        forward:
          goods: SELECT {listed} FROM items
        backward:
          items: SELECT {listed} FROM goods
        soak: 0s
        """) + extra
