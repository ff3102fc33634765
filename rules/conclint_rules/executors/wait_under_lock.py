"""CON303: waiting, with a lock held, for work that needs the lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conclint.finding import Confidence, Finding, Related, Severity
from conclint.program import guards
from conclint.program.climb import climb, conditional_within
from conclint.program.effects import Path
from conclint.program.identity import Access, Scope, after_self, method_of, shared
from conclint.program.locks import Locks, Taking
from conclint.program.model import Func
from conclint.program.pools import Job, asks_for_thread
from conclint.program.program import Program
from conclint.program.waits import Wait
from conclint.rule import NearMiss, Rule


@dataclass(frozen=True, slots=True)
class _Work:
    """What is waited for: a job or a thread, the function that it runs, and where it was made."""

    target: Func
    user: Func
    at: int
    same_self: bool


@dataclass(frozen=True, slots=True)
class _Hold:
    """A wait with a lock held: where the lock is taken, and the path from there to the wait."""

    first: Taking
    wait: Wait
    path: Path


@dataclass(frozen=True, slots=True)
class _Need:
    """Where the work takes a lock, and the path from its function to there."""

    work: _Work
    taking: Taking
    way: Path


def check(program: Program) -> Iterator[Finding]:
    """Each wait for a job or a thread of which it is known that it takes a lock that the waiting one holds."""
    locks = program.locks
    for wait in program.waits.found():
        work = [made for job in wait.jobs if (made := _of_job(job)) is not None]
        work += [_Work(thread.target, *thread.site, thread.same_self) for thread in wait.threads]
        if work and not asks_for_thread(wait.primitive.func, wait.primitive.block):
            yield from _of_wait(program, locks, wait, work)


def _of_job(job: Job) -> _Work | None:
    if job.target is None or job.kind != "thread":
        return None
    return _Work(job.target, job.user, job.at, job.same_self)


def _of_wait(program: Program, locks: Locks, wait: Wait, work: list[_Work]) -> Iterator[Finding]:
    for path in climb(program, wait.primitive):
        if not path.root.module.reported:
            continue
        for first in locks.on_edge(path.edges[0]) if path.edges else locks.held(path.root, path.at, path.block):
            if not shared(first.lock.access, path.edges):
                continue
            hold = _Hold(first, wait, path)
            need = next((found for one in work if (found := _needed(program, locks, hold, one)) is not None), None)
            if need is not None:
                yield _finding(hold, need)
                break


def _needed(program: Program, locks: Locks, hold: _Hold, work: _Work) -> _Need | None:
    """Where the work takes the lock that is held, if it does so while it is waited for."""
    access = hold.first.lock.access
    if not _sees(access, hold, work):
        return None
    for taking in locks.takings_of(access.site):
        if not taking.lock.access.same(access) or guards.fills_memo(taking.func, taking.block):
            continue
        if access.scope is Scope.FRAME and not taking.func.is_nested_in(access.home):
            continue
        for way in climb(program, taking.primitive(), lambda edge: shared(access, (edge,))):
            # Made elsewhere, it has long had the lock that it takes once.
            if way.root is work.target and (hold.path.root is work.user or _is_repeated(way, taking)):
                return _Need(work, taking, way)
    return None


def _sees(access: Access, hold: _Hold, work: _Work) -> bool:
    """Whether the lock that is held is the one that the work sees."""
    if access.scope is Scope.PROGRAM:
        return True
    if access.scope is Scope.FRAME:
        return work.target.is_nested_in(access.home)
    if not work.same_self:
        return False
    waiting, subject = hold.wait.primitive.func, hold.wait.subject
    if work.user in (waiting, hold.path.root) or (work.user is work.target and subject == f"${waiting.self_name}"):
        return True
    rest = after_self(subject, waiting) if isinstance(subject, str) else None
    maker, waiter = method_of(work.user), method_of(waiting)
    return rest is not None and "." not in rest and maker is not None and waiter is not None and maker.cls is waiter.cls


def _outer(first: Taking) -> int:
    return first.within if first.within >= 0 else first.block


def _is_started_under(hold: _Hold, work: _Work) -> bool:
    """Whether the work is started while the lock is held."""
    block = getattr(work.user.ops[work.at], "block", 0)
    first = hold.first
    return hold.path.root is work.user and work.at >= first.start and work.user.encloses(_outer(first), block)


def _is_repeated(way: Path, taking: Taking) -> bool:
    """Whether the work takes the lock again and again."""
    places = [(taking.func, taking.block), *((edge.caller, edge.block) for edge in way.edges)]
    return any(func.loop_around(block) >= 0 for func, block in places)


def _confidence(hold: _Hold, need: _Need) -> Confidence:
    path = hold.path
    edges = (*path.edges, *need.way.edges)
    confidence = min(path.primitive.confidence, need.way.confidence, *(edge.confidence for edge in edges))
    branches = [conditional_within(path.root, path.block, _outer(hold.first))]
    blocks = [*(edge.block for edge in path.edges[1:]), path.primitive.block]
    branches += [guards.is_conditional(edge.callee, block) for edge, block in zip(path.edges, blocks)]
    certain = _is_started_under(hold, need.work) and not any(branches)
    return confidence if certain else min(confidence, Confidence.LIKELY)


def _finding(hold: _Hold, need: _Need) -> Finding:
    path, first = hold.path, hold.first
    name, taking = need.work.target.qualname, need.taking
    needs = f"`{name}` needs it" if not need.way.edges else f"`{name}` needs it in `{taking.func.qualname}`"
    return Finding(
        RULE.code,
        RULE.name,
        f"`{path.label}` waits with `{first.name}` held, and {needs}: neither of them goes on",
        path.place,
        RULE.severity,
        _confidence(hold, need),
        related=tuple(_evidence(hold, need)),
        help="release the lock before the wait",
        root=path.root.dotted,
        primitive=path.primitive.place,
    )


def _evidence(hold: _Hold, need: _Need) -> Iterator[Related]:
    path, work, taking = hold.path, need.work, need.taking
    yield Related(hold.first.place, f"`{hold.first.label}` takes the lock")
    for edge, following in zip(path.edges, [*path.edges[1:], None]):
        label = following.label if following else path.primitive.label
        place = following.place if following else path.primitive.place
        yield Related(place, f"`{edge.callee.qualname}` calls `{label}`")
    yield Related(work.user.at(work.at), f"`{work.target.qualname}` is started in another thread")
    yield Related(taking.place, f"`{taking.func.qualname}` waits for the lock: `{taking.label}`")


RULE = Rule(
    code="CON303",
    name="wait-under-lock",
    check=check,
    severity=Severity.ERROR,
    summary="A thread waits, with a lock held, for a job or a thread that needs the lock.",
    why=(
        "The job cannot go on before the lock is released, and the lock is not released before the job has gone "
        "on: both hang for ever, whatever the number of workers. A re-entrant lock does not help, for the job "
        "runs in another thread. Methods that stop a worker thread are the usual place."
    ),
    use_instead=(
        "Do under the lock what needs it, such as setting the flag that ends the thread, and wait after the "
        "block. Give the job what it needs as arguments, so that it does not need the lock."
    ),
    bad="""\
