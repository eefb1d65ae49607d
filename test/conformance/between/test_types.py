"""Every pair of the types that come with PostgreSQL, from one server to another: what a query yields of the one is in a column of the other
what it was, or its entity is in quarantine, or `check` refuses the pair. Which of the three is docs/between.md's to say."""
import re

import pytest

from support.stores import POSTGRESQL, SQLITE
from support.workload import NEW, OLD

NUMBERS = {
    "smallint": ["-1"], "integer": ["2147483647", "7"], "bigint": ["9007199254740993", "7"], "numeric": ["1.50", "1e30", "NaN", "7"],
    "numeric(6,2)": ["1234.56", "7.00"], "real": ["0.1", "7"], "double precision": ["0.30000000000000004", "7"],
}
TEXTS = {"text": ["007"], "varchar(5)": ["ab   "], "varchar(2)": ["ab"], "char(5)": ["ab"]}
SHORT_TEXTS = {"name": ["ab"], '"char"': ["c"]}
OTHERS = {
    "boolean": ["true"], "bytea": ["\\x6162"], "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"], "json": ['{"b":1,  "a":2}'], "jsonb": ['{"b":1}'],
    "date": ["2024-02-29", "infinity"], "timestamp": ["2024-02-29 00:00:00", "2024-02-29 23:59:59.123456"],
    "timestamp(0)": ["2024-02-29 23:59:59"], "timestamptz": ["2024-02-29 23:59:59.5+02", "2024-02-29 00:00:00+00"], "time": ["23:59:59.5"],
    "timetz": ["12:00:00+05", "12:00:00+00"], "interval": ["1 day 02:00:00", "02:00:00"], "inet": ["10.0.0.1/8", "10.0.0.1"], "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"], "bit(4)": ["1010"], "varbit": ["1010", "11"], "oid": ["4000000000", "7"], "money": ["12.34"], "xml": ["<a/>"],
    "point": ["(1,2)"], "int4range": ["[1,5)"], "tsvector": ["'a':1"], "integer[]": ["{1,NULL}"], "bigint[]": ["{1}"], "text[]": ["{a,7}"],
}
VALUES = NUMBERS | TEXTS | SHORT_TEXTS | OTHERS
AKIN = {("date", "timestamp"), ("date", "timestamptz"), ("timestamp", "timestamptz"), ("timestamptz", "timestamp"), ("timestamp", "date"),
        ("timestamptz", "date"), ("time", "timetz"), ("timetz", "time"), ("time", "interval"), ("jsonb", "json"), ("inet", "cidr"), ("cidr", "inet"),
        ("bit", "varbit"), ("varbit", "bit"), ("oid", "integer"), ("oid", "bigint"), ("oid", "numeric")}
LETTERS = {"text", "varchar", "char", "name", '"char"'}


def base(kind):
    return re.sub(r"\(.*\)", "", kind)


def may_pass(one, other):
    """As documented: alike, or akin, or one of them a text; bytes are no text. Arrays as their elements."""
    one, other = base(one), base(other)
    if one.endswith("[]") and other.endswith("[]"):
        return may_pass(one[:-2], other[:-2])
    if one == other:
        return True
    if one == "bytea" or one in LETTERS or other in LETTERS:
        return (one in LETTERS and other != "tsvector") or (one != "bytea" and other in LETTERS)
    return {one, other} <= set(map(base, NUMBERS)) or (one, other) in AKIN


def values(one, other):
    """A text is sent as what the other type writes, too."""
    return VALUES[one] + VALUES[other] * (one == "text" != other) + ['{"b":1,"a":2}'] * ((one, other) in (("text", "json"), ("text", "jsonb")))


PAIRS = [(one, other) for one in VALUES for other in VALUES]
PLACES = {kind: f"v{number}" for number, kind in enumerate(VALUES)}
# What must land, and what must not: without these a store that took nothing, or everything, would do.
LANDS = {("uuid", "text", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), ("integer", "bigint", "7"), ("text", "integer", "7"), ("jsonb", "json", '{"b": 1}'),
         ("text", "bytea", "\\x6162"), ("text", "json", '{"b":1,"a":2}'), ("integer[]", "bigint[]", "{1,NULL}"), ("text", "date", "2024-02-29"),
         ("json", "text", '{"b":1,  "a":2}'), ("timestamptz", "timestamp", "2024-02-29 21:59:59.5+00"), ("oid", "bigint", "4000000000")}
WAITS = {("text", "integer", "007"), ("varchar(5)", "varchar(2)", "ab   "), ("text", "varchar(2)", "007"), ("text", "jsonb", '{"b":1,"a":2}'), ("timetz", "time", "12:00:00+05"),
         ("timestamp", "timestamp(0)", "2024-02-29 23:59:59.123456"), ("bigint", "double precision", "9007199254740993"), ("text", "bytea", "007"),
         ("numeric", "numeric(6,2)", "1" + "0" * 30), ("text", '"char"', "007"), ("oid", "integer", "4000000000"), ("timestamp", "date", "2024-02-29 23:59:59.123456")}


