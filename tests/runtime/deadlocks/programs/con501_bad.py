import threading

first, second = threading.Lock(), threading.Lock()
both = threading.Barrier(2)


def there() -> None:
    with first:
        both.wait()
        with second:  # CON501
            pass


def back() -> None:
    with second:
        both.wait()
        with first:  # CON501
            pass


threads = [threading.Thread(target=there), threading.Thread(target=back)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
