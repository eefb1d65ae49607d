"""A comparison: of the whole, of a range, of a sample; every difference is told with its key and both sides, once."""
import pytest

from scenario.definitions import CUSTOMERS, LISTS, SPLIT_NAME, SUBSCRIPTIONS

MANY = CUSTOMERS + """
    WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO customers (id, name, email) SELECT i, 'First Last' || i, i || '@x' FROM n;
"""


@pytest.fixture
def scene(start):
    return start(CUSTOMERS, SPLIT_NAME)


class TestDifference:
    def test_in_a_value_is_told_with_its_key_its_table_and_both_sides(self, scene):
        scene.behind_the_back("UPDATE people SET email = 'astray' WHERE id = 2")
        outcome = scene.midflight.verify().diverged()
        difference, result = outcome.lines
        assert (difference["key"], difference["table"], difference["repaired"]) == ("2", "people", False)
        assert "'bob@x'" in difference["expected"] and "'astray'" in difference["found"]
        assert (result["rows"], result["diverged"], result["repaired"]) == (3, 1, 0)
        assert scene.midflight.status().json["diverged"] == 1

    def test_is_told_to_a_person_too(self, scene):
        scene.behind_the_back("UPDATE people SET email = 'astray' WHERE id = 2")
        outcome = scene.midflight.verify(json=False).diverged()
        assert "differs: entity 2, table people" in outcome.out
        assert "'bob@x'" in outcome.out and "'astray'" in outcome.out and "--repair" in outcome.err
        listed = scene.midflight.status(json=False).out
        assert "diverged     1\n    2: " in listed

    def test_of_a_missing_row_has_no_found(self, scene):
        scene.behind_the_back("DELETE FROM people WHERE id = 3")
        difference = scene.midflight.verify().diverged().lines[0]
        assert difference["key"] == "3" and "'Cy'" in difference["expected"] and difference["found"] is None

    def test_of_a_row_too_many_has_no_expected(self, scene):
        scene.behind_the_back("INSERT INTO people (id, first_name) VALUES (9, 'Nobody')")
        difference = scene.midflight.verify().diverged().lines[0]
        assert difference["key"] == "9" and difference["expected"] is None and "'Nobody'" in difference["found"]

    def test_before_the_first_and_after_the_last_key_is_found(self, scene):
        scene.behind_the_back("INSERT INTO people (id, first_name) VALUES (-1, 'Before'), (99, 'After')")
        assert [line["key"] for line in scene.midflight.verify().diverged().lines[:-1]] == ["-1", "99"]

    def test_of_an_unmapped_column_is_none(self, scene):
        scene.behind_the_back("UPDATE people SET note = 'mine'", "UPDATE customers SET hint = 'mine'")
        scene.midflight.verify().done()

    def test_that_the_old_side_was_written_past_is_one_as_well(self, scene):
        scene.behind_the_back("UPDATE customers SET name = 'Someone Else' WHERE id = 1")
        difference = scene.midflight.verify().diverged().lines[0]
        assert "'Someone'" in difference["expected"] and "'Ann'" in difference["found"]

    def test_that_is_gone_is_forgotten_by_the_next_comparison(self, scene):
        scene.behind_the_back("UPDATE people SET email = 'astray' WHERE id = 2")
        scene.midflight.verify().diverged()
        scene.behind_the_back("UPDATE people SET email = 'bob@x' WHERE id = 2")
        scene.midflight.verify().done()
        assert scene.midflight.status().json["diverged"] == 0

    def test_of_an_entity_in_two_tables_counts_once(self, start):
        scene = start(LISTS, SUBSCRIPTIONS)
        scene.behind_the_back("UPDATE people SET name = 'astray' WHERE id = 1",
                              "DELETE FROM subscriptions WHERE customer_id = 1")
        assert scene.midflight.verify().diverged().json["diverged"] == 1

    def test_in_the_order_of_a_json_text_alone_is_none(self, start):
        scene = start(LISTS, SUBSCRIPTIONS)
        scene.sql("""UPDATE customers SET plans = '[ "basic",\n "storage" ]' WHERE id = 1""")
        scene.agree()


