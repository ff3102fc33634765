import queue
import threading

jobs: "queue.Queue[str]" = queue.Queue()


def work() -> None:
    while True:
        job = jobs.get()
        try:
            int(job)
        except ValueError:
            pass
        finally:
            jobs.task_done()


threading.Thread(target=work, daemon=True).start()
for job in ("1", "two"):
    jobs.put(job)
jobs.join()
