"""1:1, both ways, and without a way back."""
from support.midflight import AWAITING_FINALIZATION
from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, moved


class SplitName(Draws):
    """1:1, lossless, with a unique column, and on each side a column that the other does not know."""
    schema = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE,
                                origin TEXT NOT NULL DEFAULT 'shop')"""
    definition = """
migration: split-name
old:
  store: ${APP_DB}
  key: {customers: id}
new:
  key: {people: id}
  create: |
    CREATE TABLE people (id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT UNIQUE,
                         note TEXT NOT NULL DEFAULT '');
  index: CREATE INDEX people_last_name ON people (last_name);
forward:
  people: |
    SELECT id, substr(name, 1, instr(name, ' ') - 1) AS first_name, substr(name, instr(name, ' ') + 1) AS last_name,
           email
    FROM customers
backward:
  customers: SELECT id, first_name || ' ' || last_name AS name, email FROM people
"""
    tables = {OLD: {"customers": ["id", "name", "email", "origin"]},
              NEW: {"people": ["id", "first_name", "last_name", "email", "note"]}}

    def state(self, count):
        return {key: dict(first="Ann", last=f"L{key}", email=f"{key}@a", origin="shop", note="")
                for key in range(1, count + 1)}

    def rows(self, state):
        return {"customers": [(k, f"{e['first']} {e['last']}", e["email"], e["origin"]) for k, e in state.items()],
                "people": [(k, e["first"], e["last"], e["email"], e["note"]) for k, e in state.items()]}

    def a_email(self, random):
        """Few, so that they collide."""
        return f"{random.randint(1, 8)}@hot"

    a_other_email = a_email

    def a_fresh_email(self, random):
        return f"{random.getrandbits(60)}@a"

    @staticmethod
    def holder(state, email):
        return None if email is None else next((k for k, e in state.items() if e["email"] == email), None)

    def displace(self, state, key, email):
        """Whoever else holds the email goes."""
        rival = self.holder(state, email)
        if rival is not None and rival != key:
            del state[rival]

    def put(self, state, key, full_name, email, **facts):
        """As REPLACE does: what stands in the way goes; what only the other side knows stays with the key."""
        self.displace(state, key, email)
        first, last = full_name.split(" ")
        held = state.get(key, dict(origin="shop", note=""))
        state[key] = {**held, "first": first, "last": last, "email": email, **facts}

    # the old version

    @old("UPDATE customers SET name = ?2 WHERE id = ?1", weight=4,
         unless="SELECT name FROM customers WHERE id = ?1 AND name <> ?2")
    def rename_customer(self, state, key, full_name):
        if key in state:
            state[key]["first"], state[key]["last"] = full_name.split(" ")

    @old("UPDATE customers SET name = ?3 || substr(name, instr(name, ' ')) WHERE id BETWEEN ?1 AND ?1 + ?2")
    def rename_many_customers(self, state, key, few, first):
        for k in range(key, key + few + 1):
            if k in state:
                state[k]["first"] = first

    @old("UPDATE customers SET origin = ?2 WHERE id = ?1")
    def set_origin(self, state, key, word):
        if key in state:
            state[key]["origin"] = word

    @old("INSERT INTO customers (id, name, email) VALUES (?1, ?2, ?3) "
         "ON CONFLICT (id) DO UPDATE SET name = excluded.name", weight=2,
         unless="SELECT 'none' WHERE NOT EXISTS (SELECT 1 FROM customers WHERE id = ?1 AND name = ?2)")
    def upsert_customer(self, state, key, full_name, fresh_email):
        if key in state:
            self.rename_customer(state, key, full_name)
        else:
            self.put(state, key, full_name, fresh_email)

    @old("INSERT OR IGNORE INTO customers (id, name, email) VALUES (?1, ?2, ?3)",
         postgresql="INSERT INTO customers (id, name, email) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
    def add_customer(self, state, key, full_name, email):
        if key not in state and self.holder(state, email) is None:
            self.put(state, key, full_name, email)

    @old("REPLACE INTO customers (id, name, email) VALUES (?1, ?2, ?3)", weight=2, postgresql=None,
         unless="SELECT 'none' WHERE NOT EXISTS (SELECT 1 FROM customers WHERE id = ?1 AND name = ?2 AND email = ?3)")
    def replace_customer(self, state, key, full_name, email):
        self.put(state, key, full_name, email, origin="shop")

    @old("REPLACE INTO customers (id, name, email) "
         "VALUES (?1, ?2, ?3), (?1 + 1, ?2, NULL), (?1 + 2, ?2, ?3), (?1, ?2, ?4)", postgresql=None,
         unless="SELECT 'none' WHERE NOT EXISTS (SELECT 1 FROM customers WHERE id = ?1 AND email = ?4)")
    def replace_many_customers(self, state, key, full_name, email, other_email):
        """The third row takes the first one's email away, and the fourth stands in the first one's place again."""
        for k, e in ((key, email), (key + 1, None), (key + 2, email), (key, other_email)):
            self.replace_customer(state, k, full_name, e)

    @old("UPDATE OR REPLACE customers SET email = ?2 WHERE id = ?1", postgresql=(
        "DELETE FROM customers WHERE email = ?2 AND id <> ?1 AND EXISTS (SELECT 1 FROM customers WHERE id = ?1)",
        "UPDATE customers SET email = ?2 WHERE id = ?1"))
    def take_email(self, state, key, email):
        if key in state:
            self.displace(state, key, email)
            state[key]["email"] = email

    @old("UPDATE OR IGNORE customers SET id = ?2 WHERE id = ?1", weight=2, postgresql=
         "UPDATE customers SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM customers WHERE id = ?2)")
    def rekey_customer(self, state, key, other):
        moved(state, key, other)

    @old("UPDATE customers SET id = id + 1000 WHERE id BETWEEN ?1 AND ?1 + ?2 "
         "AND NOT EXISTS (SELECT 1 FROM customers WHERE id BETWEEN ?1 + 1000 AND ?1 + ?2 + 1000)", weight=0.5)
    def move_many_customers_away(self, state, key, few):
        keys = range(key, key + few + 1)
        if not any(k + 1000 in state for k in keys):
            for k in keys:
                moved(state, k, k + 1000)

    @old("UPDATE OR IGNORE customers SET id = id - 1000 WHERE id BETWEEN 1001 AND 1100", weight=0.5, postgresql=
         "UPDATE customers SET id = id - 1000 WHERE id BETWEEN 1001 AND 1100 "
         "AND NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = customers.id - 1000)")
    def move_customers_back(self, state):
        for k in range(1001, 1101):
            moved(state, k, k - 1000)

    @old("DELETE FROM customers WHERE id = ?1", weight=2)
    def delete_customer(self, state, key):
        state.pop(key, None)

    @old("DELETE FROM customers WHERE id BETWEEN ?1 AND ?1 + ?2", weight=0.5)
    def delete_many_customers(self, state, key, few):
        for k in range(key, key + few + 1):
            state.pop(k, None)

    # the new version

    @new("UPDATE people SET last_name = ?2 WHERE id = ?1", weight=4,
         unless="SELECT last_name FROM people WHERE id = ?1 AND last_name <> ?2")
    def marry(self, state, key, last):
        if key in state:
            state[key]["last"] = last

    @new("UPDATE people SET first_name = ?3 WHERE id BETWEEN ?1 AND ?1 + ?2")
    def rename_many_people(self, state, key, few, first):
        self.rename_many_customers(state, key, few, first)

    @new("UPDATE people SET note = ?2 WHERE id = ?1")
    def set_note(self, state, key, word):
        if key in state:
            state[key]["note"] = word

    @new("INSERT INTO people (id, first_name, last_name, email) VALUES (?1, ?2, ?3, ?4) "
         "ON CONFLICT (id) DO UPDATE SET last_name = excluded.last_name", weight=2)
    def upsert_person(self, state, key, first, last, fresh_email):
        if key in state:
            state[key]["last"] = last
        else:
            self.put(state, key, f"{first} {last}", fresh_email)

    @new("REPLACE INTO people (id, first_name, last_name, email) VALUES (?1, ?2, ?3, ?4)", weight=2, postgresql=None,
         unless="SELECT 'none' WHERE NOT EXISTS (SELECT 1 FROM people WHERE id = ?1 AND email = ?4)")
    def replace_person(self, state, key, first, last, email):
        self.put(state, key, f"{first} {last}", email, note="")

    @new("UPDATE OR IGNORE people SET id = ?2 WHERE id = ?1", weight=2, postgresql=
         "UPDATE people SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM people WHERE id = ?2)")
    def rekey_person(self, state, key, other):
        moved(state, key, other)

    @new("DELETE FROM people WHERE id = ?1", weight=2)
    def delete_person(self, state, key):
        state.pop(key, None)

    def a_few(self, random):
        return random.randint(1, 5)


class RecursiveTriggers(SplitName):
    """The same with a setting under which SQLite fires DELETE triggers for what a REPLACE displaces."""
    pragmas = ("recursive_triggers = ON",)


class OneWay(SplitName):
    """The same without a way back: one version writes at a time."""
    definition = SplitName.definition.split("backward:")[0]
    way_back = False
    new_opens = AWAITING_FINALIZATION
