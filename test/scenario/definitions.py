"""The migrations that most scenarios are about, and what their tables hold before the start."""

# 1:1 with a name that is split. customers.hint and people.note are mapped by nobody.
CUSTOMERS_TABLE = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, hint TEXT);
    CREATE UNIQUE INDEX customers_email ON customers (email);
"""
CUSTOMERS = CUSTOMERS_TABLE + """
    INSERT INTO customers VALUES
      (1, 'Ann Lee', 'ann@x', 'old 1'), (2, 'Bob', 'bob@x', 'old 2'), (3, 'Cy Dee', 'cy@x', 'old 3');
"""

SPLIT_NAME = """
    migration: split-name
    old:
      store: ${APP_DB}
      key: {customers: id}
    new:
      key: {people: id}
      create: |
        CREATE TABLE people (
          id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT, email TEXT, note TEXT
        );
      index: |
        CREATE INDEX people_last_name ON people (last_name);
    forward:
      people: |
        SELECT id,
               CASE instr(name, ' ') WHEN 0 THEN name ELSE substr(name, 1, instr(name, ' ') - 1) END AS first_name,
               CASE instr(name, ' ') WHEN 0 THEN NULL ELSE substr(name, instr(name, ' ') + 1) END AS last_name,
               email
        FROM customers
    backward:
      customers: |
        SELECT id, first_name || coalesce(' ' || last_name, '') AS name, email FROM people
    soak: 0s
"""

ONE_WAY = SPLIT_NAME[:SPLIT_NAME.index("    backward:")] + "    soak: 0s\n"

# 1:N: a JSON list in one row becomes rows of a second table. people.note and subscriptions.remark are mapped by nobody.
LISTS_TABLE = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, plans TEXT NOT NULL DEFAULT '[]', hint TEXT);
"""
LISTS = LISTS_TABLE + """
    INSERT INTO customers VALUES
      (1, 'Ann', '["basic","storage"]', 'old 1'), (2, 'Bob', '[]', 'old 2'), (3, 'Cy', '["basic"]', 'old 3');
"""

SUBSCRIPTIONS = """
    migration: subscriptions
    old:
      store: ${APP_DB}
      key: {customers: id}
    new:
      key: {people: id, subscriptions: customer_id}
      create: |
        CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT);
        CREATE TABLE subscriptions (
          customer_id INTEGER NOT NULL, position INTEGER NOT NULL, plan TEXT NOT NULL, remark TEXT,
          PRIMARY KEY (customer_id, position)
        );
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
