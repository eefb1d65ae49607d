"""A comparison of many rows: it goes by ranges, and comes down to single entities where something is wrong."""
import pytest

ROWS = 5000
READINGS = f"""
    CREATE TABLE readings (id integer PRIMARY KEY, value text, meta jsonb);
    INSERT INTO readings SELECT i, i::text, '{{}}' FROM generate_series(1, {ROWS}) i;
"""
NUMBERS = """
    migration: numbers
    old:
      store: ${APP_DB}
      key: {readings: id}
    new:
      key: {numbers: id}
      create: CREATE TABLE numbers (id integer PRIMARY KEY, value integer, meta jsonb)
    forward:
      numbers: SELECT id, value::integer AS value, meta FROM readings
    backward:
      readings: SELECT id, value::text AS value, meta FROM numbers
    soak: 0s
"""


@pytest.fixture
def numbers(start):
    return start(READINGS, NUMBERS)


def found(scene, *options):
    """The keys that a verification tells of, in its order."""
    return [int(line["key"]) for line in scene.midflight.verify(*options).diverged().lines[:-1]]


def test_rows_whose_query_fails_are_told_with_the_reason_and_hide_no_other(numbers):
    numbers.behind_the_back("UPDATE readings SET value = 'no number' WHERE id IN (1, 2499, 2500, 5000)",
                            "UPDATE numbers SET value = -1 WHERE id IN (3, 2501)", "DELETE FROM numbers WHERE id = 4999")
    outcome = numbers.midflight.verify().diverged()
    lines = {int(line["key"]): line for line in outcome.lines[:-1]}
    assert sorted(lines) == [1, 3, 2499, 2500, 2501, 4999, 5000]
    assert outcome.json["rows"] == ROWS
    assert all("no number" in lines[key]["expected"] for key in (1, 2499, 2500, 5000))
    assert lines[4999]["found"] is None


def test_more_differences_than_a_step_tells_of_are_all_found_once(numbers):
    numbers.behind_the_back("UPDATE numbers SET value = -id WHERE id > 100 AND id <= 3600")
    outcome = numbers.midflight.verify().diverged()
    assert [int(line["key"]) for line in outcome.lines[:-1]] == list(range(101, 3601))
    assert outcome.json["diverged"] == 3500 and outcome.json["rows"] == ROWS


def test_rows_of_the_follower_alone_are_all_found_wherever_they_are(numbers):
    numbers.behind_the_back("INSERT INTO numbers SELECT i, 0, '{}' FROM generate_series(-1499, 0) i",
                            f"INSERT INTO numbers SELECT i, 0, '{{}}' FROM generate_series({ROWS + 1}, {ROWS + 1500}) i")
    assert found(numbers) == [*range(-1499, 1), *range(ROWS + 1, ROWS + 1501)]


def test_more_failing_rows_than_a_step_tells_of_are_all_found_once(numbers):
    numbers.behind_the_back("UPDATE readings SET value = 'x' WHERE id % 4 = 0")
    assert found(numbers) == list(range(4, ROWS + 1, 4))


def test_a_range_differs_in_one_direction_alone_where_the_mapping_loses_something(start):
    scene = start(READINGS, NUMBERS.replace("value::integer AS value, meta", "value::integer / 10 * 10 AS value, meta"))
    scene.sql("UPDATE numbers SET value = value + 5")  # what forward never yields; backward holds for all of them
    scene.midflight.verify().done()
    scene.behind_the_back("UPDATE readings SET value = '7' WHERE id = 2500")
    assert found(scene) == [2500]


@pytest.mark.parametrize("type, one, another", [
    ("numeric", "1.0", "1.00"), ("interval", "1 month", "30 days"), ("double precision", "0", "-0"), ("jsonb", "[1.0]", "[1.00]"),
    ("numeric[]", "{1.0}", "{1.00}"), ("text", "a", "A"), ("varchar(5)", "a", "a "), ("timestamptz", "2020-01-01", "2020-01-02"),
    ("text", "a", None), ("integer", "0", None), ("jsonb", "null", None), ("bytea", "\\x00", "\\x")])
def test_values_that_are_merely_equal_differ(start, type, one, another):
    scene = start(f"CREATE TABLE readings (id integer PRIMARY KEY, value {type}); INSERT INTO readings SELECT i, '{one}' FROM generate_series(1, 50) i",
                  f"""
        migration: same
        old:
          store: ${{APP_DB}}
          key: {{readings: id}}
        new:
          key: {{again: id}}
          create: CREATE TABLE again (id integer PRIMARY KEY, value {type})
        forward:
          again: SELECT id, value FROM readings
        backward:
          readings: SELECT id, value FROM again
        soak: 0s
    """)
    scene.midflight.verify().done()
    value = "NULL" if another is None else f"'{another}'"
    scene.behind_the_back(f"UPDATE again SET value = {value} WHERE id = 17")
    assert found(scene) == [17]


def test_a_start_says_that_some_entity_does_not_come_back_though_it_tries_a_sample(app, migration):
    midflight = migration(READINGS, NUMBERS.replace("value::integer AS value, meta", "value::integer / 10 * 10 AS value, meta"))
    assert f"{ROWS} of {ROWS} rows tried" in midflight.check(json=False).out  # check itself tries them all
    assert "backward(forward(x)) is not x" in midflight.start().done().err
