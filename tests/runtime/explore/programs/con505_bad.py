import threading

condition = threading.Condition()
items: "list[int]" = []


def produce() -> None:
    with condition:
        items.append(1)
        condition.notify_all()


def consume() -> None:
    with condition:
        if not items:
            condition.wait()
        items.pop()


threads = [threading.Thread(target=job) for job in (consume, consume, produce, produce)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
