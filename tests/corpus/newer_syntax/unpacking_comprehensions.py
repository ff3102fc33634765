"""PEP 798 and PEP 810: unpacking in comprehensions, lazy imports."""

import time

lazy import json
lazy from asyncio import sleep as nap


async def flatten(groups, tables):
    names = [*name for name in groups if time.sleep(1)]
    table = {**table for table in tables if time.sleep(2)}
    return names, table, json.dumps(table), time.sleep(3), await nap(1)
