"""Requests made of the description itself, right and wrong, from a seed: whatever is sent, the answer is as described, a problem says what
to do, nothing of the server breaks, and nothing that was refused has changed a row. MIDFLIGHT_SEED=7 makes the same requests again;
MIDFLIGHT_REQUESTS=5000 makes more."""
import json
import os
import random
from contextlib import closing, contextmanager
from urllib.parse import quote

import pytest

from server.conftest import ONE, TOKENS
from support.server import DESCRIPTION, PROBLEM, resolve

REQUESTS = int(os.environ.get("MIDFLIGHT_REQUESTS", "250"))
SEED = int(os.environ.get("MIDFLIGHT_SEED", random.randrange(1_000_000)))

SQL = ["'; DROP TABLE customers; --", "1 OR 1=1", "x' UNION SELECT sql FROM sqlite_schema --", "1); DELETE FROM people; --", "$$; DROP SCHEMA midflight CASCADE; $$",
       "\\'; --", "%27%20OR%201", "${APP_DB}", "{{7*7}}", "\u2028'\u0000x"]
TEXTS = ["", " ", "a", "Ann Lee", "é😀", "\x7f", "x" * 300, "x" * 70000, "null", "NaN", "../../etc/passwd", *SQL]
NUMBERS = [0, -1, 1, 42, 2 ** 31, 2 ** 63 - 1, 2 ** 63, -2 ** 63 - 1, 10 ** 40, 0.5, -0.0, 1e-320, 1e308, 101]
# What leads on, or away, is asked by test_control; here the stage stays, so that what is found can be foretold.
STEERING = {"start", "advance", "rollback", "demote", "pause", "resume"}


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.operations = [(method, path, resolve(operation)) for path, item in DESCRIPTION["paths"].items() for method, operation in item.items()]

    def one_of(self, *choices):
        return self.random.choice(choices)

    def odd(self, depth=0):
        """Anything that JSON can say."""
        kind = self.random.randrange(9 if depth < 3 else 6)
        if kind < 2:
            return self.random.choice(TEXTS)
        if kind < 4:
            return self.random.choice(NUMBERS)
        if kind < 6:
            return self.one_of(None, True, False)
        if kind < 8:
            return [self.odd(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.one_of("id", "name", "op", "key", *SQL): self.odd(depth + 1) for _ in range(self.random.randrange(4))}

    def value(self, schema, depth=0):
        """Mostly what a schema asks for; now and then something else."""
        schema = resolve(schema)
        if self.random.random() < 0.15 or depth > 6:
            return self.odd(depth)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self.value(self.random.choice(schema[word]), depth + 1)
        if "enum" in schema or "const" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        kind = schema.get("type")
        kind = self.random.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            return self.members(schema, depth)
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.random.randrange(4))]
        if kind == "string":
            return self.random.choice(TEXTS)
        if kind == "boolean":
            return self.one_of(True, False)
        return self.random.choice(NUMBERS) if kind in ("integer", "number") else self.odd(depth)

    def members(self, schema, depth):
        made = {name: self.value(member, depth + 1) for name, member in schema.get("properties", {}).items()
                if name in schema.get("required", ()) or self.random.random() < 0.6}
        if not schema.get("properties"):  # a document
            made = {name: self.random.choice(TEXTS + NUMBERS + [None]) for name in self.random.sample(["id", "name", "email", "hint", "first_name", SQL[0]], 2)}
        if self.random.random() < 0.1:
            made[self.random.choice(SQL)] = self.odd()
        return made

    def key(self):
        return self.one_of("1", "2", "4711", "1,2", ",", "%", "%zz", "%00", "9" * 60, *(quote(text[:300], safe="") for text in TEXTS if text))

    def target(self, path):
        name = "split-name" if self.random.random() < 0.9 else quote(self.random.choice(SQL), safe="")
        face = self.one_of("old", "old", "new", "new", "middle", quote(SQL[0], safe=""))
        filled = path.format(name=name, face=face, key=self.key())
        if self.random.random() < 0.2:
            filled += "?" + self.one_of("limit=", "after=", "limit=1&limit=", "x=", "&&=&") + quote(str(self.random.choice(TEXTS + NUMBERS))[:200], safe="")
        return filled

    def body(self, operation):
        content = resolve(operation["requestBody"]).get("content", {}) if "requestBody" in operation else {}
        if "application/json" not in content:
            return None
        made = json.dumps(self.value(content["application/json"]["schema"])).encode()
        chance = self.random.random()
        if chance < 0.05:
            return made[:len(made) // 2]
        if chance < 0.10:
            place = self.random.randrange(len(made) + 1)
            return made[:place] + self.random.randbytes(3) + made[place:]
        return b"{" + b" " * 200000 + b"}" if chance < 0.11 else made

    def headers(self, tokens):
        headers = {"Authorization": f"Bearer {self.random.choice(tokens)}"}
        for name, values in (("If-Match", ("*", '"x"', "garbage", "")), ("If-None-Match", ("*", '"x"')), ("Content-Type", ("text/plain", "application/json", "")),
                             ("Prefer", ("wait=-1", "wait=1e9", "respond-async", "wait=x")), ("X-Request-Id", ("mine", "'; --", "y" * 200)),
                             ("Accept", ("text/html",))):
            if self.random.random() < 0.15:
                headers[name] = self.random.choice(values)
        return headers

    def request(self, tokens):
        while True:
            method, path, operation = self.random.choice(self.operations)
            if path.rpartition("/")[2] not in STEERING:
                return method.upper(), self.target(path), self.body(operation), self.headers(tokens)


@contextmanager
def looking(stage):
    """rows(): both sides' as they are now."""
    with closing(stage.old.connect()) as old, closing(stage.new.connect()) as new:
        yield lambda: [one.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for one, table in ((old, "customers"), (new, "people"))]


def helpful(answer):
    """A problem document of the server's own that says what happened."""
    assert answer.headers["Content-Type"] == PROBLEM and len(answer.json["detail"]) > 15 and answer.json["code"], answer


def ask_them(stage, server, generator, tokens, may_write):
    """Asks, and follows what the rows are; returns how many answers were of which kind."""
    kinds = {}
    with closing(server.connect()) as connection, looking(stage) as rows:
        before = rows()
        for number in range(REQUESTS):
            method, target, body, headers = generator.request(tokens)
            answer = server.ask(method, target, body, headers, connection=connection)
            kinds[answer.status // 100] = kinds.get(answer.status // 100, 0) + 1
            said = f"seed {SEED}, request {number}: {method} {target} {body!r:.2000} {headers}\n{answer}"
            assert answer.status < 500 or answer.status == 503, said
            if answer.status >= 400:
                helpful(answer)
            wrote = method in ("PUT", "DELETE", "POST") and answer.status < 300
            assert may_write or not wrote or "/rollout" in target or "/check" in target or "/verify" in target or "/batch" in target, said
            if not wrote and number % 10 == 0 or answer.status >= 400 and method != "GET":
                assert rows() == before, f"what was refused was written\n{said}"
            elif wrote:
                before = rows()
    return kinds


@pytest.mark.everywhere
def test_whatever_is_asked_is_answered_as_described(stage):
    stage.make()
    server = stage.serve(options=["--body-max", "100000", "--tokens", stage.tokens()])
    server.token = TOKENS["all"][1]
    server.post(f"{ONE}/start").ok()
    if stage.old is not stage.new:
        server.post(f"{ONE}/pause").ok()  # the side that follows stays as it is, and is looked at
    kinds = ask_them(stage, server, Generator(SEED), [TOKENS["all"][1]], True)
    assert kinds[2] > REQUESTS / 20 and kinds[4] > REQUESTS / 10, (SEED, kinds)
    server.get("/readyz").ok()


@pytest.mark.parametrize("name", ["reader", "nobody"])
def test_who_may_not_write_does_not(stage, name):
    stage.make()
    server = stage.serve(options=["--tokens", stage.tokens()])
    server.token = TOKENS["all"][1]
    server.post(f"{ONE}/start").ok()
    tokens = {"reader": [TOKENS["reader"][1]], "nobody": ["", "x" * 24, "'; --", TOKENS["all"][1][:-1]]}[name]
    with looking(stage) as rows:
        before = rows()
        ask_them(stage, server, Generator(SEED), tokens, False)
        assert rows() == before, SEED
