"""CON302: jobs that wait for each other's results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conclint.finding import Finding, Related, Severity
from conclint.program.effects import Path
from conclint.program.identity import Scope, shared
from conclint.program.model import ClassNode, Func
from conclint.program.pools import Pools, asks_for_thread
from conclint.program.program import Program
from conclint.program.values import Instance, Site
from conclint.program.waits import Wait
from conclint.rule import NearMiss, Rule

# Longer rings are not written by hand.
_LONGEST = 6


@dataclass(frozen=True, slots=True)
class _Runs:
    """A job or thread, by the call that makes it: the function that it runs."""

    site: Site
    func: Func
    same_self: bool
    word: str


@dataclass(frozen=True, slots=True)
class _Link:
    """`runner` waits, over the calls of `path`, for what was made at `waited`, which is kept in `home`."""

    runner: _Runs
    path: Path
    waited: Site
    scope: Scope
    home: ClassNode | Func | None


def check(program: Program) -> Iterator[Finding]:
    """Each ring of jobs of which every one waits for the next, without a time limit."""
    links: dict[Site, list[_Link]] = {}
    for link in _links(program):
        links.setdefault(link.runner.site, []).append(link)
    seen: set[frozenset[Site]] = set()
    for site in links:
        for ring in _rings(links, site, ()):
            members = frozenset(link.runner.site for link in ring)
            if members not in seen:
                seen.add(members)
                yield from _findings(ring)


def _links(program: Program) -> Iterator[_Link]:
    pools = program.pools
    for wait in program.waits.found():
        sites = [job.site for job in wait.jobs if job.how == "submit" and job.kind == "thread"]
        sites += [thread.site for thread in wait.threads]
        if wait.closes or asks_for_thread(wait.primitive.func, wait.primitive.block):
            continue
        for path in program.effects.reach(wait.primitive, lambda func: bool(_runs(program, pools, func))):
            for runner in _runs(program, pools, path.root):
                for site in sites:
                    yield from _link(pools, wait, path, runner, site)


def _link(pools: Pools, wait: Wait, path: Path, runner: _Runs, site: Site) -> Iterator[_Link]:
    scoped = pools.identity.scope(site)
    if scoped is None or pools.identity.scope(runner.site) is None:
        return
    scope, home = scoped
    if scope is not Scope.PROGRAM:
        one = wait.primitive
        access = pools.identity.access(wait.subject, one.func, one.at, lambda _: True)
        if access is None or access.site != site or not shared(access, path.edges):
            return
        if not runner.same_self or (scope is Scope.FRAME and not path.root.is_nested_in(home)):
            return
    yield _Link(runner, path, site, scope, home)


def _runs(program: Program, pools: Pools, func: Func) -> list[_Runs]:
    """The jobs and threads that run a function."""
    found = [
        _Runs(job.site, func, job.same_self, "given to a pool")
        for job in pools.handed(func)
        if job.how == "submit" and job.kind == "thread"
    ]
    for handoff in program.contexts.handoffs.get(func, ()):
        if handoff.runs == "thread" and handoff.at >= 0:
            values = program.evaluator.result(handoff.user, handoff.at)
            site = (handoff.user, handoff.at)
            if any(isinstance(value, Instance) and value.site == site for value in values):
                found.append(_Runs(site, func, handoff.bound, "the target of a thread"))
    return found


def _rings(links: dict[Site, list[_Link]], start: Site, before: tuple[_Link, ...]) -> Iterator[tuple[_Link, ...]]:
    """The ways from a job round to itself, all within one program, instance or run of a function."""
    at = before[-1].waited if before else start
    for link in links.get(at, ()):
        if before and (link.scope, link.home) != (before[0].scope, before[0].home):
            continue
        ring = (*before, link)
        if link.waited == start:
            if len(ring) > 1 or link.runner.word == "given to a pool":
                yield ring
        elif len(ring) < _LONGEST and all(link.waited != other.runner.site for other in ring):
            yield from _rings(links, start, ring)


def _findings(ring: tuple[_Link, ...]) -> Iterator[Finding]:
    """One finding for each wait of the ring, all in one group."""
    if not all(link.path.root.module.reported for link in ring):
        return
    turned = [ring[number:] + ring[:number] for number in range(len(ring))]
    turned.sort(key=lambda one: one[0].path.primitive.place)
    for one in turned:
        wait = one[0].path.primitive
        yield Finding(
            RULE.code,
            RULE.name,
            _message(one),
            wait.place,
            RULE.severity,
            min(link.path.confidence for link in ring),
            related=tuple(_evidence(one)),
            help="give one of them what it needs as an argument, or let the caller put the results together",
            root=wait.func.dotted,
            primitive=turned[0][0].path.primitive.place,
        )


def _message(ring: tuple[_Link, ...]) -> str:
    label, name = ring[0].path.primitive.label, ring[0].path.root.qualname
    if len(ring) == 1:
        return f"`{label}` waits in `{name}` for the job that runs `{name}`: it waits for its own end"
    following = [f"`{link.path.root.qualname}`" for link in ring[1:]]
    if len(ring) == 2:
        return f"`{label}` waits in `{name}` for {following[0]}, which waits for `{name}`: neither of them ever ends"
    others = ", which waits for ".join(following)
    return f"`{label}` waits in `{name}` for {others}, which waits for `{name}`: none of them ever ends"


def _evidence(ring: tuple[_Link, ...]) -> Iterator[Related]:
    for number, link in enumerate(ring):
        user, at = link.runner.site
        yield Related(user.at(at), f"`{link.path.root.qualname}` is {link.runner.word}")
        for edge in link.path.edges:
            yield Related(edge.place, f"`{edge.caller.qualname}` calls `{edge.label}`")
        if number:
            yield Related(link.path.primitive.place, f"`{link.path.primitive.label}` waits for the one before")


RULE = Rule(
    code="CON302",
    name="mutual-wait",
    check=check,
    severity=Severity.ERROR,
    summary="Jobs or threads wait for each other's results.",
    why=(
        "Each of them ends only after the other has ended, so none does. This is no question of how many workers "
        "the pool has: with a hundred of them the jobs hang just the same, and with them everybody who waits for "
        "the pool, the end of the program included."
    ),
    use_instead=(
        "Let one job do what both need and hand its result to the other as an argument, or let the caller take both "
        "results and put them together. A wait with a time limit at least ends."
    ),
    bad="""\
