import sched


def fail():
    raise ValueError  # CON533


schedule = sched.scheduler()
schedule.enter(0, 1, fail)
schedule.enter(0.01, 1, int)
try:
    schedule.run()  # CON533
except ValueError:
    pass
