"""What clients asked of a proxy and what they were told, in files that survive the clients: a line when a call is made, a line when it
returns. Times are of the clock that all processes of the machine share.
"""
import json
import os
import threading
import time
from collections import Counter, defaultdict

from support.linearizable import ABSENT, Operation, check_register

PASSING = {"epoch", "busy", "held", "overtime", "interrupted", "closing", "away"}  # "make the same call again": nothing happened
NOTHING_HAPPENED = PASSING | {"refused", "conflict", "changed"}


def unsure(call, answer):
    """A write whose connection was lost at the commit may have happened: a proxy that slept for too long loses its own. Who reads is
    never told so."""
    return answer.get("error") == "store" and (call["do"] not in ("get", "list"))


class Recorder:
    """Appends to one file; for all threads of a process."""

    def __init__(self, path, who):
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.who, self.number, self.lock = who, 0, threading.Lock()

    def _write(self, line):
        os.write(self.file, (json.dumps(line) + "\n").encode())

    def call(self, **what):
        with self.lock:
            self.number += 1
            name = f"{self.who} {self.number}"
        self._write({"call": name, "at": time.monotonic_ns(), **what})
        return name

    def answer(self, name, **what):
        self._write({"answer": name, "at": time.monotonic_ns(), **what})


def as_state(value):
    return tuple(value) if isinstance(value, list) else value


class History:
    """`cold`: keys that are there all the time, as they were, though nobody writes them; {key: state} for `hot` ones at the start."""

    def __init__(self, folder, hot, cold):
        self.hot, self.cold = hot, cold
        self.calls, self.answers = {}, {}
        for path in sorted(folder.glob("*.history")):
            for line in path.read_text().splitlines():
                line = json.loads(line)
                (self.calls if "call" in line else self.answers)[line.get("call") or line["answer"]] = line
        self.operations = defaultdict(list)
        self.errors = Counter(answer["error"] for answer in self.answers.values() if "error" in answer)
        self.lists = 0

    def check(self):
        """Fails with the first thing that cannot be, or that no client is to be told."""
        for name, call in self.calls.items():
            self.take(name, call, self.answers.get(name))
        for key, operations in sorted(self.operations.items()):
            check_register(operations, self.hot.get(key, ABSENT))
        broken = [f"{name}: {answer['error']}: {answer['message']}" for name, answer in self.answers.items()
                  if answer.get("error", "conflict") not in NOTHING_HAPPENED and not unsure(self.calls[name], answer)]
        assert not broken, "clients were told\n" + "\n".join(broken[:5])
        return self

    def take(self, name, call, answer):
        error = answer.get("error") if answer else None
        if error in NOTHING_HAPPENED and not (error == "conflict" and call["do"] in ("insert", "replace", "remove")):
            return
        ended = answer is not None and (not error or error == "conflict")
        at = answer["at"] if ended else None
        if call["do"] == "list":
            if ended:
                self.take_page(name, call, answer)
            return
        for part in call["parts"] if call["do"] == "batch" else [call]:
            result = None
            if ended:
                result = False if error else answer["results"][call["parts"].index(part)] if call["do"] == "batch" else answer["result"]
            self.operations[part["key"]].append(Operation(part["key"], part["do"], call["at"], at, as_state(part.get("value")),
                                                          as_state(part.get("expected")), as_state(result), name))

    def take_page(self, name, call, answer):
        """A page is one moment's state: of each key between its ends it says what it is, or that it is not there."""
        self.lists += 1
        keys = [key for key, _ in answer["result"]]
        assert keys == sorted(set(keys)), f"{name}: a page is not in order, or has an entity twice: {keys}"
        found = {key: as_state(state) for key, state in answer["result"]}
        last = keys[-1] if len(keys) == call["limit"] else float("inf")
        between = lambda key: call["after"] < key <= last
        for key, state in self.cold.items():
            if between(key):
                assert found.get(key, ABSENT) == state, f"{name}: entity {key}, which nobody wrote, is listed as {found.get(key)}, not {state}"
        strange = [key for key in keys if key not in self.cold and key not in self.hot]
        assert not strange and all(between(key) for key in keys), f"{name}: a page after {call['after']} has {keys}"
        for key in filter(between, self.hot):
            self.operations[key].append(Operation(key, "get", call["at"], answer["at"], result=found.get(key, ABSENT), who=f"{name}, a page"))

    def __str__(self):
        done = Counter(call["do"] for name, call in self.calls.items() if name in self.answers and "error" not in self.answers[name])
        unknown = sum(name not in self.answers for name in self.calls)
        return (f"{sum(done.values())} calls done ({', '.join(f'{count} {kind}' for kind, count in done.most_common())}), "
                f"{unknown} unanswered, errors {dict(self.errors)}")
