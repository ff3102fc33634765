import threading

found = []


def load() -> None:
    import reads_settings_bad

    found.append(reads_settings_bad)


thread = threading.Thread(target=load)
thread.start()
thread.join()  # CON520
