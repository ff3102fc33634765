"""The xoscar actors that hold the program's actors and run its tasks. Imported where xoscar is, and only there."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Generator, Sequence

from conclint_runtime.actors.blueprint import target_of
from conclint_runtime.actors.departure import ActorExit
from conclint_runtime.actors.engine_protocol import BACKEND_VARIABLE
from conclint_runtime.backends.installed import library
from conclint_runtime.backends.worker_threads import WorkerThreads
from conclint_runtime.backends.xoscar_messages import (
    HERE,
    Employment,
    Freight,
    Left,
    Outcome,
    Returned,
    Station,
    Task,
    raised,
)

xo = library("xoscar")

STATION_VARIABLE = "CONCLINT_RUNTIME_XOSCAR_POOL"
"""The environment variable that tells a sub-process the main pool: `address;number of sub-pools`."""

TASK_THREADS = 256
"""How many tasks of a pool run at a time; one that waits for others keeps its thread."""

Body = Callable[[], object]


def _tell_this_process(station: Station) -> None:
    """Have the first remote call made in this process, a sub-process of the pool, go to the pool."""
    if station.elsewhere:
        os.environ[BACKEND_VARIABLE] = "xoscar"
        os.environ[STATION_VARIABLE] = f"{station.address};{station.sub_pools}"


class ActorHost(xo.StatelessActor):  # type: ignore[misc, name-defined]  # xoscar's classes are not known here
    """Holds one actor of the program. Stateless: order and concurrency are those of the actor's kind, not xoscar's."""

    def __init__(self, job: Employment) -> None:
        super().__init__()
        self._job = job
        self._instance: object = None
        self._slots = asyncio.Semaphore(job.concurrency)
        self._threads: WorkerThreads[Outcome] | None = None
        if job.kind != "async":
            self._threads = WorkerThreads(job.concurrency, job.cls.__name__)
        _tell_this_process(job.station)

    async def construct(self, cargo: Freight, values: Sequence[object]) -> Outcome:
        """Run the constructor: on the actor's thread, or on the loop for an async actor."""
        return await self._perform("__init__", lambda: self._build(cargo, values))

    async def call(self, method: str, cargo: Freight, values: Sequence[object]) -> Outcome:
        """Run a method."""
        async with self._slots:
            return await self._perform(method, lambda: self._apply(method, cargo, values))

    @xo.generator  # type: ignore[untyped-decorator]  # xoscar's functions are not known here
    async def stream(self, method: str, cargo: Freight, values: Sequence[object]) -> AsyncGenerator[Outcome, None]:
        """Run a generator method; its items and its error are the items."""
        name = f"{self._job.cls.__name__}.{method}"
        return _items(name, lambda: self._apply(method, cargo, values), self._threads, self._job)

    def _build(self, cargo: Freight, values: Sequence[object]) -> object:
        args, kwargs = cargo.unload(values)
        cls = self._job.cls
        constructor = inspect.getattr_static(cls, "__init__")
        if not inspect.iscoroutinefunction(constructor):
            self._instance = cls(*args, **kwargs)
            return None
        self._instance = object.__new__(cls)
        started: object = constructor(self._instance, *args, **kwargs)  # awaited, as Ray does
        return started

    def _apply(self, method: str, cargo: Freight, values: Sequence[object]) -> object:
        args, kwargs = cargo.unload(values)
        return target_of(self._instance, method)(*args, **kwargs)

    async def _perform(self, method: str, body: Body) -> Outcome:
        name = f"{self._job.cls.__name__}.{method}"
        if self._threads is not None:
            return await self._threads.run(lambda: _run(name, body, self._job))
        token = HERE.set(self._job)
        try:
            result = body()
            return Returned(await result if inspect.isawaitable(result) else result)
        except ActorExit:
            return Left()
        except Exception as error:  # what the program's code raises is the outcome
            return raised(name, error, repr(self._instance))
        finally:
            HERE.reset(token)

    async def __pre_destroy__(self) -> None:
        if self._threads is not None:
            self._threads.stop()


class TaskHost(xo.StatelessActor):  # type: ignore[misc, name-defined]  # xoscar's classes are not known here
    """Runs tasks of the program, each in a thread. At most `TASK_THREADS` at a time; the others wait for one to end."""

    def __init__(self, station: Station) -> None:
        super().__init__()
        self._threads: WorkerThreads[Outcome] = WorkerThreads(TASK_THREADS, "task")
        _tell_this_process(station)

    async def call(self, task: Task, cargo: Freight, values: Sequence[object]) -> Outcome:
        """Run a task."""
        body = _body(task, cargo, values)
        return await self._threads.run(lambda: _run(task.name, body, None))

    @xo.generator  # type: ignore[untyped-decorator]  # xoscar's functions are not known here
    async def stream(self, task: Task, cargo: Freight, values: Sequence[object]) -> AsyncGenerator[Outcome, None]:
        """Run a generator task; its items and its error are the items."""
        return _items(task.name, _body(task, cargo, values), self._threads, None)

    async def __pre_destroy__(self) -> None:
        self._threads.stop()


class NameTag(xo.StatelessActor):  # type: ignore[misc, name-defined]  # xoscar's classes are not known here
    """Stands under a name in the main pool, so that no second actor takes it, and tells whose it is."""

    def __init__(self, job: Employment) -> None:
        super().__init__()
        self._job = job

    def describe(self) -> Employment:
        """Return what a handle has to know."""
        return self._job


def _body(task: Task, cargo: Freight, values: Sequence[object]) -> Body:
    def body() -> object:
        args, kwargs = cargo.unload(values)
        return task.function(*args, **kwargs)

    return body


def _run(name: str, body: Body, job: Employment | None) -> Outcome:
    """Run the program's code in a thread."""
    token = HERE.set(job)
    try:
        return Returned(body())
    except ActorExit:
        return Left()
    except Exception as error:  # what the program's code raises is the outcome
        return raised(name, error, None if job is None else job.cls.__name__)
    finally:
        HERE.reset(token)


async def _items(
    name: str, body: Body, threads: WorkerThreads[Outcome] | None, job: Employment | None
) -> AsyncGenerator[Outcome, None]:
    """The items of a generator.

    An error is an item too: xoscar takes any whose text has "StopIteration" in it for the end of the iteration.
    """
    try:
        made = body()
        if isinstance(made, AsyncGenerator):
            async for value in made:
                yield Returned(value)
        elif isinstance(made, Generator):
            while True:
                item = await _step(name, made, threads, job)
                if isinstance(item, Returned) and item.value is _END:
                    return
                yield item
                if not isinstance(item, Returned):
                    return
        else:
            raise TypeError(f"{name} was called with num_returns='streaming', and is no generator")
    except Exception as error:  # what the program's code raises is the last item
        yield raised(name, error, None)


async def _step(
    name: str, made: Generator[object, None, object], threads: WorkerThreads[Outcome] | None, job: Employment | None
) -> Outcome:
    """The next item of a plain generator: on the actor's thread, or, of an async actor, on its loop."""

    def step() -> Outcome:
        return _run(name, lambda: next(made, _END), job)

    return step() if threads is None else await threads.run(step)


_END = object()
