import threading

ready = threading.Event()
thread = threading.Thread(target=ready.wait)
thread.start()
threading.Event().wait(0.1)
ready.set()
thread.join()
