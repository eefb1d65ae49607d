"""A mapping that is not exact: a name of three words may be cut in two places, and only one side knows where."""
from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws


class LossyName(Draws):
    """What one side writes reaches the other column by column: where the name did not change, its cut stays."""
    schema = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT)"
    definition = """
migration: lossy-name
old:
  store: ${APP_DB}
  key: {customers: id}
new:
  key: {people: id}
  create: |
    CREATE TABLE people (id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT);
forward:
  people: |
    SELECT id, substr(name, 1, instr(name, ' ') - 1) AS first_name, substr(name, instr(name, ' ') + 1) AS last_name,
           email
    FROM customers
backward:
  customers: SELECT id, first_name || ' ' || last_name AS name, email FROM people
"""
    tables = {OLD: {"customers": ["id", "name", "email"]}, NEW: {"people": ["id", "first_name", "last_name", "email"]}}

    def state(self, count):
        return {key: dict(first="Ann", last=f"Mary L{key}", email=None) for key in range(1, count + 1)}

    def rows(self, state):
        return {"customers": [(k, f"{e['first']} {e['last']}", e["email"]) for k, e in state.items()],
                "people": [(k, e["first"], e["last"], e["email"]) for k, e in state.items()]}

    def a_few_words(self, random):
        """Two or three, of few different ones, so that the same name is written again."""
        return " ".join(random.choices(["Ann", "Mary", "Lee"], k=random.choice((2, 3))))

    def a_first(self, random):
        return random.choice(["Ann", "Ann Mary", "Mary"])

    def a_last(self, random):
        return random.choice(["Lee", "Mary Lee"])

    @staticmethod
    def name(entity, name):
        """The old version's name: it is cut anew only if it is another."""
        if f"{entity['first']} {entity['last']}" != name:
            entity["first"], entity["last"] = name.split(" ", 1)

    # the old version

    @old("UPDATE customers SET email = ?2 WHERE id BETWEEN ?1 AND ?1 + 2", weight=4)
    def set_email(self, state, key, word):
        for k in range(key, key + 3):
            if k in state:
                state[k]["email"] = word

    @old("UPDATE customers SET name = ?2 WHERE id = ?1", weight=3)
    def rename_customer(self, state, key, few_words):
        if key in state:
            self.name(state[key], few_words)

    @old("INSERT INTO customers VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET email = excluded.email", weight=2)
    def upsert_customer(self, state, key, few_words, word):
        if key not in state:
            first, last = few_words.split(" ", 1)
            state[key] = dict(first=first, last=last)
        state[key]["email"] = word

    @old("DELETE FROM customers WHERE id = ?1")
    def delete_customer(self, state, key):
        state.pop(key, None)

    # the new version

    @new("UPDATE people SET first_name = ?2, last_name = ?3 WHERE id = ?1", weight=4,
         unless="SELECT * FROM people WHERE id = ?1 AND (first_name <> ?2 OR last_name <> ?3)")
    def rename_person(self, state, key, first, last):
        if key in state:
            state[key].update(first=first, last=last)

    @new("INSERT INTO people VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET email = excluded.email", weight=2)
    def upsert_person(self, state, key, first, last, word):
        state.setdefault(key, dict(first=first, last=last))["email"] = word

    @new("DELETE FROM people WHERE id = ?1")
    def delete_person(self, state, key):
        state.pop(key, None)
