"""One table becomes two."""
from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, moved


class SplitTable(Draws):
    """One table becomes two; the second holds a row only where there is something to say."""
    schema = "CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, bio TEXT)"
    definition = """
migration: split-table
old:
  store: ${APP_DB}
  key: {users: id}
new:
  key: {accounts: id, bios: user_id}
  create: |
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, login TEXT NOT NULL);
    CREATE TABLE bios (user_id INTEGER PRIMARY KEY, bio TEXT NOT NULL);
forward:
  accounts: SELECT id, login FROM users
  bios: SELECT id AS user_id, bio FROM users WHERE bio IS NOT NULL
backward:
  users: SELECT a.id, a.login, b.bio FROM accounts a LEFT JOIN bios b ON b.user_id = a.id
"""
    tables = {OLD: {"users": ["id", "login", "bio"]}, NEW: {"accounts": ["id", "login"], "bios": ["user_id", "bio"]}}

    def state(self, count):
        return {key: dict(login=f"u{key}", bio=f"b{key}" if key % 2 else None) for key in range(1, count + 1)}

    def rows(self, state):
        return {"users": [(k, e["login"], e["bio"]) for k, e in state.items()],
                "accounts": [(k, e["login"]) for k, e in state.items()],
                "bios": [(k, e["bio"]) for k, e in state.items() if e["bio"] is not None]}

    def a_bio(self, random):
        return random.choice([None, self.a_word(random)])

    # the old version

    @old("UPDATE users SET bio = ?2 WHERE id BETWEEN ?1 AND ?1 + 2", weight=4)
    def set_bio(self, state, key, bio):
        for k in range(key, key + 3):
            if k in state:
                state[k]["bio"] = bio

    @old("UPDATE users SET login = ?2 WHERE id = ?1", weight=2)
    def set_login(self, state, key, word):
        if key in state:
            state[key]["login"] = word

    @old("INSERT INTO users (login) VALUES (?1)",
         unless="SELECT max(id) FROM users HAVING max(id) <> last_insert_rowid()")
    def sign_up(self, state, word):
        state[max(state, default=0) + 1] = dict(login=word, bio=None)

    @old("REPLACE INTO users VALUES (?1, ?2, ?3)", weight=2)
    def replace_user(self, state, key, word, bio):
        state[key] = dict(login=word, bio=bio)

    @old("UPDATE OR IGNORE users SET id = ?2 WHERE id = ?1", weight=2)
    def rekey_user(self, state, key, other):
        moved(state, key, other)

    @old("DELETE FROM users WHERE id = ?1", weight=2)
    def delete_user(self, state, key):
        state.pop(key, None)

    # the new version

    @new("INSERT INTO bios SELECT id, ?2 FROM accounts WHERE id = ?1 ON CONFLICT DO UPDATE SET bio = excluded.bio",
         weight=4)
    def tell(self, state, key, word):
        if key in state:
            state[key]["bio"] = word

    @new("DELETE FROM bios WHERE user_id = ?1", weight=2)
    def hush(self, state, key):
        if key in state:
            state[key]["bio"] = None

    @new("UPDATE accounts SET login = ?2 WHERE id = ?1")
    def rename_account(self, state, key, word):
        self.set_login(state, key, word)

    @new("INSERT INTO accounts (login) VALUES (?1)",
         unless="SELECT max(id) FROM accounts HAVING max(id) <> last_insert_rowid()")
    def open_account(self, state, word):
        self.sign_up(state, word)

    @new("INSERT OR IGNORE INTO accounts VALUES (?1, ?2)", weight=2)
    def add_account(self, state, key, word):
        state.setdefault(key, dict(login=word, bio=None))

    @new("DELETE FROM bios WHERE user_id = ?1", "DELETE FROM accounts WHERE id = ?1", weight=2)
    def delete_account(self, state, key):
        state.pop(key, None)
