"""('Ann Mary', 'Lee') becomes 'Ann Mary Lee', which would split as ('Ann', 'Mary Lee'): what the application did not
write stays as it is, on both sides."""
import pytest

SPLIT = ("Ann Mary", "Lee")


@pytest.fixture
def lossy(people):
    people.sql("UPDATE people SET first_name = ?, last_name = ? WHERE id = 1", *SPLIT)
    assert people.sql("SELECT name FROM customers WHERE id = 1") == [("Ann Mary Lee",)]
    return people


def split_of(people, key=1):
    return people.sql("SELECT first_name, last_name FROM people WHERE id = ?", key)


@pytest.mark.parametrize("statement", [
    "UPDATE customers SET email = 'new@x' WHERE id = 1",
    "UPDATE customers SET email = 'new@x' || id",
    "UPDATE customers SET email = 'new@x', name = name WHERE id = 1",
    "UPDATE customers SET hint = 'new' WHERE id = 1",
    "UPDATE OR REPLACE customers SET email = 'bob@x' WHERE id = 1",
    "INSERT INTO customers (id, name, email) VALUES (1, 'No', 'new@x') ON CONFLICT (id) DO UPDATE SET email = excluded.email",
    "INSERT INTO customers (id, name, email) VALUES (9, 'No', 'ann@x') ON CONFLICT (email) DO UPDATE SET email = 'new@x'",
    "INSERT INTO customers (id, name) VALUES (1, 'No') ON CONFLICT DO NOTHING",
    "INSERT OR IGNORE INTO customers (id, name) VALUES (1, 'No')",
], ids=["email", "email_of_all", "name_to_itself", "unmapped", "replacing", "upsert", "upsert_by_email", "do_nothing",
        "ignore"])
def test_a_write_that_leaves_the_name_alone_leaves_the_split_alone(lossy, statement):
    lossy.sql(statement)
    assert split_of(lossy) == [SPLIT]
    assert lossy.sql("SELECT c.email IS p.email FROM customers c JOIN people p USING (id) WHERE id = 1") == [(1,)]
    lossy.agree()


def test_a_key_change_leaves_the_split_alone(lossy):
    lossy.sql("UPDATE customers SET id = 10 WHERE id = 1")
    assert split_of(lossy, 10) == [SPLIT]
    lossy.agree()


def test_a_key_change_on_the_new_side_leaves_the_split_alone(lossy):
    lossy.sql("UPDATE people SET id = 10 WHERE id = 1")
    assert split_of(lossy, 10) == [SPLIT]
    assert lossy.sql("SELECT name FROM customers WHERE id = 10") == [("Ann Mary Lee",)]
    lossy.agree()


def test_a_new_name_is_split_anew(lossy):
    lossy.sql("UPDATE customers SET name = 'Ann Mary Ray' WHERE id = 1")
    assert split_of(lossy) == [("Ann", "Mary Ray")]
    lossy.agree()


def test_an_edit_of_the_email_on_the_new_side_leaves_the_name_alone(lossy):
    lossy.sql("UPDATE people SET email = 'new@x' WHERE id = 1")
    assert lossy.sql("SELECT name, email FROM customers WHERE id = 1") == [("Ann Mary Lee", "new@x")]
    assert split_of(lossy) == [SPLIT]
    lossy.agree()


def test_verify_takes_an_entity_that_agrees_in_one_direction_for_agreed(lossy):
    assert lossy.midflight.verify().done().json["diverged"] == 0


def test_repair_rewrites_no_split_that_agrees(lossy):
    lossy.midflight.verify("--repair").done()
    assert split_of(lossy) == [SPLIT]


def test_the_split_outlives_the_cut_over_and_the_way_to_the_end(lossy):
    lossy.midflight.advance().done()
    assert split_of(lossy) == [SPLIT]
    lossy.sql("UPDATE customers SET email = 'new@x' WHERE id = 1")
    lossy.midflight.advance().done()
    assert split_of(lossy) == [SPLIT]
    assert lossy.sql("SELECT email FROM people WHERE id = 1") == [("new@x",)]


def test_a_gap_in_the_positions_of_a_list_outlives_an_edit_of_the_name(lists):
    lists.sql("UPDATE subscriptions SET position = position + 10, remark = 'mine'")
    lists.sql("UPDATE customers SET name = 'Anna' WHERE id = 1")
    lists.holds({1: ("Anna", ["basic", "storage"])})
    assert lists.sql("SELECT position, remark FROM subscriptions WHERE customer_id = 1") == [(10, "mine"), (11, "mine")]


def test_a_gap_in_the_positions_of_a_list_outlives_a_key_change(lists):
    lists.sql("UPDATE subscriptions SET position = position + 10, remark = 'mine'")
    lists.sql("UPDATE customers SET id = 20 WHERE id = 1")
    lists.holds({20: ("Ann", ["basic", "storage"])}, gone=[1])
    assert lists.sql("SELECT position, remark FROM subscriptions WHERE customer_id = 20") == [(10, "mine"), (11, "mine")]


def test_an_appended_item_leaves_its_neighbours_as_they_are(lists):
    lists.sql("UPDATE subscriptions SET remark = 'mine'")
    lists.sql("UPDATE customers SET plans = json_insert(plans, '$[#]', 'extra') WHERE id = 1")
    lists.holds({1: ("Ann", ["basic", "storage", "extra"])})
    assert lists.sql("SELECT remark FROM subscriptions WHERE customer_id = 1 ORDER BY position") == [
        ("mine",), ("mine",), (None,)]


def test_an_item_appended_where_its_position_is_taken_is_not_lost(lists):
    lists.sql("UPDATE subscriptions SET position = 1 WHERE customer_id = 3")
    lists.sql("UPDATE customers SET plans = json_insert(plans, '$[#]', 'basic') WHERE id = 3")
    lists.holds({3: ("Cy", ["basic", "basic"])})


@pytest.mark.parametrize("position", [0, 1, 7])
def test_rows_left_over_under_the_new_key_of_an_entity_give_way_to_its_own(lists, position):
    """Somebody deleted the person but not the subscriptions, before another entity was given that key."""
    lists.sql("INSERT INTO subscriptions VALUES (9, ?, 'left over', NULL)", position)
    lists.sql("UPDATE customers SET id = 9 WHERE id = 1")
    lists.holds({9: ("Ann", ["basic", "storage"])}, gone=[1])


@pytest.mark.parametrize("position", [0, 1, 7])
def test_rows_left_over_under_the_key_of_a_new_entity_give_way_to_its_own(lists, position):
    lists.sql("INSERT INTO subscriptions VALUES (9, ?, 'left over', NULL)", position)
    lists.sql("""INSERT INTO customers VALUES (9, 'Di', '["extra"]', NULL)""")
    lists.holds({9: ("Di", ["extra"])})
