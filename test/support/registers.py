"""Entities as registers of two values, in both shapes of a migration: what is written says who wrote it, and what is read in pieces is
seen to be torn."""
import json

from scenario.definitions import CUSTOMERS_TABLE, LISTS_TABLE, SPLIT_NAME, SUBSCRIPTIONS
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
    schema, definition, migration = CUSTOMERS_TABLE, SPLIT_NAME, "split-name"
    renames = (OLD, NEW)
    columns, row = "id, name, email", "({key}, 'F0 L0', 'e{key}@0')"

    @staticmethod
    def document(face, key, state, whole=True):
        first, second = state
        name = {"name": f"F{first} L{first}"} if face == OLD else {"first_name": f"F{first}", "last_name": f"L{first}"}
        return {**name, "email": None if second is None else f"e{key}@{second}"} if whole else name

    @staticmethod
    def respelled(face, state):
        return False

    @staticmethod
    def state(face, key, document):
        name = document["name"].split(" ") if face == OLD else [document["first_name"], document["last_name"]]
        email = document["email"]
        if document["id"] != key or (email is not None and not email.startswith(f"e{key}@")):
            raise Torn(str(document))
        return (_one([_number(name[0], "F"), _number(name[1], "L")]), None if email is None else int(email.split("@")[1]))


class Lists:
    """The first value is a name, the second fills a list, which is rows of their own in the new shape; its length goes with it."""
    schema, definition, migration = LISTS_TABLE, SUBSCRIPTIONS, "subscriptions"
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
    def respelled(cls, face, state):
        """A list of several is spelt with blanks or without, by the client or the store that made the text."""
        return face == OLD and len(cls.plans(state[1])) > 1

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
