from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .board import game_logic


class Oracle:
    """Asks what becomes of a cell, two bytes for each question."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))

    def ask(self, alive: bool, neighbors: int) -> bool:
        self._socket.sendall(bytes((alive, neighbors)))
        return self._socket.recv(1) == b"\1"

    def close(self) -> None:
        self._socket.close()


class _Answers(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while question := self.request.recv(2):
            self.request.sendall(bytes((game_logic(bool(question[0]), question[1]),)))


@contextmanager
def oracle_server() -> Iterator[int]:
    """An oracle on a free port of this machine."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
