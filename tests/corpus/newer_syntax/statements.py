"""Statements of every kind in a file that an older Python refuses as a whole, with awkward spacing."""

from __future__ import annotations

import os.path as path, sys, time
from . import sibling as other
from ..parent.module import (one, two as deux,)
from time import *

type Ruler = int

global_value: "dict[str, int]" = {"a": 1, **{}, 'b': (2), }
a, (b, *c), d[0], e.f = g = 1, (2, 3), 4, 5,
(h) = ((i)) = (yield_ := 3)
j @= 1 if not a else -b ** ~c // (1, 2)[0]
del a, (b, c), d[0]
del (g)
assert a, "m" 'n'


@other.decorate(one, key=deux)
@one
class Thing(one.Base, other[int], *c, flag=True, **d):
    """Text."""; field = 1
    x: int
    x.y: int = 3

    async def run(self, a, b=1, /, c: int = 2, *rest: str, d, e=f"{3}", **more: bytes) -> "Thing":
        global counter
        async with self.lock as lock, other.open("x") as (p, q):
            async for item in self.items():
                if item is not None and item not in rest or not a <= b < c != d:
                    continue
                elif (await item):
                    break
                else: time.sleep(1)
            else:
                return
        with (open("f") as f, open("g")):
            self.value, self.other = f.read(), lambda *a, k=b, **kw: (yield)
        while True: time.sleep(2); break
        for k, in [1], 2,: pass
        x = [m for n in e if n for m in n if m if n]; y = {m: n async for m, n in c}
        z = sum(m for m in (k for k in e)), max((m for m in e), key=len), {*a, *b}, {}
        return a[1:2, ::3, ...], b[:], c[(1, 2)], (a.b.c().d)[0](*rest, **more, k=1)

    def stay(self):
        nonlocal_ = 0
        def inner():
            nonlocal nonlocal_
            nonlocal_ += 1
            yield from self.items(); yield; yield 1, 2
        try:
            raise ValueError from None
        except (ValueError, TypeError) as error:
            raise
        except Exception: ...
        else: pass
        finally:
            return inner


def choose(command):
    match command, 1:
        case [1, -2.5, "a" "b", None] | (True, False): time.sleep(3)
        case {"k": one.Value, "n": [first, *others], **rest} if first and time.sleep(4): return others
        case Point(x=0, y=(Point() as p)) | Other(z, w): return p
        case (a, *_), _: time.sleep(5)
        case (str() | int()) as text: return text
        case _: pass
    match(command)
    print(1_000, 0xff, 1e3, 2j, b"x" b"y", """a
b""", u"c", r'\d')
    if command: return 0x_f
    async_ = 1 if command else 2 if async_ else 3; return async_ \
        + 1


if "__main__" == __name__:
    choose(sys.argv)
