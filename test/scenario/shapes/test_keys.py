"""Keys of every type, order and length: each entity is found again on the other side, and nobody else's is touched."""
import pytest

DEFINITION = """
    migration: keys
    old:
      store: ${APP_DB}
      key: {old_one: KEYS}
    new:
      key: {new_one: KEYS}
      create: CREATE TABLE new_one (COLUMNS, value TEXT, note TEXT, PRIMARY KEY (NAMES)) OPTIONS
    forward:
      new_one: SELECT NAMES, value FROM old_one
    backward:
      old_one: SELECT NAMES, value FROM new_one
    soak: 0s
"""

INTEGERS = [0, -1, 1, 7, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63)]
TEXTS = ["", " ", "a", "A", "b", "ä", "z", "10", "9", "it's", 'say "x"', "a,b", "'", "''", "x'00'", "NULL", "日本", "👍",
         "%", "\n", "a" * 3000, "\0", "a\0b", "a\0c"]
BLOBS = [b"", b"\0", b"\0\0", b"a", b"\xff", bytes(range(256)), b"'", b"a" * 3000]

KEYS = {
    "integer": ("k INTEGER NOT NULL", [(i,) for i in INTEGERS]),
    "rowid": ("k INTEGER", [(i,) for i in INTEGERS]),
    "text": ("k TEXT NOT NULL", [(t,) for t in TEXTS]),
    "nocase_text": ("k TEXT NOT NULL COLLATE NOCASE", [(t,) for t in TEXTS if t != "A" and "\0" not in t]),
    "rtrim_text": ("k TEXT NOT NULL COLLATE RTRIM", [(t,) for t in TEXTS if t != " "]),
    "blob": ("k BLOB NOT NULL", [(b,) for b in BLOBS]),
    "real": ("k REAL NOT NULL", [(0.1,), (0.1 + 0.2,), (0.3,), (-1e300,), (5e-324,), (1e18,), (3.0,), (float("inf"),)]),
    "untyped": ("k NOT NULL", [(1,), (1.5,), ("1",), (b"1",), ("",), (b"",), (-7,), (2**63 - 1,)]),
    "numeric": ("k DECIMAL(10, 2) NOT NULL", [(1,), (1.25,), ("x",), (-3,)]),
    "two_integers": ("k INTEGER NOT NULL, l INTEGER NOT NULL", [(a, b) for a in (-1, 0, 2**62) for b in (-2, 5, 9)]),
    "text_and_integer": ("k TEXT NOT NULL, l INTEGER NOT NULL", [(a, b) for a in ("", "a,1", "a'") for b in (-1, 1, 2)]),
    "integer_and_blob": ("k INTEGER NOT NULL, l BLOB NOT NULL", [(a, b) for a in (1, 2) for b in (b"", b"\0", b"a,")]),
    "three_texts": ("k TEXT NOT NULL, l TEXT NOT NULL, m TEXT NOT NULL",
                    [(a, b, c) for a in ("", "x") for b in ("'", "y") for c in ("", "z,")]),
}
BY_TEXT = DEFINITION.replace("KEYS", "k").replace("NAMES", "k").replace("COLUMNS", "k TEXT NOT NULL").replace("OPTIONS", "")
OPTIONS = ["", "WITHOUT ROWID"]


@pytest.fixture(params=[(key, options) for key in KEYS for options in OPTIONS], ids=lambda p: " ".join(filter(None, p)))
def keyed(request, app, start):
    """A migration of rows with such keys, half of them there before the start and half written after it, by both sides."""
    (columns, keys), options = KEYS[request.param[0]], request.param[1]
    names = ", ".join(column.split()[0] for column in columns.split(", ") if column[1] == " ")
    definition = DEFINITION.replace("KEYS", f"[{names}]").replace("NAMES", names).replace("COLUMNS", columns)
    places = ", ".join("?" * len(keys[0]))
    app.sql(f"CREATE TABLE old_one ({columns}, value TEXT, hint TEXT, PRIMARY KEY ({names})) {options};")
    with app.connect() as db:
        db.executemany(f"INSERT INTO old_one VALUES ({places}, 'before', 'h')", keys[::2])
    db.close()
    scene = start("", definition.replace("OPTIONS", options))
    for table, some in (("old_one", keys[1::4]), ("new_one", keys[3::4])):
        for key in some:
            scene.sql(f"INSERT INTO {table} VALUES ({places}, 'after', 'h')", *key)
    scene.names, scene.keys = names, keys
    scene.where = " AND ".join(f"{name} IS ?" for name in names.split(", "))
    return scene


