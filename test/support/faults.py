"""Faults that are planted by hand, to see that they are noticed."""
from contextlib import closing, contextmanager


@contextmanager
def without_capture(app):
    """Takes a trigger away that carries updates of the table customers over, and puts it back; yields its name."""
    with closing(app.connect()) as connection:
        name, ddl = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
                                       "AND name LIKE 'midflight_%_old_customers_update'").fetchone()
        connection.execute(f'DROP TRIGGER "{name}"')
    yield name
    app.sql(ddl)
