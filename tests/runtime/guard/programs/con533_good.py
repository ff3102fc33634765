import sched


def fail():
    try:
        raise ValueError
    except ValueError:
        pass


schedule = sched.scheduler()
schedule.enter(0, 1, fail)
schedule.enter(0.01, 1, int)
schedule.run()
