"""What an application writes, in SQL and in plain Python side by side.

A Workload is a definition with the two versions of an application around it. The *state* is what the application means,
as a dict from entity key to a dict of facts; each write is a method that changes the state, decorated with the SQL that
does the same to one shape. Neither knows of midflight: the state says what both shapes must hold, whoever wrote.

    @old("UPDATE customers SET name = ?2 WHERE id = ?1")
    def rename_customer(self, state, key, full_name):
        ...

SQL is written for SQLite. Where stores.py has no words for another store, an argument with its name gives the statements
anew, or None where that store has nothing of the kind.

The values are drawn at random by the methods a_key, a_full_name, ...: one for each parameter's name.
"""
import inspect
import re
from dataclasses import dataclass, replace

from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, FINISHING, INITIALIZING,
                               ROLLING_BACK, RUNNING, UNINITIALIZED)
from support.stores import SQLITE, spoken

OLD, NEW = "old", "new"


@dataclass(frozen=True)
class Write:
    name: str
    side: str
    statements: tuple  # with ?1, ?2, ...: the method's parameters after `state`
    unless: str        # empty, or a query that must yield no row right after the write: reading one's own write
    parameters: tuple
    weight: float

    def spoken(self, store):
        statements = tuple(spoken(sql, store) for sql in self.statements)
        return replace(self, statements=statements, unless=spoken(self.unless, store))

    def run(self, connection, values):
        for sql in self.statements:
            connection.execute(sql, bound(sql, values))
        contradiction = connection.execute(self.unless, bound(self.unless, values)).fetchall() if self.unless else []
        if contradiction:
            raise AssertionError(f"{self.name}{tuple(values)} reads {contradiction} right after it wrote")


def bound(sql, values):
    """As many of the values as the statement names."""
    return values[:max((int(n) for n in re.findall(r"\?(\d+)", sql)), default=0)]


def writes_to(side, *statements, unless="", weight=1, **others):
    """`others`: the statements for another store, as a text or a tuple; None: it has nothing of the kind."""
    def write(method, own):
        parameters = tuple(inspect.signature(method).parameters)[2:]
        return Write(method.__name__, side, own, unless, parameters, weight)

    def mark(method):
        spoken = {store: (own,) if isinstance(own, str) else own for store, own in others.items()}
        method.write = lambda store: write(method, spoken.get(store, statements))
        return method
    return mark


def old(*statements, **more):
    return writes_to(OLD, *statements, **more)


def new(*statements, **more):
    return writes_to(NEW, *statements, **more)


class Workload:
    """Subclasses say what stands here without a body, and their writes."""
    definition = ""          # YAML; lines of options may be added
    schema = ""              # DDL of the old shape
    pragmas = ()             # of the application's connections
    tables = {}              # side -> {table: its columns, as the twin predicts them}
    key_count = 40           # keys are drawn from so many
    new_opens = AWAITING_ADDITIONAL_ACTION  # the stage from which the new version may write
    way_back = True

    def __init__(self, store=SQLITE):
        self.store = store
        self.schema, self.definition = spoken(self.schema, store), spoken(self.definition, store)

    def state(self, count):
        """`count` entities, as they are before the migration."""
        raise NotImplementedError

    def rows(self, state):
        """{table: rows} of both sides, as the state implies."""
        raise NotImplementedError

    def names(self, side, there):
        """{table: the name that it bears while the tables `there` are in the file}"""
        return {table: table for table in self.tables[side]}

    def open_sides(self, stage):
        """Those to which the application may write in a stage."""
        if stage in (FINISHING, FINISHED):
            return (NEW,)
        if stage == AWAITING_FINALIZATION:
            return (OLD, NEW) if self.way_back else (NEW,)
        return (OLD, NEW) if stage == self.new_opens else (OLD,)

    def whole_sides(self, stage):
        """Those that hold everything in a stage."""
        if stage == AWAITING_ADDITIONAL_ACTION:
            return (OLD, NEW)
        return (OLD,) if stage in (UNINITIALIZED, INITIALIZING, RUNNING, ROLLING_BACK) else self.open_sides(stage)

    def may_go_back(self, stage):
        return stage not in (FINISHING, FINISHED) and (self.way_back or stage != AWAITING_FINALIZATION)

    def store_of(self, side):
        """In whose words the application speaks to that side."""
        return self.store

    def writes(self, side):
        store = self.store_of(side)
        methods = [getattr(type(self), name) for name in sorted(dir(type(self)))]
        marked = [method.write(store) for method in methods if hasattr(method, "write")]
        return [write.spoken(store) for write in marked if write.side == side and write.statements is not None]

    def draw(self, write, random):
        return [getattr(self, f"a_{parameter}")(random) for parameter in write.parameters]

    def draw_writes(self, side, count, random):
        """[(write, values), ...]"""
        writes = self.writes(side)
        chosen = random.choices(writes, [write.weight for write in writes], k=count)
        return [(write, self.draw(write, random)) for write in chosen]

    def apply(self, state, name, values):
        getattr(self, name)(state, *values)

    def make(self, app, count, journal_mode="wal"):
        """The application's database before the migration: the old shape with rows, and the journal of writes."""
        app.prepare(journal_mode)
        app.sql(f"{self.schema}; {app.journal}")
        rows = self.rows(self.state(count))
        connection = app.connect()
        connection.execute("BEGIN")
        for table, columns in self.tables[OLD].items():
            places = ", ".join(f"?{n}" for n in range(1, 1 + len(columns)))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows[table])
        connection.execute("COMMIT")
        connection.close()

    def migration(self, app, *options):
        """Its Midflight; options are lines such as "soak: 0s"."""
        return app.migration("\n".join([self.definition.strip(), *options]) + "\n")
