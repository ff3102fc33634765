import threading

answers: "list[int]" = []
thread = threading.Thread(target=answers.append, args=(42,))
thread.start()
thread.join()
assert answers == [42]
