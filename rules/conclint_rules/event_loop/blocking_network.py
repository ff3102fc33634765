"""CON102: a call to the network that stops the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.finding import Applicability, Finding, Severity
from conclint.program.effects import Path
from conclint.program.program import Program
from conclint.rule import NearMiss, Rule
from conclint_rules.event_loop.offloading import offload
from conclint_rules.event_loop.stall import stalls
from conclint_rules.mending import loop_library

# What waits for the other side, though it may be on the same machine: a database may even be a file there.
_DATABASES = frozenset(
    (
        "MySQLdb",
        "cassandra",
        "django",
        "flask_sqlalchemy",
        "mysql",
        "neo4j",
        "oracledb",
        "peewee",
        "psycopg",
        "psycopg2",
        "psycopg_pool",
        "pymongo",
        "pymysql",
        "sqlalchemy",
        "sqlmodel",
    )
)
_SIDES = {
    "docker": "the container engine",
    "multiprocessing": "its peer",
    "playwright": "the browser",
    "ray": "the Ray cluster",
    "selenium": "the browser",
    "zmq": "its peer",
}


def check(program: Program) -> Iterator[Finding]:
    """Each wait for the network that is reached on an event loop."""
    yield from stalls(
        program,
        program.effects.blocking(["network"]),
        RULE,
        describe=_describe,
        mend=offload,
        help_text=_help,
    )


def _describe(path: Path) -> str:
    side = _other_side(path.primitive.name)
    if path.edges:
        reached = f"`{path.label}` reaches `{path.primitive.label}`"
        return f"{reached}: every task of the event loop stops while it waits for {side}"
    return f"`{path.label}` waits for {side} on the event loop: every task of the loop waits with it"


def _other_side(name: str) -> str:
    package = name.partition(".")[0]
    return "the database" if package in _DATABASES else _SIDES.get(package, "the network")


def _help(path: Path) -> str:
    twin = path.primitive.row.twin.get(loop_library(path.root), "")
    if twin:
        return f"await `{twin}`, or run the call in a thread"
    return "await an async client in a coroutine, or run the call in a thread"


RULE = Rule(
    code="CON102",
    name="blocking-network",
    check=check,
    by_module=True,
    severity=Severity.ERROR,
    summary=(
        "A synchronous call to the network (HTTP, a socket, DNS, a database, cache, broker or cloud client) is "
        "reached on an event loop."
    ),
    why=(
        "An event loop runs all its tasks on one thread. Until the other side answers no other task makes progress: "
        "no request is served, no timeout fires, no heartbeat is sent. How long that takes is decided by the "
        "network, and a peer that hangs stops the whole program."
    ),
    use_instead=(
        "Await a client that is written for the loop (`aiohttp`, `httpx.AsyncClient`, `redis.asyncio`, `asyncpg`, "
        "…), or run the synchronous call in a thread with `asyncio.to_thread`."
    ),
    fix=Applicability.UNSAFE,
    fix_safety=(
        "Unsafe: the call runs in another thread afterwards, which clients, sessions and cursors must be able to "
        "bear; the coroutine suspends there; and cancelling it no longer stops the call. It is offered for a call "
        "that stands in the coroutine itself, not for one that is entered by `with` or iterated, nor while a "
        "`threading` lock is held."
    ),
    bad="""\
import asyncio
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.3)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


async def check(url):
    response = urllib.request.urlopen(url)  # CON102
    response.close()
    return response.status


async def main(server):
    url = f"http://127.0.0.1:{server.server_port}/"
    print(await asyncio.gather(check(url), check(url)))


with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asyncio.run(main(server))
    server.shutdown()
""",
    good="""\
import asyncio
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.3)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


async def check(url):
    response = await asyncio.to_thread(urllib.request.urlopen, url)
    response.close()
    return response.status


async def main(server):
    url = f"http://127.0.0.1:{server.server_port}/"
    print(await asyncio.gather(check(url), check(url)))


with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asyncio.run(main(server))
    server.shutdown()
""",
    cases=(
        """\
# file: client.py
import requests


class Client:
    def __init__(self, base):
        self.base = base
        self.session = requests.Session()

    def _send(self, path):
        return self.session.get(self.base + path)

    def _retried(self, path):
        for _ in range(3):
            answer = self._send(path)
            if answer.ok:
                return answer
        raise RuntimeError(path)

    def fetch(self, path):
        return self._retried(path).json()
# file: service.py
from client import Client


class Service:
    def __init__(self):
        self.client = Client("https://example.org")

    async def handle(self, request):
        return self.client.fetch(request.path)  # CON102
""",
        """\
import socket

import redis

cache = redis.Redis()


async def resolve(host):
    return socket.gethostbyname(host)  # CON102


async def remember(key, value):
    cache.set(key, value)  # CON102


async def ask(address):
    connection = socket.create_connection(address)  # CON102
    connection.sendall(b"hello")  # CON102
    return connection.recv(100)  # CON102
""",
    ),
    near_misses=(
        NearMiss(
            "the function is handed to a thread",
            """\
import asyncio
import threading

import requests


def fetch(url):
    return requests.get(url)


async def main():
    await asyncio.to_thread(fetch, "https://example.org")
    await asyncio.to_thread(requests.get, "https://example.org")
    await asyncio.get_running_loop().run_in_executor(None, lambda: requests.get("https://example.org"))
    threading.Thread(target=fetch, args=("https://example.org",)).start()
""",
        ),
        NearMiss(
            "a nested function that only a thread runs",
            """\
import asyncio
import urllib.request


async def main(url):
    def read():
        with urllib.request.urlopen(url) as response:
            return response.read()

    return await asyncio.to_thread(read)
""",
        ),
        NearMiss(
            "the call comes after the loop has finished",
            """\
import asyncio

import requests


async def work():
    await asyncio.sleep(1)


def main():
    asyncio.run(work())
    requests.post("https://example.org/done")


main()
""",
        ),
        NearMiss(
            "an awaited method of the same name is an async client's",
            """\
async def fetch(client, url):
    response = await client.get(url)
    return await response.json()
""",
        ),
        NearMiss(
            "an async client",
            """\
import aiohttp
import httpx


async def fetch(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            await response.text()
    async with httpx.AsyncClient() as client:
        return await client.get(url)
""",
        ),
        NearMiss(
            "a socket that does not block",
            """\
import asyncio
import socket


async def listen(port):
    loop = asyncio.get_running_loop()
    server = socket.socket()
    server.setblocking(False)
    server.bind(("", port))
    server.listen()
    try:
        server.accept()
    except BlockingIOError:
        pass
    connection, _ = await loop.sock_accept(server)
    return await loop.sock_recv(connection, 100)
""",
        ),
        NearMiss(
            "a numeric address is not looked up",
            """\
import socket

NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


async def resolve(host, port):
    return socket.getaddrinfo(host, port, flags=NUMERIC)
""",
        ),
        NearMiss(
            "without an address nobody is connected to",
            """\
import socket


def get_connection(address=None):
    if address:
        address = address.strip()
    if address:
        return socket.create_connection((address, 80))
    return None


async def main():
    return get_connection()
""",
        ),
        NearMiss(
            "making a client connects to nobody",
            """\
import requests


async def make():
    session = requests.Session()
    session.headers["Accept"] = "text/plain"
    return session
""",
        ),
    ),
    known_problems=(
        "A client behind an attribute or a parameter whose type cannot be told is not seen. A peer on the same "
        "machine counts as network, though it mostly answers at once."
    ),
    references=(
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.to_thread",
    ),
    since="0.1",
    witness="stall",
)
