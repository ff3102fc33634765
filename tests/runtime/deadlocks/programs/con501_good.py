import threading

first, second, gate = threading.Lock(), threading.Lock(), threading.Lock()


def there() -> None:
    with first, second:
        pass


def gated() -> None:
    with gate, second, first:
        pass


def gated_too() -> None:
    with gate, first, second:
        pass


for job in (there, gated):  # one is over before the other begins
    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
third, fourth = threading.Lock(), threading.Lock()


def one() -> None:
    with gate, third, fourth:
        pass


def other() -> None:
    with gate, fourth, third:
        pass


threads = [threading.Thread(target=one), threading.Thread(target=other)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