class Crossing:
    """Each row of items has one value, for one column of goods: the column of its pair of types."""

    def __init__(self, scene):
        columns = ", ".join(f"{place} {kind}" for kind, place in PLACES.items())
        self.scene = scene(f"CREATE TABLE items (id serial PRIMARY KEY, pair integer, {columns});", self.definition(PAIRS))

    def fill(self, pairs):
        rows = [f"INSERT INTO items (pair, {PLACES[pair[0]]}) VALUES ({PAIRS.index(pair)}, $${value}$$);" for pair in pairs for value in values(*pair)]
        self.scene.apps[OLD].sql(f"SET timezone = 'UTC'; {''.join(rows)}")

    def definition(self, pairs):
        columns = [(PAIRS.index(pair), *pair) for pair in pairs]
        made = "".join(f", c{number} {other}" for number, _, other in columns)
        yielded = "".join(f", CASE WHEN pair = {number} THEN {PLACES[one]} END AS c{number}" for number, one, _ in columns)
        return f"""
            migration: types
            old:
              store: ${{APP_DB}}
              key: {{items: id}}
            new:
              key: {{goods: id}}
              create: 'CREATE TABLE goods (id integer PRIMARY KEY{made})'
            forward:
              goods: 'SELECT id{yielded} FROM items'
        """

    def refused(self):
        said = self.scene.midflight.check().out
        return {PAIRS[int(number)] for number in re.findall(r"yields c(\d+) as (?:(?!yields).)+, which does not keep", said)}

    def landed(self, pairs):
        """{(one, other, value): is it the same, read back as what it was}; False of what did not land."""
        found = {}
        for one, other in pairs:
            number = PAIRS.index((one, other))
            before = self.scene.old(f"SELECT id, {PLACES[one]}::text FROM items WHERE pair = {number}")
            blank = "rtrim" if base(other) == "char" else ""
            number_type = {"real": "real", "double precision": "double precision"}.get(one, "numeric")
            same = (f"c{number}::text::{number_type} = $1::{number_type}" if one in NUMBERS or one == "oid" else
                    f"{blank}(c{number}::text::{one}::text) = {blank}($1::{one}::text)")
            for key, value in before:
                rows = self.scene.new(f"SELECT {same.replace('$1', '$$' + value + '$$')} FROM goods WHERE id = {key} AND c{number} IS NOT NULL")
                found[(one, other, value)] = rows[0][0] if rows else None
        return found


@pytest.fixture
def crossing(scene, two_stores, pair):
    if pair != (POSTGRESQL, POSTGRESQL):
        pytest.skip("types of PostgreSQL alone")
    return Crossing(scene)


def test_a_pair_that_cannot_keep_values_as_they_are_is_refused_and_no_other(crossing):
    assert crossing.refused() == {pair for pair in PAIRS if not may_pass(*pair)}


def test_a_value_is_the_same_there_or_its_entity_is_listed(crossing):
    texts = TEXTS | SHORT_TEXTS
    told = {case[:2] for case in LANDS | WAITS}
    passing = [pair for pair in PAIRS if may_pass(*pair) and (pair in told or pair[0] == pair[1] or not set(pair) & set(texts))]
    crossing.scene.redefine(crossing.definition(passing))
    crossing.scene.start()
    crossing.fill(passing)
    crossing.scene.drain()
    found, listed = crossing.landed(passing), crossing.scene.midflight.status().json["quarantined"]
    assert [case for case, same in found.items() if same is False] == []
    assert listed == sum(same is None for same in found.values())
    assert {case for case in LANDS if not found[case]} == set()
    assert {case for case in WAITS if found[case] is not None} == set()
    assert all(same for (one, other, _), same in found.items() if one == other)


KINDS = {"a text for bytes": ("'abc'", "bytea"), "a text that spells bytes": ("'\\x61'", "bytea"), "a number for bytes": ("7", "bytea"),
         "bytes for a text": ("x'61'", "text"), "bytes for a document": ("x'61'", "jsonb"), "blanks beyond the length": ("'ab   '", "varchar(2)"),
         "a zone": ("'12:00:00+05'", "time"), "half a cent": ("0.005", "money"), "a negative object": ("-1", "oid"), "a long name": ("'abc'", '"char"')}


@pytest.mark.parametrize("case", KINDS)
def test_a_kind_of_value_that_a_column_would_bend_is_listed(scene, pair, case):
    if pair != (SQLITE, POSTGRESQL):
        pytest.skip("of SQLite to PostgreSQL alone")
    value, kind = KINDS[case]
    made = scene(f"CREATE TABLE items (id INTEGER PRIMARY KEY, value); INSERT INTO items VALUES (1, NULL), (2, {value});", f"""
        migration: kinds
        old:
          store: ${{APP_DB}}
          key: {{items: id}}
        new:
          key: {{goods: id}}
          create: 'CREATE TABLE goods (id integer PRIMARY KEY, value {kind})'
        forward:
          goods: SELECT id, value FROM items
    """).start()
    assert made.quarantine() == ["2"]
    assert made.at(NEW, "SELECT id FROM goods") == [(1,)]
