"""Values of every kind arrive as they are: carried by the backfill, by a write on the old side, and by one on the new."""
import pytest

SCHEMA = "CREATE TABLE boxes (id INTEGER PRIMARY KEY, content {type});"
DEFINITION = """
    migration: crates
    old:
      store: ${{APP_DB}}
      key: {{boxes: id}}
    new:
      key: {{crates: id}}
      create: CREATE TABLE crates (id INTEGER PRIMARY KEY, inside {type})
    forward:
      crates: SELECT id, content AS inside FROM boxes
    backward:
      boxes: SELECT id, inside AS content FROM crates
"""

VALUES = {
    "null": None, "zero": 0, "minus_one": -1, "huge": 2**63 - 1, "tiny": -(2**63), "float": 0.1, "negative_zero": -0.0,
    "infinity": float("inf"), "minus_infinity": float("-inf"), "denormal": 5e-324, "beyond_double": 2**53 + 1,
    "empty": "", "space": " ", "quotes": """it's "so" `and` [so]""", "percent": "100%s %d ?1 :x @y $z", "newlines": "a\r\nb\tc",
    "backslash": "\\", "unicode": "žluťoučký 日本語 👩‍👩‍👧 \u0301", "bom": "\ufeffx", "right_to_left": "עברית",
    "number_text": "007", "float_text": "1.0", "null_text": "NULL", "json": '{"a": [1, "b"]}',
    "sql": "'; DROP TABLE boxes; --",
    "empty_blob": b"", "blob_of_nuls": b"\0\0\0", "blob": bytes(range(256)), "text_like_blob": b"text",
    "mebibyte_of_text": "ä" * 524288, "mebibyte_of_blob": bytes(range(256)) * 4096,
}

# type -> does a value keep its class in it? A column of INTEGER affinity would turn '007' into 7: so does the old one.
TYPES = ["", "BLOB", "TEXT", "INTEGER", "REAL", "NUMERIC"]


def as_stored(scene, table, column):
    return scene.sql(f"SELECT id, typeof({column}), {column} FROM {table} ORDER BY id")


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind or "untyped")
def test_every_value_arrives_from_the_backfill_and_from_either_side(start, app, kind):
    app.sql(SCHEMA.format(type=kind))
    with app.connect() as db:
        db.executemany("INSERT INTO boxes VALUES (?, ?)", enumerate(VALUES.values(), 1000))
    db.close()
    scene = start("", DEFINITION.format(type=kind))
    for number, value in enumerate(VALUES.values()):
        scene.sql("INSERT INTO boxes VALUES (?, ?)", 2000 + number, value)
        scene.sql("INSERT INTO crates VALUES (?, ?)", 3000 + number, value)
    scene.sql("INSERT INTO boxes SELECT id + 3000, NULL FROM boxes WHERE id < 2000")
    for number, value in enumerate(VALUES.values()):
        scene.sql("UPDATE boxes SET content = ? WHERE id = ?", value, 4000 + number)
    assert len(scene.sql("SELECT * FROM crates")) == 4 * len(VALUES)
    assert as_stored(scene, "crates", "inside") == as_stored(scene, "boxes", "content")
    first = [row[1:] for row in as_stored(scene, "boxes", "content")[:len(VALUES)]]
    assert [row[1:] for row in as_stored(scene, "boxes", "content")] == first * 4
    scene.agree()


@pytest.mark.parametrize("before, after", [
    (1, 1.0), (1.0, 1), ("1", 1), (b"a", "a"), ("a", b"a"), (None, ""), (b"", ""), ("", None), (0, None), ("a", "A"),
    ("a", "a "), ("\u00e9", "e\u0301"), (0.1 + 0.2, 0.3)], ids=repr)
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_change_that_only_the_type_or_a_hair_tells_is_followed(start, side, before, after):
    scene = start(SCHEMA.format(type=""), DEFINITION.format(type=""))
    scene.sql("INSERT INTO boxes VALUES (1, ?)", before)
    scene.sql("UPDATE boxes SET content = ?" if side == "old" else "UPDATE crates SET inside = ?", after)
    expected = [(1, {int: "integer", float: "real", str: "text", bytes: "blob", type(None): "null"}[type(after)], after)]
    assert as_stored(scene, "boxes", "content") == as_stored(scene, "crates", "inside") == expected
    scene.agree()


