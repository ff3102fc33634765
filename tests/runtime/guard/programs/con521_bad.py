import threading

thread = threading.Thread(target=int)
thread.start()
thread.join()
thread.start()  # CON521
