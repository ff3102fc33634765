"""A pause of the main thread at import: no loop is there to be stopped."""

import time

print("letting the workers settle")
time.sleep(1.5)
