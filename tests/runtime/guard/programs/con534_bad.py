import threading

timer = threading.Timer(0.2, int)  # CON534
timer.start()
