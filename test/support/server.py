"""Runs `midflight serve` and asks it; every answer is held against the description that it serves itself."""
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import threading
import time
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema

from support.midflight import ROOT, TIMEOUT_S, binary

DESCRIPTION = json.loads((ROOT / "src/server/openapi.json").read_text())
PROBLEM = "application/problem+json"


def resolve(node):
    """What a node of the description stands for."""
    while "$ref" in node:
        at = DESCRIPTION
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        node = at
    return node


@cache
def validator(schema):
    """For a schema of the description, given as its text."""
    return jsonschema.Draft202012Validator({**json.loads(schema), "components": DESCRIPTION["components"]})


def check_value(schema, value):
    validator(json.dumps(schema)).validate(value)


def _pattern(path):
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part)
                              for part in re.split(r"(\{\w+\})", path)))


# Paths without a face first, as the server has them.
PATHS = sorted(((_pattern(path), path) for path in DESCRIPTION["paths"]), key=lambda pair: ("{face}" in pair[1], pair[1]))


def path_of(target):
    """The path of the description that a target is of, or None."""
    return next((path for pattern, path in PATHS if pattern.fullmatch(target.partition("?")[0])), None)


class Answer:
    def __init__(self, method, target, status, headers, body):
        self.method, self.target, self.status, self.headers, self.body = method, target, status, headers, body

    def __repr__(self):
        return f"{self.method} {self.target}: {self.status}\n{self.body[:2000].decode(errors='replace')}"

    @property
    def json(self):
        return json.loads(self.body)

    def status_is(self, status):
        assert self.status == status, self
        return self

    def ok(self):
        return self.status_is(200)

    def problem(self, status, code=None):
        self.status_is(status)
        assert self.headers["Content-Type"] == PROBLEM, self
        assert code is None or self.json["code"] == code, self
        assert self.json["detail"], self
        return self.json

    def check(self):
        """It is as the description says; returns the (path, method, status) that it is an example of."""
        path = path_of(self.target)
        operation = DESCRIPTION["paths"].get(path, {}).get(self.method.lower())
        assert "X-Request-Id" in self.headers, self
        if self.headers.get("Content-Type") == PROBLEM:
            check_value({"$ref": "#/components/schemas/Problem"}, self.json)
            assert self.json["status"] == self.status and self.json["instance"].endswith(self.headers["X-Request-Id"]), self
            if self.status == 503:
                assert int(self.headers["Retry-After"]) > 0, self
        if operation is None:
            assert self.status in (404, 405), self
            return None
        status = str(self.status) if str(self.status) in operation["responses"] else "default"
        response = resolve(operation["responses"][status])
        if content := response.get("content"):
            kind = self.headers["Content-Type"].partition(";")[0]
            assert kind in content, self
            if kind.endswith("json"):
                check_value(content[kind]["schema"], self.json)
        else:
            assert self.body == b"", self
        return path, self.method.lower(), status


class Server:
    """A running server. It is ended with the `with` block, gently, and must have ended well."""

    def __init__(self, *files, options=(), environment=None, build=None, log=None):
        self.words = [str(binary(build)), "serve", *([] if "--listen" in options else ["--listen", "127.0.0.1:0"]), *map(str, options), *map(str, files)]
        self.environment = dict(os.environ if environment is None else environment)
        self.lines, self.seen, self.token, self.context = [], set(), None, None
        self.address = None
        self.process = subprocess.Popen(self.words, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.listening = threading.Event()
        self.reader.start()
        assert self.listening.wait(30), self.log()
        assert self.address, self.log()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            if '"event": "listening"' in line:
                self.address = json.loads(line)["address"]
                self.listening.set()
        self.listening.set()

    def log(self):
        return "".join(self.lines[-200:])

    def events(self, name):
        return [event for line in list(self.lines) if (event := json.loads(line))["event"] == name]

    @property
    def host(self):
        parts = urlsplit("//" + self.address)
        return parts.hostname, parts.port

    def connect(self, timeout=60):
        kind = http.client.HTTPConnection if self.context is None else http.client.HTTPSConnection
        return kind(*self.host, timeout=timeout, **({} if self.context is None else {"context": self.context}))

    def ask(self, method, target, body=None, headers=None, connection=None, check=True):
        """Asks, and holds the answer against the description. `body`: bytes, or what becomes JSON."""
        headers = dict(headers or {})
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        own = connection is None
        connection = connection or self.connect()
        try:
            connection.request(method, target, body=body, headers={k: v for k, v in headers.items() if v is not None})
            response = connection.getresponse()
            answer = Answer(method, target, response.status, dict(response.getheaders()), response.read())
        finally:
            if own:
                connection.close()
        if check and (example := answer.check()):
            self.seen.add(example)
        return answer

    def get(self, target, **more):
        return self.ask("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.ask("POST", target, body, **more)

    def put(self, target, body=None, **more):
        return self.ask("PUT", target, body, **more)

    def delete(self, target, **more):
        return self.ask("DELETE", target, **more)

    def reach(self, name, stage, timeout_s=60):
        until = time.monotonic() + timeout_s
        while (now := self.get(f"/v1/migrations/{name}").ok().json["stage"]) != stage:
            assert time.monotonic() < until, f"still {now}, not {stage}\n{self.log()}"
            time.sleep(0.02)

    def end(self, number=signal.SIGTERM):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the server does not end\n{self.log()}") from None
        self.reader.join(10)
        for sign in ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:"):
            assert not any(sign in line for line in self.lines), "".join(self.lines)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, *more):
        status = self.end()
        assert kind is not None or status == 0, f"exit status {status}\n{self.log()}"


def trust(certificate):
    """A context for clients that know the server's own certificate."""
    return ssl.create_default_context(cafile=str(certificate))


def certificate(folder):
    """A certificate for localhost, signed by itself: its file and its key's."""
    cert, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
                   check=True, capture_output=True)
    return cert, key
