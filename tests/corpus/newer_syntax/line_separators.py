"""Characters that are newlines to str.splitlines, but not to Python."""
import time
type X = int
async def f():
    x = "a bcd"; time.sleep(1)  # conclint: ignore[CON101] known
    time.sleep(2)
