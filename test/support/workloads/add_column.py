"""The short form."""
from support.midflight import AWAITING_FINALIZATION, FINISHED, FINISHING
from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, moved


class AddColumn(Draws):
    """The short form: the table keeps its name, so that one statement serves both versions. Only the new one knows
    the new column."""
    schema = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
        CREATE INDEX customers_city ON customers (city)"""
    definition = """
migration: add-column
old:
  store: ${APP_DB}
alter:
  table: customers
  change: ADD COLUMN points INTEGER NOT NULL DEFAULT 7
"""
    new_opens = AWAITING_FINALIZATION
    tables = {OLD: {"customers": ["id", "name", "city"]},
              NEW: {"customers with points": ["id", "name", "city", "points"]}}

    def state(self, count):
        return {key: dict(name=f"n{key}", city=f"c{key % 5}", points=7) for key in range(1, count + 1)}

    def rows(self, state):
        return {"customers": [(k, e["name"], e["city"]) for k, e in state.items()],
                "customers with points": [(k, e["name"], e["city"], e["points"]) for k, e in state.items()]}

    def names(self, side, stage):
        swapped = stage in (AWAITING_FINALIZATION, FINISHING, FINISHED)
        if side == OLD:
            return {"customers": "_customers_old" if swapped else "customers"}
        return {"customers with points": "customers" if swapped else "_customers_new"}

    def a_points(self, random):
        return random.randint(0, 1000)

    @old("UPDATE customers SET name = ?2 WHERE id BETWEEN ?1 AND ?1 + 2", weight=4,
         unless="SELECT name FROM customers WHERE id = ?1 AND name <> ?2")
    def rename_customer(self, state, key, word):
        for k in range(key, key + 3):
            if k in state:
                state[k]["name"] = word

    @old("INSERT INTO customers (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
         weight=2)
    def upsert_customer(self, state, key, word):
        state.setdefault(key, dict(city=None, points=7))["name"] = word

    @old("REPLACE INTO customers (id, name, city) VALUES (?1, ?2, ?2)", postgresql=(
        "DELETE FROM customers WHERE id = ?1", "INSERT INTO customers (id, name, city) VALUES (?1, ?2, ?2)"))
    def replace_customer(self, state, key, word):
        state[key] = dict(name=word, city=word, points=7)

    @old("UPDATE OR IGNORE customers SET id = ?2 WHERE id = ?1", postgresql=
         "UPDATE customers SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM customers WHERE id = ?2)")
    def rekey_customer(self, state, key, other):
        moved(state, key, other)

    @old("DELETE FROM customers WHERE id = ?1", weight=2)
    def delete_customer(self, state, key):
        state.pop(key, None)

    @new("UPDATE customers SET points = points + ?2 WHERE id = ?1", weight=4)
    def earn(self, state, key, points):
        if key in state:
            state[key]["points"] += points

    @new("INSERT OR IGNORE INTO customers (id, name, points) VALUES (?1, ?2, ?3)",
         postgresql="INSERT INTO customers (id, name, points) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
    def join(self, state, key, word, points):
        state.setdefault(key, dict(name=word, city=None, points=points))

    @new("DELETE FROM customers WHERE id = ?1")
    def leave(self, state, key):
        state.pop(key, None)
