import threading


class Worker(threading.Thread):
    def __init__(self):
        super().__init__()
        self.work = 1


worker = Worker()
worker.start()
worker.join()
