import threading

thread = threading.Thread(target=int)
thread.run()  # CON402
