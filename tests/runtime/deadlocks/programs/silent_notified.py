"""A waiter that has been notified and is not yet awake, while the notifier waits already for its answer."""

import threading

ping, pong = threading.Condition(), threading.Condition()
pinged = 0
answers: list[int] = []
ROUNDS = 300


def answer() -> None:
    for turn in range(1, ROUNDS + 1):
        with ping:
            while pinged < turn:
                ping.wait()
        with pong:
            answers.append(turn)
            pong.notify_all()


thread = threading.Thread(target=answer)
thread.start()
for turn in range(1, ROUNDS + 1):
    with ping:
        pinged += 1
        ping.notify_all()
    with pong:
        while len(answers) < turn:
            pong.wait()
thread.join()
