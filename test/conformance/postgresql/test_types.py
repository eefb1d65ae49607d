"""Every built-in type keeps its value on the way there and on the way back, NULL and the edges included."""
import pytest

from conformance.postgresql.definitions import copied


VALUES = {
    "smallint": ["-32768", "32767", "0"],
    "integer": ["-2147483648", "2147483647"],
    "bigint": ["-9223372036854775808", "9223372036854775807"],
    "numeric": ["'NaN'", "'Infinity'", "'-Infinity'", "1.10", "1.1", "0.00", "12345678901234567890.123456789", "1e200"],
    "numeric(12,2)": ["'NaN'", "1.10", "-9999999999.99"],
    "real": ["'NaN'", "'Infinity'", "'-0'", "1.17549435e-38", "0.1"],
    "double precision": ["'NaN'", "'-Infinity'", "'-0'", "0.1", "1.7976931348623157e308", "5e-324", "0.30000000000000004"],
    "money": ["'$12.34'", "'-$0.01'"],
    "boolean": ["true", "false"],
    "char(5)": ["'ab'", "''", "'abcde'"],
    "varchar(5)": ["'ab '", "''"],
    "text": ["''", "' '", "'a''b'", r"'a\b'", r"E'\n\t'", "'汉字 ä 🛫'", "repeat('long ', 100000)"],
    "name": ["'a_name'"],
    '"char"': ["'c'"],
    "bytea": ["''", r"'\x00ff'", r"'\x'", "decode(repeat('00ff', 10000), 'hex')"],
    "date": ["'2024-02-29'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'9999-12-31'"],
    "time": ["'24:00'", "'00:00:00.000001'"],
    "timetz": ["'12:00+05:45'"],
    "timestamp": ["'2024-02-29 23:59:59.999999'", "'infinity'"],
    "timestamptz": ["'2024-03-31 02:30:00+02'", "'-infinity'", "'0001-01-01 00:00+00'", "'2024-10-27 00:59:59.999999+00'"],
    "interval": ["'1 mon'", "'30 days'", "'-1 year 2 days 03:04:05.000006'"],
    "uuid": ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    "json": ["""'{"b": 1,  "a": [1, 2.50]}'""", "'null'"],
    "jsonb": ["""'{"b": 1, "a": [1, 2.50, null]}'""", "'null'", "'{}'", "'\"\"'", "'1.10'"],
    "xml": ["'<a b=\"c\">d</a>'"],
    "inet": ["'10.0.0.1/8'", "'::1'"],
    "cidr": ["'10.0.0.0/8'"],
    "macaddr": ["'08:00:2b:01:02:03'"],
    "macaddr8": ["'08:00:2b:01:02:03:04:05'"],
    "bit(4)": ["B'1010'"],
    "varbit": ["B''", "B'101'"],
    "point": ["'(1.5,-2)'", "'(NaN,Infinity)'"],
    "line": ["'{1,2,3}'"],
    "lseg": ["'[(0,0),(1,1)]'"],
    "box": ["'(1,1),(0,0)'"],
    "path": ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"],
    "polygon": ["'((0,0),(1,1),(1,0))'"],
    "circle": ["'<(0,0),1>'"],
    "int4range": ["'[1,5)'", "'empty'", "'(,)'"],
    "numrange": ["'[1.10,)'"],
    "tstzrange": ["'[2024-01-01 00:00+00,infinity)'"],
    "daterange": ["'[2024-01-01,2024-01-02]'"],
    "int4multirange": ["'{[1,3),[5,7)}'", "'{}'"],
    "tsvector": ["'a:1 b:2A'"],
    "tsquery": ["'a & !b'"],
    "integer[]": ["'{}'", "'{1,NULL,3}'", "'{{1,2},{3,4}}'", "'[0:1]={1,2}'"],
    "text[]": ["""'{a,"b,c","d\\"e",NULL,"NULL",""}'"""],
    "jsonb[]": ["""ARRAY['{"a": 1}'::jsonb, NULL]"""],
    "bytea[]": [r"ARRAY['\x00'::bytea]"],
    "timestamptz[]": ["ARRAY['infinity'::timestamptz]"],
    "oid": ["4294967295"],
    "regclass": ["'pg_class'"],
    "pg_lsn": ["'16/B374D848'"],
    "mood": ["'glad'", "'a bit sad, \"really\"'"],
    "mood[]": ["'{glad}'"],
    "posint": ["1", "2147483647"],
    "pair": ["ROW(1, 'a,b\"c')", "ROW(NULL, NULL)"],
    "pair[]": ["ARRAY[ROW(1, 'a')::pair]"],
    "floatrange": ["'[1.5,2.5)'"],
}
TYPES = """
    CREATE TYPE mood AS ENUM ('a bit sad, "really"', 'glad');
    CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
    CREATE TYPE pair AS (a integer, b text);
    CREATE TYPE floatrange AS RANGE (subtype = float8);
"""


