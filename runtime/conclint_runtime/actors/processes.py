"""Tasks in processes: `init(tasks="processes")`.

A task's thread borrows a worker process, hands it the function's place and the arguments, and waits for the answer; so
slots, order, retries and cancellation are those of tasks on threads. Processes are spawned, never forked: the program
has threads. A worker imports the function's module anew, as `multiprocessing` does, so the program's file must start
its work under `if __name__ == "__main__":`. Source: the standard library's "multiprocessing", programming guidelines.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from multiprocessing import get_context
from typing import TYPE_CHECKING, Literal, cast

from conclint_runtime.actors.calls import CURRENT, Call
from conclint_runtime.actors.process_worker import Answer, Job, dumps, loads, place_of, serve
from conclint_runtime.exceptions import WorkerCrashedError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from conclint_runtime.actors.engine_protocol import FunctionDefinition

STOP_SECONDS = 1.0
"""How long an idle worker may take to end before it is terminated."""


class RemoteTraceback(Exception):  # noqa: N818 - it is the cause of an error, never one by itself
    """The traceback in the worker, as the cause of the error that came from there."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class _Worker:
    """One worker process and this end of its pipe."""

    def __init__(self) -> None:
        context = get_context("spawn")
        # Duplex: jobs go out, answers come in.
        ours, theirs = context.Pipe()
        self.pipe = ours
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs,), daemon=True)
        try:
            self.process.start()
        finally:
            theirs.close()

    def ask(self, job: Job) -> None:
        self.pipe.send_bytes(dumps(job))

    def answer(self, name: str) -> Answer:
        try:
            return cast("Answer", loads(self.pipe.recv_bytes()))
        except (EOFError, OSError):
            self.process.join(STOP_SECONDS)
            raise WorkerCrashedError(
                f"The worker process of the task {name} ended before the task did (exit code {self.process.exitcode})."
                " If the program's file starts its work at top level, put that under `if __name__ == '__main__':`,"
                " because workers import the file."
            ) from None

    def stop(self) -> None:
        """End the process, by force if it does not by itself."""
        self.pipe.close()
        self.process.join(STOP_SECONDS)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join(STOP_SECONDS)
        if not self.process.is_alive():
            self.process.close()


class TaskProcesses:
    """The worker processes of one engine: made when a task needs one and none is idle, kept until `stop`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._stopped = False

    def body(self, task: FunctionDefinition) -> Callable[..., object]:
        """Return what a task's thread calls instead of the function.

        Raises TypeError for a function that a process cannot import: a closure, a lambda, one typed at a prompt.
        """
        place = place_of(task.function)
        return lambda *args, **kwargs: self._run(Job(place, args, kwargs))

    def stop(self) -> None:
        """End all workers, also those with a task."""
        with self._lock:
            self._stopped = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
        for worker in workers:
            if worker in self._busy:
                worker.process.terminate()
            else:
                worker.stop()

    def _run(self, job: Job) -> object:
        worker = self._borrow()
        call = CURRENT.get()
        assert call is not None
        call.interrupt = lambda asked: _interrupt(worker, asked)
        try:
            worker.ask(job)
            answer = worker.answer(call.name)
        except BaseException:
            self._discard(worker)
            raise
        if answer.kind == "stream":
            return self._stream(worker, call)
        self._give_back(worker)
        return _value(answer)

    def _stream(self, worker: _Worker, call: Call) -> Generator[object, None, None]:
        """Yield what the worker's generator yields; it goes on only when it is asked to."""
        whole = False
        try:
            while True:
                answer = worker.answer(call.name)
                if answer.kind == "end":
                    whole = True
                    return
                if answer.kind != "item":
                    whole = True
                    _value(answer)
                yield answer.value
        finally:
            if whole:
                self._give_back(worker)
            else:
                self._discard(worker)

    def _borrow(self) -> _Worker:
        with self._lock:
            if self._stopped:
                raise WorkerCrashedError("The runtime was shut down before the task could run.")
            if self._idle:
                worker = self._idle.pop()
                self._busy.add(worker)
                return worker
        worker = _Worker()
        with self._lock:
            self._busy.add(worker)
        return worker

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if not self._stopped:
                self._idle.append(worker)
                return
        worker.stop()

    def _discard(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
        worker.process.terminate()
        worker.stop()


def _interrupt(worker: _Worker, call: Call) -> None:
    if call.forced or sys.platform == "win32" or worker.process.pid is None:
        worker.process.terminate()
    else:
        os.kill(worker.process.pid, signal.SIGINT)


def _value(answer: Answer) -> object:
    kind: Literal["value", "error", "cancelled", "stream", "item", "end"] = answer.kind
    if kind == "error":
        assert isinstance(answer.value, BaseException)
        answer.value.__cause__ = RemoteTraceback(answer.trace)
        raise answer.value
    if kind == "cancelled":
        raise KeyboardInterrupt
    return answer.value
