import threading
import time

answers: "list[int]" = []
thread = threading.Thread(target=answers.append, args=(42,))
thread.start()
time.sleep(1)
assert answers == [42]
thread.join()
