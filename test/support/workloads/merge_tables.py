"""Two tables become one."""
from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, moved


class MergeTables(Draws):
    """Two tables become one; the second has a row only where there is something to say."""
    schema = """
        CREATE TABLE accounts (id INTEGER PRIMARY KEY, login TEXT NOT NULL);
        CREATE TABLE bios (user_id INTEGER PRIMARY KEY, bio TEXT NOT NULL)"""
    definition = """
migration: merge-tables
old:
  store: ${APP_DB}
  key: {accounts: id, bios: user_id}
new:
  key: {users: id}
  create: CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, bio TEXT)
forward:
  users: SELECT a.id, a.login, b.bio FROM accounts a LEFT JOIN bios b ON b.user_id = a.id
backward:
  accounts: SELECT id, login FROM users
  bios: SELECT id AS user_id, bio FROM users WHERE bio IS NOT NULL
"""
    tables = {OLD: {"accounts": ["id", "login"], "bios": ["user_id", "bio"]}, NEW: {"users": ["id", "login", "bio"]}}

    def state(self, count):
        return {key: dict(login=f"u{key}", bio=f"b{key}" if key % 2 else None) for key in range(1, count + 1)}

    def rows(self, state):
        return {"accounts": [(k, e["login"]) for k, e in state.items()],
                "bios": [(k, e["bio"]) for k, e in state.items() if e["bio"] is not None],
                "users": [(k, e["login"], e["bio"]) for k, e in state.items()]}

    def a_bio(self, random):
        return random.choice([None, self.a_word(random)])

    # the old version

    @old("INSERT INTO bios SELECT id, ?2 FROM accounts WHERE id BETWEEN ?1 AND ?1 + 2 "
         "ON CONFLICT (user_id) DO UPDATE SET bio = excluded.bio", weight=4)
    def tell(self, state, key, word):
        for k in range(key, key + 3):
            if k in state:
                state[k]["bio"] = word

    @old("DELETE FROM bios WHERE user_id BETWEEN ?1 AND ?1 + 1", weight=2)
    def hush(self, state, key):
        for k in (key, key + 1):
            if k in state:
                state[k]["bio"] = None

    @old("UPDATE accounts SET login = ?2 WHERE id = ?1", weight=2)
    def rename_account(self, state, key, word):
        if key in state:
            state[key]["login"] = word

    @old("INSERT INTO accounts VALUES (?1, ?2) ON CONFLICT DO NOTHING", weight=3)
    def add_account(self, state, key, word):
        state.setdefault(key, dict(login=word, bio=None))

    @old("UPDATE accounts SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = ?2)",
         "UPDATE bios SET user_id = ?2 WHERE user_id = ?1 AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = ?1)")
    def rekey_account(self, state, key, other):
        moved(state, key, other)

    @old("DELETE FROM bios WHERE user_id = ?1", "DELETE FROM accounts WHERE id = ?1", weight=2)
    def delete_account(self, state, key):
        state.pop(key, None)

    # the new version

    @new("UPDATE users SET bio = ?2 WHERE id BETWEEN ?1 AND ?1 + 2", weight=4)
    def set_bio(self, state, key, bio):
        for k in range(key, key + 3):
            if k in state:
                state[k]["bio"] = bio

    @new("INSERT INTO users VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET login = excluded.login, bio = excluded.bio", weight=3)
    def upsert_user(self, state, key, word, bio):
        state[key] = dict(login=word, bio=bio)

    @new("UPDATE users SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM users WHERE id = ?2)")
    def rekey_user(self, state, key, other):
        moved(state, key, other)

    @new("DELETE FROM users WHERE id = ?1", weight=2)
    def delete_user(self, state, key):
        state.pop(key, None)
