import queue

jobs: "queue.Queue[int]" = queue.Queue(maxsize=2)
for number in range(3):
    jobs.put(number)  # CON517
while not jobs.empty():
    print(jobs.get_nowait())
