import threading

held = threading.Event()


def work():
    try:
        held.set()
        threading.Event().wait()  # CON519
    finally:
        print("cleaned up")


threading.Thread(target=work, daemon=True).start()  # CON519
held.wait()
