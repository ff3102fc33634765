"""The rules behind a socket: a server on loopback that answers what becomes of a cell, and its clients."""

from __future__ import annotations

import asyncio
import queue
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from conclint_runtime.life.errors import LifeError, Stopped
from conclint_runtime.life.rules import Logic, game_logic
from conclint_runtime.life.workloads import AsyncLogic, check_delay

_ASK = struct.Struct("<IBB")
"""The number of the question, the cell, its living neighbours."""
_ANSWER = struct.Struct("<IB")
_CONNECTIONS = 64
_PATIENCE = 30.0
"""Seconds for an answer, on top of the server's own wait, before a client says that there is none."""


@dataclass(frozen=True, slots=True)
class Socket:
    """The rules asked of a server at this address; every question is one message, every answer another.

    Parameters:
        port: on the loopback interface.
        seconds: how long the server waits before it answers.
    """

    port: int
    seconds: float
    name: str = "socket"
    waits: bool = True

    @contextmanager
    def opened(self, stopped: Callable[[], bool] = bool) -> Iterator[Logic]:
        """At most 64 connections, made as they are needed; a thread that finds none free waits for another's answer."""
        with ExitStack() as connections:
            idle: queue.LifoQueue[socket.socket | None] = queue.LifoQueue(_CONNECTIONS)
            for _ in range(_CONNECTIONS):
                idle.put(None)

            def logic(cell: int, neighbors: int) -> int:
                if stopped():
                    raise Stopped
                connection = idle.get()  # ends when a thread that has one gets its answer, or fails
                try:
                    if connection is None:
                        connection = connections.enter_context(self._connected())
                    connection.sendall(_ASK.pack(0, cell, neighbors))
                    return int(_ANSWER.unpack(_received(connection, _ANSWER.size))[1])
                except OSError as error:
                    raise LifeError(f"the server of the rules does not answer: {error}") from error
                finally:
                    idle.put(connection)

            yield logic

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE + self.seconds)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    @asynccontextmanager
    async def opened_async(self) -> AsyncIterator[AsyncLogic]:
        """One connection for all tasks; answers are told apart by their numbers."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError as error:
            raise LifeError(f"the server of the rules does not answer: {error}") from error
        loop = asyncio.get_running_loop()
        waiting: dict[int, asyncio.Future[int]] = {}
        asked = 0

        async def logic(cell: int, neighbors: int) -> int:
            nonlocal asked
            if listener.done():
                raise LifeError("the server of the rules has closed the connection")
            asked = number = (asked + 1) & 0xFFFFFFFF
            answer: asyncio.Future[int] = loop.create_future()
            waiting[number] = answer
            writer.write(_ASK.pack(number, cell, neighbors))
            try:
                return await answer  # ends with the answer, or with the connection
            finally:
                waiting.pop(number, None)

        listener = asyncio.create_task(_hand_out(reader, waiting))
        try:
            yield logic
        finally:
            listener.cancel()
            await asyncio.wait([listener])
            writer.close()
            await writer.wait_closed()


async def _hand_out(reader: asyncio.StreamReader, waiting: dict[int, asyncio.Future[int]]) -> None:
    """Give each answer to the task that waits for it, until the connection ends."""
    try:
        while True:
            number, cell = _ANSWER.unpack(await reader.readexactly(_ANSWER.size))
            answer = waiting.get(number)
            if answer is not None and not answer.done():
                answer.set_result(cell)
    except (OSError, asyncio.IncompleteReadError):
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(LifeError("the server of the rules has closed the connection"))


def _received(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise ConnectionResetError("the connection was closed")
        received += chunk
    return received


class _Answering(asyncio.Protocol):
    """The server's side of a connection: all questions that arrive together are answered together, after the wait."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._begun + data
        whole = len(data) // _ASK.size * _ASK.size
        self._begun = data[whole:]
        answers = b"".join(
            _ANSWER.pack(number, game_logic(cell, neighbors))
            for number, cell, neighbors in _ASK.iter_unpack(data[:whole])
        )
        asyncio.get_running_loop().call_later(self._seconds, self._answer, answers)

    def _answer(self, answers: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answers)


@contextmanager
def rule_server(seconds: float) -> Iterator[Socket]:
    """A server of the rules on a free port of the loopback interface, in a thread with a loop of its own.

    Parameters:
        seconds: how long it waits before it answers, above 0 and at most 60.

    Returns:
        The workload that asks it. The server ends, and so do its connections, with the block.

    Raises:
        LifeError: no such time, or no socket.
    """
    check_delay(seconds)
    loop = asyncio.new_event_loop()
    transports: set[asyncio.BaseTransport] = set()

    class Tracked(_Answering):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            transports.add(transport)

        def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
            if self._transport is not None:
                transports.discard(self._transport)

    async def close() -> None:
        server.close()
        for transport in list(transports):
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)  # the turn in which aborted transports close their sockets

    try:
        server = loop.run_until_complete(loop.create_server(lambda: Tracked(seconds), "127.0.0.1", 0, backlog=512))
    except OSError as error:
        loop.close()
        raise LifeError(f"no socket on the loopback interface: {error}") from error
    thread = threading.Thread(target=loop.run_forever, name="rule-server", daemon=True)
    thread.start()
    try:
        yield Socket(server.sockets[0].getsockname()[1], seconds)
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
