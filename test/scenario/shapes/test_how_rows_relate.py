"""1:1, 1:N, N:1, a split into two tables, a merge of two, tables of many rows an entity on both sides: carried over by
the backfill, followed both ways afterwards, kept through the cut-over, and taken home by a rollback."""
import pytest

# Each: what is there before; the definition; what both sides hold after the start; writes on the old side and on the new
# one, and what both hold then. What they hold is {table: rows in the order of all columns}.
SHAPES = {}

SHAPES["n_to_1"] = dict(
    schema="""
        CREATE TABLE visits (patient INTEGER NOT NULL, day TEXT NOT NULL, doctor TEXT, hint TEXT, PRIMARY KEY (patient, day));
        INSERT INTO visits VALUES (1, 'mon', 'Ann', 'h'), (1, 'tue', NULL, 'h'), (2, 'mon', 'Bob', 'h');
    """,
    definition="""
        migration: charts
        old:
          store: ${APP_DB}
          key: {visits: patient}
        new:
          key: {charts: patient}
          create: CREATE TABLE charts (patient INTEGER PRIMARY KEY, days TEXT NOT NULL, note TEXT)
        forward:
          charts: |
            SELECT patient, json_group_object(day, doctor) AS days
            FROM (SELECT patient, day, doctor FROM visits ORDER BY patient, day) GROUP BY patient
        backward:
          visits: SELECT c.patient, d.key AS day, d.value AS doctor FROM charts c, json_each(c.days) d
    """,
    after_start={"visits": [(1, "mon", "Ann", "h"), (1, "tue", None, "h"), (2, "mon", "Bob", "h")],
                 "charts": [(1, '{"mon":"Ann","tue":null}', None), (2, '{"mon":"Bob"}', None)]},
    on_old=["INSERT INTO visits VALUES (3, 'wed', 'Cy', NULL), (2, 'fri', 'Di', NULL)",
            "UPDATE visits SET doctor = 'Eve' WHERE patient = 1 AND day = 'tue'", "DELETE FROM visits WHERE day = 'mon'"],
    after_old={"visits": [(1, "tue", "Eve", "h"), (2, "fri", "Di", None), (3, "wed", "Cy", None)],
               "charts": [(1, '{"tue":"Eve"}', None), (2, '{"fri":"Di"}', None), (3, '{"wed":"Cy"}', None)]},
    on_new=["""UPDATE charts SET days = '{"tue":"Flo","thu":"Gil"}', note = 'n' WHERE patient = 1""",
            "DELETE FROM charts WHERE patient = 3", """INSERT INTO charts VALUES (4, '{"sat":null}', NULL)"""],
    after_new={"visits": [(1, "thu", "Gil", None), (1, "tue", "Flo", "h"), (2, "fri", "Di", None), (4, "sat", None, None)],
               "charts": [(1, '{"tue":"Flo","thu":"Gil"}', "n"), (2, '{"fri":"Di"}', None), (4, '{"sat":null}', None)]})

SHAPES["split_into_two"] = dict(
    schema="""
        CREATE TABLE accounts (id INTEGER PRIMARY KEY, login TEXT NOT NULL, street TEXT, city TEXT, hint TEXT);
        INSERT INTO accounts VALUES (1, 'ann', 'A Street', 'Ulm', 'h'), (2, 'bob', NULL, NULL, 'h');
    """,
    definition="""
        migration: addresses
        old:
          store: ${APP_DB}
          key: {accounts: id}
        new:
          key: {logins: id, addresses: login_id}
          create: |
            CREATE TABLE logins (id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, note TEXT);
            CREATE TABLE addresses (login_id INTEGER PRIMARY KEY, street TEXT, city TEXT, remark TEXT);
        forward:
          logins: SELECT id, login FROM accounts
          addresses: SELECT id AS login_id, street, city FROM accounts WHERE street IS NOT NULL OR city IS NOT NULL
        backward:
          accounts: SELECT l.id, l.login, a.street, a.city FROM logins l LEFT JOIN addresses a ON a.login_id = l.id
    """,
    after_start={"accounts": [(1, "ann", "A Street", "Ulm", "h"), (2, "bob", None, None, "h")],
                 "logins": [(1, "ann", None), (2, "bob", None)], "addresses": [(1, "A Street", "Ulm", None)]},
    on_old=["UPDATE accounts SET street = 'B Street' WHERE id = 2",
            "UPDATE accounts SET street = NULL, city = NULL WHERE id = 1",
            "INSERT INTO accounts VALUES (3, 'cy', NULL, 'Bonn', NULL)"],
    after_old={"accounts": [(1, "ann", None, None, "h"), (2, "bob", "B Street", None, "h"), (3, "cy", None, "Bonn", None)],
               "logins": [(1, "ann", None), (2, "bob", None), (3, "cy", None)],
               "addresses": [(2, "B Street", None, None), (3, None, "Bonn", None)]},
    on_new=["INSERT INTO addresses VALUES (1, 'C Street', NULL, 'r')", "DELETE FROM addresses WHERE login_id = 2",
            "UPDATE logins SET login = 'cyd' WHERE id = 3"],
    after_new={"accounts": [(1, "ann", "C Street", None, "h"), (2, "bob", None, None, "h"), (3, "cyd", None, "Bonn", None)],
               "logins": [(1, "ann", None), (2, "bob", None), (3, "cyd", None)],
               "addresses": [(1, "C Street", None, "r"), (3, None, "Bonn", None)]})

