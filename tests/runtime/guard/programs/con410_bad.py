import threading

for _ in range(3):
    thread = threading.Thread(target=int)
    thread.start()  # CON410
    thread.join()  # CON410
