"""Lists edited at random by both versions: whatever the new side's positions look like, no item is lost, doubled or
moved."""
import json
import random

import pytest

STATEMENTS = 150
KEYS = range(1, 6)
PLANS = ["basic", "storage", "extra", "vip"]


class Writer:
    """Makes statements of either side, and foretells the lists that they leave."""

    def __init__(self, scene, seed):
        self.scene, self.random = scene, random.Random(seed)
        self.lists = {key: list(plans) for key, (_, plans) in scene.BEFORE.items()}

    def write_old(self, key):
        plans = [plan for plan in self.lists.get(key, []) if self.random.random() < 0.8]
        for _ in range(self.random.randrange(3)):
            plans.insert(self.random.randint(0, len(plans)), self.random.choice(PLANS))
        self.lists[key] = plans
        self.scene.sql("INSERT INTO customers (id, name, plans) VALUES (?1, 'N' || ?1, ?2) "
                       "ON CONFLICT (id) DO UPDATE SET plans = excluded.plans", key, json.dumps(plans))

    def rename_old(self, key):
        self.scene.sql("UPDATE customers SET name = name || '.' WHERE id = ?1", key)

    def drop_old(self, key):
        self.lists.pop(key, None)
        self.scene.sql("DELETE FROM customers WHERE id = ?1", key)

    def spread_new(self, key):
        self.scene.sql("UPDATE subscriptions SET position = -position - 1 WHERE customer_id = ?1", key)
        self.scene.sql("UPDATE subscriptions SET position = -position * ?2 WHERE customer_id = ?1",
                       key, self.random.randint(1, 3))

    def insert_new(self, key):
        if key not in self.lists:
            return
        taken = [position for position, in self.scene.sql(
            "SELECT position FROM subscriptions WHERE customer_id = ?1 ORDER BY position", key)]
        position = self.random.choice([at for at in range(len(taken) + 12) if at not in taken])
        plan = self.random.choice(PLANS)
        self.lists[key].insert(sum(at < position for at in taken), plan)
        self.scene.sql("INSERT INTO subscriptions VALUES (?1, ?2, ?3, 'mine')", key, position, plan)

    def delete_new(self, key):
        taken = self.scene.sql("SELECT position FROM subscriptions WHERE customer_id = ?1 ORDER BY position", key)
        if not taken:
            return
        at = self.random.randrange(len(taken))
        del self.lists[key][at]
        self.scene.sql("DELETE FROM subscriptions WHERE customer_id = ?1 AND position = ?2", key, *taken[at])

    def write(self):
        kinds = [self.write_old, self.rename_old, self.drop_old, self.spread_new, self.insert_new, self.delete_new]
        kind = self.random.choices(kinds, [6, 2, 1, 3, 4, 4])[0]
        key = self.random.choice(KEYS)
        kind(key)
        return f"{kind.__name__} {key}"


@pytest.mark.parametrize("seed", range(4))
def test_no_item_of_a_list_is_lost_however_both_versions_edit_it(lists, seed):
    writer = Writer(lists, seed)
    for number in range(STATEMENTS):
        what = f"statement {number}, {writer.write()}"
        old = {key: json.loads(plans) for key, plans in lists.sql("SELECT id, plans FROM customers")}
        new = {key: [] for key, in lists.sql("SELECT id FROM people")}
        for key, plan in lists.sql("SELECT customer_id, plan FROM subscriptions ORDER BY customer_id, position"):
            new.setdefault(key, []).append(plan)
        assert old == writer.lists, f"old side after {what}"
        assert new == writer.lists, f"new side after {what}"
    lists.agree()