import threading
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()
seen = []


def remember(value):
    with lock:
        seen.append(value)


def main():
    with ThreadPoolExecutor(max_workers=2) as pool:
        with lock:
            job = pool.submit(remember, 1)
            job.result()  # CON303
    print(seen)


if __name__ == "__main__":
    main()
""",
    good="""\
import threading
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()
seen = []


def remember(value):
    with lock:
        seen.append(value)


def main():
    with ThreadPoolExecutor(max_workers=2) as pool:
        with lock:
            job = pool.submit(remember, 1)
        job.result()
    print(seen)


if __name__ == "__main__":
    main()
""",
    cases=(
        """\
import threading


class Worker:
    def __init__(self):
        self._lock = threading.RLock()
        self._running = True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while self._step():
            pass

    def _step(self):
        with self._lock:
            return self._running

    def stop(self):
        with self._lock:
            self._running = False
            self._thread.join()  # CON303


class Poller:
    def __init__(self):
        self._lock = threading.RLock()
        self._running = True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while self._running:
            self._step()

    def _step(self):
        with self._lock:
            self._running = self._running and bool(threading.enumerate())

    def stop(self):
        with self._lock:
            self._running = False
            self._end()  # CON303

    def _end(self):
        self._wait()

    def _wait(self):
        self._thread.join()
