"""CON301: a worker of a pool that waits for a job of the same pool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conclint.facts import Attr, Mix
from conclint.finding import Applicability, Confidence, Finding, Fix, Place, Related, ReplaceExpression, Severity, Slot
from conclint.program.calls import Edge
from conclint.program.capacity import MANY, at_once, is_waited_at_once
from conclint.program.effects import Path
from conclint.program.model import Func
from conclint.program.pools import Job, Pools, asks_for_thread
from conclint.program.program import Program
from conclint.program.waits import Wait
from conclint.rule import NearMiss, Rule


@dataclass(frozen=True, slots=True)
class _Chain:
    """A job `runner` that, over the calls of `path`, waits for the job `waited`.

    Where a job of another pool stands between, `through` is the chain by which that one waits in turn.
    """

    runner: Job
    path: Path
    wait: Wait
    waited: Job
    through: tuple[_Chain, ...] = ()


def check(program: Program) -> Iterator[Finding]:
    """Each wait, in a function that a pool of threads runs, for a job that needs a worker of that pool."""
    pools = program.pools
    chains = [
        chain
        for wait in program.waits.found()
        if wait.jobs and not wait.closes and not asks_for_thread(wait.primitive.func, wait.primitive.block)
        for chain in _chains(program, pools, wait)
    ]
    worst: dict[Place, Finding] = {}
    for chain in (*chains, *_over_pools(chains)):
        found = _judged(program, pools, chain)
        if found is not None:
            known = worst.setdefault(found.place, found)
            if (found.severity, found.confidence) > (known.severity, known.confidence):
                worst[found.place] = found
    yield from worst.values()


def _chains(program: Program, pools: Pools, wait: Wait) -> Iterator[_Chain]:
    """The jobs in whose run a wait takes place."""

    def is_job(func: Func) -> bool:
        return any(job.kind == "thread" for job in pools.handed(func))

    for path in program.effects.reach(wait.primitive, is_job):
        if any(asks_for_thread(edge.caller, edge.block) for edge in path.edges):
            continue
        for runner in pools.handed(path.root):
            for waited in wait.jobs:
                if runner.kind == waited.kind == "thread" and _is_unfinished(program, runner, waited, path):
                    yield _Chain(runner, path, wait, waited)


def _is_unfinished(program: Program, runner: Job, waited: Job, path: Path) -> bool:
    """Whether the job that is waited for is given while the waiting one runs, or after it in the same place."""
    inside = {path.root, *(edge.callee for edge in path.edges)}
    if waited.user in inside:
        return True
    if any(edge.caller in inside for edge in program.calls.callers(waited.user)):
        return True
    later = waited.user is runner.user and waited.at > runner.at
    return later and waited.user.loop_around(waited.call.block) < 0 and not _between(runner, waited)


def _between(runner: Job, waited: Job) -> bool:
    """Whether the giver waits for the first job before it gives the second."""
    user = runner.user
    for index, call in user.calls:
        if runner.at < index < waited.at:
            last = call.func.rpartition(".")[2] if isinstance(call.func, str) else getattr(call.func, "name", "")
            if last in ("result", "exception", "get", "wait", "join", "as_completed"):
                return True
    return False


def _over_pools(chains: list[_Chain]) -> Iterator[_Chain]:
    """Jobs of one pool that wait for jobs of another, which wait for jobs of the first."""
    for first in chains:
        for second in chains:
            if second.path.root is first.waited.target and first.waited.pool is not None and second is not first:
                if second.runner.pool == first.waited.pool and second.runner.pool != first.runner.pool:
                    yield _Chain(first.runner, first.path, first.wait, second.waited, (second,))


def _judged(program: Program, pools: Pools, chain: _Chain) -> Finding | None:
    runner, path = chain.runner, chain.path
    if chain.through:
        pool, same = runner.pool, runner.pool is not None and runner.pool == chain.waited.pool
        if not same or pool is None or pool.scope.value != "program":
            return None
    else:
        edges = _edges_to(program, chain)
        if edges is None or not pools.same_pool(runner, chain.waited, edges):
            return None
    if not path.root.module.reported:
        return None
    workers = pools.workers(runner.pool) if runner.pool is not None else None
    confidence = min(path.confidence, *(link.path.confidence for link in chain.through), Confidence.CERTAIN)
    verdict = _verdict(pools, chain, workers)
    if verdict is None:
        return None
    severity, most, because = verdict
    return _finding(program, chain, severity, min(confidence, most), because)


def _edges_to(program: Program, chain: _Chain) -> tuple[Edge, ...] | None:
    """The calls from the function of the job down to the one that gives the job that is waited for."""
    given = chain.waited.user
    if given is chain.path.root:
        return ()
    for number, edge in enumerate(chain.path.edges, 1):
        if edge.callee is given:
            return chain.path.edges[:number]
    for edge in program.calls.callers(given):
        if edge.caller is chain.path.root:
            return (edge,)
        for number, above in enumerate(chain.path.edges, 1):
            if above.callee is edge.caller:
                return (*chain.path.edges[:number], edge)
    if chain.runner.pool is not None and chain.runner.pool.scope.value == "program":
        return ()
    return None


def _verdict(pools: Pools, chain: _Chain, workers: int | None) -> tuple[Severity, Confidence, str] | None:
    """How bad it is, how sure it can be at most, and why; None where the pool is large enough."""
    runner = chain.runner
    if runner.how == "initializer":
        return Severity.ERROR, Confidence.CERTAIN, "no worker takes jobs before it has run, so the job never starts"
    sure = Confidence.LIKELY if runner.how == "callback" else Confidence.CERTAIN
    if workers == 1:
        return Severity.ERROR, sure, "the only worker is the one that waits, so the job never starts"
    inside = _run_by(chain)
    recursive = chain.waited.target is chain.path.root and chain.waited.user in inside
    alike = [
        job
        for job in pools.handed(chain.path.root)
        if job.pool == runner.pool and (job.pool is not None or job.user is runner.user) and job.user not in inside
    ]
    most = max((_from_one([job for job in alike if job.user is user]) for user in _users(alike)), default=0)
    if workers is not None and (most >= workers or recursive):
        return Severity.ERROR, Confidence.LIKELY, f"once all {workers} workers wait, no job starts any more"
    if workers is None and (most >= MANY or recursive):
        return Severity.WARNING, Confidence.LIKELY, "once all workers wait, no job starts any more"
    return None


def _users(jobs: list[Job]) -> list[Func]:
    return list(dict.fromkeys(job.user for job in jobs))


def _from_one(jobs: list[Job]) -> int:
    """How many of these jobs one function may have under way at a time."""
    waited = [at_once(job) for job in jobs if is_waited_at_once(job)]
    return min(MANY, sum(at_once(job) for job in jobs if not is_waited_at_once(job)) + max(waited, default=0))


def _run_by(chain: _Chain) -> set[Func]:
    return {chain.path.root, *(edge.callee for edge in chain.path.edges)}


def _finding(program: Program, chain: _Chain, severity: Severity, confidence: Confidence, because: str) -> Finding:
    wait, name = chain.wait.primitive, chain.path.root.qualname
    over = f" over `{chain.through[0].path.root.qualname}`" if chain.through else ""
    return Finding(
        RULE.code,
        RULE.name,
        f"`{wait.label}` waits{over} for a job of the pool that runs `{name}`: {because}",
        wait.place,
        severity,
        confidence,
        related=tuple(_evidence(chain)),
        help="call the function itself, give the inner jobs a pool of their own, or let the caller wait",
        fix=_mend(program, chain),
        root=wait.func.dotted,
    )


def _evidence(chain: _Chain) -> Iterator[Related]:
    runner, path = chain.runner, chain.path
    if runner.pool is not None:
        made, at = runner.pool.site
        yield Related(made.at(at), "the pool is made")
    yield Related(runner.user.at(runner.at), f"`{path.root.qualname}` is given to the pool")
    for edge, following in zip(path.edges, [*path.edges[1:], None]):
        label = following.label if following else path.primitive.label
        place = following.place if following else path.primitive.place
        yield Related(place, f"`{edge.callee.qualname}` calls `{label}`")
    for link in chain.through:
        yield Related(link.runner.user.at(link.runner.at), f"`{link.path.root.qualname}` runs in another pool")
        yield Related(link.wait.primitive.place, f"`{link.wait.primitive.label}` waits for a job of the first pool")
    if (chain.waited.user, chain.waited.at) != (chain.wait.primitive.func, chain.wait.primitive.at):
        yield Related(chain.waited.user.at(chain.waited.at), "the job is given that is waited for")


def _mend(program: Program, chain: _Chain) -> Fix | None:
    """`pool.submit(g, x).result()` in a worker of the pool becomes `g(x)`."""
    wait, waited = chain.wait.primitive, chain.waited
    call = wait.call
    if chain.through or waited.how != "submit" or waited.user is not wait.func or call is None:
        return None
    if call.func != Attr(waited.at, "result") or call.args or call.keywords:
        return None
    given = waited.call
    if not given.args or not isinstance(given.args[0], str):
        return None
    if not (isinstance(given.func, str) and given.func.endswith(".submit")):
        return None
    span = wait.func.span(waited.at)
    slots = [Slot("func", span, "args.0")]
    parts = []
    for number, value in enumerate(given.args[1:], 1):
        if isinstance(value, Mix) and value.kind == "star":
            return None
        slots.append(Slot(f"a{number}", span, f"args.{number}"))
        parts.append(f"{{a{number}}}")
    for word, _ in given.keywords:
        if not word or word in ("fn", "self"):
            return None
        slots.append(Slot(f"k_{word}", span, f"args.{word}"))
        parts.append(f"{word}={{k_{word}}}")
    template = f"{{func}}({', '.join(parts)})"
    always = not chain.path.edges and not program.calls.callers(wait.func)
    return Fix(
        Applicability.SAFE if always else Applicability.UNSAFE,
        "call it in the worker that waits",
        (ReplaceExpression(wait.func.span(wait.at), template, tuple(slots)),),
    )


RULE = Rule(
    code="CON301",
    name="executor-self-wait",
    check=check,
    severity=Severity.ERROR,
    summary="A worker of a thread pool waits for a job of the same pool.",
    why=(
        "A worker that waits is not free. The job that it waits for needs a worker of the same pool, and when "
        "all of them wait there is none: nothing times out, nothing is logged, the pool stands still. With one "
        "worker it happens the first time; with more it happens under load, or when a recursive function goes "
        "deep enough."
    ),
    use_instead=(
        "Call the inner function directly, it runs in the worker that needs its result. Or give the inner jobs a "
        "pool of their own, return the futures and let the caller wait, or go on in a callback. More workers "
        "only move the limit."
    ),
    fix=Applicability.SAFE,
    fix_safety=(
        "Safe where the job is given and waited for in one expression, in a function that only the pool runs: "
        "the function is called in the worker that would have waited, so only the thread differs that it runs "
        "in. Unsafe where the function is called by others too, who then run it themselves. Not offered for "
        "other forms."
    ),
    bad="""\
