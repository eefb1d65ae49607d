"""1:N: the items of a JSON array become rows."""
import json

from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, compact, moved


class ListToRows(Draws):
    """1:N: a JSON array of customers becomes rows."""
    schema = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plans TEXT NOT NULL)"
    definition = """
migration: list-to-rows
old:
  store: ${APP_DB}
  key: {customers: id}
new:
  key: {people: id, subscriptions: customer_id}
  create: |
    CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT NOT NULL DEFAULT '');
    CREATE TABLE subscriptions (customer_id INTEGER NOT NULL, position INTEGER NOT NULL, plan TEXT NOT NULL,
                                PRIMARY KEY (customer_id, position));
  index: CREATE INDEX subscriptions_plan ON subscriptions (plan);
forward:
  people: SELECT id, name FROM customers
  subscriptions: SELECT c.id AS customer_id, p.key AS position, p.value AS plan FROM customers c, json_each(c.plans) p
backward:
  customers: |
    SELECT p.id, p.name, (SELECT json_group_array(s.plan) FROM
                          (SELECT plan FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS plans
    FROM people p
"""
    tables = {OLD: {"customers": ["id", "name", "plans"]},
              NEW: {"people": ["id", "name", "note"], "subscriptions": ["customer_id", "position", "plan"]}}

    def state(self, count):
        return {key: dict(name=f"n{key}", plans=[f"p{n}" for n in range(key % 4)], note="")
                for key in range(1, count + 1)}

    def rows(self, state):
        return {"customers": [(k, e["name"], compact(e["plans"])) for k, e in state.items()],
                "people": [(k, e["name"], e["note"]) for k, e in state.items()],
                "subscriptions": [(k, n, plan) for k, e in state.items() for n, plan in enumerate(e["plans"])]}

    # the old version

    @old("UPDATE customers SET plans = ?2 WHERE id = ?1", weight=4,
         unless="SELECT plans FROM customers WHERE id = ?1 AND plans <> ?2")
    def set_plans(self, state, key, word_list):
        if key in state:
            state[key]["plans"] = json.loads(word_list)

    @old("UPDATE customers SET plans = json_insert(plans, '$[#]', ?2) WHERE id BETWEEN ?1 AND ?1 + 3", weight=2)
    def append_plan(self, state, key, word):
        for k in range(key, key + 4):
            if k in state:
                state[k]["plans"].append(word)

    @old("UPDATE customers SET name = ?2 WHERE id = ?1")
    def rename_customer(self, state, key, word):
        if key in state:
            state[key]["name"] = word

    @old("INSERT INTO customers (id, name, plans) VALUES (?1, ?2, ?3) "
         "ON CONFLICT (id) DO UPDATE SET plans = excluded.plans", weight=2)
    def upsert_customer(self, state, key, word, word_list):
        state.setdefault(key, dict(name=word, note=""))["plans"] = json.loads(word_list)

    @old("REPLACE INTO customers (id, name, plans) VALUES (?1, ?2, ?3)",
         postgresql="INSERT INTO customers (id, name, plans) VALUES (?1, ?2, ?3) "
                    "ON CONFLICT (id) DO UPDATE SET name = excluded.name, plans = excluded.plans")
    def replace_customer(self, state, key, word, word_list):
        state[key] = {"note": "", **state.get(key, {}), "name": word, "plans": json.loads(word_list)}

    @old("UPDATE customers SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM customers WHERE id = ?2)")
    def rekey_customer(self, state, key, other):
        moved(state, key, other)

    @old("DELETE FROM customers WHERE id = ?1", weight=1.5)
    def delete_customer(self, state, key):
        state.pop(key, None)

    # the new version

    @new("INSERT INTO subscriptions SELECT p.id, (SELECT count(*) FROM subscriptions WHERE customer_id = p.id), ?2 "
         "FROM people p WHERE p.id = ?1", weight=4)
    def subscribe(self, state, key, word):
        if key in state:
            state[key]["plans"].append(word)

    @new("DELETE FROM subscriptions WHERE customer_id = ?1 AND position = "
         "(SELECT max(position) FROM subscriptions WHERE customer_id = ?1)", weight=2)
    def unsubscribe(self, state, key):
        if key in state and state[key]["plans"]:
            state[key]["plans"].pop()

    @new("UPDATE subscriptions SET plan = ?2 WHERE customer_id BETWEEN ?1 AND ?1 + 3 AND position = 0",
         unless="SELECT plan FROM subscriptions WHERE customer_id = ?1 AND position = 0 AND plan <> ?2")
    def change_first_plan(self, state, key, word):
        for k in range(key, key + 4):
            if k in state and state[k]["plans"]:
                state[k]["plans"][0] = word

    @new("DELETE FROM subscriptions WHERE customer_id = ?1",
         "INSERT INTO subscriptions SELECT p.id, j.key, j.value FROM people p, json_each(?2) j WHERE p.id = ?1",
         weight=2)
    def replace_subscriptions(self, state, key, word_list):
        self.set_plans(state, key, word_list)

    @new("UPDATE people SET name = ?2 WHERE id = ?1")
    def rename_person(self, state, key, word):
        self.rename_customer(state, key, word)

    @new("UPDATE people SET note = ?2 WHERE id = ?1")
    def set_note(self, state, key, word):
        if key in state:
            state[key]["note"] = word

    @new("INSERT INTO people (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name")
    def upsert_person(self, state, key, word):
        state.setdefault(key, dict(plans=[], note=""))["name"] = word

    @new("UPDATE people SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM people WHERE id = ?2)",
         "UPDATE subscriptions SET customer_id = ?2 "
         "WHERE customer_id = ?1 AND NOT EXISTS (SELECT 1 FROM people WHERE id = ?1)")
    def rekey_person(self, state, key, other):
        moved(state, key, other)

    @new("DELETE FROM subscriptions WHERE customer_id = ?1", "DELETE FROM people WHERE id = ?1")
    def delete_person(self, state, key):
        state.pop(key, None)

    @new("DELETE FROM people WHERE id = ?1", "DELETE FROM subscriptions WHERE customer_id = ?1")
    def delete_person_first(self, state, key):
        state.pop(key, None)
