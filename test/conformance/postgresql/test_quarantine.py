"""A query that fails, and rows that the other side refuses for reasons that only PostgreSQL has: the application's write
succeeds, the entity is listed with the reason, tried again, and bars the cut-over until it is settled."""
import pytest

from conformance.postgresql.definitions import copied
from support.midflight import AWAITING_ADDITIONAL_ACTION

OLD = "CREATE TABLE items (id integer PRIMARY KEY, value text, hint text); INSERT INTO items VALUES (1, '1', 'old'), (2, '2', 'old');"


def definition(column, query, back="value::text", more=""):
    return f"""
        migration: goods
        old:
          store: ${{APP_DB}}
          key: {{items: id}}
        new:
          key: {{goods: id}}
          create: |
            {more}
            CREATE TABLE goods (id integer PRIMARY KEY, value {column}, note text);
        forward:
          goods: SELECT id, {query} AS value FROM items
        backward:
          items: SELECT id, {back} AS value FROM goods
        soak: 0s
    """


# The new column, the query that fills it, and a value of the old one that does not go; words of the reason.
REFUSED = {
    "cast": ("integer", "value::integer", "'x'", "invalid input syntax"),
    "out of range": ("smallint", "value::smallint", "'99999'", "out of range"),
    "division by zero": ("integer", "100 / value::integer", "'0'", "division by zero"),
    "date": ("date", "(value || ' days')::interval + date '2024-01-01'", "'never'", "invalid input syntax"),
    "json": ("jsonb", "value::jsonb", "'{'", "json"),
    "enum": ("mood", "value::mood", "'angry'", "enum"),
    "domain": ("posint", "value::posint", "'-1'", "posint"),
    "too long": ("varchar(3)", "value", "'abcd'", "too long"),
    "not null": ("text NOT NULL", "value", "NULL", "null"),
    "check": ("text CHECK (value <> 'bad')", "value", "'bad'", "check constraint"),
    "unique": ("text UNIQUE", "value", "'1'", "unique"),
    "exclusion": ("text, EXCLUDE USING btree (value WITH =)", "value", "'1'", "exclusion"),
    "foreign key": ("text REFERENCES kinds", "value", "'nowhere'", "foreign key"),
    "deferred foreign key": ("text REFERENCES kinds DEFERRABLE INITIALLY DEFERRED", "value", "'nowhere'", "foreign key"),
    "more than one row of a subquery": ("integer", "(SELECT n FROM generate_series(1, value::integer - 7) n)", "'9'",
                                        "more than one row"),
}
MORE = """CREATE TYPE mood AS ENUM ('1', '2', '5', '6', '7'); CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
          CREATE TABLE kinds (value text PRIMARY KEY); INSERT INTO kinds VALUES ('1'), ('2'), ('5'), ('6'), ('7');"""


# The query fails, a row is refused at once, it is in somebody's way, or it is refused at the end.
WAYS = ("cast", "not null", "unique", "deferred foreign key")
EVERY_KIND = [kind if kind in WAYS else pytest.param(kind, marks=pytest.mark.long) for kind in REFUSED]


@pytest.fixture
def scene(request, start):
    column, query, refused, reason = REFUSED[request.param]
    scene = start(OLD + MORE, definition(column, query))
    scene.sql("UPDATE goods SET note = 'new'")
    scene.refused, scene.reason = refused, reason
    return scene


def reasons(scene):
    return scene.midflight.status(json=False).done().out.lower()


@pytest.mark.parametrize("scene", REFUSED, indirect=True)
class TestWrite:
    def test_of_one_row_succeeds_and_is_listed_with_the_reason(self, scene):
        scene.sql(f"INSERT INTO items VALUES (9, {scene.refused})")
        assert scene.sql("SELECT id FROM items ORDER BY id") == [(1,), (2,), (9,)]
        assert scene.sql("SELECT id FROM goods ORDER BY id") == [(1,), (2,)]
        assert scene.quarantine() == ["9"]
        assert scene.reason in reasons(scene)

    def test_bars_the_cut_over_until_it_is_mended(self, scene):
        scene.sql(f"INSERT INTO items VALUES (9, {scene.refused})")
        scene.midflight.advance().refused()
        assert scene.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        scene.sql("UPDATE items SET value = '7' WHERE id = 9")
        scene.midflight.advance().done()
        assert scene.quarantine() == []
        assert scene.sql("SELECT id FROM goods ORDER BY id") == [(1,), (2,), (9,)]


