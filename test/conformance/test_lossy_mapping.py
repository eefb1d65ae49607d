"""('Ann Mary', 'Lee') becomes 'Ann Mary Lee', which would split as ('Ann', 'Mary Lee'): what the application did not write
stays as it is, on both sides."""
import pytest

SPLIT = ("Ann Mary", "Lee")


@pytest.fixture
def lossy(people):
    people.sql("UPDATE people SET first_name = ?1, last_name = ?2 WHERE id = 1", *SPLIT)
    assert people.sql("SELECT name FROM customers WHERE id = 1") == [("Ann Mary Lee",)]
    return people


def split_of(people, key=1):
    return people.sql("SELECT first_name, last_name FROM people WHERE id = ?1", key)


WRITES = {
    "email": "UPDATE customers SET email = 'new@x' WHERE id = 1",
    "email_of_all": "UPDATE customers SET email = 'new@x' || id",
    "name_to_itself": "UPDATE customers SET email = 'new@x', name = name WHERE id = 1",
    "unmapped": "UPDATE customers SET hint = 'new' WHERE id = 1",
    "upsert": "INSERT INTO customers (id, name) VALUES (1, 'No') ON CONFLICT (id) DO UPDATE SET email = 'new@x'",
    "upsert_by_email": "INSERT INTO customers (id, name, email) VALUES (9, 'No', 'ann@x') "
                       "ON CONFLICT (email) DO UPDATE SET email = 'new@x'",
    "do_nothing": "INSERT INTO customers (id, name) VALUES (1, 'No') ON CONFLICT DO NOTHING",
    "neighbour": "UPDATE customers SET name = 'Bea' WHERE id = 2",
}


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES)
def test_a_write_that_leaves_the_name_alone_leaves_the_split_alone(lossy, statement):
    lossy.sql(statement)
    assert split_of(lossy) == [SPLIT]
    old, new = (lossy.sql(f"SELECT id, email FROM {table} ORDER BY id") for table in ("customers", "people"))
    assert old == new
    lossy.agree()


@pytest.mark.parametrize("table", ["customers", "people"])
def test_a_key_change_leaves_the_split_alone(lossy, table):
    lossy.sql(f"UPDATE {table} SET id = 10 WHERE id = 1")
    assert split_of(lossy, 10) == [SPLIT]
    assert lossy.sql("SELECT name FROM customers WHERE id = 10") == [("Ann Mary Lee",)]
    lossy.agree()


def test_an_edit_of_the_new_side_leaves_the_name_alone(lossy):
    lossy.sql("UPDATE people SET email = 'new@x' WHERE id = 1")
    assert lossy.sql("SELECT name, email FROM customers WHERE id = 1") == [("Ann Mary Lee", "new@x")]
    assert split_of(lossy) == [SPLIT]
    lossy.agree()


def test_a_new_name_is_split_anew(lossy):
    lossy.sql("UPDATE customers SET name = 'Ann Mary Ray' WHERE id = 1")
    assert split_of(lossy) == [("Ann", "Mary Ray")]
    lossy.agree()


def test_verify_takes_it_for_agreed_and_repair_rewrites_nothing(lossy):
    assert lossy.midflight.verify().done().json["diverged"] == 0
    lossy.midflight.verify("--repair").done()
    assert split_of(lossy) == [SPLIT]


def test_the_split_outlives_the_cut_over_and_the_way_to_the_end(lossy):
    lossy.midflight.advance().done()
    lossy.sql("UPDATE customers SET email = 'new@x' WHERE id = 1")
    lossy.midflight.advance().done()
    assert split_of(lossy) == [SPLIT]
    assert lossy.sql("SELECT email FROM people WHERE id = 1") == [("new@x",)]
