import queue

jobs: "queue.Queue[int]" = queue.Queue(maxsize=3)
for number in range(3):
    jobs.put(number)
while not jobs.empty():
    jobs.get_nowait()
