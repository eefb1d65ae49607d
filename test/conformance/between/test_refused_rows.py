"""What the other store does not take: the application's write succeeds, the entity is listed with its key and bars the cut-over,
everything else goes on, and once it fits it follows. Nothing is cut short in silence."""
import pytest

from scenario.definitions import CUSTOMERS, SPLIT_NAME
from support.midflight import AWAITING_ADDITIONAL_ACTION, AWAITING_FINALIZATION
from support.stores import POSTGRESQL, SQLITE
from support.workload import NEW

UNIQUE_NAMES = SPLIT_NAME.replace("index: |", "index: |\n        CREATE UNIQUE INDEX people_name ON people (first_name);")
SHORT_NAMES = SPLIT_NAME.replace("first_name TEXT NOT NULL", "first_name TEXT NOT NULL CHECK (length(first_name) < 9)")
NEEDS_EMAIL = SPLIT_NAME.replace("email TEXT,", "email TEXT NOT NULL,")
TYPED = {POSTGRESQL: SPLIT_NAME.replace("first_name TEXT NOT NULL", "first_name VARCHAR(8) NOT NULL"),
         SQLITE: SHORT_NAMES}
MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    INSERT INTO customers (id, name, email) SELECT i, 'F' || i || ' Last' || i, i || '@x' FROM n;
"""

# What the new side refuses, as (id, name, email), and what it takes instead.
REFUSED = {"a missing value": (NEEDS_EMAIL, (9, "Di Fox", None), "email = 'd@x'"),
           "a value that another row has": (UNIQUE_NAMES, (9, "Ann Other", "o@x"), "name = 'Fay Other'"),
           "a value that a check forbids": (SHORT_NAMES, (9, "Bartholomew Lee", "b@x"), "name = 'Bart Lee'")}


class Stricter:
    def __init__(self, scene, values, remedy):
        self.scene, self.values, self.remedy = scene, values, remedy

    def write(self, more=""):
        self.scene.old(f"INSERT INTO customers (id, name, email) VALUES (?1, ?2, ?3){more}", *self.values)

    def keys(self):
        return [key for key, in self.scene.new("SELECT id FROM people ORDER BY id")]


@pytest.fixture(params=REFUSED)
def stricter(request, scene):
    definition, values, remedy = REFUSED[request.param]
    return Stricter(scene(CUSTOMERS, definition), values, remedy)


class TestRow:
    def test_that_does_not_fit_holds_none_of_the_others_back(self, stricter):
        scene = stricter.scene.start()
        stricter.write(", (4, 'Ed Fox', 'e@x'), (10, 'Flo Fox', 'f@x')")
        scene.drain()
        assert scene.old("SELECT count(*) FROM customers") == [(6,)]
        assert stricter.keys() == [1, 2, 3, 4, 10]
        assert scene.quarantine() == ["9"]
        assert scene.midflight.status().json["quarantined"] == 1

    def test_that_does_not_fit_bars_the_cut_over_until_it_does(self, stricter):
        scene = stricter.scene.start()
        stricter.write()
        scene.drain()
        outcome = scene.midflight.advance().refused()
        assert "quarantine" in outcome.message, outcome
        assert scene.midflight.stage() == AWAITING_ADDITIONAL_ACTION
        scene.old(f"UPDATE customers SET {stricter.remedy} WHERE id = 9")
        scene.released()
        assert scene.quarantine() == [] and stricter.keys() == [1, 2, 3, 9]
        scene.agree()
        scene.midflight.advance().done()
        assert scene.midflight.stage() == AWAITING_FINALIZATION

    def test_that_does_not_fit_and_goes_away_is_forgotten(self, stricter):
        scene = stricter.scene.start()
        stricter.write()
        scene.drain()
        scene.old("DELETE FROM customers WHERE id = 9")
        scene.released()
        scene.agree()
        scene.midflight.advance().done()

    def test_that_was_there_before_the_start_is_found_by_the_copy(self, stricter):
        """Or by the check before it, with a word of which it is."""
        stricter.write(", (4, 'Ed Fox', 'e@x'), (10, 'Flo Fox', 'f@x')")
        outcome = stricter.scene.midflight.start()
        if outcome.status != 0:  # or what is unique over all rows cannot be made so
            assert "9" in outcome.message or "people.first_name" in outcome.message or "people_name" in outcome.message, outcome
            return
        # Of two rows with one value either may be the one that is taken.
        assert stricter.scene.quarantine() in (["9"], ["1"])
        assert len(stricter.keys()) == 5
        stricter.scene.midflight.advance().refused()

    def test_that_does_not_fit_leads_home_all_the_same(self, stricter):
        scene = stricter.scene.start()
        stricter.write()
        scene.drain()
        scene.midflight.rollback().done()
        assert scene.old("SELECT name FROM customers WHERE id = 9") == [(stricter.values[1],)]
        for app in scene.apps.values():
            app.holds_nothing_of_midflight()


class TestBackwards:
    """The old side is the stricter one: rows of the new version that it does not take bar the end, and the rollback says which."""
    DEFINITION = SPLIT_NAME

    @pytest.fixture
    def people(self, scene):
        scene = scene(CUSTOMERS.replace("email TEXT,", "email TEXT CHECK (length(email) < 20),"), self.DEFINITION).start()
        scene.midflight.advance().done()
        scene.new("UPDATE people SET email = 'a very long one indeed@x' WHERE id = 2")
        scene.new("UPDATE people SET email = 'a@y' WHERE id = 1")
        scene.drain()
        return scene

    def test_is_listed_and_the_others_follow(self, people):
        assert people.quarantine() == ["2"]
        assert people.old("SELECT email FROM customers ORDER BY id") == [("a@y",), ("bob@x",), ("cy@x",)]

    def test_is_named_by_a_rollback_which_would_lose_it(self, people):
        outcome = people.midflight.rollback().refused()
        assert "quarantine" in outcome.message or "2" in outcome.message, outcome
        assert people.midflight.stage() == AWAITING_FINALIZATION
        people.new("UPDATE people SET email = 'b@y' WHERE id = 2")
        people.midflight.rollback().done()
        assert people.old("SELECT email FROM customers ORDER BY id") == [("a@y",), ("b@y",), ("cy@x",)]


class TestLongValue:
    def test_is_refused_and_never_cut_short(self, scene, pair):
        scene = scene(CUSTOMERS, TYPED[pair[1]]).start()
        scene.old("UPDATE customers SET name = 'Bartholomew Lee' WHERE id = 2")
        scene.old("UPDATE customers SET name = 'Anna Lee' WHERE id = 1")
        scene.drain()
        assert scene.quarantine() == ["2"]
        assert scene.new("SELECT first_name FROM people ORDER BY id") == [("Anna",), ("Bob",), ("Cy",)]


class TestText:
    """That the column's type does not read, and that the server calls bad syntax."""
    WORDS = SPLIT_NAME.replace("email TEXT,", "email TSVECTOR,")

    def test_that_is_no_tsvector_is_listed_with_its_key(self, scene, pair):
        if pair != (SQLITE, POSTGRESQL):
            pytest.skip("of one server, or of none, such a type is refused or not known")
        scene = scene(CUSTOMERS + "INSERT INTO customers VALUES (4, 'Di Fox', '''shut', NULL);", self.WORDS).start()
        assert scene.quarantine() == ["4"]
        scene.old("UPDATE customers SET email = '''open' WHERE id = 2")
        scene.old("UPDATE customers SET email = 'ann' WHERE id = 1")
        scene.drain()
        assert sorted(scene.quarantine()) == ["2", "4"]
        assert scene.new("SELECT email::text FROM people WHERE id = 1") == [("'ann'",)]


