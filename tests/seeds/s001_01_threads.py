"""A thread from a function, and one from a class; each sleeps in its own thread."""

from threading import Thread
import time


def knock(door):
    time.sleep(1.2)
    print("%s: who is there?" % door)


if __name__ == "__main__":
    knocker = Thread(target=knock, args=("front",))
    knocker.start()
    print("main goes on")


class Knock(Thread):
    def __init__(self, door):
        super().__init__()
        self.door = door

    def run(self):
        time.sleep(1.2)
        print("%s: who is there?" % self.door)


if __name__ == "__main__":
    knocker = Knock("back")
    knocker.start()
    print("main goes on")
