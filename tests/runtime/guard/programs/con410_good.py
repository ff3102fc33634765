import threading

threads = [threading.Thread(target=int) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
