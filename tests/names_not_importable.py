"""Names of the knowledge tables that importing does not lead to, everywhere or somewhere, by the reason for it."""

from __future__ import annotations

# Types that have no public name: values of iterators, pipes, proxies made at run time, objects of factory functions.
UNNAMED_TYPES = frozenset(
    {
        "concurrent.futures.CompletedIterator",
        "concurrent.futures.ResultsIterator",
        "glob.GlobIterator",
        "multiprocessing.managers.QueueProxy",
        "multiprocessing.managers.RLockProxy",
        "multiprocessing.managers.SemaphoreProxy",
        "os.ScandirIterator",
        "os.WalkIterator",
        "pathlib.GlobIterator",
        "select.devpoll",
        "select.poll",
        "socket.SocketFile",
        "subprocess.Pipe",
    }
)

# Methods that instances get in their constructor, by forwarding or from a subclass, and one that a build may lack.
NOT_ON_THE_CLASS = frozenset(
    {
        "asyncio.Condition.acquire",
        "asyncio.Condition.locked",
        "asyncio.Condition.release",
        "multiprocessing.Condition.acquire",
        "multiprocessing.Lock.acquire",
        "multiprocessing.Lock.release",
        "multiprocessing.RLock.acquire",
        "multiprocessing.RLock.release",
        "multiprocessing.Semaphore.acquire",
        "multiprocessing.Semaphore.release",
        "multiprocessing.context.BaseContext.Process",
        "multiprocessing.managers.BaseManager.shutdown",
        "sqlite3.Connection.load_extension",
        "threading.Condition.acquire",
        "threading.Condition.release",
    }
)

# Names that came with a Python.
SINCE = {
    "asyncio.AbstractEventLoop.sock_recvfrom": (3, 11),
    "asyncio.AbstractEventLoop.sock_recvfrom_into": (3, 11),
    "asyncio.AbstractEventLoop.sock_sendto": (3, 11),
    "asyncio.Barrier": (3, 11),
    "asyncio.EventLoop": (3, 13),
    "asyncio.Runner": (3, 11),
    "asyncio.StreamWriter.start_tls": (3, 11),
    "asyncio.Task.cancelling": (3, 11),
    "asyncio.Task.uncancel": (3, 11),
    "asyncio.TaskGroup": (3, 11),
    "asyncio.Timeout": (3, 11),
    "asyncio.eager_task_factory": (3, 12),
    "asyncio.timeout": (3, 11),
    "asyncio.timeout_at": (3, 11),
    "concurrent.futures.InterpreterPoolExecutor": (3, 14),
    "concurrent.futures.ProcessPoolExecutor.kill_workers": (3, 14),
    "concurrent.futures.ProcessPoolExecutor.terminate_workers": (3, 14),
    "compression.zstd": (3, 14),
    "hashlib.file_digest": (3, 11),
    "http.server.HTTPSServer": (3, 14),
    "http.server.ThreadingHTTPSServer": (3, 14),
    "os.path.isjunction": (3, 12),
    "os.readinto": (3, 14),
    "pathlib.Path.copy": (3, 14),
    "pathlib.Path.copy_into": (3, 14),
    "pathlib.Path.is_junction": (3, 12),
    "pathlib.Path.move": (3, 14),
    "pathlib.Path.move_into": (3, 14),
    "pathlib.Path.walk": (3, 12),
    "pathlib.Path.with_segments": (3, 12),
    "sqlite3.Blob": (3, 11),
    "sqlite3.Connection.blobopen": (3, 11),
    "sqlite3.Connection.deserialize": (3, 11),
    "sqlite3.Connection.serialize": (3, 11),
    "typing.override": (3, 12),
    "warnings.deprecated": (3, 13),
}

# Names that are no longer there.
UNTIL = {"pathlib.Path.link_to": (3, 11)}

# Names that only some systems have.
PLATFORMS = {
    "asyncio.ProactorEventLoop": "win32",
    "select.kqueue": "darwin",
    "selectors.DevpollSelector": "sunos",
    "selectors.KqueueSelector": "darwin",
}
