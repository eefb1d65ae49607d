"""Servers of one migration, each at an address that stays its own, and a client of theirs that is asked as a Proxy is."""
import json
import random
import signal
import socket
import threading
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from support.proxy import Refused
from support.server import Server

FACES = ("old", "new")


class Lost(Exception):
    """The connection was cut before the answer came: whether anything happened nobody knows."""


class Document(dict):
    """As it was read, with its tag."""
    tag = None


class Remote:
    """A connection for each thread, kept for as long as the server keeps it. A tag is of the whole document, and changes with columns
    that no query maps: that it does not match says less than a conflict does, and is told as "changed"."""

    def __init__(self, address, migration):
        self.address, self.path, self.here = address, f"/v1/migrations/{migration}", threading.local()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def connection(self):
        if not hasattr(self.here, "connection"):
            self.here.connection = HTTPConnection(self.address, timeout=60)
        if self.here.connection.sock is None:
            try:
                self.here.connection.connect()
            except OSError as error:
                raise Refused("away", f"{self.address}: {error}") from None
        return self.here.connection

    def ask(self, method, path, document=None, **headers):
        """The status, the tag and the JSON of an answer."""
        connection = self.connection()
        body = None if document is None else json.dumps(document).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, self.path + path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException):
            connection.close()
            raise Lost from None
        return answer.status, answer.headers["ETag"], json.loads(text) if text else None

    def done(self, status, _, found):
        if status >= 400:
            raise Refused(found["code"], found["detail"])
        return found

    def get(self, face, key):
        status, tag, found = self.ask("GET", f"/{FACES[face]}/{key}")
        if status == 404:
            return None
        document = Document(self.done(status, tag, found))
        document.tag = tag
        return document

    def put(self, face, key, document, **headers):
        self.done(*self.ask("PUT", f"/{FACES[face]}/{key}", document, **headers))

    def insert(self, face, key, document):
        self.put(face, key, document, If_None_Match="*")

    def replace(self, face, key, document, expected):
        try:
            self.put(face, key, document, If_Match=expected.tag)
        except Refused as refused:
            raise Refused("changed" if refused.code == "conflict" else refused.code, str(refused)) from None

    def delete(self, face, key, expected=None):
        if expected is not None:
            return self.operate({"op": "delete", "face": FACES[face], "key": key, "expected": expected})[0]["found"]
        status, tag, found = self.ask("DELETE", f"/{FACES[face]}/{key}")
        return status != 404 and self.done(status, tag, found) is None

    def list(self, face, after, limit):
        found = self.done(*self.ask("GET", f"/{FACES[face]}?after={after}&limit={limit}"))
        return [(entity["key"][0], entity["document"]) for entity in found["entities"]]

    def operate(self, *operations):
        return self.done(*self.ask("POST", "/batch", {"operations": operations}))["results"]

    def batch(self, *operations):
        asked = [{"op": do, "face": FACES[face], "key": key, **({"document": more[0]} if more else {})} for do, face, key, *more in operations]
        found = self.operate(*asked)
        return [item["document"] if ask["op"] == "get" else item.get("found", True) for ask, item in zip(asked, found)]


def free_port():
    """One that the system gives to nobody who does not ask for it by its number, so that it is free after a restart too."""
    while True:
        port = random.randrange(20000, 30000)
        with closing(socket.socket()) as door:
            try:
                door.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Service:
    """`fault`: of the first server, see base/failpoint.h."""

    def __init__(self, midflight, count, fault=""):
        self.midflight, self.addresses = midflight, [f"127.0.0.1:{free_port()}" for _ in range(count)]
        self.servers = [self.open(address, fault if n == 0 else "") for n, address in enumerate(self.addresses)]

    def open(self, address, fault=""):
        return Server(self.midflight.file, options=["--listen", address, "--quiet"], environment={**self.midflight.environment, "MIDFLIGHT_FAULT": fault})

    def restart(self, place, number):
        self.end_one(self.servers[place], number)
        self.servers[place] = self.open(self.addresses[place])

    def end_one(self, server, number):
        status = server.end(number)
        if number != signal.SIGKILL:
            assert status == 0 and server.events("drained")[0]["cut_off"] == 0, server.log()

    def end(self):
        for server in self.servers:
            self.end_one(server, signal.SIGTERM)

    def close(self):
        for server in self.servers:
            server.end(signal.SIGKILL)
