import sched
import threading

schedule = sched.scheduler()
ran = []


def later():
    schedule.enter(0.01, 1, ran.append, (1,))  # CON532


schedule.enter(0, 1, lambda: threading.Timer(0.05, later).start())
schedule.enter(0.4, 1, int)
schedule.run()
