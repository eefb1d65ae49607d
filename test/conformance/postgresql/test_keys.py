"""Keys of every type that PostgreSQL has an order for: copied in chunks, followed, compared, mended."""
import pytest

from conformance.postgresql.definitions import copied
from scenario.conftest import stopped_backfill

ROWS = 1000

# The key's columns, and what makes them of n.
KEYS = {
    "bigint": ("id bigint", "(n - 500) * 9000000000000000"),
    "smallint": ("id smallint", "n - 500"),
    "uuid": ("id uuid", "md5(n::text)::uuid"),
    "text": ("id text", "repeat('k', n % 7) || n"),
    "text_c": ('id text COLLATE "C"', "chr(65 + n % 60) || n"),
    "text_icu": ('id text COLLATE "de-x-icu"', "(ARRAY['Ä','a','A','z','ß','ss'])[1 + n % 6] || n"),
    "text_nondeterministic": ("id text COLLATE blind", "chr(97 + n % 26) || n"),
    "varchar": ("id varchar(40)", "'x ' || n"),
    "char": ("id char(8)", "n::text"),
    "bytea": ("id bytea", "decode(md5(n::text), 'hex')"),
    "numeric": ("id numeric", "n / 7.0"),
    "double": ("id double precision", "n / 7.0"),
    "timestamptz": ("id timestamptz", "timestamptz '2024-01-01 00:00+00' + n * interval '13 min'"),
    "date": ("id date", "date '2024-01-01' + n"),
    "inet": ("id inet", "inet '10.0.0.0' + n"),
    "enum_and_number": ("id color, part integer", "(ARRAY['red','green','blue']::color[])[1 + n % 3], n"),
    "composite_of_texts": ("id text, part text", "'t' || n % 10, 'p' || n"),
    "composite_of_many": ("id bigint, part uuid, third date", "n % 3, md5(n::text)::uuid, date '2024-01-01' + n"),
    "boolean_and_number": ("id boolean, part integer", "n % 2 = 0, n"),
    "domain": ("id code", "'c-' || n"),
    "array": ("id integer[]", "ARRAY[n % 5, n]"),
    "range": ("id int4range", "int4range(n, n + 1)"),
    "jsonb": ("id jsonb", "jsonb_build_object('n', n)"),
}
PRELUDE = """
    CREATE TYPE color AS ENUM ('red', 'green', 'blue');
    CREATE DOMAIN code AS text CHECK (VALUE LIKE 'c-%');
    CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
"""


@pytest.fixture
def keyed(request, app):
    columns, value = KEYS[request.param]
    names = [column.split()[0] for column in columns.split(", ")]
    app.sql(f"""{PRELUDE}
        CREATE TABLE items ({columns}, n integer UNIQUE, hint text, PRIMARY KEY ({', '.join(names)}));
        INSERT INTO items SELECT {value}, n, 'old' FROM generate_series(1, {ROWS}) n;
    """)
    app.key, app.value_of_n = ", ".join(names), value
    app.midflight = app.migration(copied(" ".join(names), [*names, "n"], f"""
        CREATE TABLE goods ({columns}, n integer, note text, PRIMARY KEY ({', '.join(names)}));"""))
    return app


def agree(app):
    old, new = (app.rows(f"SELECT ROW({app.key})::text, n FROM {table} ORDER BY n") for table in ("items", "goods"))
    assert old == new
    app.midflight.verify().done()
    return [n for _, n in new]


@pytest.mark.parametrize("keyed", KEYS, indirect=True)
class TestKey:
    def test_rows_are_copied_followed_and_compared(self, keyed):
        keyed.midflight.start().done()
        assert agree(keyed) == list(range(1, ROWS + 1))
        keyed.sql("UPDATE items SET n = -n WHERE n % 100 = 0; DELETE FROM goods WHERE n % 50 = 1;"
                  f"INSERT INTO goods ({keyed.key}, n) SELECT {keyed.value_of_n}, n FROM generate_series(1101, 1110) n;")
        assert len(agree(keyed)) == ROWS - 20 + 10
        keyed.behind_the_back("UPDATE goods SET n = 5000 WHERE n = 77", "DELETE FROM goods WHERE n = 88")
        assert keyed.midflight.verify().diverged().json["diverged"] == 2
        assert keyed.midflight.verify("--repair").done().json["repaired"] == 2
        agree(keyed)

    def test_a_copy_that_was_stopped_goes_on_behind_the_last_key(self, keyed):
        stopped_backfill(keyed.midflight, ROWS).failed()
        keyed.sql("UPDATE items SET n = n + 10000 WHERE n % 10 = 0; DELETE FROM items WHERE n % 10 = 1;")
        keyed.midflight.start().done()
        assert len(agree(keyed)) == ROWS - 100

    def test_a_key_that_changes_takes_all_along(self, keyed):
        keyed.midflight.start().done()
        keyed.sql("UPDATE goods SET note = 'new'")
        target = f"({keyed.key})" if "," in keyed.key else keyed.key
        source = f"SELECT {keyed.value_of_n} FROM (VALUES (1200)) v (n)"
        keyed.sql(f"UPDATE items SET {target} = ({source}) WHERE n = 5")
        assert keyed.rows("SELECT note FROM goods WHERE n = 5") == [("new",)]
        keyed.sql(f"UPDATE goods SET {target} = ({source.replace('1200', '1201')}) WHERE n = 6")
        assert keyed.rows("SELECT hint FROM items WHERE n = 6") == [("old",)]
        assert agree(keyed) == list(range(1, ROWS + 1))


def test_keys_that_a_collation_takes_for_equal_are_one_entity(start):
    scene = start(PRELUDE + """
        CREATE TABLE items (id text COLLATE blind PRIMARY KEY, n integer, hint text);
        INSERT INTO items VALUES ('a', 1, 'old a'), ('b', 2, 'old b');
    """, copied("id", ["id", "n"], "CREATE TABLE goods (id text COLLATE blind PRIMARY KEY, n integer, note text)"))
    scene.sql("UPDATE goods SET note = 'new ' || n")
    scene.sql("UPDATE items SET id = 'B', n = 20 WHERE id = 'b'")
    scene.sql("UPDATE goods SET n = 10 WHERE id = 'A'")
    assert scene.sql("SELECT id, n, hint FROM items ORDER BY n") == [("a", 10, "old a"), ("B", 20, "old b")]
    assert scene.sql("SELECT lower(id), n, note FROM goods ORDER BY n") == [("a", 10, "new 1"), ("b", 20, "new 2")]
    scene.agree()


def test_keys_far_apart_do_not_slow_the_copy_down(app):
    """Ranges come from the keys that are there, not from arithmetic on them."""
    app.sql("CREATE TABLE items (id bigint PRIMARY KEY, n integer);"
            "INSERT INTO items SELECT (1::bigint << i), i FROM generate_series(0, 62) i;"
            "INSERT INTO items SELECT -9223372036854775807 + i, i FROM generate_series(0, 100) i;")
    midflight = app.migration(copied("id", ["id", "n"], "CREATE TABLE goods (id bigint PRIMARY KEY, n integer)"))
    midflight.start().done()
    assert app.rows("SELECT id, n FROM goods ORDER BY id") == app.rows("SELECT id, n FROM items ORDER BY id")
    midflight.verify().done()
