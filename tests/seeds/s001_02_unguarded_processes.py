"""The call that a comment of the text says not to make: processes started whenever the module is imported."""


def stamp(number):
    print(f"letter {number}")


def stamp_all():
    from multiprocessing import Process

    workers = [Process(target=stamp, args=(11,)), Process(target=stamp, args=(12,))]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]


stamp_all()
