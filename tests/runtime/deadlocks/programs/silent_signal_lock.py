"""A lock used as a signal: acquired twice, released by a timer."""

import threading

signal = threading.Lock()
signal.acquire()
timer = threading.Timer(0.8, signal.release)
timer.start()
signal.acquire()
timer.join()
