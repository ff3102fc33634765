import threading

for _ in range(2):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
