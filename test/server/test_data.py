"""Entities over HTTP, on either face, whatever the stage."""
import threading

import pytest

from scenario.definitions import LISTS, SUBSCRIPTIONS
from server.conftest import ONE

pytestmark = pytest.mark.everywhere
ANN = {"id": 1, "name": "Ann Lee", "email": "ann@x", "hint": "old 1"}


def old(key):
    return f"{ONE}/old/{key}"


def new(key):
    return f"{ONE}/new/{key}"


def test_both_faces_at_every_stage(stage, server):
    for verb in (None, "start", "advance"):
        if verb:
            server.post(f"{ONE}/{verb}").ok()
        assert server.get(old(1)).ok().json["name"] == "Ann Lee"
        assert server.get(new(1)).ok().json["last_name"] == "Lee"
        server.put(new(2), {"first_name": "Bo", "last_name": f"of {verb}", "email": "bo@x"}).status_is(204)
        assert server.get(old(2)).ok().json["name"] == f"Bo of {verb}"
    server.post(f"{ONE}/advance").ok()
    assert server.get(old(2)).ok().json["name"] == "Bo of advance"


def test_put_get_delete(stage, server):
    server.get(old(7)).problem(404, "unknown-key")
    server.put(old(7), {"name": "Zoe", "email": None}).status_is(204)
    assert server.get(old(7)).ok().json == {"id": 7, "name": "Zoe", "email": None, "hint": None}
    assert stage.old.rows("SELECT name FROM customers WHERE id = 7") == [("Zoe",)]
    server.delete(old(7)).status_is(204)
    server.delete(old(7)).problem(404)


def test_conditions(server):
    server.put(old(1), ANN, headers={"If-None-Match": "*"}).problem(412, "conflict")
    answer = server.get(old(1)).ok()
    tag = answer.headers["ETag"]
    server.get(old(1), headers={"If-None-Match": tag}).status_is(304)
    server.put(old(1), {**ANN, "name": "Ann King"}, headers={"If-Match": tag}).status_is(204)
    server.put(old(1), ANN, headers={"If-Match": tag}).problem(412, "conflict")
    server.delete(old(1), headers={"If-Match": tag}).problem(412, "conflict")
    assert server.get(old(1)).json["name"] == "Ann King"
    server.put(old(9), {"name": "New"}, headers={"If-None-Match": "*"}).status_is(204)


