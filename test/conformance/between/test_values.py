"""Values of every kind are on the other side what they were on this one, on the way there, when they are followed, and on the way back;
what the other store has no room for is refused or listed, never bent."""
import pytest

from support.midflight import AWAITING_ADDITIONAL_ACTION
from support.stores import POSTGRESQL, SQLITE
from support.workload import NEW, OLD

COPIED = """
    migration: goods
    old:
      store: ${{APP_DB}}
      key: {{items: id}}
    new:
      key: {{goods: id}}
      create: CREATE TABLE goods (id {id} PRIMARY KEY, value {kind}, note TEXT)
    forward:
      goods: SELECT id, value FROM items
    backward:
      items: SELECT id, value FROM goods
    soak: 0s
"""

# By what an application means: the type in each store, and values as each says them.
COMMON = {
    "whole numbers": ({SQLITE: "INTEGER", POSTGRESQL: "BIGINT"}, ["0", "-9223372036854775808", "9223372036854775807", "42"]),
    "real numbers": ({SQLITE: "REAL", POSTGRESQL: "DOUBLE PRECISION"},
                     ["0.0", "0.1", "-2.5", "1.7976931348623157e308", "5e-324", "0.30000000000000004", "1e22", "123456789.123456789"]),
    "texts": ({SQLITE: "TEXT", POSTGRESQL: "TEXT"},
              ["''", "' '", "'a''b'", r"'a\b'", r"'\N'", r"'\\'", r"'\.'", "'a' || {char}(9) || 'b'", "'a' || {char}(10) || 'b' || {char}(13)",
               "'汉字 ä 🛫'", "'true'", "'12'", "'null'", "'{{\"a\": [1]}}'", r"'\x41'"]),
    "bytes": ({SQLITE: "BLOB", POSTGRESQL: "BYTEA"}, ["{bytes}00ff'", "{bytes}'", "{bytes}5c7830'", "{bytes}090a0d00'"]),
    "truth": ({SQLITE: "BOOLEAN", POSTGRESQL: "BOOLEAN"}, ["true", "false"]),
    "dates": ({SQLITE: "TEXT", POSTGRESQL: "DATE"}, ["'2024-02-29'", "'9999-12-31'", "'0044-03-15'"]),
    "times": ({SQLITE: "TEXT", POSTGRESQL: "TIMESTAMP"}, ["'2024-02-29 23:59:59'", "'1999-12-31 00:00:00'"]),
    "identifiers": ({SQLITE: "TEXT", POSTGRESQL: "UUID"}, ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-4fff-bfff-ffffffffffff'"]),
    "documents": ({SQLITE: "TEXT", POSTGRESQL: "JSONB"}, ["'{{\"a\": [1, 2.50, null], \"b\": \"ä\"}}'", "'[]'", "'\"\"'"]),
    "money": ({SQLITE: "TEXT", POSTGRESQL: "NUMERIC"}, ["'1.10'", "'12345678901234567890.123456789'", "'-0.01'"]),
    "short texts": ({SQLITE: "VARCHAR(5)", POSTGRESQL: "VARCHAR(5)"}, ["'ab '", "''", "'äöüßé'"]),
}
# Between servers of one kind every type travels, by name: edges included.
SERVERS = {
    "smallint": ["-32768", "32767"], "integer": ["-2147483648", "2147483647"], "numeric": ["'NaN'", "'Infinity'", "1.10", "1.1", "0.00", "1e200"],
    "numeric(12,2)": ["'NaN'", "-9999999999.99"], "real": ["'NaN'", "'-0'", "0.1"], "double precision": ["'NaN'", "'-Infinity'", "5e-324"],
    "char(5)": ["'ab'", "''"], "text": [r"E'\n\t\\'", "repeat('long ', 100000)"], "bytea": ["decode(repeat('00ff', 100000), 'hex')", "''"],
    "date": ["'infinity'", "'0044-03-15 BC'"], "timestamptz": ["'2024-03-31 02:30:00+02'", "'-infinity'", "'2024-10-27 00:59:59.999999+00'"],
    "interval": ["'1 mon'", "'-1 year 2 days 03:04:05.000006'"], "timetz": ["'12:00+05:45'"], "money": ["'$12.34'"],
    "json": ["""'{"b": 1,  "a": [1, 2.50]}'"""], "jsonb": ["""'{"b": 1, "a": [1, 2.50, null]}'""", "'null'"], "inet": ["'10.0.0.1/8'"],
    "bit(4)": ["B'1010'"], "point": ["'(1.5,-2)'"], "int4range": ["'[1,5)'", "'empty'"], "tstzrange": ["'[2024-01-01 00:00+00,infinity)'"],
    "integer[]": ["'{}'", "'{1,NULL,3}'", "'[0:1]={1,2}'"], "text[]": ["""'{a,"b,c","d\\"e",NULL,"NULL",""}'"""], "tsvector": ["'a:1 b:2A'"],
    "mood": ["'glad'", "'a bit sad, \"really\"'"], "posint": ["2147483647"], "pair": ["ROW(1, 'a,b\"c')", "ROW(NULL, NULL)"],
    "mood[]": ["'{glad}'"], "pair[]": ["ARRAY[ROW(1, 'a')::pair]"],
}
TYPES = """
    CREATE TYPE mood AS ENUM ('a bit sad, "really"', 'glad');
    CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
    CREATE TYPE pair AS (a integer, b text);
"""
SAYS = {SQLITE: {"char": "char", "bytes": "x'"}, POSTGRESQL: {"char": "chr", "bytes": r"'\x"}}


def said(value, store):
    return value.format(**SAYS[store])


def number_type(store):
    return {SQLITE: "INTEGER", POSTGRESQL: "BIGINT"}[store]


@pytest.fixture(params=COMMON)
def goods(request, scene, pair):
    kinds, values = COMMON[request.param]
    old, new = pair
    rows = ", ".join(f"({n}, {said(value, old)})" for n, value in enumerate([*values, "NULL"]))
    made = scene(f"CREATE TABLE items (id {number_type(old)} PRIMARY KEY, value {kinds[old]}, hint TEXT); INSERT INTO items (id, value) VALUES {rows};",
                 COPIED.format(id=number_type(new), kind=kinds[new]))
    made.values, made.kind = values, request.param
    return made.start()


def read(scene, side):
    """{id: value}, as each store's text of it where the stores have types of their own for it."""
    store, table = scene.stores[side], {OLD: "items", NEW: "goods"}[side]
    plain = scene.kind in ("whole numbers", "real numbers", "texts", "bytes", "truth", "short texts")
    value = "value" if plain or store == SQLITE else "CAST(value AS TEXT)"
    rows = dict(scene.at(side, f"SELECT id, {value} FROM {table}"))
    return {key: meant(scene.kind, value) for key, value in rows.items()}


def meant(kind, value):
    if isinstance(value, memoryview):
        return bytes(value)
    if kind == "truth":
        return None if value is None else bool(value)
    if kind == "documents" and value is not None:
        return value.replace(" ", "")
    return value.replace("T", " ") if kind == "times" and value is not None else value


class TestValues:
    def test_are_there_and_back_what_they_were(self, goods):
        old, new = read(goods, OLD), read(goods, NEW)
        assert len(old) == len(goods.values) + 1 and old == new
        goods.agree()
        goods.midflight.advance().done()
        goods.new("UPDATE goods SET value = (SELECT g.value FROM goods g WHERE g.id = 1 - goods.id) WHERE id IN (0, 1)")
        goods.new(f"INSERT INTO goods (id, value) VALUES (100, {said(goods.values[-1], goods.stores[NEW])})")
        goods.drain()
        new, old = read(goods, NEW), read(goods, OLD)
        assert old == new and old[100] is not None
        goods.agree()

    def test_are_followed_from_each_to_each(self, goods):
        for value in [*goods.values, "NULL"]:
            goods.old(f"UPDATE items SET value = {said(value, goods.stores[OLD])} WHERE id = 0")
            if value in (goods.values[0], goods.values[-1], "NULL"):
                goods.drain()
                assert read(goods, OLD) == read(goods, NEW)
        goods.agree()


@pytest.mark.parametrize("kind", SERVERS)
def test_every_type_of_a_server_is_on_another_what_it_was(scene, two_stores, pair, kind):
    if pair != (POSTGRESQL, POSTGRESQL):
        pytest.skip("types of PostgreSQL alone")
    rows = ", ".join(f"({n}, {value})" for n, value in enumerate([*SERVERS[kind], "NULL"]))
    definition = COPIED.format(id="integer", kind=kind)
    made = scene(f"{TYPES} CREATE TABLE items (id integer PRIMARY KEY, value {kind}, hint text); INSERT INTO items (id, value) VALUES {rows};", definition)
    made.apps[NEW].sql(TYPES)
    made.start()
    texts = [made.at(side, f"SELECT id, value::text FROM {table} ORDER BY id") for side, table in ((OLD, "items"), (NEW, "goods"))]
    assert texts[0] == texts[1] and len(texts[0]) == len(SERVERS[kind]) + 1
    made.agree()
    made.midflight.advance().done()
    made.new("UPDATE goods SET value = NULL WHERE id = 0")
    made.new(f"UPDATE goods SET value = {SERVERS[kind][0]} WHERE value IS NULL AND id > 0")
    made.drain()
    texts = [made.at(side, f"SELECT id, value::text FROM {table} ORDER BY id") for side, table in ((OLD, "items"), (NEW, "goods"))]
    assert texts[0] == texts[1]
    made.agree()


UNFIT = {"a text that is no number": ("TEXT", "'twelve'", {SQLITE: "INTEGER NOT NULL CHECK (typeof(value) = 'integer')", POSTGRESQL: "INTEGER"}),
         "a number out of range": ("BIGINT", "9223372036854775807", {SQLITE: "INTEGER CHECK (value < 1000000)", POSTGRESQL: "SMALLINT"})}


@pytest.mark.parametrize("case", UNFIT)
def test_what_can_never_fit_is_refused_or_listed_with_its_key(scene, pair, case):
    kind, value, kinds = UNFIT[case]
    made = scene(f"CREATE TABLE items (id {number_type(pair[0])} PRIMARY KEY, value {kind}, hint TEXT);"
                 f"INSERT INTO items (id, value) VALUES (1, {'12' if kind != 'TEXT' else repr('12')}), (77, {value});",
                 COPIED.format(id=number_type(pair[1]), kind=kinds[pair[1]]))
    outcome = made.midflight.start()
    if outcome.status != 0:  # said before anything was made
        text = outcome.refused().message
        assert "value" in text or "77" in text, text
        return
    assert made.midflight.stage() == AWAITING_ADDITIONAL_ACTION
    assert made.quarantine() == ["77"]
    assert [key for key, in made.new("SELECT id FROM goods")] == [1]
    made.midflight.advance().refused()


def test_text_that_the_other_store_cannot_hold_is_listed_with_its_key(scene, pair):
    """A NUL within a text: SQLite has it, PostgreSQL does not."""
    if pair != (SQLITE, POSTGRESQL):
        pytest.skip("of SQLite to PostgreSQL alone")
    made = scene("CREATE TABLE items (id INTEGER PRIMARY KEY, value TEXT, hint TEXT); INSERT INTO items (id, value) VALUES (1, 'fits'), (2, 'also');",
                 COPIED.format(id="BIGINT", kind="TEXT")).start()
    made.old("UPDATE items SET value = 'a' || char(0) || 'b' WHERE id = 2")
    made.old("UPDATE items SET value = CAST(x'fffe' AS TEXT) WHERE id = 1")
    made.old("INSERT INTO items (id, value) VALUES (3, 'fine')")
    made.drain()
    assert sorted(made.quarantine()) == ["1", "2"]
    assert made.new("SELECT value FROM goods WHERE id = 3") == [("fine",)]
    made.old("UPDATE items SET value = 'mended'")
    made.released()
    made.agree()
