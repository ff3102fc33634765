import threading

first, second = threading.Lock(), threading.Lock()
one_is_done = threading.Event()


def there() -> None:
    with first, second:  # CON501
        pass
    one_is_done.set()


def back() -> None:
    one_is_done.wait()
    with second, first:  # CON501
        pass


threads = [threading.Thread(target=there), threading.Thread(target=back)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
