import threading

found = []


def load() -> None:
    import reads_settings_good

    found.append(reads_settings_good)


def start() -> None:
    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
