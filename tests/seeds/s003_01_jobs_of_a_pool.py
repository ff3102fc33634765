"""Jobs handed to a pool in a loop; the last is asked for its state and its result, then the pool is shut down."""

from concurrent.futures import ThreadPoolExecutor
import time


def bake():
    print("in the oven")
    time.sleep(1)
    return 3


oven = ThreadPoolExecutor(max_workers=4)
for _ in range(8):
    loaf = oven.submit(bake)

print("dough is ready")
print(loaf.done())
print(loaf.result())
oven.shutdown()