@pytest.mark.parametrize("scene", EVERY_KIND, indirect=True)
class TestWriteAmongOthers:
    def test_of_many_rows_holds_none_of_the_others_back(self, scene):
        scene.sql(f"INSERT INTO items VALUES (5, '5'), (9, {scene.refused}), (6, '6')")
        assert scene.sql("SELECT id FROM goods ORDER BY id") == [(1,), (2,), (5,), (6,)]
        assert scene.quarantine() == ["9"]

    def test_of_many_rows_by_copy_holds_none_of_the_others_back(self, scene):
        value = "\\N" if scene.refused == "NULL" else scene.refused.strip("'")
        scene.db.copy("COPY items (id, value) FROM STDIN", f"5\t5\n9\t{value}\n6\t6\n")
        assert scene.sql("SELECT id FROM goods ORDER BY id") == [(1,), (2,), (5,), (6,)]
        assert scene.quarantine() == ["9"]

    def test_in_a_transaction_leaves_its_other_writes_alone(self, scene):
        scene.sql("BEGIN")
        scene.sql("INSERT INTO items VALUES (5, '5')")
        scene.sql(f"INSERT INTO items VALUES (9, {scene.refused})")
        scene.sql("INSERT INTO items VALUES (6, '6')")
        scene.sql("COMMIT")
        assert scene.sql("SELECT id FROM goods ORDER BY id") == [(1,), (2,), (5,), (6,)]
        assert scene.quarantine() == ["9"]

    def test_of_a_row_that_is_there_keeps_what_the_other_side_has(self, scene):
        before = scene.sql("SELECT * FROM goods ORDER BY id")
        scene.sql(f"UPDATE items SET value = {scene.refused} WHERE id = 2")
        assert scene.sql("SELECT * FROM goods ORDER BY id") == before
        assert scene.quarantine() == ["2"]

    def test_deleted_again_is_listed_no_more(self, scene):
        scene.sql(f"INSERT INTO items VALUES (9, {scene.refused})")
        scene.sql("DELETE FROM items WHERE id = 9")
        scene.midflight.verify("--repair").done()
        scene.agree()


@pytest.mark.parametrize("kind", REFUSED)
def test_rows_that_are_there_before_the_start_are_listed_or_refused_by_key(app, kind):
    column, query, refused, reason = REFUSED[kind]
    app.sql(OLD + MORE + f"INSERT INTO items SELECT n, '5' FROM generate_series(10, 500) n WHERE {'exclu' not in kind and 'unique' != kind};"
            f"INSERT INTO items VALUES (9, {refused});")
    midflight = app.migration(definition(column, query))
    checked, started = midflight.check(), midflight.start()
    told = checked.out + started.out + midflight.status(json=False).out
    assert "9" in told and reason in told.lower(), told
    if started.status == 0:
        assert midflight.status().json["quarantined"] == 1
        assert app.rows("SELECT id FROM goods WHERE id = 9") == []
        assert app.value("SELECT count(*) FROM goods") == app.value("SELECT count(*) FROM items") - 1
    else:
        started.refused()
        assert "goods" not in app.tables()


def test_the_way_back_may_fail_for_an_entity_too(start):
    scene = start("CREATE TABLE items (id integer PRIMARY KEY, value integer, hint text); INSERT INTO items VALUES (1, 1, 'old');",
                  definition("text", "value::text", back="value::integer"))
    scene.sql("UPDATE goods SET value = 'x' WHERE id = 1")
    scene.sql("INSERT INTO goods VALUES (2, 'y', 'new'), (3, '3', 'new')")
    assert scene.sql("SELECT id, value, hint FROM items ORDER BY id") == [(1, 1, "old"), (3, 3, None)]
    assert sorted(scene.quarantine()) == ["1", "2"]
    scene.sql("UPDATE goods SET value = id::text")
    scene.midflight.verify("--repair").done()
    assert scene.sql("SELECT id, value, hint FROM items ORDER BY id") == [(1, 1, "old"), (2, 2, None), (3, 3, None)]
    scene.agree()


@pytest.mark.parametrize("kind, value", [("date", "'2024-02-03'"), ("timestamp", "'2024-02-03 04:05:06.789'"),
                                         ("timestamptz", "'2024-02-03 04:05:06.789+00'")])
def test_an_entity_keyed_by_a_day_is_found_again_however_the_session_writes_days(start, kind, value):
    """Its key is listed as text, which another session reads."""
    scene = start(f"CREATE TABLE items (id {kind} PRIMARY KEY, v text); INSERT INTO items VALUES ({value}, 'good');",
                  copied("id", ["id", "v"], f"CREATE TABLE goods (id {kind} PRIMARY KEY, v text CHECK (v <> 'bad'))"))
    for habit in ("datestyle = 'SQL, DMY'", "datestyle = 'German'", "timezone = 'Asia/Kathmandu'"):
        scene.sql(f"SET {habit}")
        scene.sql("UPDATE items SET v = 'bad'")
        assert len(scene.quarantine()) == 1 and "2024-02-03" in scene.quarantine()[0]
        scene.midflight.advance().refused()
        scene.sql("UPDATE items SET v = 'good again'")
        scene.midflight.verify("--repair").done()
        assert scene.quarantine() == []
        assert scene.sql("SELECT v FROM goods") == [("good again",)]
        scene.sql("RESET ALL")
    scene.midflight.advance().done()
