import signal
import threading


def use():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # CON514


thread = threading.Thread(target=use)
thread.start()
thread.join()
