"""Damage that no trigger saw: a comparison finds each difference, tells it once with its key and both sides, and mends it."""
import pytest

from scenario.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS

MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""
DAMAGE = {
    "changed": "UPDATE people SET email = 'astray' WHERE id = 2",
    "missing": "DELETE FROM people WHERE id = 2",
    "changed_old": "UPDATE customers SET email = 'astray' WHERE id = 2",
    "missing_old": "DELETE FROM customers WHERE id = 2",
}
OVERHANGING = "INSERT INTO people (id, first_name) VALUES (-1, 'Before'), (99, 'After')"


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
class TestDamage:
    def test_is_found_with_its_key_and_bars_the_cut_over(self, people, damage):
        people.behind_the_back(damage)
        outcome = people.midflight.verify().diverged()
        assert [line["key"] for line in outcome.lines[:-1]] == ["2"]
        assert outcome.json["diverged"] == 1 and outcome.json["repaired"] == 0
        assert people.midflight.status().json["diverged"] == 1
        people.midflight.advance().refused()

    def test_is_mended_after_the_side_that_leads(self, people, damage):
        rows = {table: people.sql(f"SELECT * FROM {table} ORDER BY id") for table in ("customers", "people")}
        people.behind_the_back(damage)
        leader = people.sql("SELECT id, email FROM customers ORDER BY id")
        assert people.midflight.verify("--repair").done().json["repaired"] == 1
        assert people.sql("SELECT id, email FROM customers ORDER BY id") == leader
        assert people.sql("SELECT id, email FROM people ORDER BY id") == leader
        if damage == DAMAGE["changed"]:
            assert rows == {table: people.sql(f"SELECT * FROM {table} ORDER BY id") for table in rows}
        people.agree()

    def test_is_mended_after_the_new_side_once_that_leads(self, people, damage):
        people.midflight.advance().done()
        people.behind_the_back(damage)
        leader = people.sql("SELECT id, email FROM people ORDER BY id")
        assert people.midflight.verify("--repair").done().json["repaired"] == 1
        assert people.sql("SELECT id, email FROM customers ORDER BY id") == leader
        assert people.sql("SELECT id, email FROM people ORDER BY id") == leader
        people.agree()


class TestDifference:
    def test_in_a_value_is_told_with_its_table_and_both_sides(self, people):
        people.behind_the_back(DAMAGE["changed"])
        difference = people.midflight.verify().diverged().lines[0]
        assert (difference["key"], difference["table"], difference["repaired"]) == ("2", "people", False)
        assert "bob@x" in difference["expected"] and "astray" in difference["found"]

    def test_of_a_missing_row_has_no_found(self, people):
        people.behind_the_back("DELETE FROM people WHERE id = 3")
        difference = people.midflight.verify().diverged().lines[0]
        assert difference["key"] == "3" and "Cy" in difference["expected"] and difference["found"] is None

    def test_of_rows_too_many_has_no_expected(self, people):
        people.behind_the_back(OVERHANGING)
        differences = people.midflight.verify().diverged().lines[:-1]
        assert sorted(difference["key"] for difference in differences) == ["-1", "99"]
        assert all(difference["expected"] is None for difference in differences)
        people.midflight.verify("--repair").done()
        people.holds()

    def test_of_an_unmapped_column_is_none(self, people):
        people.behind_the_back("UPDATE people SET note = 'mine'", "UPDATE customers SET hint = 'mine'")
        people.midflight.verify().done()

    def test_that_is_gone_is_forgotten_by_the_next_comparison(self, people):
        people.behind_the_back(DAMAGE["changed"])
        people.midflight.verify().diverged()
        people.behind_the_back("UPDATE people SET email = 'bob@x' WHERE id = 2")
        people.midflight.verify().done()
        assert people.midflight.status().json["diverged"] == 0

    def test_of_an_entity_in_two_tables_counts_once(self, lists):
        lists.behind_the_back("UPDATE people SET name = 'astray' WHERE id = 1",
                              "DELETE FROM subscriptions WHERE customer_id = 1")
        assert lists.midflight.verify().diverged().json["diverged"] == 1
        lists.midflight.verify("--repair").done()
        lists.holds()

    def test_among_many_rows_is_found_alone(self, start):
        scene = start(MANY, SPLIT_NAME)
        scene.behind_the_back("UPDATE people SET email = 'astray' WHERE id IN (1, 2500, 5000, 5001, 10000)")
        outcome = scene.midflight.verify().diverged()
        assert sorted(int(line["key"]) for line in outcome.lines[:-1]) == [1, 2500, 5000, 5001, 10000]
        assert outcome.json["rows"] == 10000
        scene.midflight.verify("--repair").done()
        scene.agree()


def test_repair_keeps_what_only_one_side_holds(people):
    people.behind_the_back("UPDATE people SET email = 'astray'")
    people.midflight.verify("--repair").done()
    people.holds()


def test_a_list_written_past_the_triggers_is_found_and_mended(start):
    scene = start(LISTS, SUBSCRIPTIONS)
    scene.behind_the_back("UPDATE customers SET plans = '[\"other\"]' WHERE id = 1",
                          "INSERT INTO subscriptions VALUES (2, 0, 'astray', NULL)")
    assert sorted(line["key"] for line in scene.midflight.verify().diverged().lines[:-1] if "key" in line)[0] == "1"
    scene.midflight.verify("--repair").done()
    assert scene.sql("SELECT customer_id, plan FROM subscriptions ORDER BY 1, position") == [(1, "other"), (3, "basic")]
    scene.agree()


def test_a_table_of_another_shape_is_compared_by_its_text_keys(start):
    scene = start("CREATE TABLE words (word TEXT PRIMARY KEY NOT NULL, n INTEGER);"
                  "INSERT INTO words VALUES ('', 0), ('a', 1), ('A', 2), ('ä', 3), ('o''32', 4), ('z \"q\"', 5), ('b, c', 6);", """
        migration: words
        old:
          store: ${APP_DB}
          key: {words: word}
        new:
          key: {terms: term}
          create: CREATE TABLE terms (term TEXT PRIMARY KEY NOT NULL, size INTEGER)
        forward:
          terms: SELECT word AS term, n AS size FROM words
        backward:
          words: SELECT term AS word, size AS n FROM terms
    """)
    scene.behind_the_back("UPDATE terms SET size = -1")
    outcome = scene.midflight.verify("--repair").done()
    assert outcome.json["repaired"] == 7
    assert scene.sql("SELECT count(*) FROM terms t JOIN words w ON w.word = t.term AND w.n = t.size") == [(7,)]
    scene.agree()
