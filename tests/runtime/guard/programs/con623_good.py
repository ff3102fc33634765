# guard: --embed ray
import sqlite3

import ray


@ray.remote
class Table:
    def __init__(self):
        self.base = sqlite3.connect(":memory:")

    def rows(self):
        return self.base.execute("select 1").fetchall()


print(ray.get(Table.remote().rows.remote()))
