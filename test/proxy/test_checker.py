"""The checker finds what is wrong in a history, and nothing in one that is right."""
import json

import pytest

from support.history import History
from support.linearizable import NotLinearizable, Operation, check_register

A, B, C = (1, 1), (2, 2), (3, 3)


def history(*lines):
    """Lines are (kind, called, returned, more...)."""
    return [Operation(1, kind, called, returned, **more) for kind, called, returned, more in lines]


def op(kind, called, returned, **more):
    return kind, called, returned, more


RIGHT = {
    "one after the other": [op("put", 0, 1, value=A), op("get", 2, 3, result=A), op("delete", 4, 5, result=True), op("get", 6, 7, result=None)],
    "a read meanwhile sees either": [op("put", 0, 9, value=A), op("get", 1, 2, result=None), op("get", 3, 4, result=A)],
    "the first value alone is written": [op("put", 0, 1, value=A), op("rename", 2, 3, value=B), op("get", 4, 5, result=(2, 1))],
    "one of two inserts": [op("insert", 0, 5, value=A, result=True), op("insert", 1, 4, value=B, result=False), op("get", 6, 7, result=A)],
    "a replacement that came too late": [op("put", 0, 1, value=A), op("put", 2, 3, value=B),
                                         op("replace", 4, 5, expected=A, value=C, result=False), op("get", 6, 7, result=B)],
    "an end that nobody knows, and it happened later": [op("put", 0, 1, value=A), op("put", 2, None, value=B), op("get", 3, 4, result=A),
                                                        op("get", 5, 6, result=B)],
    "an end that nobody knows, and it never happened": [op("put", 0, 1, value=A), op("delete", 2, None), op("get", 3, 4, result=A)],
    "nobody saw it, and yet it must have happened": [op("put", 0, 1, value=A), op("put", 2, None, value=B),
                                                     op("replace", 3, 4, expected=A, value=C, result=False)],
}
WRONG = {
    "a lost write": [op("put", 0, 1, value=A), op("put", 2, 3, value=B), op("get", 4, 5, result=A)],
    "a stale read after a write": [op("put", 0, 1, value=A), op("put", 2, 9, value=B), op("get", 3, 4, result=B), op("get", 5, 6, result=A)],
    "a write from nowhere": [op("put", 0, 1, value=A), op("get", 2, 3, result=B)],
    "two replacements of one value": [op("put", 0, 1, value=A), op("replace", 2, 5, expected=A, value=B, result=True),
                                      op("replace", 3, 6, expected=A, value=C, result=True)],
    "two inserts": [op("insert", 0, 5, value=A, result=True), op("insert", 1, 6, value=B, result=True)],
    "a replacement refused for nothing": [op("put", 0, 1, value=A), op("replace", 2, 3, expected=A, value=B, result=False)],
    "a deleted entity that comes back": [op("put", 0, 1, value=A), op("delete", 2, 3, result=True), op("get", 4, 5, result=A)],
    "a delete that found nothing": [op("put", 0, 1, value=A), op("delete", 2, 3, result=False)],
    "a value that was to be kept": [op("put", 0, 1, value=A), op("rename", 2, 3, value=B), op("get", 4, 5, result=(2, None))],
    "an end that nobody knows, and it was undone": [op("put", 0, 1, value=A), op("put", 2, None, value=B), op("get", 3, 4, result=B),
                                                    op("get", 5, 6, result=A)],
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_explained(name):
    check_register(history(*RIGHT[name]))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(name):
    with pytest.raises(NotLinearizable, match="nothing explains"):
        check_register(history(*WRONG[name]))


def test_many_at_once_are_explained_in_time():
    """Six writers and six readers who overlap all the time."""
    operations = []
    for n in range(300):
        operations.append(op("put", 10 * n, 10 * n + 55, value=(n, n)))
        operations.append(op("get", 10 * n + 1, 10 * n + 54, result=(n, n)))
    check_register(history(*operations))


@pytest.fixture
def told(tmp_path):
    """told(page): the checked history of a client that listed entities 1 to 3, of which nobody writes 1 and 3."""
    def check(page, limit=9, after=0, **answer):
        lines = [{"call": "c 1", "at": 0, "do": "put", "face": 0, "key": 2, "value": A}, {"answer": "c 1", "at": 1, "result": True},
                 {"call": "c 2", "at": 2, "do": "list", "face": 0, "after": after, "limit": limit}, {"answer": "c 2", "at": 3, "result": page, **answer}]
        (tmp_path / "c.history").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return History(tmp_path, {2: None}, {1: (0, 0), 3: (0, 0)}).check()
    return check


ONE, TWO, THREE = [1, [0, 0]], [2, A], [3, [0, 0]]


def test_a_whole_list_is_explained(told):
    assert told([ONE, TWO, THREE]).lists == 1
    told([ONE], limit=1)
    told([TWO, THREE], after=1)


@pytest.mark.parametrize("page, said", [
    ([ONE, TWO], "entity 3, which nobody wrote"), ([ONE, THREE], "nothing explains"), ([ONE, [2, C], THREE], "nothing explains"),
    ([ONE, TWO, TWO, THREE], "twice"), ([TWO, ONE, THREE], "order"), ([ONE, TWO, THREE, [4, C]], "has")])
def test_a_list_that_lacks_or_repeats_an_entity_is_found(told, page, said):
    with pytest.raises(AssertionError, match=said):
        told(page)


def test_an_entity_that_comes_back_in_pieces_is_found(told):
    with pytest.raises(AssertionError, match="torn: half of it"):
        told([], error="torn", message="half of it")