import time
from concurrent.futures import ThreadPoolExecutor


def wait_on_b():
    time.sleep(0.2)
    print(b.result())  # CON302
    return 5


def wait_on_a():
    time.sleep(0.2)
    print(a.result())  # CON302
    return 6


executor = ThreadPoolExecutor(max_workers=2)
a = executor.submit(wait_on_b)
b = executor.submit(wait_on_a)
""",
    good="""\
import time
from concurrent.futures import ThreadPoolExecutor


def first():
    time.sleep(0.2)
    return 5


def second():
    time.sleep(0.2)
    print(a.result())
    return 6


executor = ThreadPoolExecutor(max_workers=2)
a = executor.submit(first)
b = executor.submit(second)
print(b.result())
""",
    cases=(
        """\
from concurrent.futures import ThreadPoolExecutor


def run():
    def left():
        return take()

    def take():
        return right_job.result()  # CON302

    def right():
        return other_job.result()  # CON302

    def other():
        return left_job.result()  # CON302

    with ThreadPoolExecutor() as pool, ThreadPoolExecutor() as second:
        left_job = pool.submit(left)
        right_job = second.submit(right)
        other_job = pool.submit(other)
""",
        """\
import threading


class Pair:
    def __init__(self):
        self.reader = threading.Thread(target=self.read)
        self.writer = threading.Thread(target=self.write)
        self.reader.start()
        self.writer.start()

    def read(self):
        self._finish()

    def _finish(self):
        self.writer.join()  # CON302

    def write(self):
        self.reader.join()  # CON302
""",
        """\
# file: jobs.py
import state


def first():
    return second_result()


def second_result():
    return fetch()


def fetch():
    return state.second.result()  # CON302


def second():
    return state.first.result()  # CON302


def own():
    return state.own.result()  # CON302
# file: state.py
from concurrent.futures import ThreadPoolExecutor

import jobs

pool = ThreadPoolExecutor(8)
first = pool.submit(jobs.first)
second = pool.submit(jobs.second)
own = pool.submit(jobs.own)
""",
    ),
    near_misses=(
        NearMiss(
            "only one of them waits",
            """\
from concurrent.futures import ThreadPoolExecutor


def first():
    return 1


def second():
    return a.result()


pool = ThreadPoolExecutor(2)
a = pool.submit(first)
b = pool.submit(second)
c = pool.submit(second)
""",
        ),
        NearMiss(
            "a wait has a time limit",
            """\
from concurrent.futures import ThreadPoolExecutor


def first():
    return b.result(timeout=1)


def second():
    return a.result()


pool = ThreadPoolExecutor(2)
a = pool.submit(first)
b = pool.submit(second)
""",
        ),
        NearMiss(
            "the future is asked first if it is done",
            """\
from concurrent.futures import ThreadPoolExecutor


def first():
    if b.done():
        return b.result()


def second():
    return a.result()


pool = ThreadPoolExecutor(2)
a = pool.submit(first)
b = pool.submit(second)
""",
        ),
        NearMiss(
            "each job of a loop waits for the one before it",
            """\
from concurrent.futures import ThreadPoolExecutor

jobs = []


def step():
    return jobs[-1].result()


pool = ThreadPoolExecutor()
for _ in range(3):
    jobs.append(pool.submit(step))
""",
        ),
        NearMiss(
            "every instance waits for another one",
            """\
import threading


class Stage:
    def __init__(self, before: "Stage | None"):
        self.before = before
        self.thread = threading.Thread(target=self.run)

    def run(self):
        if self.before is not None:
            self.before.thread.join()
""",
        ),
    ),
    known_problems=(
        "Futures that are kept in containers or come in as arguments are not told apart. A job that runs before the "
        "variable is bound that it reads fails with a `NameError` instead of waiting."
    ),
    references=("https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",),
    since="0.1",
    witness="dead",
)
