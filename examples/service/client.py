#!/usr/bin/env python3
"""A service that reads and writes its customers through `midflight serve`, in the old shape or the new, whatever the stage.

    midflight serve examples/split-name.yaml &
    examples/service/client.py new 42 last_name=King
"""
import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

BASE = os.environ.get("SERVER", "http://127.0.0.1:8080") + "/v1/migrations/split-name"
TRIES = 10


def ask(method, path, document=None, **headers):
    """The answer's document and its tag. What passes is asked again: 503 says when."""
    data = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    for left in reversed(range(TRIES)):
        try:
            with urlopen(Request(BASE + path, data, headers, method=method)) as answer:
                body = answer.read()
                return json.loads(body) if body else None, answer.headers.get("ETag")
        except HTTPError as problem:
            if problem.code != 503 or left == 0:
                raise
            time.sleep(float(problem.headers.get("Retry-After", 1)))


def change(face, key, changes):
    """Reads an entity, changes it, and writes it back unless somebody else did meanwhile: then once more."""
    path = f"/{face}/{quote(key, safe='')}"
    while True:
        document, tag = ask("GET", path)
        try:
            ask("PUT", path, {**document, **changes}, If_Match=tag)
            return ask("GET", path)[0]
        except HTTPError as problem:
            if problem.code != 412:
                raise


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("old", "new"):
        sys.exit("client.py old|new KEY [COLUMN=VALUE...]")
    face, key, *words = sys.argv[1:]
    try:
        print(json.dumps(change(face, key, dict(word.split("=", 1) for word in words)), indent=2))
    except HTTPError as problem:
        sys.exit(json.loads(problem.read())["detail"])


if __name__ == "__main__":
    main()