from concurrent.futures import ThreadPoolExecutor

executor = ThreadPoolExecutor(max_workers=1)


def power():
    return executor.submit(pow, 5, 2).result()  # CON301


def main():
    print(executor.submit(power).result())
    executor.shutdown()


if __name__ == "__main__":
    main()
""",
    good="""\
from concurrent.futures import ThreadPoolExecutor

executor = ThreadPoolExecutor(max_workers=1)


def power():
    return pow(5, 2)


def main():
    print(executor.submit(power).result())
    executor.shutdown()


if __name__ == "__main__":
    main()
""",
    cases=(
        """\
from concurrent.futures import ThreadPoolExecutor


class Crawler:
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=2)

    def crawl(self, pages):
        jobs = [self.pool.submit(self.visit, page) for page in pages]
        return [job.result() for job in jobs]

    def visit(self, page):
        return self.follow(page)

    def follow(self, page):
        return self.links_of(page)

    def links_of(self, page):
        found = self.start(page)
        return found.result()  # CON301

    def start(self, page):
        return self.pool.submit(len, page)
""",
        """\
# file: workers.py
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=4)


def in_pool(items):
    return list(pool.map(str, items))  # CON301
# file: service.py
import workers


def handle(batch):
    return prepare(batch)


def prepare(batch):
    return workers.in_pool(batch)


