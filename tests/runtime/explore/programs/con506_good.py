# explore: --mode free
import threading


class Account:
    balance = 0


lock = threading.Lock()


def deposit() -> None:
    for _ in range(3):
        with lock:
            Account.balance += 1


threads = [threading.Thread(target=deposit) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert Account.balance == 6, Account.balance
