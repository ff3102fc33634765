import threading

ready = False


def work():
    while not ready:  # CON509
        pass


thread = threading.Thread(target=work)
thread.start()
threading.Event().wait(0.3)
ready = True
thread.join()
