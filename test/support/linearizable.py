"""Is a concurrent history of one register linearizable? Each operation must seem to happen at one moment between its call and its
return, and the register must be what those before left.

The question and the search are Wing and Gong's ("Testing and verifying concurrent objects", 1993); that configurations already seen
are not looked at again, and operations are taken only when a return demands it, is Lowe's "just-in-time linearization" ("Testing for
linearizability", 2017), which knossos uses too; that keys are checked each by itself is Horn and Kroening's ("Faster linearizability
checking via P-compositionality", 2015), as in porcupine. This is an implementation of our own.

A register is absent (None), or a pair of values, so that a write of the first alone is seen to keep the second. Every write writes
values that no other does.
"""
from dataclasses import dataclass, field

ABSENT = None


@dataclass(eq=False)
class Operation:
    """`returned` None: nobody knows whether it happened; it may have, at any moment from its call on, or never."""
    key: object
    kind: str
    called: int
    returned: int = None
    value: tuple = None     # what is written; of "rename" the first alone
    expected: tuple = None  # of "replace" and "remove"
    result: object = None   # what was read; or whether it was done
    who: str = ""
    number: int = field(default=0, compare=False)

    def __str__(self):
        takes = [str(self.value)] if self.value is not None else []
        takes += [f"if it is {self.expected}"] if self.kind in ("replace", "remove") else []
        until = "nobody knows when" if self.returned is None else f"{self.returned / 1e6:.3f}"
        return f"{self.called / 1e6:.3f} to {until} ms, {self.who}: {self.kind} {' '.join(takes)} -> {self.result}"


IMPOSSIBLE = object()


def after(state, operation):
    """The state that the operation leaves, or IMPOSSIBLE: it would have come to something else. One that nobody knows the end of
    comes to whatever it comes to."""
    kind, result, unknown = operation.kind, operation.result, operation.returned is None
    if kind == "get":
        return state if state == result else IMPOSSIBLE
    if kind == "put":
        return operation.value
    if kind == "rename":
        return (operation.value[0], None if state is ABSENT else state[1])
    if kind == "delete":
        return ABSENT if unknown or result == (state is not ABSENT) else IMPOSSIBLE
    if kind == "insert":
        can, then = state is ABSENT, operation.value
    else:
        can, then = state is not ABSENT and state == operation.expected, operation.value if kind == "replace" else ABSENT
    if unknown:
        return then if can else state
    return IMPOSSIBLE if result != can else then if can else state


def settled(state, done, pending):
    """With all of the pending operations that change nothing in this state: to let them happen now is never worse than later."""
    more = [operation.number for operation in pending.values()
            if operation.number not in done and operation.returned is not None and after(state, operation) == state]
    return state, done.union(more) if more else done


def step(configurations, pending, returned):
    """The configurations in which `returned` has happened, and is forgotten."""
    stack = [settled(state, done, pending) for state, done in configurations]
    seen, found = set(stack), set()
    while stack:
        state, done = stack.pop()
        if returned.number in done:
            found.add((state, done - {returned.number}))
            continue
        for operation in pending.values():
            if operation.number in done or (then := after(state, operation)) is IMPOSSIBLE:
                continue
            following = settled(then, done | {operation.number}, pending)
            if following not in seen:
                seen.add(following)
                stack.append(following)
    return found


class NotLinearizable(AssertionError):
    pass


def search(operations, initial):
    """The operation that no order can explain; None: there is an order."""
    for number, operation in enumerate(operations):
        operation.number = number
    events = [(operation.called, 0, n) for n, operation in enumerate(operations)]
    events += [(operation.returned, 1, n) for n, operation in enumerate(operations) if operation.returned is not None]
    configurations, pending = {(initial, frozenset())}, {}
    for _, returns, number in sorted(events):
        operation = operations[number]
        if not returns:
            pending[number] = operation
            continue
        before, configurations = configurations, step(configurations, pending, operation)
        if not configurations:
            return operation, {state for state, _ in before}
        del pending[number]
    return None


def seen_values(operations):
    values = set()
    for operation in operations:
        for state in (operation.result, operation.expected):
            values.update(state if isinstance(state, tuple) else ())
    return values


def check_register(operations, initial=ABSENT):
    """Fails with what cannot be explained. What nobody knows the end of, and nobody saw anything of, is tried without first: if that
    can be explained, so can the whole."""
    operations = sorted((o for o in operations if o.returned is not None or o.kind != "get"), key=lambda o: o.called)
    seen = seen_values(operations)
    likely = [o for o in operations if o.returned is not None or (o.value and seen.intersection(o.value))]
    if search(likely, initial) is None or (len(likely) < len(operations) and search(operations, initial) is None):
        return
    failed, states = search(operations, initial)
    near = [o for o in operations if o.called <= failed.returned and (o.returned is None or o.returned >= failed.called - 50_000_000)]
    raise NotLinearizable(f"key {failed.key}: nothing explains\n  {failed}\nwhen the entity could only be {sorted(map(str, states))}; "
                          "around it happened\n  " + "\n  ".join(str(o) for o in near[-25:]))
