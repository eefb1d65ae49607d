"""The short form."""
from support.midflight import AWAITING_FINALIZATION
from support.stores import POSTGRESQL, SQLITE
from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, moved


class AddColumn(Draws):
    """The short form: the table keeps its name, so that one statement serves both versions. Only the new one knows the new
    column. A column is renamed: both versions know it by the name that a view gives it."""
    schema = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
        CREATE INDEX customers_city ON customers (city);
        CREATE VIEW addresses AS SELECT id, city AS place FROM customers;
        CREATE TRIGGER addresses_update INSTEAD OF UPDATE ON addresses BEGIN
          UPDATE customers SET city = NEW.place WHERE id = NEW.id; END"""
    definition = """
migration: add-column
old:
  store: ${APP_DB}
alter:
  table: customers
  change: ADD COLUMN points INTEGER NOT NULL DEFAULT 7, RENAME COLUMN city TO town
"""
    # PostgreSQL writes through a plain view by itself; a materialized view and a foreign key go along as well.
    postgresql = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
        CREATE INDEX customers_city ON customers (city);
        CREATE VIEW addresses AS SELECT id, city AS place FROM customers;
        CREATE MATERIALIZED VIEW places AS SELECT city, count(*) FROM customers GROUP BY city;
        CREATE TABLE visits (number SERIAL PRIMARY KEY, customer INTEGER REFERENCES customers ON DELETE CASCADE ON UPDATE CASCADE)"""
    new_opens = AWAITING_FINALIZATION
    tables = {OLD: {"customers": ["id", "name", "city"]},
              NEW: {"customers with points": ["id", "name", "town", "points"]}}

    def __init__(self, store=SQLITE):
        super().__init__(store)
        if store == POSTGRESQL:
            self.schema = self.postgresql

    def state(self, count):
        return {key: dict(name=f"n{key}", city=f"c{key % 5}", points=7) for key in range(1, count + 1)}

    def rows(self, state):
        return {"customers": [(k, e["name"], e["city"]) for k, e in state.items()],
                "customers with points": [(k, e["name"], e["city"], e["points"]) for k, e in state.items()]}

    def names(self, side, there):
        table, interim = ("customers", "_customers_old") if side == OLD else ("customers with points", "_customers_new")
        return {table: interim if interim in there else "customers"}

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

    @old("REPLACE INTO customers (id, name) VALUES (?1, ?2)", postgresql=(
        "DELETE FROM customers WHERE id = ?1", "INSERT INTO customers (id, name) VALUES (?1, ?2)"))
    def replace_customer(self, state, key, word):
        state[key] = dict(name=word, city=None, points=7)

    @old("UPDATE addresses SET place = ?2 WHERE id = ?1", weight=2,
         unless="SELECT place FROM addresses WHERE id = ?1 AND place <> ?2")
    def move_customer(self, state, key, word):
        if key in state:
            state[key]["city"] = word

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
