"""Names that need quoting, everywhere that a name can stand: nothing is mistaken for something else."""
import pytest

from support.midflight import REFUSED

NAMES = {"plain": "thing", "keyword": "select", "spaces": "a thing of two", "double_quote": 'a "thing"', "quote": "a 'thing'",
         "bracket": "a [thing]", "dot": "main.thing", "backtick": "a `thing`", "dash": "a-thing--", "unicode": "věc",
         "digit": "1st", "colon": "a: thing", "percent": "%s", "brace": "{thing}", "dollar": "$thing", "upper": "THING",
         "semicolon": "a;thing", "trailing_space": "thing "}


def q(name):
    return '"' + name.replace('"', '""') + '"'


def y(text):
    """As a YAML string in single quotes."""
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture(params=NAMES.values(), ids=NAMES)
def named(request, start):
    name = request.param
    t, key, value, new, new_key, new_value = (name + suffix for suffix in ("", " k", " v", " n", " nk", " nv"))
    scene = start(f"""
        CREATE TABLE {q(t)} ({q(key)} INTEGER PRIMARY KEY, {q(value)} TEXT, hint TEXT);
        CREATE UNIQUE INDEX {q(name + " i")} ON {q(t)} ({q(value)});
        INSERT INTO {q(t)} VALUES (1, 'a', 'h'), (2, 'b', 'h');
    """, f"""
        migration: names
        old:
          store: ${{APP_DB}}
          key: {{{y(t)}: [{y(key)}]}}
        new:
          key: {{{y(new)}: [{y(new_key)}]}}
          create: {y(f"CREATE TABLE {q(new)} ({q(new_key)} INTEGER PRIMARY KEY, {q(new_value)} TEXT)")}
          index: {y(f"CREATE INDEX {q(name + ' ni')} ON {q(new)} ({q(new_value)})")}
        forward:
          {y(new)}: {y(f"SELECT {q(key)} AS {q(new_key)}, {q(value)} AS {q(new_value)} FROM {q(t)}")}
        backward:
          {y(t)}: {y(f"SELECT {q(new_key)} AS {q(key)}, {q(new_value)} AS {q(value)} FROM {q(new)}")}
        soak: 0s
    """)
    scene.old, scene.new, scene.new_value = q(t), q(new), q(new_value)
    return scene


def test_writes_follow_both_ways(named):
    named.sql(f"INSERT INTO {named.old} VALUES (3, 'c', NULL)")
    named.sql(f"INSERT INTO {named.new} VALUES (4, 'd')")
    named.sql(f"REPLACE INTO {named.old} VALUES (5, 'a', NULL)")
    named.sql(f"UPDATE {named.new} SET {named.new_value} = 'bb' WHERE {named.new_value} = 'b'")
    assert named.sql(f"SELECT * FROM {named.old} ORDER BY 1") == [
        (2, "bb", "h"), (3, "c", None), (4, "d", None), (5, "a", None)]
    assert named.sql(f"SELECT * FROM {named.new} ORDER BY 1") == [(2, "bb"), (3, "c"), (4, "d"), (5, "a")]
    named.agree()


def test_the_end_and_the_way_back_find_everything_again(named):
    named.midflight.advance().done()
    named.midflight.rollback().done()
    assert named.app.names("trigger") == [] and named.app.names("view") == []
    assert named.sql(f"SELECT * FROM {named.old} ORDER BY 1") == [(1, "a", "h"), (2, "b", "h")]
    named.midflight.start().done()
    named.midflight.advance().done()
    named.midflight.advance().done()
    assert named.sql(f"SELECT * FROM {named.new} ORDER BY 1") == [(1, "a"), (2, "b")]
    assert named.app.names("trigger") == [] and named.app.names("view") == []


def test_names_that_differ_in_case_only_are_the_same_to_sqlite_and_to_midflight(start):
    scene = start("CREATE TABLE Customers (ID INTEGER PRIMARY KEY, Name TEXT); INSERT INTO Customers VALUES (1, 'a');", """
        migration: cases
        old:
          store: ${APP_DB}
          key: {customers: id}
        new:
          key: {PEOPLE: Id}
          create: CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)
        forward:
          People: SELECT iD, NAME FROM CUSTOMERS
        backward:
          customers: SELECT id, name FROM people
    """)
    scene.sql("UPDATE CUSTOMERS SET name = 'b'")
    scene.sql("INSERT INTO People VALUES (2, 'c')")
    assert scene.sql("SELECT * FROM Customers") == scene.sql("SELECT * FROM people") == [(1, "b"), (2, "c")]
    scene.agree()