class TestRepair:
    @pytest.mark.parametrize("statement", ["UPDATE people SET email = 'astray'", "DELETE FROM people",
                                           "INSERT INTO people (id, first_name) VALUES (9, 'Nobody')"])
    def test_follows_the_old_side_before_the_cut_over(self, scene, statement):
        scene.sql("UPDATE people SET note = 'mine'")
        rows = scene.sql("SELECT id, first_name, last_name, email FROM people")
        scene.behind_the_back(statement)
        outcome = scene.midflight.verify("--repair").done()
        assert outcome.json["diverged"] == outcome.json["repaired"] > 0
        assert all(line["repaired"] for line in outcome.lines[:-1])
        assert scene.sql("SELECT id, first_name, last_name, email FROM people") == rows
        scene.agree()

    def test_keeps_unmapped_values_of_rows_that_are_there(self, scene):
        scene.sql("UPDATE people SET note = 'mine'")
        scene.behind_the_back("UPDATE people SET email = 'astray'")
        scene.midflight.verify("--repair").done()
        assert scene.sql("SELECT note FROM people") == [("mine",)] * 3

    def test_follows_the_new_side_after_the_cut_over(self, scene):
        scene.midflight.advance().done()
        scene.behind_the_back("UPDATE people SET email = 'newest@x' WHERE id = 2",
                              "INSERT INTO people (id, first_name) VALUES (9, 'Di')", "DELETE FROM people WHERE id = 1")
        scene.midflight.verify("--repair").done()
        assert scene.sql("SELECT id, name, email FROM customers ORDER BY id") == [
            (2, "Bob", "newest@x"), (3, "Cy Dee", "cy@x"), (9, "Di", None)]
        scene.agree()

    def test_of_nothing_changes_nothing(self, scene, dump):
        before = dump()
        scene.midflight.verify("--repair").done()
        assert dump() == before


class TestPart:
    @pytest.fixture
    def many(self, start):
        scene = start("PRAGMA journal_mode = WAL;" + MANY, SPLIT_NAME)
        scene.behind_the_back("UPDATE people SET email = 'astray' WHERE id IN (1, 2500, 5000, 5001, 10000)")
        return scene

    def keys(self, outcome):
        return [line["key"] for line in outcome.lines[:-1]]

    @pytest.mark.parametrize("options, keys", [
        ([], ["1", "2500", "5000", "5001", "10000"]), (["--to", 5000], ["1", "2500", "5000"]),
        (["--from", 5000], ["5001", "10000"]), (["--from", 1, "--to", 5000], ["2500", "5000"]),
        (["--from", 4999, "--to", 5000], ["5000"])])
    def test_a_range_is_from_its_first_key_exclusive_to_its_last_inclusive(self, many, options, keys):
        assert self.keys(many.midflight.verify(*options).diverged()) == keys

    def test_an_empty_range_is_done(self, many):
        assert many.midflight.verify("--from", 6000, "--to", 7000).done().json["rows"] == 1000
        assert many.midflight.verify("--from", 5000, "--to", 5000).done().json["rows"] == 0
        assert many.midflight.verify("--from", 99999).done().json["rows"] == 0

    def test_a_sample_compares_about_its_share_and_is_no_comparison_of_the_whole(self, many):
        outcome = many.midflight.verify("--sample", "20%")
        assert 1000 <= outcome.json["rows"] <= 3000
        assert outcome.json["diverged"] == len(self.keys(outcome)) <= 5
        assert many.midflight.verify("--sample", "1").diverged().json["rows"] == 10000

    def test_a_range_is_repaired_alone(self, many):
        many.midflight.verify("--repair", "--to", 5000).done()
        assert self.keys(many.midflight.verify().diverged()) == ["5001", "10000"]

    @pytest.mark.parametrize("options", [["--to", 5000], ["--sample", "0.5"]], ids=["range", "sample"])
    def test_a_part_does_not_stand_for_the_whole_at_the_gate(self, many, options):
        many.midflight.verify().diverged()
        many.midflight.verify("--repair", *options)
        outcome = many.midflight.advance().refused()
        assert "gate verified" in outcome.message

    @pytest.mark.parametrize("key", ["x", "1,2", "'a", "", "1 2"])
    def test_a_key_that_is_none_is_refused(self, many, key):
        assert many.midflight.verify("--from", key).exits(2).message


def test_writes_go_on_while_it_compares_and_are_no_differences(start):
    """SQLite reads one moment of both sides; what comes in between does not count as a difference."""
    import threading
    scene = start("PRAGMA journal_mode = WAL;" + MANY, SPLIT_NAME)
    stop = threading.Event()

    def write():
        db = scene.app.connect(timeout=30)
        for turn in range(100000):
            if stop.is_set():
                break
            db.execute("UPDATE customers SET email = ? WHERE id = ?", (f"{turn}-o@x", turn * 37 % 10000 + 1))
            db.execute("UPDATE people SET email = ? WHERE id = ?", (f"{turn}-n@x", turn * 53 % 10000 + 1))
        db.close()
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            scene.midflight.verify().done()
    finally:
        stop.set()
        writer.join()
    scene.agree()
