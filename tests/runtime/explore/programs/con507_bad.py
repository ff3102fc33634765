import threading


class Settings:
    made = 0


current: "list[Settings]" = []


def get() -> Settings:
    if not current:
        current.append(Settings())
        Settings.made += 1
    return current[0]


threads = [threading.Thread(target=get) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert Settings.made == 1, Settings.made
