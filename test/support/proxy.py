"""libmidflight's proxy from Python, by ctypes: each handle is a node of its own, and may be used by many threads.

    with Proxy(path, environment) as proxy:
        proxy.put(NEW, "1", {"first_name": "Ann"})
        assert proxy.get(OLD, "1")["name"] == "Ann"
"""
import ctypes
import json
import os
import threading
from contextlib import contextmanager
from pathlib import Path

from support.midflight import binary

OLD, NEW = 0, 1
ANY, INSERT, IF_UNCHANGED = 0, 1, 2

_VISIT = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)


class _Error(ctypes.Structure):
    _fields_ = [("result", ctypes.c_int), ("code", ctypes.c_char_p), ("message", ctypes.c_char * 2048)]


class _Rule(ctypes.Structure):
    _fields_ = [("column", ctypes.c_char_p), ("ignore", ctypes.c_bool), ("tolerance", ctypes.c_double), ("trim", ctypes.c_bool),
                ("fold", ctypes.c_bool)]


class _Gates(ctypes.Structure):
    _fields_ = [("mismatch_rate", ctypes.c_double), ("error_rate", ctypes.c_double), ("latency_ratio", ctypes.c_double),
                ("window_ms", ctypes.c_int64), ("samples_min", ctypes.c_int64)]


class _Options(ctypes.Structure):
    _fields_ = [("node", ctypes.c_char_p), ("connections", ctypes.c_int), ("sample", ctypes.c_double),
                ("rules", ctypes.POINTER(_Rule)), ("rule_count", ctypes.c_size_t), ("gates", _Gates)]


class _Operation(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("face", ctypes.c_int), ("key", ctypes.c_char_p), ("document", ctypes.c_char_p),
                ("how", ctypes.c_int), ("expected", ctypes.c_char_p), ("found_document", ctypes.c_void_p), ("found", ctypes.c_bool)]


class _Status(ctypes.Structure):
    _fields_ = [("stage", ctypes.c_char_p), ("mode", ctypes.c_char_p), ("epoch", ctypes.c_int64), ("confirmed", ctypes.c_bool),
                ("changing", ctypes.c_bool), ("percent", ctypes.c_double), ("node", ctypes.c_char * 200), ("nodes", ctypes.c_int64),
                ("demoted", ctypes.c_char * 256)]


class _Side(ctypes.Structure):
    _fields_ = [("reads", ctypes.c_int64), ("errors", ctypes.c_int64), ("p50_ms", ctypes.c_double), ("p99_ms", ctypes.c_double)]


class _Comparison(ctypes.Structure):
    _fields_ = [("compared", ctypes.c_int64), ("mismatched", ctypes.c_int64), ("left_out", ctypes.c_int64), ("leader", _Side),
                ("follower", _Side), ("mismatch_red", ctypes.c_bool), ("error_red", ctypes.c_bool), ("latency_red", ctypes.c_bool)]


class _Mismatch(ctypes.Structure):
    _fields_ = [("cause", ctypes.c_char_p), ("count", ctypes.c_int64), ("key", ctypes.c_char_p), ("leader", ctypes.c_char_p),
                ("follower", ctypes.c_char_p), ("at_ms", ctypes.c_int64)]


_MISMATCH = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_Mismatch))


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def refused(error):
    return Refused(error.code.decode(), error.message.decode())


def library():
    """The one of the build that is tested."""
    return ctypes.CDLL(str(binary().parent / "src" / "libmidflight.so"))


def demote(midflight, why):
    """mf_demote, with a reason, which the command line does not take."""
    os.environ.update(midflight.environment)
    handle, error, ours = ctypes.c_void_p(), _Error(), library()
    if ours.mf_open(str(midflight.file).encode(), None, ctypes.byref(handle), ctypes.byref(error)) != 0:
        raise refused(error)
    result = ours.mf_demote(handle, why.encode(), ctypes.byref(error))
    ours.mf_close(handle)
    if result != 0:
        raise refused(error)


def _text(value):
    return None if value is None else value.encode() if isinstance(value, str) else json.dumps(value).encode()