def test_a_nul_inside_a_text_is_carried_or_said(start):
    """SQLite stores a text with a NUL in it, though its own functions stop there."""
    scene = start(SCHEMA.format(type="TEXT"), DEFINITION.format(type="TEXT"))
    scene.sql("INSERT INTO boxes VALUES (1, ?)", "a\0b")
    assert scene.sql("SELECT inside FROM crates") == [("a\0b",)]
    scene.agree()


def test_a_text_that_is_not_utf8_is_carried_byte_for_byte(start):
    scene = start(SCHEMA.format(type="TEXT"), DEFINITION.format(type="TEXT"))
    scene.sql("INSERT INTO boxes VALUES (1, CAST(x'61ff62' AS TEXT))")
    scene.sql("INSERT INTO crates VALUES (2, CAST(x'c328' AS TEXT))")
    for table, column in [("boxes", "content"), ("crates", "inside")]:
        assert scene.sql(f"SELECT typeof({column}), hex({column}) FROM {table} ORDER BY id") == [
            ("text", "61FF62"), ("text", "C328")]
    scene.agree()


def test_a_column_may_change_its_type_on_the_way(start):
    scene = start(SCHEMA.format(type="TEXT") + "INSERT INTO boxes VALUES (1, '7'), (2, NULL);",
                  DEFINITION.format(type="INTEGER")
                  .replace("content AS inside", "CAST(content AS INTEGER) AS inside")
                  .replace("inside AS content", "CAST(inside AS TEXT) AS content"))
    scene.sql("UPDATE boxes SET content = '8' WHERE id = 2")
    scene.sql("INSERT INTO crates VALUES (3, 9)")
    assert as_stored(scene, "crates", "inside") == [(1, "integer", 7), (2, "integer", 8), (3, "integer", 9)]
    assert as_stored(scene, "boxes", "content") == [(1, "text", "7"), (2, "text", "8"), (3, "text", "9")]
    scene.agree()


def test_a_table_of_many_columns_is_carried_whole(start):
    columns = [f"c{i}" for i in range(200)]
    scene = start(f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {', '.join(columns)});"
                  f"INSERT INTO wide VALUES (1, {', '.join(str(i) for i in range(200))});",
                  f"""
        migration: wide
        old:
          store: ${{APP_DB}}
          key: {{wide: id}}
        new:
          key: {{broad: id}}
          create: CREATE TABLE broad (id INTEGER PRIMARY KEY, {', '.join(columns)})
        forward:
          broad: SELECT * FROM wide
        backward:
          wide: SELECT * FROM broad
    """)
    scene.sql("UPDATE broad SET c199 = 'last'")
    scene.sql("UPDATE wide SET c0 = 'first'")
    assert scene.sql("SELECT * FROM broad") == scene.sql("SELECT * FROM wide") == [(1, "first", *range(1, 199), "last")]
    scene.agree()


@pytest.mark.parametrize("rows", [0, 1, 2, 2000, 2001])
def test_a_table_of_any_length_is_carried_whole(start, rows):
    scene = start(SCHEMA.format(type="TEXT") + "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
                  f"{rows}) INSERT INTO boxes SELECT i, 'c' || i FROM n;", DEFINITION.format(type="TEXT"))
    expected = [(i, f"c{i}") for i in range(1, rows + 1)]
    assert scene.sql("SELECT * FROM crates ORDER BY id") == expected
    status = scene.midflight.status().json
    assert (status["rows_done"], status["rows_total"], status["verified_rows"]) == (rows, rows, rows)
    scene.sql("INSERT INTO crates (inside) VALUES ('first of the new side')")
    assert scene.sql("SELECT * FROM boxes ORDER BY id DESC LIMIT 1") == [(rows + 1, "first of the new side")]
    scene.agree()
