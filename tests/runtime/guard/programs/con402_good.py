import threading


class Worker(threading.Thread):
    def run(self):
        super().run()


worker = Worker(target=int)
worker.start()
worker.join()
