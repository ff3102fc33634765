"""PEP 701 and PEP 750: f-strings that hold quotes, comments and newlines, and template strings."""

import asyncio
import time


async def report(names, job):
    line = f"{", ".join(f"{name!r:>{len("x" * 3)}}" for name in names)} é {time.sleep(1)}"
    many = f"{
        time.sleep(2)  # a comment in a field
    } and {'\n'.join(names)} {time.sleep(3)!s:{
        await asyncio.sleep(0, 8)
    }}"
    deep = f"{f"{f"{f"{time.sleep(4)}"}"}"}" "plain" f'{names["a"]=}'
    page = t"<b>{time.sleep(5)}</b> {names:{time.sleep(6)}}" t"{await job()}"
    raw = rt"\d{(lambda: time.sleep(7))()}" if (n := len(names)) and time.sleep(8) else rf"\{n}"
    return line, many, deep, page, raw