SHAPES["merge_of_two"] = dict(
    schema="""
        CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, hint TEXT);
        CREATE TABLE profiles (user_id INTEGER PRIMARY KEY, bio TEXT NOT NULL, hint TEXT);
        INSERT INTO users VALUES (1, 'Ann', 'h'), (2, 'Bob', 'h');
        INSERT INTO profiles VALUES (2, 'builder', 'p');
    """,
    definition="""
        migration: members
        old:
          store: ${APP_DB}
          key: {users: id, profiles: user_id}
        new:
          key: {members: id}
          create: CREATE TABLE members (id INTEGER PRIMARY KEY, name TEXT NOT NULL, bio TEXT, note TEXT)
        forward:
          members: SELECT u.id, u.name, p.bio FROM users u LEFT JOIN profiles p ON p.user_id = u.id
        backward:
          users: SELECT id, name FROM members
          profiles: SELECT id AS user_id, bio FROM members WHERE bio IS NOT NULL
    """,
    after_start={"users": [(1, "Ann", "h"), (2, "Bob", "h")], "profiles": [(2, "builder", "p")],
                 "members": [(1, "Ann", None, None), (2, "Bob", "builder", None)]},
    on_old=["INSERT INTO profiles VALUES (1, 'artist', NULL)", "DELETE FROM profiles WHERE user_id = 2",
            "INSERT INTO users VALUES (3, 'Cy', NULL)", "INSERT INTO profiles VALUES (3, 'carver', NULL)"],
    after_old={"users": [(1, "Ann", "h"), (2, "Bob", "h"), (3, "Cy", None)],
               "profiles": [(1, "artist", None), (3, "carver", None)],
               "members": [(1, "Ann", "artist", None), (2, "Bob", None, None), (3, "Cy", "carver", None)]},
    on_new=["UPDATE members SET bio = 'baker', note = 'n' WHERE id = 2", "UPDATE members SET bio = NULL WHERE id = 3",
            "DELETE FROM members WHERE id = 1"],
    after_new={"users": [(2, "Bob", "h"), (3, "Cy", None)], "profiles": [(2, "baker", None)],
               "members": [(2, "Bob", "baker", "n"), (3, "Cy", None, None)]})

SHAPES["many_to_many_rows"] = dict(
    schema="""
        CREATE TABLE stock (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, item TEXT NOT NULL, pieces INTEGER NOT NULL, hint TEXT);
        CREATE UNIQUE INDEX stock_item ON stock (shop, item);
        INSERT INTO stock (shop, item, pieces, hint) VALUES ('a', 'pen', 2, 'h'), ('a', 'ink', 1, 'h'), ('b', 'pen', 3, 'h');
    """,
    definition="""
        migration: shelves
        old:
          store: ${APP_DB}
          key: {stock: shop}
        new:
          key: {shelves: shop}
          create: |
            CREATE TABLE shelves (shop TEXT NOT NULL, item TEXT NOT NULL, dozens REAL NOT NULL, note TEXT,
                                  PRIMARY KEY (shop, item));
        forward:
          shelves: SELECT shop, item, pieces / 12.0 AS dozens FROM stock
        backward:
          stock: SELECT shop, item, CAST(round(dozens * 12) AS INTEGER) AS pieces FROM shelves
    """,
    after_start={"stock": [(1, "a", "pen", 2, "h"), (2, "a", "ink", 1, "h"), (3, "b", "pen", 3, "h")],
                 "shelves": [("a", "ink", 1 / 12, None), ("a", "pen", 2 / 12, None), ("b", "pen", 0.25, None)]},
    on_old=["UPDATE stock SET pieces = 24 WHERE shop = 'a' AND item = 'pen'",
            "INSERT INTO stock VALUES (9, 'a', 'nib', 6, NULL)", "DELETE FROM stock WHERE item = 'ink'"],
    after_old={"stock": [(1, "a", "pen", 24, "h"), (3, "b", "pen", 3, "h"), (9, "a", "nib", 6, None)],
               "shelves": [("a", "nib", 0.5, None), ("a", "pen", 2.0, None), ("b", "pen", 0.25, None)]},
    on_new=["UPDATE shelves SET dozens = 1.5, note = 'n' WHERE item = 'nib'",
            "UPDATE shelves SET shop = 'c' WHERE shop = 'b'",
            "DELETE FROM shelves WHERE shop = 'a' AND item = 'pen'"],
    after_new={"stock": [(3, "c", "pen", 3, "h"), (9, "a", "nib", 18, None)],
               "shelves": [("a", "nib", 1.5, "n"), ("c", "pen", 0.25, None)]})