def both_sides(scene):
    query = f"SELECT {scene.names}, value FROM %s ORDER BY {scene.names}"
    return scene.sql(query % "old_one"), scene.sql(query % "new_one")


def test_every_key_finds_its_own_entity_and_no_other(keyed):
    values = {key: "before" if i % 2 == 0 else "after" for i, key in enumerate(keyed.keys)}
    for i, key in enumerate(keyed.keys):
        table = "old_one" if i % 3 else "new_one"
        keyed.sql(f"UPDATE {table} SET value = ? WHERE {keyed.where}", f"value {i}", *key)
        values[key] = f"value {i}"
        if i % 4 == 2:
            keyed.sql(f"DELETE FROM {'new_one' if i % 3 else 'old_one'} WHERE {keyed.where}", *key)
            del values[key]
    old, new = both_sides(keyed)
    assert old == new
    assert {tuple(row[:-1]): row[-1] for row in old} == values
    keyed.agree()


def test_every_key_can_be_verified_from_and_to_and_repaired(keyed):
    """The keys that a verification prints are those that --from and --to take."""
    old, _ = both_sides(keyed)
    keyed.behind_the_back("UPDATE new_one SET value = 'gone astray'")
    differences = keyed.midflight.verify().diverged().lines[:-1]
    reported = [difference["key"] for difference in differences]
    assert len(set(reported)) == len(old)
    last, middle = reported[-1], reported[len(reported) // 2]
    ranged = keyed.midflight.verify("--from", middle, "--to", last).diverged().lines[:-1]
    assert [difference["key"] for difference in ranged] == reported[len(reported) // 2 + 1:]
    keyed.midflight.verify("--repair").done()
    assert both_sides(keyed) == (old, old)
    keyed.agree()


def test_the_way_to_the_end_and_the_way_back_keep_every_entity(keyed):
    old, _ = both_sides(keyed)
    keyed.midflight.advance().done()
    keyed.midflight.rollback().done()
    assert keyed.sql(f"SELECT {keyed.names}, value FROM old_one ORDER BY {keyed.names}") == old
    keyed.midflight.start().done()
    keyed.midflight.advance().done()
    keyed.midflight.advance().done()
    assert keyed.sql(f"SELECT {keyed.names}, value FROM new_one ORDER BY {keyed.names}") == old


@pytest.mark.parametrize("keys", [["zz\0a", "zz\0b"], ["a", "zz\0b"], ["zz", "zz\0b"]], ids=["all", "last", "beside"])
def test_a_text_key_with_a_nul_in_it_is_not_left_behind_by_the_backfill(app, start, keys):
    app.sql("CREATE TABLE old_one (k TEXT NOT NULL PRIMARY KEY, value TEXT);")
    with app.connect() as db:
        db.executemany("INSERT INTO old_one VALUES (?, 'before')", [(key,) for key in keys])
    db.close()
    scene = start("", BY_TEXT)
    assert scene.sql("SELECT k FROM new_one ORDER BY k") == [(key,) for key in sorted(keys)]


@pytest.mark.parametrize("clause", ["", "OR ABORT", "OR IGNORE", "OR REPLACE", "OR FAIL"])
def test_a_row_without_a_key_fails_no_write_and_is_listed(start, clause):
    scene = start("CREATE TABLE old_one (id INTEGER PRIMARY KEY, k TEXT UNIQUE, value TEXT);", BY_TEXT)
    for value in "first", "second":
        scene.sql(f"INSERT {clause} INTO old_one (value) VALUES (?)", value)
    assert scene.sql("SELECT value FROM old_one") == [("first",), ("second",)]
    assert scene.quarantine() == ["NULL"]
    scene.midflight.advance().refused()