@pytest.fixture
def scene(request, start):
    """Rows with each value of one type, and one with NULL, on both sides."""
    kind = request.param
    values = [*VALUES[kind], "NULL"]
    rows = ", ".join(f"({n}, {value}, 'old')" for n, value in enumerate(values))
    scene = start(f"{TYPES} CREATE TABLE items (id integer PRIMARY KEY, value {kind}, hint text);"
                  f"INSERT INTO items VALUES {rows};",
                  copied("id", ["id", "value"], f"CREATE TABLE goods (id integer PRIMARY KEY, value {kind}, note text);"))
    scene.kind, scene.values = kind, values
    return scene


def texts(scene, table):
    return scene.sql(f"SELECT id, value::text, pg_column_size(value) IS NULL FROM {table} ORDER BY id")


def is_copied_as_it_is(scene):
    assert texts(scene, "items") == texts(scene, "goods")
    assert len(texts(scene, "goods")) == len(scene.values)


def is_found_astray_and_mended(scene):
    scene.behind_the_back(f"UPDATE goods SET value = {scene.values[0]} WHERE id = {len(scene.values) - 1}")
    assert scene.midflight.verify().diverged().json["diverged"] == 1  # and none of the rows that were copied
    scene.midflight.verify("--repair").done()
    assert texts(scene, "items") == texts(scene, "goods")
    scene.agree()


def is_followed_by_one_row_at_birth_and_death(scene):
    for n, value in enumerate(scene.values, 100):
        for table, key in (("items", n), ("goods", n + 100)):
            scene.sql(f"INSERT INTO {table} (id, value) VALUES ({key}, {value})")
    assert texts(scene, "items") == texts(scene, "goods")
    scene.sql("DELETE FROM items WHERE id BETWEEN 100 AND 199")
    scene.sql("DELETE FROM goods WHERE id >= 200")
    assert texts(scene, "items") == texts(scene, "goods") and len(texts(scene, "goods")) == len(scene.values)


def is_followed_to_every_value_on_either_side(scene):
    for n, value in enumerate(scene.values):
        table = ("items", "goods")[n % 2]
        scene.sql(f"UPDATE {table} SET value = {value}")
        assert texts(scene, "items") == texts(scene, "goods")
        assert {text for _, text, _ in texts(scene, "goods")} == {scene.sql(f"SELECT ({value})::{scene.kind}::text")[0][0]}
    scene.agree()


@pytest.mark.parametrize("scene", VALUES, indirect=True)
def test_a_value_is_copied_mended_and_followed_as_it_is(scene):
    is_copied_as_it_is(scene)
    is_found_astray_and_mended(scene)
    is_followed_by_one_row_at_birth_and_death(scene)
    is_followed_to_every_value_on_either_side(scene)


def test_numbers_that_are_equal_but_written_otherwise_are_carried_over_as_written(start):
    scene = start("CREATE TABLE items (id integer PRIMARY KEY, value numeric); INSERT INTO items VALUES (1, 1.0);",
                  copied("id", ["id", "value"], "CREATE TABLE goods (id integer PRIMARY KEY, value numeric)"))
    scene.sql("UPDATE items SET value = 1.00")
    assert scene.sql("SELECT value::text FROM goods") == [("1.00",)]
    scene.agree()


def test_a_type_that_becomes_another_is_converted_both_ways(start):
    scene = start("""
        CREATE TABLE items (id integer PRIMARY KEY, seen integer, tags text);
        INSERT INTO items VALUES (1, 0, 'a,b'), (2, 1700000000, '');
    """, """
        migration: goods
        old:
          store: ${APP_DB}
          key: {items: id}
        new:
          key: {goods: id}
          create: CREATE TABLE goods (id bigint PRIMARY KEY, seen timestamptz NOT NULL, tags text[] NOT NULL)
        forward:
          goods: SELECT id, to_timestamp(seen) AS seen, string_to_array(tags, ',') AS tags FROM items
        backward:
          items: SELECT id, extract(epoch FROM seen)::integer AS seen, array_to_string(tags, ',') AS tags FROM goods
    """)
    scene.sql("SET timezone = 'America/St_Johns'")
    scene.sql("UPDATE items SET seen = 86400, tags = 'x,y,z' WHERE id = 1")
    scene.sql("INSERT INTO goods VALUES (3, '2024-03-31 02:30:00+02', '{q}')")
    assert scene.sql("SELECT id, seen AT TIME ZONE 'UTC' = timestamp '1970-01-02', tags FROM goods WHERE id = 1") == [
        (1, True, ["x", "y", "z"])]
    assert scene.sql("SELECT seen, tags FROM items WHERE id = 3") == [(1711845000, "q")]
    scene.agree()
