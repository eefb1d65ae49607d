"""The twin: predicts what both shapes must hold from the writes that were committed, without reading either.

Every transaction of the application also writes what it did into the table `journal`, in the same transaction. The
writers take turns (SQLite has one anyway), so the journal's numbers, which are times, are the order of commits. The twin applies them, in that order and in plain
Python, to a state of its own (see workload.py). Journal and shapes are read in one snapshot, so that a comparison
holds at any moment, also while writers are at work. Comparing the sides with each other alone would prove nothing: both
may have lost the same write.
"""
import json
import time
from contextlib import closing

from support.workload import NEW, OLD
from support.workloads.draws import compact


class Twin:
    def __init__(self, workload, app, count):
        self.workload, self.app = workload, app
        self.state = workload.state(count)
        self.number = 0

    def differences(self, *sides):
        """What the shapes hold and should not, or should and do not: none of both is an empty list."""
        with closing(self.app.connect()) as connection:
            connection.execute(self.app.begin_reading)
            self.follow(connection)
            there = [name for name, in connection.execute(self.app.table_names)]
            found = {}
            for side in sides:
                for table, name in self.workload.names(side, there).items():
                    columns = ", ".join(self.workload.tables[side][table])
                    found[table] = connection.execute(f'SELECT {columns} FROM "{name}"').fetchall()
            connection.execute("COMMIT")
        expected = self.workload.rows(self.state)
        return [line for table in found for line in compare(table, expected[table], found[table])]

    def agree(self, *sides):
        """Both shapes, or the named ones, hold what was written, and nothing else."""
        differences = self.differences(*(sides or (OLD, NEW)))
        shown = "\n".join([f"{len(differences)} rows are not what was written (journal up to {self.number}):",
                           *differences[:20]])
        assert not differences, shown

    def follow(self, connection):
        rows = connection.execute("SELECT number, writes FROM journal WHERE number > ?1 ORDER BY number", (self.number,))
        self.play(rows)

    def play(self, rows):
        """Of journals: [(number, writes), ...], in order."""
        for number, writes in rows:
            for name, values in json.loads(writes):
                self.workload.apply(self.state, name, values)
            self.number = number


def record(connection, writer, writes):
    """Into the journal, in the transaction that is open: [(name of the write, values), ...]. Its number is the time, so that the
    journals of two databases have one order as well."""
    connection.execute("INSERT INTO journal (number, writer, writes) VALUES (?1, ?2, ?3)", (time.time_ns(), writer, json.dumps(writes)))


def as_meant(row):
    """A list in JSON is the same however it is spelt."""
    return tuple(compact(json.loads(value)) if isinstance(value, str) and value[:1] == "[" else value for value in row)


def compare(table, expected, found):
    """Lines that say how the rows differ; types count, so that 1 is not 1.0."""
    expected, found = ({repr(tuple(row)) for row in rows} for rows in (expected, found))
    return ([f"{table}: {row} is missing" for row in sorted(expected - found)] +
            [f"{table}: {row} should not be" for row in sorted(found - expected)])
