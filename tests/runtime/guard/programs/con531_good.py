import sched
import threading
import time
from concurrent.futures import ThreadPoolExecutor

schedule = sched.scheduler()
with ThreadPoolExecutor(1) as pool:
    schedule.enter(0.01, 1, pool.submit, (time.sleep, 0.2))
    schedule.enter(0.05, 1, int)
    schedule.run()