class Proxy:
    """Documents are given as Python objects, or as text that is JSON; they come back as Python objects, or, from raw, as text."""

    def __init__(self, definition, environment, node=None, connections=0, sample=0.0, rules=(), **gates):
        os.environ.update({name: environment[name] for name in environment if os.environ.get(name) != environment[name]})
        self._library = library()
        self._handle = ctypes.c_void_p()
        items = (_Rule * len(rules))(*[_Rule(**{**rule, "column": rule["column"].encode()}) for rule in rules])
        options = _Options(None if node is None else node.encode(), connections, sample, items, len(rules), _Gates(**gates))
        self._do("mf_proxy_open", str(Path(definition)).encode(), ctypes.byref(options), ctypes.byref(self._handle))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        if self._handle:
            self._library.mf_proxy_close(self._handle)
        self._handle = None

    def _do(self, name, *arguments):
        error = _Error()
        if getattr(self._library, name)(*arguments, ctypes.byref(error)) != 0:
            raise refused(error)

    def _take(self, pointer):
        text = ctypes.cast(pointer, ctypes.c_char_p).value
        self._library.mf_free(pointer)
        return None if text is None else text.decode()

    def raw(self, face, key):
        found = ctypes.c_void_p()
        self._do("mf_get", self._handle, face, key.encode(), ctypes.byref(found))
        return self._take(found)

    def get(self, face, key):
        text = self.raw(face, key)
        return None if text is None else json.loads(text)

    def put(self, face, key, document, how=ANY, expected=None):
        self._do("mf_put", self._handle, face, key.encode(), _text(document), how, _text(expected))

    def insert(self, face, key, document):
        self.put(face, key, document, INSERT)

    def replace(self, face, key, document, expected):
        self.put(face, key, document, IF_UNCHANGED, expected)

    def delete(self, face, key, expected=None):
        found = ctypes.c_bool()
        self._do("mf_delete", self._handle, face, key.encode(), _text(expected), ctypes.byref(found))
        return found.value

    def list(self, face, after=None, limit=1000):
        entities = []
        visit = _VISIT(lambda _, key, document: entities.append((key.decode(), json.loads(document))) or True)
        self._do("mf_list", self._handle, face, _text(after), ctypes.c_int64(limit), visit, None)
        return entities

    def batch(self, *operations):
        """("get", face, key), ("put", face, key, document) or ("delete", face, key); a list of what was found."""
        kinds = {"get": 0, "put": 1, "delete": 2}
        items = (_Operation * len(operations))(*[
            _Operation(kinds[kind], face, key.encode(), _text(document[0]) if document else None)
            for kind, face, key, *document in operations])
        failed = ctypes.c_size_t()
        self._do("mf_batch", self._handle, items, ctypes.c_size_t(len(operations)), ctypes.byref(failed))
        return [json.loads(self._take(ctypes.c_void_p(item.found_document))) if item.found_document else item.found for item in items]

    def key(self, *values):
        found = ctypes.c_void_p()
        texts = (ctypes.c_char_p * len(values))(*[value.encode() for value in values])
        self._do("mf_key", self._handle, texts, ctypes.c_size_t(len(values)), ctypes.byref(found))
        return self._take(found)

    def rollout(self, percent):
        self._do("mf_rollout_set", self._handle, ctypes.c_double(percent))

    def status(self):
        status = _Status()
        self._do("mf_proxy_status_read", self._handle, ctypes.byref(status))
        return status

    def comparison(self):
        comparison = _Comparison()
        self._do("mf_comparison_read", self._handle, ctypes.byref(comparison))
        return comparison

    def mismatches(self):
        found = {}

        def visit(_, item):
            mismatch = item.contents
            found[mismatch.cause.decode()] = (mismatch.count, mismatch.key.decode(), mismatch.leader.decode(), mismatch.follower.decode())
        self._do("mf_mismatches", self._handle, _MISMATCH(visit), None)
        return found


@contextmanager
def at_work(calls, but):
    """Each of the calls is made again and again, on a thread of its own; refused may they be with these codes alone."""
    over, failed = threading.Event(), []

    def work(call):
        while not over.is_set():
            try:
                call()
            except Refused as refused:
                failed.extend([refused] if refused.code not in but else [])
    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    [thread.start() for thread in threads]
    try:
        yield
    finally:
        over.set()
        [thread.join() for thread in threads]
    assert not failed, failed[0]