def serve(batches):
    for batch in batches:
        workers.pool.submit(handle, batch)
""",
        """\
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from multiprocessing.pool import ThreadPool


def total(tree, pool: ThreadPoolExecutor):
    jobs = [pool.submit(total, child, pool) for child in tree]
    return 1 + sum(job.result() for job in jobs)  # CON301


def sizes(items):
    with ThreadPoolExecutor(2) as pool:

        def size(item):
            jobs = []
            for part in item:
                jobs.append(pool.submit(len, part))
            wait(jobs)  # CON301
            return len(jobs)

        return list(pool.map(size, items))


threads = ThreadPool(3)


def inner(x):
    return x


def outer(x):
    return threads.map(inner, range(x))  # CON301


def run(numbers):
    return threads.map(outer, numbers)


def warm_up():
    warmed.submit(inner, 1).result()  # CON301


warmed = ThreadPoolExecutor(4, initializer=warm_up)
""",
        """\
from concurrent.futures import ThreadPoolExecutor

front = ThreadPoolExecutor(max_workers=1)
back = ThreadPoolExecutor(max_workers=8)


def load():
    return front.submit(len, "abc").result()


def show():
    return back.submit(load).result()  # CON301


def run():
    front.submit(show)
""",
    ),
    near_misses=(
        NearMiss(
            "there is a worker left for the inner job",
            """\
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=2)


