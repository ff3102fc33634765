import sched

schedule = sched.scheduler()
schedule.enter(0, 1, lambda: schedule.enter(0.01, 1, int))
schedule.enter(0.1, 1, int)
schedule.run()
