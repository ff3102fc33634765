import threading


class Worker(threading.Thread):
    def __init__(self):
        self.work = 1


Worker().start()  # CON512
