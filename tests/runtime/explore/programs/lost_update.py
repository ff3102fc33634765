"""Two threads add to one counter without a lock; without the GIL an update is lost."""

import threading


class Account:
    balance = 0


def deposit(account: Account) -> None:
    for _ in range(3):
        account.balance += 1


account = Account()
threads = [threading.Thread(target=deposit, args=(account,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert account.balance == 6, account.balance