""",
        """\
import threading


class Beat(threading.Thread):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.on = True

    def run(self):
        while self.on:
            with self.lock:
                print("beat")

    def stop(self):
        with self.lock:
            self.on = False
            self.join()  # CON303
""",
        """\
# file: shared.py
import threading

table_lock = threading.Lock()
table = {}


def put(key, value):
    with table_lock:
        table[key] = value
# file: load.py
from concurrent.futures import ThreadPoolExecutor, as_completed, wait

import shared

pool = ThreadPoolExecutor()


def store(key):
    shared.put(key, key)


def load(keys):
    with shared.table_lock:
        jobs = [pool.submit(store, key) for key in keys]
        for job in as_completed(jobs):  # CON303
            print(job.result())


def reload(keys):
    jobs = []
    for key in keys:
        jobs.append(pool.submit(store, key))
    with shared.table_lock:
        wait(jobs)  # CON303


def load_all(keys):
    with shared.table_lock:
        list(pool.map(store, keys))  # CON303


def load_in_block(keys):
    with shared.table_lock:
        with ThreadPoolExecutor() as own:  # CON303
            own.submit(store, 1)
""",
    ),
    near_misses=(
        NearMiss(
            "the wait has a time limit",
            """\
import threading

lock = threading.Lock()


def work():
    with lock:
        pass


def run():
    with lock:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(timeout=5)
""",
        ),
        NearMiss(
            "the lock is released before the wait",
            """\
import threading

lock = threading.Lock()


def work():
    with lock:
        pass


def run():
    with lock:
        thread = threading.Thread(target=work)
        thread.start()
    thread.join()
    lock.acquire()
    other = threading.Thread(target=work)
    other.start()
    lock.release()
    other.join()
""",
        ),
        NearMiss(
            "the job takes another lock, or only tries this one",
            """\
import threading
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()
other = threading.Lock()
pool = ThreadPoolExecutor()


def work():
    with other:
        if lock.acquire(blocking=False):
            lock.release()


def run():
    with lock:
        pool.submit(work).result()
""",
        ),
        NearMiss(
            "the thread belongs to another object, with a lock of its own",
            """\
import threading


class Worker:
    def __init__(self, child: "Worker"):
        self.lock = threading.Lock()
        self.child = child
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while True:
            with self.lock:
                pass

    def stop(self):
        with self.lock:
            self.child.thread.join()
""",
        ),
        NearMiss(
            "the thread took the lock once, when it started",
            """\
import threading


class Worker:
    def __init__(self):
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run)

    def start(self):
        self.thread.start()

    def run(self):
        with self.lock:
            self.started = True
        while self.started:
            pass

    def stop(self):
        with self.lock:
            self.started = False
            self.thread.join()
""",
        ),
        NearMiss(
            "the future is known to be done",
            """\
import threading
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()
pool = ThreadPoolExecutor()


def work():
    with lock:
        pass


def run():
    job = pool.submit(work)
    with lock:
        if job.done():
            job.result()
""",
        ),
        NearMiss(
            "a worker process has locks of its own",
            """\
import threading
from concurrent.futures import ProcessPoolExecutor

lock = threading.Lock()


def work():
    with lock:
        pass


def run():
    with ProcessPoolExecutor() as pool:
        with lock:
            pool.submit(work).result()
""",
        ),
    ),
    known_problems=(
        "A thread that was started elsewhere and takes the lock only once may long have had it; then nothing is "
        "reported. Locks that are reached through other objects or come in as arguments are not followed."
    ),
    references=(
        "https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",
        "https://docs.python.org/3/library/threading.html#threading.Thread.join",
    ),
    since="0.1",
    witness="dead",
)
