import os
import queue
import signal

events: "queue.SimpleQueue[int]" = queue.SimpleQueue()


def handle(number: int, _: object) -> None:
    events.put(number)


signal.signal(signal.SIGUSR1, handle)
os.kill(os.getpid(), signal.SIGUSR1)
assert events.get() == signal.SIGUSR1
