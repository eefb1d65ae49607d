"""What most workloads draw, and what they mean by it."""
import json

from support.workload import Workload

WORDS = ["Ann", "Bo", "Chloë", "D'Arcy", "Éva", 'F"x', "汉", "Zoë"]


def compact(value):
    """JSON as SQLite prints it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def moved(state, key, other):
    """The entity of one key gets another, if there is one and the other is free."""
    if key in state and other not in state:
        state[other] = state.pop(key)


class Draws(Workload):
    """What most workloads draw."""

    def a_key(self, random):
        return random.randint(1, self.key_count)

    a_other = a_key

    def a_first(self, random):
        return random.choice(WORDS)

    a_last = a_first

    def a_full_name(self, random):
        return f"{self.a_first(random)} {self.a_last(random)}"

    def a_word(self, random):
        return f"{random.choice(WORDS)}-{random.getrandbits(20)}"

    def a_word_list(self, random):
        return compact([self.a_word(random) for _ in range(random.randint(0, 4))])
