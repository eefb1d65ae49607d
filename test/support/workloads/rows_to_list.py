"""N:1: rows become the items of a JSON array."""
import json

from support.workload import NEW, OLD, new, old
from support.workloads.draws import Draws, compact, moved


class RowsToList(Draws):
    """N:1: rows with a foreign key become a JSON array; the old version relies on cascades."""
    pragmas = ("foreign_keys = ON",)
    schema = """
        CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE phones (contact_id INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE ON UPDATE CASCADE,
                             position INTEGER NOT NULL, number TEXT NOT NULL, PRIMARY KEY (contact_id, position))"""
    definition = """
migration: rows-to-list
old:
  store: ${APP_DB}
  key: {contacts: id, phones: contact_id}
new:
  key: {cards: id}
  create: CREATE TABLE cards (id INTEGER PRIMARY KEY, name TEXT NOT NULL, numbers TEXT NOT NULL);
forward:
  cards: |
    SELECT c.id, c.name, (SELECT json_group_array(p.number) FROM
                          (SELECT number FROM phones WHERE contact_id = c.id ORDER BY position) p) AS numbers
    FROM contacts c
backward:
  contacts: SELECT id, name FROM cards
  phones: SELECT c.id AS contact_id, n.key AS position, n.value AS number FROM cards c, json_each(c.numbers) n
"""
    tables = {OLD: {"contacts": ["id", "name"], "phones": ["contact_id", "position", "number"]},
              NEW: {"cards": ["id", "name", "numbers"]}}

    def state(self, count):
        return {key: dict(name=f"n{key}", numbers=[f"+{n}" for n in range(key % 4)]) for key in range(1, count + 1)}

    def rows(self, state):
        return {"contacts": [(k, e["name"]) for k, e in state.items()],
                "phones": [(k, n, number) for k, e in state.items() for n, number in enumerate(e["numbers"])],
                "cards": [(k, e["name"], compact(e["numbers"])) for k, e in state.items()]}

    # the old version

    @old("INSERT INTO phones SELECT c.id, (SELECT count(*) FROM phones WHERE contact_id = c.id), ?2 "
         "FROM contacts c WHERE c.id BETWEEN ?1 AND ?1 + 2", weight=4)
    def add_phone(self, state, key, word):
        for k in range(key, key + 3):
            if k in state:
                state[k]["numbers"].append(word)

    @old("DELETE FROM phones WHERE contact_id = ?1 "
         "AND position = (SELECT max(position) FROM phones WHERE contact_id = ?1)", weight=3)
    def drop_phone(self, state, key):
        if key in state and state[key]["numbers"]:
            state[key]["numbers"].pop()

    @old("UPDATE phones SET number = ?2 WHERE contact_id = ?1 AND position = 0", weight=2)
    def change_phone(self, state, key, word):
        if key in state and state[key]["numbers"]:
            state[key]["numbers"][0] = word

    @old("UPDATE contacts SET name = ?2 WHERE id = ?1")
    def rename_contact(self, state, key, word):
        if key in state:
            state[key]["name"] = word

    @old("INSERT INTO contacts (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
         weight=2)
    def upsert_contact(self, state, key, word):
        state.setdefault(key, dict(numbers=[]))["name"] = word

    @old("UPDATE contacts SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM contacts WHERE id = ?2)", weight=2)
    def rekey_contact(self, state, key, other):
        moved(state, key, other)

    @old("DELETE FROM contacts WHERE id = ?1", weight=2)
    def delete_contact(self, state, key):
        state.pop(key, None)

    # the new version

    @new("UPDATE cards SET numbers = ?2 WHERE id = ?1", weight=4,
         unless="SELECT numbers FROM cards WHERE id = ?1 AND numbers <> ?2")
    def set_numbers(self, state, key, word_list):
        if key in state:
            state[key]["numbers"] = json.loads(word_list)

    @new("UPDATE cards SET numbers = json_insert(numbers, '$[#]', ?2) WHERE id BETWEEN ?1 AND ?1 + 2", weight=2)
    def append_number(self, state, key, word):
        self.add_phone(state, key, word)

    @new("REPLACE INTO cards (id, name, numbers) VALUES (?1, ?2, ?3)", weight=2)
    def replace_card(self, state, key, word, word_list):
        state[key] = dict(name=word, numbers=json.loads(word_list))

    @new("UPDATE cards SET id = ?2 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM cards WHERE id = ?2)")
    def rekey_card(self, state, key, other):
        moved(state, key, other)

    @new("DELETE FROM cards WHERE id = ?1", weight=2)
    def delete_card(self, state, key):
        state.pop(key, None)
