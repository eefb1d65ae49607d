"""Many clients of one migration: processes with a proxy each, and threads in them that read and write a few entities at random,
through both faces, and write down what they were told.

    with Crowd(shape, midflight, folder, hot, seed) as crowd:
        ...
        crowd.kill()
    History(folder, hot, cold).check()

Run as a program it is one of those processes.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from random import Random

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.history import Recorder
from support.proxy import NEW, OLD, Proxy, Refused
from support.registers import SHAPES, Torn
from support.service import Lost, Remote

FACES = (OLD, NEW)
PAGE = 7
DRAWN = (("get", 30), ("put", 14), ("rename", 10), ("insert", 8), ("replace", 14), ("delete", 5), ("remove", 5), ("list", 8), ("batch", 6))


class Client:
    """One thread. What it asks for is drawn from the seed; what it expects is what it read last."""

    def __init__(self, proxy, recorder, shape, hot, name, number):
        self.proxy, self.recorder, self.shape, self.hot = proxy, recorder, shape, hot
        self.random = Random(name)
        self.value = number * 100_000 + 1
        self.read = {}  # (face, key): the document that was read last

    def fresh(self):
        self.value += 1
        return self.value

    def draw(self):
        do = self.random.choices(*zip(*DRAWN))[0]
        face, key = self.random.choice(FACES), self.random.choice(self.hot)
        if do == "rename" and face not in self.shape.renames:
            face = self.shape.renames[0]
        return do, face, key

    def run(self, over):
        while not over.is_set():
            do, face, key = self.draw()
            try:
                getattr(self, do)(face, key)
            except Told:
                time.sleep(0.002)
            time.sleep(self.random.choice((0, 0, 0.0005, 0.003)))

    def ask(self, work, respelled=False, **what):
        """`respelled`: what is expected may be spelt in another way by now, so that a conflict says nothing."""
        name = self.recorder.call(**what)
        try:
            result = work()
        except Refused as refused:
            code = "changed" if refused.code == "conflict" and respelled else refused.code
            self.recorder.answer(name, error=code, message=str(refused))
            raise Told from None
        except Lost:
            raise Told from None
        try:
            self.recorder.answer(name, **result())
        except (Torn, KeyError) as torn:
            self.recorder.answer(name, error="torn", message=str(torn))

    def state(self, face, key, document):
        return None if document is None else self.shape.state(face, key, document)

    def get(self, face, key):
        def work():
            found = self.read[face, key] = self.proxy.get(face, str(key))
            return lambda: {"result": self.state(face, key, found)}
        self.ask(work, do="get", face=face, key=key)

    def put(self, face, key, do="put"):
        value = (self.fresh(), self.fresh())
        document = self.shape.document(face, key, value, whole=do != "rename")
        write = self.proxy.insert if do == "insert" else self.proxy.put

        def work():
            write(face, str(key), document)
            return lambda: {"result": True}
        self.ask(work, do=do, face=face, key=key, value=value)

    def rename(self, face, key):
        self.put(face, key, "rename")

    def insert(self, face, key):
        self.put(face, key, "insert")

    def replace(self, face, key):
        if self.random.random() < 0.5:
            self.get(face, key)
        expected = self.read.get((face, key))
        if expected is None:
            return
        value = (self.fresh(), self.fresh())

        def work():
            self.proxy.replace(face, str(key), self.shape.document(face, key, value), expected)
            return lambda: {"result": True}
        self.go_by(work, face, key, expected, do="replace", value=value)

    def delete(self, face, key):
        def work():
            found = self.proxy.delete(face, str(key))
            return lambda: {"result": found}
        self.ask(work, do="delete", face=face, key=key)

    def remove(self, face, key):
        expected = self.read.get((face, key))
        if expected is None:
            return

        def work():
            self.proxy.delete(face, str(key), expected)
            return lambda: {"result": True}
        self.go_by(work, face, key, expected, do="remove")

    def go_by(self, work, face, key, document, **what):
        expected = self.state(face, key, document)
        self.ask(work, self.shape.respelled(face, expected), face=face, key=key, expected=expected, **what)

    def list(self, face, key):
        after = key - self.random.randint(1, PAGE)

        def work():
            found = self.proxy.list(face, str(after), PAGE)
            return lambda: {"result": [(int(at), self.state(face, int(at), document)) for at, document in found]}
        self.ask(work, do="list", face=face, after=after, limit=PAGE)

    def batch(self, _, first):
        """Of several keys, each on a face of its own."""
        parts, operations = [], []
        for key in self.random.sample(self.hot, 2):
            face, do = self.random.choice(FACES), self.random.choice(("get", "put", "put", "delete"))
            value = (self.fresh(), self.fresh())
            parts.append({"do": do, "face": face, "key": key, **({"value": value} if do == "put" else {})})
            operations.append((do, face, str(key), *([self.shape.document(face, key, value)] if do == "put" else [])))

        def work():
            found = self.proxy.batch(*operations)
            return lambda: {"results": [self.of_part(part, item) for part, item in zip(parts, found)]}
        self.ask(work, do="batch", parts=parts)

    def of_part(self, part, item):
        if part["do"] == "get":
            return self.state(part["face"], part["key"], item or None)
        return item if part["do"] == "delete" else True


class Told(Exception):
    """The call was refused, and that is written down; or its answer was lost, and none is."""


def open_proxy(words):
    """In this process, or the one behind a server's address."""
    if words["address"]:
        return Remote(words["address"], SHAPES[words["shape"]].migration)
    return Proxy(words["definition"], {}, node=words["name"], connections=words["threads"])