def test_of_many_who_change_what_they_read_none_is_lost(server):
    def add():
        for _ in range(10):
            while True:
                answer = server.get(old(1)).ok()
                changed = {**answer.json, "hint": str(int(answer.json["hint"]) + 1)}
                answer = server.put(old(1), changed, headers={"If-Match": answer.headers["ETag"]})
                if answer.status == 204:
                    break
                assert answer.status in (412, 503), answer
    server.put(old(1), {**ANN, "hint": "0"}).status_is(204)
    threads = [threading.Thread(target=add) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert server.get(old(1)).json["hint"] == "40"


def test_pages(server):
    for key in range(10, 35):
        server.put(old(key), {"name": f"n{key}"}).status_is(204)
    keys, after = [], ""
    while after is not None:
        page = server.get(f"{ONE}/new?limit=7{after and '&after=' + after}").ok().json
        keys += [int(entity["key"][0]) for entity in page["entities"]]
        after = page["next"]
    assert keys == [1, 2, 3, *range(10, 35)]
    for query in ("limit=0", "limit=1001", "limit=x", "after=%zz", "after=1,2"):
        server.get(f"{ONE}/old?{query}").problem(400)


def test_a_batch_is_all_or_nothing(stage, server):
    results = server.post(f"{ONE}/batch", {"operations": [
        {"op": "put", "face": "old", "key": 20, "document": {"name": "Di Ko"}},
        {"op": "get", "face": "old", "key": "20"}, {"op": "delete", "face": "old", "key": [3]},
        {"op": "get", "face": "old", "key": 3}]}).ok().json["results"]
    assert results[1]["document"]["name"] == "Di Ko" and results[2] == {"found": True} and results[3] == {"found": False, "document": None}
    problem = server.post(f"{ONE}/batch", {"operations": [
        {"op": "delete", "face": "old", "key": 1}, {"op": "put", "face": "old", "key": 2, "document": {"name": "x"}, "how": "insert"}]}).problem(412)
    assert problem["operation"] == 1
    assert stage.old.value("SELECT count(*) FROM customers WHERE id = 1") == 1


def test_rollout_and_comparison(server):
    server.post(f"{ONE}/start").ok()
    assert server.get(f"{ONE}/rollout").ok().json == {"percent": 0}
    assert server.put(f"{ONE}/rollout", {"percent": 25}).ok().json == {"percent": 25}
    for wrong in ({"percent": 101}, {"percent": "all"}, {}, {"percent": 5, "more": 1}):
        server.put(f"{ONE}/rollout", wrong).problem(400)
    assert server.get(f"{ONE}/rollout").json == {"percent": 25}
    server.get(f"{ONE}/comparison").ok()
    assert server.get(ONE).json["proxy"]["confirmed"] is True


def test_a_demotion(stage, server):
    server.post(f"{ONE}/start").ok()
    server.post(f"{ONE}/advance").ok()
    assert server.post(f"{ONE}/demote", {"why": "too slow"}).ok().json["result"]["stage"] == "Awaiting Additional Action"
    assert server.get(f"{ONE}/history").json["moves"][-1]["why"].find("too slow") >= 0


def test_an_entity_of_several_rows(stage):
    stage.make(LISTS, SUBSCRIPTIONS)
    server = stage.serve()
    server.post("/v1/migrations/subscriptions/start").ok()
    document = server.get("/v1/migrations/subscriptions/new/1").ok().json
    assert [row["plan"] for row in document["subscriptions"]] == ["basic", "storage"]


TEXT_KEY = ("CREATE TABLE t (a TEXT NOT NULL, b TEXT NOT NULL, v TEXT, PRIMARY KEY (a, b));", """
    migration: split-name
    old:
      store: ${APP_DB}
      key: {t: [a, b]}
    new:
      key: {u: [a, b]}
      create: CREATE TABLE u (a TEXT NOT NULL, b TEXT NOT NULL, v TEXT, PRIMARY KEY (a, b));
    forward: {u: "SELECT a, b, v FROM t"}
    backward: {t: "SELECT a, b, v FROM u"}
    soak: 0s
""")


@pytest.mark.parametrize("key, values", [("de,x", ("de", "x")), ("a%2Cb,c%2Fd", ("a,b", "c/d")), ("it%27s,%3B%20DROP%20TABLE%20t%3B--", ("it's", "; DROP TABLE t;--")),
                                         ("%C3%A9,%22", ("é", '"')), ("%25,+", ("%", "+")), (",", ("", ""))])
def test_keys_of_several_columns(stage, key, values):
    stage.make(*TEXT_KEY)
    server = stage.serve()
    server.put(old(key), {"v": "1"}).status_is(204)
    assert stage.old.rows("SELECT a, b, v FROM t") == [(*values, "1")]
    assert server.get(old(key)).ok().json == {"a": values[0], "b": values[1], "v": "1"}
    entity = server.get(f"{ONE}/old").ok().json["entities"][0]
    assert tuple(entity["key"]) == values
    assert server.get(f"{ONE}/old?after={key}").ok().json["entities"] == []


@pytest.mark.parametrize("key", ["1%20OR%201=1", "1x", "1-2", "1.5", "'1'"])
def test_a_key_that_begins_like_another_is_not_that_one(stage, server, key):
    """It is none, or no key at all where the column takes integers alone."""
    assert {server.get(old(key)).status, server.delete(old(key)).status} <= {400, 404}
    assert stage.old.value("SELECT count(*) FROM customers") == 3