class TestBadCast:
    """The leader's own query fails over a row, or the other store has another type for what it yields."""
    AGES = """
        migration: ages
        old:
          store: ${APP_DB}
          key: {customers: id}
        new:
          key: {people: id}
          create: CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER)
        forward:
          people: SELECT id, CAST(hint AS INTEGER) AS age FROM customers
        soak: 0s
    """

    def test_holds_none_of_the_others_back(self, scene, pair):
        definition, bad = self.AGES, "none at all"
        if pair[0] == SQLITE:  # whose CAST never fails
            definition = definition.replace("CAST(hint AS INTEGER)", "json_extract(hint, '$')")
            if pair[1] == POSTGRESQL:
                definition = definition.replace("json_extract(hint, '$')", "CAST(json_extract(hint, '$') AS INTEGER)")
        scene = scene("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, hint TEXT);"
                      "INSERT INTO customers VALUES (1, 'Ann', '31'), (2, 'Bob', '32'), (3, 'Cy', '33');", definition).start()
        scene.old(f"UPDATE customers SET hint = '{bad}' WHERE id = 2")
        scene.old("UPDATE customers SET hint = '41' WHERE id = 1")
        scene.old("INSERT INTO customers VALUES (4, 'Di', '34')")
        scene.drain()
        assert scene.quarantine() == ["2"]
        assert [row for row in scene.new("SELECT id, age FROM people ORDER BY id") if row[0] != 2] == [(1, 41), (3, 33), (4, 34)]
        scene.midflight.advance().refused()
        scene.old("UPDATE customers SET hint = '42' WHERE id = 2")
        scene.released()
        assert scene.new("SELECT age FROM people WHERE id = 2") == [(42,)]
        scene.agree()


class TestMany:
    def test_that_do_not_fit_are_each_found_among_many_that_do(self, scene):
        scene = scene(MANY, SHORT_NAMES).start()
        scene.old("UPDATE customers SET name = 'Bartholomew Lee' WHERE id % 500 = 7")
        scene.old("UPDATE customers SET email = NULL WHERE id % 2 = 0")
        scene.drain()
        wanted = [str(key) for key in range(7, 3000, 500)]
        assert sorted(scene.quarantine(), key=int) == wanted
        assert scene.new("SELECT count(*) FROM people WHERE email IS NULL") == [(1500,)]
        scene.old("UPDATE customers SET name = 'Bart Lee' WHERE id % 500 = 7")
        scene.released()
        scene.agree()

    def test_are_found_in_the_copy_too(self, scene):
        scene = scene(MANY + "UPDATE customers SET name = 'Bartholomew Lee' WHERE id % 500 = 7;", SHORT_NAMES)
        outcome = scene.midflight.start()
        if outcome.status != 0:  # the check found one first, and named it
            assert "7" in outcome.refused().message
            return
        assert sorted(scene.quarantine(), key=int) == [str(key) for key in range(7, 3000, 500)]
        assert scene.new("SELECT count(*) FROM people") == [(3000 - 6,)]
