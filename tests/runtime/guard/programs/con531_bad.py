import sched
import threading
import time


def slow():  # CON531
    time.sleep(0.3)


schedule = sched.scheduler()
schedule.enter(0.01, 1, slow)  # CON531
schedule.enter(0.05, 1, int)
schedule.run()
