# guard: --embed ray
import sqlite3

import ray


@ray.remote(max_concurrency=2)
class Table:
    def __init__(self):
        self.base = sqlite3.connect(":memory:")

    def rows(self):
        return self.base.execute("select 1").fetchall()  # CON623


print(ray.get(Table.remote().rows.remote()))
