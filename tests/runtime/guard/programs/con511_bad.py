import threading

thread = threading.Thread(target=print, args=("hello"))  # CON511
thread.start()
thread.join()
