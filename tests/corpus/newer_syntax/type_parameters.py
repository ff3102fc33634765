"""PEP 646, 695 and 696: variadic generics, type parameters with bounds and defaults, the type statement."""

import time
from collections.abc import Awaitable, Callable

type Job[T] = Callable[[], Awaitable[T]]
type Plain = "int | str"
type Pair[A, B = A] = tuple[A, B]


class Box[T: (int, str), *Rest = *tuple[int, ...], **P = [int]](list[T], metaclass=type):
    def __init__(self, value: T, *others: *Rest) -> None:
        self.value: T = value

    async def wait[S: "Box" = int](self, job: Job[S], /, *, pause: float = 0.5) -> S:
        time.sleep(pause)
        return await job()


async def first[T](items: list[T], *args: *tuple[int, ...]) -> T:
    time.sleep(1)
    type Local = list[T]
    picked = items[*args, 0], items[*args]
    return picked[0]


@staticmethod
async def é_naïve[T](ﬁle: T) -> T:
    time.sleep(2); time.sleep(3)
    return ﬁle
