import threading

timer = threading.Timer(60, int)
timer.start()
timer.cancel()
daemon = threading.Timer(60, int)
daemon.daemon = True
daemon.start()
