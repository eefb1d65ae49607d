"""A write of one row is followed by the quick ways (single.c, lists.c), which cost the application less than half of what the careful
one does; and what they must leave to it they leave."""
import time
from contextlib import closing

import pytest


def taken(scene):
    return scene.app.server.execute("SELECT coalesce(sum(calls), 0)::integer FROM pg_stat_user_functions WHERE funcname LIKE '%\\_apply'",
                                    scene.app.database)[0][0]


def carefully(scene, *statements):
    """How often the careful way was taken for what these wrote, in a session of their own."""
    scene.app.server.execute(f"ALTER DATABASE \"{scene.app.database}\" SET track_functions = 'all'")
    before = taken(scene)
    with closing(scene.app.connect()) as connection:
        (pid,), = connection.execute("SELECT pg_backend_pid()").fetchall()
        for statement in statements:
            connection.execute(statement)
    while scene.app.server.execute(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}"):  # what a session counted it tells as it ends
        time.sleep(0.01)
    return taken(scene) - before


@pytest.mark.parametrize("statement", [
    "UPDATE customers SET name = 'Al' WHERE id = 1", "INSERT INTO customers (id, name) VALUES (4, 'Di')", "DELETE FROM customers WHERE id = 2",
    "UPDATE people SET email = 'new' WHERE id = 1", "INSERT INTO people (id, first_name) VALUES (4, 'Di')", "DELETE FROM people WHERE id = 2"])
def test_one_row_of_an_entity_that_is_one_row_is_quick(people, statement):
    assert carefully(people, statement) == 0
    people.agree()


@pytest.mark.parametrize("statement", [
    "UPDATE customers SET name = 'Al' WHERE id = 1",
    "UPDATE customers SET plans = '[\"storage\", \"more\", \"basic\"]' WHERE id = 1",
    "UPDATE customers SET plans = '[\"basic\"]' WHERE id = 1",
    "UPDATE customers SET plans = '[]' WHERE id = 1",
    "UPDATE customers SET plans = '[\"first\"]', name = 'Bo' WHERE id = 2",
    "INSERT INTO customers (id, name, plans) VALUES (4, 'Di', '[\"basic\", \"storage\"]')",
    "INSERT INTO customers (id, name, plans) VALUES (4, 'Di', '[]')",
    "DELETE FROM customers WHERE id = 1",
    "UPDATE people SET name = 'Al' WHERE id = 1",
    "INSERT INTO people (id, name) VALUES (4, 'Di')",
    "DELETE FROM people WHERE id = 2",
    "UPDATE subscriptions SET plan = 'other' WHERE customer_id = 1 AND position = 1",
    "UPDATE subscriptions SET position = 7 WHERE customer_id = 1 AND position = 0",
    "INSERT INTO subscriptions (customer_id, position, plan) VALUES (2, 0, 'basic')",
    "DELETE FROM subscriptions WHERE customer_id = 1 AND position = 0"])
def test_one_row_of_an_entity_that_is_several_is_quick(lists, statement):
    assert carefully(lists, statement) == 0
    lists.agree()


def test_what_nobody_maps_stays_where_a_list_changes_beside_it(lists):
    lists.sql("UPDATE subscriptions SET remark = 'kept' WHERE customer_id = 1 AND position = 0")
    lists.sql("UPDATE people SET note = 'kept' WHERE id = 1")
    assert carefully(lists, "UPDATE customers SET plans = '[\"basic\", \"more\", \"most\"]', name = 'Al' WHERE id = 1") == 0
    assert lists.sql("SELECT position, plan, remark FROM subscriptions WHERE customer_id = 1 ORDER BY position") == [
        (0, "basic", "kept"), (1, "more", None), (2, "most", None)]
    assert lists.sql("SELECT name, note FROM people WHERE id = 1") == [("Al", "kept")]


def test_a_list_with_a_gap_that_the_mapping_cannot_express_is_left_to_the_careful_way(lists):
    """The entity agrees in the other direction alone: a write of its name on the old side must not pass that by."""
    lists.sql("DELETE FROM subscriptions WHERE customer_id = 1 AND position = 0")
    assert lists.sql("SELECT position FROM subscriptions WHERE customer_id = 1") == [(1,)]
    assert carefully(lists, "UPDATE customers SET name = 'Al' WHERE id = 1") == 1
    lists.agree()


def test_what_a_trigger_of_the_followers_makes_of_a_list_is_looked_at(lists):
    lists.sql("""CREATE FUNCTION louder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.plan := upper(NEW.plan); RETURN NEW; END $$;
                 CREATE TRIGGER louder BEFORE INSERT OR UPDATE ON subscriptions FOR EACH ROW EXECUTE FUNCTION louder()""")
    assert carefully(lists, "UPDATE customers SET plans = '[\"basic\", \"quiet\"]' WHERE id = 1") == 1
    assert lists.sql("SELECT plan FROM subscriptions WHERE customer_id = 1 ORDER BY position") == [("basic",), ("QUIET",)]


def test_two_rows_of_one_statement_are_no_single_row(lists):
    assert carefully(lists, "UPDATE customers SET name = 'Twice' WHERE id IN (1, 2)") > 0
    lists.agree()