def outer():
    return pool.submit(len, "abc").result()


def run():
    return pool.submit(outer).result()


def one_by_one(items):
    for item in items:
        pool.submit(outer).result()
""",
        ),
        NearMiss(
            "the inner job has a pool of its own",
            """\
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)
inner = ThreadPoolExecutor(max_workers=1)


def fresh(depth):
    with ThreadPoolExecutor(max_workers=1) as own:
        own.submit(len, "abc").result()
        return own.submit(fresh, depth - 1).result() if depth else 0


def other():
    return inner.submit(len, "abc").result()


def run():
    pool.submit(fresh, 3)
    pool.submit(other)
""",
        ),
        NearMiss(
            "the wait has a time limit",
            """\
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


def outer():
    return pool.submit(len, "abc").result(timeout=5)


def run():
    pool.submit(outer)
""",
        ),
        NearMiss(
            "the result is passed on in a callback",
            """\
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


def outer():
    pool.submit(len, "abc").add_done_callback(show)


def show(job):
    print(job.result())


def run():
    pool.submit(outer)
""",
        ),
        NearMiss(
            "the future is known to be done",
            """\
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


def outer():
    job = pool.submit(len, "abc")
    if job.done():
        return job.result()
    return None


def run():
    pool.submit(outer)
""",
        ),
        NearMiss(
            "the job that is waited for was given first and waits for nothing",
            """\
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


def leaf():
    return 1


def outer():
    return first.result()


first = pool.submit(leaf)
second = pool.submit(outer)
""",
        ),
        NearMiss(
            "the job was given before, by another function",
            """\
from concurrent.futures import ThreadPoolExecutor


class Report:
    def __init__(self):
        self.pool = ThreadPoolExecutor(max_workers=1)

    def prepare(self):
        self.table = self.pool.submit(len, "abc")

    def show(self):
        table = self.table
        return table.result()

    def run(self):
        self.prepare()
        return self.pool.submit(self.show).result()
""",
        ),
        NearMiss(
            "it is awaited, which takes no worker",
            """\
import asyncio
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)


async def outer():
    return await asyncio.wrap_future(pool.submit(len, "abc"))
""",
        ),
        NearMiss(
            "another executor may schedule otherwise",
            """\
from concurrent.futures import Executor, ThreadPoolExecutor


class Inline(ThreadPoolExecutor):
    def submit(self, fn, *args):
        return super().submit(fn, *args)


pool = Inline(max_workers=1)


def outer():
    return pool.submit(len, "abc").result()


def run(given: Executor):
    pool.submit(outer)
    given.submit(outer)
""",
        ),
        NearMiss(
            "the code asks first if it runs in the worker",
            """\
import threading
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1)
worker = None


def call(function):
    if threading.current_thread() is worker:
        return function()
    return pool.submit(function).result()


def outer():
    return call(len)


def run():
    pool.submit(outer)
""",
        ),
        NearMiss(
            "each instance has its own pool",
            """\
from concurrent.futures import ThreadPoolExecutor


class Node:
    def __init__(self, child: "Node"):
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.child = child

    def work(self):
        return self.pool.submit(len, "abc").result()

    def run(self):
        return self.pool.submit(self.child.work).result()
""",
        ),
    ),
    known_problems=(
        "How many jobs are under way at a time is only counted where they are given; the default pool of an "
        "event loop and pools of processes, whose workers cannot use them at all, are left out."
    ),
    references=("https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",),
    since="0.1",
    witness="dead",
)