def main(words):
    with open_proxy(words) as proxy:
        print("ready", flush=True)
        recorder, over = Recorder(words["file"], words["name"]), threading.Event()
        clients = [Client(proxy, recorder, SHAPES[words["shape"]], words["hot"], f"{words['name']} {n} {words['seed']}",
                          words["number"] * words["threads"] + n + 1) for n in range(words["threads"])]
        threads = [threading.Thread(target=client.run, args=(over,)) for client in clients]
        for thread in threads:
            thread.start()
        sys.stdin.read()  # until we are to end
        over.set()
        for thread in threads:
            thread.join()


class Crowd:
    def __init__(self, shape, midflight, folder, hot, seed, processes=3, threads=2, fault="", addresses=()):
        """`fault`: of the first process, see base/failpoint.h. `addresses`: of servers that they ask, in turn; none: the library."""
        self.addresses = addresses
        self.words = {"shape": shape, "definition": str(midflight.file), "hot": list(hot), "seed": seed, "threads": threads}
        self.environment, self.folder, self.number = midflight.environment, folder, 0
        self.processes = [self.open(fault)] + [self.open() for _ in range(processes - 1)]

    def open(self, fault=""):
        """One more process."""
        self.number += 1
        name = f"p{self.number}"
        words = {**self.words, "name": name, "number": self.number, "file": str(self.folder / f"{name}.history"),
                 "address": self.addresses[self.number % len(self.addresses)] if self.addresses else None}
        process = subprocess.Popen([sys.executable, __file__, json.dumps(words)], env={**self.environment, "MIDFLIGHT_FAULT": fault}, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        return process

    def kill(self, random):
        """One of them dies in the middle of its calls, and another takes its place."""
        process = self.processes.pop(random.randrange(len(self.processes)))
        process.kill()
        process.communicate()
        self.processes.append(self.open())

    @contextmanager
    def sleeper(self, random):
        """One of them stands still."""
        process = random.choice(self.processes)
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def close(self):
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            out, err = process.stdout.read(), process.stderr.read()
            assert process.wait(60) == 0 and not err, f"a client ended badly: {out}{err}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        if kind is None:
            self.close()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
