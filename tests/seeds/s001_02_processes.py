"""Processes from a function and from a class, all started under the main guard."""

import multiprocessing


def stamp(number):
    print(f"letter {number}")


def stamp_all():
    from multiprocessing import Process

    workers = [Process(target=stamp, args=(11,)), Process(target=stamp, args=(12,))]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]


# stamp_all()  # here it would run again in each child that is spawned
if __name__ == "__main__":
    stamp_all()


class Stamper(multiprocessing.Process):
    def run(self):
        print("stamping in %s" % self.name)
        return


if __name__ == "__main__":
    stampers = []
    for _ in range(3):
        stamper = Stamper()
        stampers.append(stamper)
        stamper.start()
        stamper.join()