ALIASED = """
    migration: aliases
    old:
      store: ${{APP_DB}}
      key: {{{old}: id}}
    new:
      key: {{{new}: id}}
      create: CREATE TABLE "{new}" (id INTEGER PRIMARY KEY, v UNIQUE, note)
    forward:
      {new}: SELECT id, v FROM "{old}"
    backward:
      {old}: SELECT id, v FROM "{new}"
    soak: 0s
"""


def writes_follow(scene, old, new):
    scene.sql(f'UPDATE "{old}" SET v = 11')
    scene.sql(f'UPDATE "{new}" SET v = 12')
    scene.sql(f'INSERT INTO "{old}" VALUES (2, 20, NULL)')
    scene.sql(f'REPLACE INTO "{new}" VALUES (3, 20, NULL)')
    scene.sql(f'UPDATE "{old}" SET id = 4 WHERE id = 1')
    assert scene.sql(f'SELECT * FROM "{old}" ORDER BY id') == [(3, 20, None), (4, 12, "h")]
    assert scene.sql(f'SELECT id, v FROM "{new}" ORDER BY id') == [(3, 20), (4, 12)]
    scene.agree()
    scene.midflight.advance().done()


def with_one_row(name):
    return f"""CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, v UNIQUE, hint); INSERT INTO "{name}" VALUES (1, 10, 'h');"""


# Whatever names the generated SQL uses inside, an application may have used before.
@pytest.mark.parametrize("old, new", [("a", "b"), ("b", "a"), ("t", "u"), ("d", "l"), ("g", "q"), ("s", "k"),
                                      ("forward", "backward"), ("guard", "displaced"), ("entity", "found")])
def test_tables_named_as_an_alias_or_a_helper_of_midflight_are_told_apart(start, old, new):
    writes_follow(start(with_one_row(old), ALIASED.format(old=old, new=new)), old, new)


@pytest.mark.parametrize("old, new", [("new", "fresh"), ("OLD", "fresh"), ("stale", "New"), ("stale", "old")])
def test_a_table_called_new_or_old_is_served_or_refused_but_loses_nothing(app, start, old, new):
    """In a trigger NEW and OLD are the row that is written, unless a table of that name stands in the FROM."""
    app.sql(with_one_row(old))
    check = app.migration(ALIASED.format(old=old, new=new)).check()
    if check.status == REFUSED:
        assert f"{old if new == 'fresh' else new}" in check.out
    else:
        writes_follow(start("", ALIASED.format(old=old, new=new)), old, new)


@pytest.mark.parametrize("key, value", [("k1", "midflight_was"), ("forward", "backward"), ("done", "at"), ("p1", "table_name"),
                                        ("rowid", "oid"), ("id", "rowid"), ("new", "old"), ("h1", "h2")])
def test_columns_named_as_those_of_midflight_are_told_apart(start, key, value):
    scene = start(f'CREATE TABLE things (x INTEGER, "{key}" INTEGER NOT NULL PRIMARY KEY, "{value}" UNIQUE);'
                  f'INSERT INTO things VALUES (0, 1, 10);', f"""
        migration: columns
        old:
          store: ${{APP_DB}}
          key: {{things: '{key}'}}
        new:
          key: {{stuff: '{key}'}}
          create: CREATE TABLE stuff (x INTEGER, "{key}" INTEGER NOT NULL PRIMARY KEY, "{value}" UNIQUE)
        forward:
          stuff: SELECT "{key}", "{value}" FROM things
        backward:
          things: SELECT "{key}", "{value}" FROM stuff
        soak: 0s
    """)
    scene.sql(f'UPDATE things SET "{value}" = 11')
    scene.sql(f'UPDATE stuff SET "{value}" = 12, "{key}" = 5')
    scene.sql('INSERT INTO things VALUES (0, 2, 20)')
    scene.sql('REPLACE INTO stuff VALUES (0, 3, 20)')
    assert scene.sql(f'SELECT "{key}", "{value}" FROM things ORDER BY 1') == [(3, 20), (5, 12)]
    assert scene.sql(f'SELECT "{key}", "{value}" FROM stuff ORDER BY 1') == [(3, 20), (5, 12)]
    scene.agree()
    scene.midflight.advance().done()
