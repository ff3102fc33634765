"""CON502: a lock that is taken again by the thread that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conclint.facts import Call
from conclint.finding import Applicability, Confidence, Finding, Fix, Related, ReplaceExpression, Severity
from conclint.program import guards
from conclint.program.calls import Edge
from conclint.program.climb import climb, conditional_within
from conclint.program.effects import Path
from conclint.program.identity import Scope, shared
from conclint.program.locks import Lock, Locks, Taking
from conclint.program.model import Func, chains, operands
from conclint.program.program import Program
from conclint.program.values import External
from conclint.rule import NearMiss, Rule

_TWINS = {"threading.Lock": "threading.RLock", "multiprocessing.Lock": "multiprocessing.RLock"}
_ASKS_FOR_LOCK = re.compile(r"lock|owne[rd]|held|holds|nested|reentr|ident$|thread", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Each call, made while a lock is held, that leads to taking the same lock once more."""
    locks = program.locks
    for taking in locks.takings():
        if taking.lock.reentrant:
            continue
        yield from _within_function(program, locks, taking)
        yield from _through_calls(program, locks, taking)


def _within_function(program: Program, locks: Locks, taking: Taking) -> Iterator[Finding]:
    func = taking.func
    for first in locks.held(func, taking.at, taking.block):
        if first != taking and _same(first.lock, taking.lock) and not _asks(func, taking.block, _outer(first)):
            confidence = Confidence.CERTAIN
            if conditional_within(func, taking.block, _outer(first)):
                confidence = Confidence.LIKELY
            path = Path(func, (), taking.primitive(), confidence, False)
            if func.module.reported:
                yield _finding(program, first, taking, path)
            return


def _through_calls(program: Program, locks: Locks, taking: Taking) -> Iterator[Finding]:
    lock = taking.lock
    if taking.at >= 0 and any(first != taking for first in locks.held(taking.func, taking.at, taking.block)):
        return
    reported: set[tuple[Func, int]] = set()
    for path in climb(program, taking.primitive(), lambda edge: _keeps(locks, taking, edge)):
        if not path.edges or any((edge.caller, edge.at) in reported for edge in path.edges[1:]):
            continue
        edge = path.edges[0]
        for first in locks.on_edge(edge):
            if not _same(first.lock, lock) or not edge.caller.module.reported:
                continue
            confidence = _confidence(program, path, first, taking)
            if confidence is not None:
                reported.add((edge.caller, edge.at))
                yield _finding(program, first, taking, Path(path.root, path.edges, path.primitive, confidence, False))
                break


def _same(one: Lock, other: Lock) -> bool:
    return one.access.same(other.access)


def _keeps(locks: Locks, taking: Taking, edge: Edge) -> bool:
    """Whether the object stays the same over a call, and nothing below can have released it."""
    before = taking.start if edge.callee is taking.func else None
    return shared(taking.lock.access, (edge,)) and not locks.releases(edge.callee, taking.lock, before)


def _outer(first: Taking) -> int:
    return first.within if first.within >= 0 else first.block


def _confidence(program: Program, path: Path, first: Taking, taking: Taking) -> Confidence | None:
    """How sure it is that the way from one taking to the other is gone; None where the code looks at the lock."""
    holder, *rest = path.edges
    places = [(edge.caller, edge.block, 0) for edge in rest] + [(taking.func, taking.block, 0)]
    if any(guards.fills_memo(func, block) for func, block, _ in places):
        # What is made under the lock is there when the lock would be taken again.
        return None
    places.append((holder.caller, holder.block, _outer(first)))
    if any(_asks(func, block, outer) for func, block, outer in places):
        return None
    confidence = min(edge.confidence for edge in path.edges)
    if any(conditional_within(func, block, outer) or _in_loop(func, block, outer) for func, block, outer in places):
        confidence = min(confidence, Confidence.LIKELY)
    if first.lock.access.scope is Scope.INSTANCE and any(_overridden(program, edge.callee) for edge in path.edges):
        confidence = Confidence.POSSIBLE
    return confidence


def _asks(func: Func, block: int, outer: int) -> bool:
    """Whether a branch on the way depends on the state of the lock, or on who holds it."""
    for number, found in func.block_path(block):
        if number == outer:
            return False
        if found.kind in guards.BRANCHES:
            names = list(chains(found.value))
            for index in operands(found.value):
                made = func.ops[index]
                names += chains(made.func if isinstance(made, Call) else getattr(made, "value", None))
            if any(_ASKS_FOR_LOCK.search(name) for name in names):
                return True
    return False


def _in_loop(func: Func, block: int, outer: int) -> bool:
    loop = func.loop_around(block)
    return loop >= 0 and loop != outer and not func.encloses(loop, outer)


