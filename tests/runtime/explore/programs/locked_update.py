"""Two threads add to one counter under a lock."""

import threading


class Account:
    balance = 0
    lock = threading.Lock()


def deposit(account: Account) -> None:
    for _ in range(3):
        with account.lock:
            account.balance += 1


account = Account()
threads = [threading.Thread(target=deposit, args=(account,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert account.balance == 6, account.balance
