"""What bench/pg migrates: customers of 250 bytes, split 1:1 and 1:N, and pgbench's own accounts."""
import textwrap

CUSTOMERS = """
    CREATE TABLE customers (id bigint, name text NOT NULL, email text, subscriptions jsonb NOT NULL, created_at timestamptz,
                            updated_at timestamptz);
    INSERT INTO customers SELECT i, 'First' || i || ' Last' || i || ' of somewhere or other', 'user' || i::bigint * 7919 % {rows} || '@example.com',
        (SELECT coalesce(jsonb_agg(jsonb_build_object('plan', 'basic', 'since', '2020-01-01')), '[]') FROM generate_series(1, i % 6)),
        '2026-01-01', '2026-01-01' FROM generate_series(1, {rows}) AS i;
    ALTER TABLE customers ADD PRIMARY KEY (id);
    CREATE INDEX customers_email ON customers (email);
"""


class Table:
    def __init__(self, columns, identity, key, indexes=()):
        self.columns, self.identity, self.key, self.indexes = columns, identity, key, indexes


class Shape:
    """Old tables with their keys, new ones, and the queries between them. `index` is DDL that midflight builds after the copy."""

    def __init__(self, old, new, forward, backward):
        self.old, self.new, self.forward, self.backward = old, new, forward, backward

    @property
    def create(self):
        return "".join(f"CREATE TABLE {name} ({table.columns}, PRIMARY KEY ({table.identity}));\n" for name, table in self.new.items())

    @property
    def index(self):
        return "".join(f"CREATE INDEX ON {name} ({columns});\n" for name, table in self.new.items() for columns in table.indexes)

    @property
    def bare(self):
        """The new tables without any index, and then the indexes."""
        return ("".join(f"CREATE TABLE {name} ({table.columns});\n" for name, table in self.new.items()),
                "".join(f"ALTER TABLE {name} ADD PRIMARY KEY ({table.identity});\n" for name, table in self.new.items()) + self.index)

    def definition(self, address, extra="", new_address=None):
        """`new_address`: of the store that gets the new shape, if it is another."""
        block = lambda text: textwrap.indent(text.strip(), "    ")
        queries = lambda mapping: "".join(f"  {table}: |\n{block(sql)}\n" for table, sql in mapping.items())
        keys = lambda tables: "{" + ", ".join(f"{name}: [{key}]" for name, key in tables) + "}"
        return (f"migration: bench\nold: {{store: '{address}', key: {keys(self.old.items())}}}\n"
                "new:\n" + (f"  store: '{new_address}'\n" if new_address else "") + f"  key: {keys((name, table.key) for name, table in self.new.items())}\n  create: |\n{block(self.create)}\n"
                + (f"  index: |\n{block(self.index)}\n" if self.index else "")
                + f"forward:\n{queries(self.forward)}backward:\n{queries(self.backward)}soak: 0s\nretire: keep\n{extra}")


TIMES = "created_at timestamptz, updated_at timestamptz"

PEOPLE = Shape(
    {"customers": "id"},
    {"people": Table(f"id bigint, first_name text NOT NULL, last_name text NOT NULL, email text, note text, subscriptions jsonb, {TIMES}",
                     "id", "id", ["email"])},
    {"people": "SELECT id, split_part(name, ' ', 1) AS first_name, substr(name, strpos(name, ' ') + 1) AS last_name, email, subscriptions, "
               "created_at, updated_at FROM customers"},
    {"customers": "SELECT id, first_name || ' ' || last_name AS name, email, subscriptions, created_at, updated_at FROM people"})

LISTS = Shape(
    {"customers": "id"},
    {"people": Table(f"id bigint, name text NOT NULL, email text, {TIMES}", "id", "id", ["email"]),
     "subscriptions": Table("customer_id bigint, position integer, plan text, since date", "customer_id, position", "customer_id")},
    {"people": "SELECT id, name, email, created_at, updated_at FROM customers",
     "subscriptions": "SELECT c.id AS customer_id, (s.number - 1)::integer AS position, s.value ->> 'plan' AS plan, "
                      "(s.value ->> 'since')::date AS since FROM customers c, jsonb_array_elements(c.subscriptions) WITH ORDINALITY s "
                      "(value, number)"},
    {"customers": "SELECT id, name, email, created_at, updated_at, (SELECT coalesce(jsonb_agg(jsonb_build_object('plan', plan, 'since', "
                  "since) ORDER BY position), '[]') FROM subscriptions WHERE customer_id = people.id) AS subscriptions FROM people"})

