"""A program that waits to be told to stop, by a signal."""

import os
import signal
import threading

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGTERM)).start()
stop.wait()