def _overridden(program: Program, callee: Func) -> bool:
    cls = callee.cls
    return cls is not None and program.heirs.is_overridden(cls, callee.name)


def _finding(program: Program, first: Taking, taking: Taking, path: Path) -> Finding:
    place = path.edges[0].place if path.edges else taking.place
    if path.edges:
        message = (
            f"`{path.label}` takes `{taking.name}`, which `{path.root.qualname}` holds: "
            "the thread waits for itself and never goes on"
        )
    else:
        message = f"`{taking.name}` is taken while it is held: the thread waits for itself and never goes on"
    return Finding(
        RULE.code,
        RULE.name,
        message,
        place,
        RULE.severity,
        path.confidence,
        related=tuple(_evidence(first, taking, path)),
        help="split off a part that expects the lock to be held, or make it an `RLock`",
        fix=_mend(program, taking.lock),
        root=path.root.dotted,
        primitive=taking.place,
    )


def _evidence(first: Taking, taking: Taking, path: Path) -> Iterator[Related]:
    yield Related(first.place, f"`{first.label}` takes the lock")
    for edge, following in zip(path.edges, path.edges[1:]):
        yield Related(following.place, f"`{edge.callee.qualname}` calls `{following.label}`")
    if path.edges:
        yield Related(taking.place, f"`{taking.func.qualname}` takes it again: `{taking.label}`")


def _mend(program: Program, lock: Lock) -> Fix | None:
    func, at = lock.access.site
    made = func.ops[at]
    known = program.calls.library(func, at)
    twin = _TWINS.get(known[0].dotted) if len(known) == 1 and isinstance(known[0], External) else None
    if twin is None or not isinstance(made, Call) or made.args or made.keywords or not func.module.reported:
        return None
    return Fix(Applicability.UNSAFE, f"make it a `{twin}`", (ReplaceExpression(func.span(at), f"{{@{twin}}}()"),))