# The least that a trigger of customers can do for the other side of PEOPLE: one row after the other, nothing is compared, an error is the
# application's, and the other side's triggers are not told.
LEAST_SYNC = """
    CREATE FUNCTION least_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE people SET first_name = split_part(NEW.name, ' ', 1), last_name = substr(NEW.name, strpos(NEW.name, ' ') + 1), email = NEW.email,
            subscriptions = NEW.subscriptions, created_at = NEW.created_at, updated_at = NEW.updated_at WHERE id = NEW.id;
        RETURN NULL; END $$;
    CREATE TRIGGER least AFTER UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION least_trigger();
"""

# The least that one can do to note a key.
LEAST_NOTE = """
    CREATE TABLE noted (key bigint);
    CREATE FUNCTION least_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO noted VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER least AFTER UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION least_trigger();
"""

# The least that one can do to find the customers whose person is another, of a range of keys.
LEAST_COMPARE = """
    SELECT count(*) FROM (SELECT id, split_part(name, ' ', 1) AS first_name, substr(name, strpos(name, ' ') + 1) AS last_name, email, subscriptions,
                                 created_at, updated_at FROM customers WHERE id > {after} AND id <= {until} ORDER BY id) AS a
        FULL JOIN (SELECT * FROM people WHERE id > {after} AND id <= {until}) AS b ON b.id = a.id
        WHERE a.id IS NULL OR b.id IS NULL OR b.first_name IS DISTINCT FROM a.first_name OR b.last_name IS DISTINCT FROM a.last_name OR
              b.email IS DISTINCT FROM a.email OR record_image_ne(ROW(b.subscriptions), ROW(a.subscriptions)) OR
              b.created_at IS DISTINCT FROM a.created_at OR b.updated_at IS DISTINCT FROM a.updated_at
"""

# What pg_repack does: the same table again.
SAME = Shape(
    {"customers": "id"},
    {"customers_again": Table(f"id bigint, name text NOT NULL, email text, subscriptions jsonb NOT NULL, {TIMES}", "id", "id", ["email"])},
    {"customers_again": "SELECT id, name, email, subscriptions, created_at, updated_at FROM customers"},
    {"customers": "SELECT id, name, email, subscriptions, created_at, updated_at FROM customers_again"})

ACCOUNTS = Shape(
    {"pgbench_accounts": "aid"},
    {"balances": Table("aid integer, abalance integer", "aid", "aid"),
     "holders": Table("aid integer, bid integer, filler character(84)", "aid", "aid")},
    {"balances": "SELECT aid, abalance FROM pgbench_accounts", "holders": "SELECT aid, bid, filler FROM pgbench_accounts"},
    {"pgbench_accounts": "SELECT aid, bid, abalance, filler FROM balances JOIN holders USING (aid)"})

# Single-row writes, as pgbench scripts, by the table that they write.
WRITES = {
    "customers": "UPDATE customers SET email = 'w' || :n || '@example.com', updated_at = now() WHERE id = :id;",
    "people": "UPDATE people SET email = 'w' || :n || '@example.com', updated_at = now() WHERE id = :id;",
    "subscriptions": "UPDATE subscriptions SET plan = 'w' || :n WHERE customer_id = :id AND position = 0;",
    "customers' lists": "UPDATE customers SET subscriptions = jsonb_build_array(jsonb_build_object('plan', 'w' || :n, 'since', "
                        "'2020-01-01')) WHERE id = :id;",
}


def script(write, keys):
    """A pgbench script of one such write to one of so many keys."""
    return f"\\set id random(1, {keys})\n\\set n random(1, 1000000000)\n{WRITES[write]}\n"
