"""What an application writes, in SQL and in plain Python side by side.

A Workload is a definition with the two versions of an application around it. The *state* is what the application means,
as a dict from entity key to a dict of facts; each write is a method that changes the state, decorated with the SQL that
does the same to one shape. Neither knows of midflight: the state says what both shapes must hold, whoever wrote.

    @old("UPDATE customers SET name = ?2 WHERE id = ?1")
    def rename_customer(self, state, key, full_name):
        ...

The values are drawn at random by the methods a_key, a_full_name, ...: one for each parameter's name.
"""
import inspect
import re
from dataclasses import dataclass

from support.midflight import (AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION, FINISHED, FINISHING, INITIALIZING,
                               ROLLING_BACK, RUNNING, UNINITIALIZED)

OLD, NEW = "old", "new"


@dataclass(frozen=True)
class Write:
    name: str
    side: str
    statements: tuple  # with ?1, ?2, ...: the method's parameters after `state`
    unless: str        # a query that must yield no row right after the write: reading one's own write
    parameters: tuple
    weight: float

    def run(self, connection, values):
        for sql in self.statements:
            connection.execute(sql, bound(sql, values))
        contradiction = connection.execute(self.unless, bound(self.unless, values)).fetchall() if self.unless else []
        if contradiction:
            raise AssertionError(f"{self.name}{tuple(values)} reads {contradiction} right after it wrote")


def bound(sql, values):
    """As many of the values as the statement names."""
    return values[:max((int(n) for n in re.findall(r"\?(\d+)", sql)), default=0)]


def writes_to(side, *statements, unless=None, weight=1):
    def mark(method):
        parameters = tuple(inspect.signature(method).parameters)[2:]
        method.write = Write(method.__name__, side, statements, unless, parameters, weight)
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

    def writes(self, side):
        marked = [getattr(getattr(type(self), name), "write", None) for name in sorted(dir(type(self)))]
        return [write for write in marked if write is not None and write.side == side]

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
        app.sql(f"PRAGMA journal_mode = {journal_mode}; {self.schema}; "
                "CREATE TABLE journal (number INTEGER PRIMARY KEY, writer TEXT NOT NULL, writes TEXT NOT NULL)")
        rows = self.rows(self.state(count))
        connection = app.connect()
        connection.execute("BEGIN")
        for table, columns in self.tables[OLD].items():
            places = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows[table])
        connection.execute("COMMIT")
        connection.close()

    def migration(self, app, *options):
        """Its Midflight; options are lines such as "soak: 0s"."""
        return app.migration("\n".join([self.definition.strip(), *options]) + "\n")