RULE = Rule(
    code="CON502",
    name="lock-reacquired",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary="A lock that is not re-entrant is taken again by the thread that holds it.",
    why=(
        "A `Lock` does not know who holds it. A method that holds the lock of its object and calls another "
        "method that takes it as well waits for a release that only it could make: the thread hangs, and with it "
        "everybody who wants the lock."
    ),
    use_instead=(
        "Split the inner method: a part that does the work and expects the lock to be held, and a thin one that "
        "takes the lock and calls it. An `RLock`, or a `Condition` that is not given a lock, may be taken again "
        "by its holder."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Making it an `RLock` ends the hang. It is not safe: the inner method then sees data in the middle of "
        "the outer one's change, and an `RLock` can only be released by the thread that took it, where a `Lock` "
        "can be by any."
    ),
    bad="""\
import threading


class Account:
    def __init__(self, balance):
        self.lock = threading.Lock()
        self.balance = balance

    def deposit(self, amount):
        with self.lock:
            self.balance += amount

    def transfer(self, amount):
        with self.lock:
            self.balance -= 1
            self.deposit(amount)  # CON502


def main():
    account = Account(10)
    account.transfer(5)
    print(account.balance)


if __name__ == "__main__":
    main()
""",
    good="""\
import threading


class Account:
    def __init__(self, balance):
        self.lock = threading.RLock()
        self.balance = balance

    def deposit(self, amount):
        with self.lock:
            self.balance += amount

    def transfer(self, amount):
        with self.lock:
            self.balance -= 1
            self.deposit(amount)


def main():
    account = Account(10)
    account.transfer(5)
    print(account.balance)


if __name__ == "__main__":
    main()
""",
    cases=(
        """\
import threading

lock = threading.Lock()


def twice():
    with lock:
        with lock:  # CON502
            pass


def by_hand():
    lock.acquire()
    try:
        count()  # CON502
    finally:
        lock.release()


def count():
    with lock:
        return 1
""",
        """\
import threading


class Cache:
    def __init__(self):
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self.items = {}

    def put(self, key, value):
        with self._changed:
            self._store(key, value)  # CON502

    def _store(self, key, value):
        self._make_room()
        self.items[key] = value

    def _make_room(self):
        if len(self.items) > 100:
            self._evict()

    def _evict(self):
        self._lock.acquire()
        self.items.clear()
        self._lock.release()

    @property
    def size(self):
        with self._lock:
            return len(self.items)

    def report(self):
        with self._lock:
            print(self.size)  # CON502
""",
        """\
import threading

_lock = threading.Lock()
_table = None


def table():
    global _table
    with _lock:
        if _table is None:
            _table = build()  # CON502
        return _table


def build():
    with _lock:
        return {}
""",
        """\
# file: state.py
import threading

guard = threading.Lock()
values = []


def remember(value):
    with guard:
        values.append(value)
# file: work.py
import state


def note(value):
    state.remember(value)


def run():
    with state.guard:
        note(1)  # CON502
""",
    ),
    near_misses=(
        NearMiss(
            "the lock is re-entrant",
            """\
import threading


class Account:
    def __init__(self):
        self.lock = threading.RLock()
        self.changed = threading.Condition()

    def inner(self):
        with self.lock, self.changed:
            pass

    def outer(self):
        with self.lock, self.changed:
            self.inner()
""",
        ),
        NearMiss(
            "the helper expects the lock to be held",
            """\
import threading


class Account:
    def __init__(self):
        self.lock = threading.Lock()

    def deposit(self):
        with self.lock:
            self._deposit_unlocked()

    def transfer(self):
        with self.lock:
            self._deposit_unlocked()

    def _deposit_unlocked(self):
        pass
""",
        ),
        NearMiss(
            "another instance has another lock",
            """\
import threading


class Account:
    def __init__(self):
        self.lock = threading.Lock()

    def deposit(self, amount):
        with self.lock:
            pass

    def transfer(self, other: "Account", amount):
        with self.lock:
            other.deposit(amount)
            Account().deposit(amount)
""",
        ),
        NearMiss(
            "the lock is released before",
            """\
import threading

lock = threading.Lock()


def count():
    with lock:
        return 1


def by_hand():
    lock.acquire()
    lock.release()
    count()


def gives_way():
    with lock:
        lock.release()
        try:
            count()
        finally:
            lock.acquire()


def released_below():
    lock.acquire()
    hand_over()


def hand_over():
    lock.release()
    count()
""",
        ),
        NearMiss(
            "the lock is a signal that another thread gives",
            """\
import threading

ready = threading.Lock()


def work():
    ready.release()


def run():
    ready.acquire()
    threading.Thread(target=work).start()
    ready.acquire()
    ready.release()


def run_with_local():
    done = threading.Lock()
    done.acquire()
    threading.Thread(target=finish, args=(done,)).start()
    done.acquire()
    done.release()


def finish(done):
    done.release()
""",
        ),
        NearMiss(
            "the lock is only tried, or for a limited time",
            """\
import threading

lock = threading.Lock()


def attempt():
    if lock.acquire(blocking=False):
        lock.release()
    if lock.acquire(timeout=1):
        lock.release()
    return lock.acquire(False)


def run():
    with lock:
        attempt()
""",
        ),
        NearMiss(
            "the branch asks who holds the lock",
            """\
import threading


class Store:
    def __init__(self):
        self.lock = threading.Lock()

    def flush(self, locked=False):
        if not locked:
            with self.lock:
                self.write()
        else:
            self.write()

    def sync(self):
        with self.lock:
            self.flush(locked=True)
            if not self.lock.locked():
                self.flush()

    def write(self):
        pass
""",
        ),
        NearMiss(
            "what is made under the lock is there when the lock would be taken again",
            """\
import threading


class Service:
    def __init__(self):
        self.lock = threading.Lock()
        self.engine = None

    def ready(self):
        if self.engine is not None:
            return
        with self.lock:
            self.engine = object()
            self.load()

    def load(self):
        self.ready()
""",
        ),
        NearMiss(
            "a lock for each key or call",
            """\
import threading
from collections import defaultdict

locks = defaultdict(threading.Lock)


def lock_for(key):
    return threading.Lock()


def visit(key):
    with lock_for(key), locks[key]:
        pass


def run():
    with lock_for("a"), locks["a"]:
        visit("b")
""",
        ),
        NearMiss(
            "the function is handed to another thread",
            """\
import threading

lock = threading.Lock()


def count():
    with lock:
        return 1


def run():
    with lock:
        threading.Thread(target=count).start()
""",
        ),
        NearMiss(
            "a subclass may put another lock into the field",
            """\
import threading


class Base:
    def __init__(self):
        self.lock = threading.Lock()

    def inner(self):
        with self.lock:
            pass

    def outer(self):
        with self.lock:
            self.inner()


class Nested(Base):
    def __init__(self):
        super().__init__()
        self.lock = threading.RLock()
""",
        ),
    ),
    known_problems=(
        "Locks that are reached through other objects, are kept in containers or come in as arguments are not "
        "followed. A method that subclasses override is not taken for the one that runs."
    ),
    references=(
        "https://docs.python.org/3/library/threading.html#lock-objects",
        "https://docs.python.org/3/library/threading.html#rlock-objects",
    ),
    since="0.1",
    witness="dead",
)
