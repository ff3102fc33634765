import os
import threading

gate = threading.Event()
thread = threading.Thread(target=gate.wait)
thread.start()
child = os.fork()  # CON407
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
gate.set()
thread.join()