SHAPES["only_some_rows"] = dict(
    schema="""
        CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT);
        INSERT INTO events VALUES (1, 'mail', 'a'), (2, 'call', 'b'), (3, 'mail', 'c');
    """,
    definition="""
        migration: kinds
        old:
          store: ${APP_DB}
          key: {events: id}
        new:
          key: {mails: id, calls: id}
          create: |
            CREATE TABLE mails (id INTEGER PRIMARY KEY, text TEXT);
            CREATE TABLE calls (id INTEGER PRIMARY KEY, text TEXT);
        forward:
          mails: SELECT id, text FROM events WHERE kind = 'mail'
          calls: SELECT id, text FROM events WHERE kind = 'call'
        backward:
          events: SELECT id, 'mail' AS kind, text FROM mails UNION ALL SELECT id, 'call', text FROM calls
    """,
    after_start={"events": [(1, "mail", "a"), (2, "call", "b"), (3, "mail", "c")],
                 "mails": [(1, "a"), (3, "c")], "calls": [(2, "b")]},
    on_old=["UPDATE events SET kind = 'call' WHERE id = 1", "INSERT INTO events VALUES (4, 'mail', 'd')",
            "DELETE FROM events WHERE id = 2"],
    after_old={"events": [(1, "call", "a"), (3, "mail", "c"), (4, "mail", "d")],
               "mails": [(3, "c"), (4, "d")], "calls": [(1, "a")]},
    on_new=["INSERT INTO calls VALUES (7, 'e')", "UPDATE mails SET text = 'dd' WHERE id = 4",
            "DELETE FROM calls WHERE id = 1"],
    after_new={"events": [(3, "mail", "c"), (4, "mail", "dd"), (7, "call", "e")],
               "mails": [(3, "c"), (4, "dd")], "calls": [(7, "e")]})


def holds(scene, tables):
    for table, rows in tables.items():
        assert scene.sql(f"SELECT * FROM {table} ORDER BY 1, 2") == rows, table
    scene.agree()


def write(scene, statements):
    for statement in statements:
        scene.sql(statement)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
class TestShape:
    def test_writes_on_both_sides_follow_through_the_cut_over_to_the_end(self, start, shape):
        scene = start(shape["schema"], shape["definition"] + "    soak: 0s\n")
        holds(scene, shape["after_start"])
        write(scene, shape["on_old"])
        holds(scene, shape["after_old"])
        scene.midflight.advance().done()
        write(scene, shape["on_new"])
        holds(scene, shape["after_new"])
        scene.midflight.advance().done()
        for table, rows in shape["after_new"].items():
            name = table if table in scene.app.tables() else f"{table}_retired"
            assert scene.sql(f"SELECT * FROM {name} ORDER BY 1, 2") == rows

    def test_a_rollback_after_the_cut_over_keeps_every_write_on_the_old_side(self, start, shape):
        scene = start(shape["schema"], shape["definition"])
        write(scene, shape["on_old"])
        scene.midflight.advance().done()
        write(scene, shape["on_new"])
        scene.midflight.rollback().done()
        left = {table: rows for table, rows in shape["after_new"].items() if table in scene.app.tables()}
        assert left and len(left) < len(shape["after_new"])
        for table, rows in left.items():
            assert scene.sql(f"SELECT * FROM {table} ORDER BY 1, 2") == rows

    def test_what_was_written_is_carried_over_by_a_later_start_as_well(self, start, shape):
        scene = start(shape["schema"], shape["definition"])
        write(scene, shape["on_old"])
        scene.midflight.rollback().done()
        scene.midflight.start().done()
        holds(scene, shape["after_old"])


def test_the_old_shape_of_two_tables_is_copied_though_only_the_second_knows_the_entity(start):
    """backward cannot make a user of a lonely profile, and forward no member: it belongs to nobody, on neither side."""
    shape = SHAPES["merge_of_two"]
    scene = start(shape["schema"] + "INSERT INTO profiles VALUES (50, 'nobody', 'p');", shape["definition"])
    assert scene.sql("SELECT id FROM members ORDER BY id") == [(1,), (2,)]
    scene.sql("INSERT INTO users VALUES (50, 'Late', NULL)")
    assert scene.sql("SELECT name, bio FROM members WHERE id = 50") == [("Late", "nobody")]
    scene.agree()
