"""Entities as registers of two values, in both shapes of a migration: what is written says who wrote it, and what is read in pieces is
seen to be torn."""
import json

from support.proxy import NEW, OLD


class Torn(Exception):
    pass


def _one(values):
    if len(set(values)) != 1:
        raise Torn(str(values))
    return values[0]


def _number(text, letter):
    if text[:1] != letter:
        raise Torn(text)
    return int(text[1:])


class SplitName:
    """The first value is a name in two words, the second an e-mail."""
    schema = """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, hint TEXT);
        CREATE UNIQUE INDEX customers_email ON customers (email);
    """
    definition = """
        migration: registers
        old:
          store: ${APP_DB}
          key: {customers: id}
        new:
          key: {people: id}
          create: |
            CREATE TABLE people (id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT, email TEXT, note TEXT);
          index: |
            CREATE INDEX people_last_name ON people (last_name);
        forward:
          people: |
            SELECT id, substr(name, 1, instr(name, ' ') - 1) AS first_name, substr(name, instr(name, ' ') + 1) AS last_name, email
            FROM customers
        backward:
          customers: |
            SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email FROM people
        soak: 0s
    """
    renames = (OLD, NEW)
    columns, row = "id, name, email", "({key}, 'F0 L0', 'e{key}@0')"

    @staticmethod
    def document(face, key, state, whole=True):
        first, second = state
        name = {"name": f"F{first} L{first}"} if face == OLD else {"first_name": f"F{first}", "last_name": f"L{first}"}
        return {**name, "email": None if second is None else f"e{key}@{second}"} if whole else name

    @staticmethod
    def state(face, key, document):
        name = document["name"].split(" ") if face == OLD else [document["first_name"], document["last_name"]]
        email = document["email"]
        if document["id"] != key or (email is not None and not email.startswith(f"e{key}@")):
            raise Torn(str(document))
        return (_one([_number(name[0], "F"), _number(name[1], "L")]), None if email is None else int(email.split("@")[1]))


class Lists:
    """The first value is a name, the second fills a list, which is rows of their own in the new shape; its length goes with it."""
    schema = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plans TEXT NOT NULL DEFAULT '[]', hint TEXT);"
    definition = """
        migration: registers
        old:
          store: ${APP_DB}
          key: {customers: id}
        new:
          key: {people: id, subscriptions: customer_id}
          create: |
            CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT);
            CREATE TABLE subscriptions (customer_id INTEGER NOT NULL, position INTEGER NOT NULL, plan TEXT NOT NULL, remark TEXT,
              PRIMARY KEY (customer_id, position));
        forward:
          people: SELECT id, name FROM customers
          subscriptions: |
            SELECT c.id AS customer_id, s.key AS position, s.value AS plan FROM customers c, json_each(c.plans) s
        backward:
          customers: |
            SELECT p.id, p.name,
                   (SELECT json_group_array(s.plan)
                    FROM (SELECT plan FROM subscriptions WHERE customer_id = p.id ORDER BY position) s) AS plans
            FROM people p
        soak: 0s
    """
    renames = (OLD,)
    columns, row = "id, name, plans", "({key}, 'F0', '[\"p0\"]')"

    @staticmethod
    def plans(second):
        return [] if second is None else [f"p{second}"] * (1 + second % 3)

    @classmethod
    def document(cls, face, key, state, whole=True):
        first, plans = state[0], cls.plans(state[1])
        if face == OLD:
            return {"name": f"F{first}", "plans": json.dumps(plans, separators=(",", ":"))} if whole else {"name": f"F{first}"}
        return {"people": [{"name": f"F{first}"}], "subscriptions": [{"position": n, "plan": plan} for n, plan in enumerate(plans)]}

    @classmethod
    def state(cls, face, key, document):
        if face == OLD:
            name, plans = document["name"], json.loads(document["plans"])
        else:
            name, plans = _one([row["name"] for row in document["people"]] or [""]), [row["plan"] for row in document["subscriptions"]]
        second = _number(_one(plans), "p") if plans else None
        if plans != cls.plans(second):
            raise Torn(str(document))
        return (_number(name, "F"), second)


FIRST = (0, 0)  # what a `row` is
SHAPES = {"split": SplitName, "lists": Lists}
