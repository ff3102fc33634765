import os
import subprocess
import threading

child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
gate = threading.Event()
thread = threading.Thread(target=gate.wait)
thread.start()
subprocess.run(["true"], check=True)
gate.set()
thread.join()
