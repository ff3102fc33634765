import threading
from concurrent.futures import ThreadPoolExecutor


def work():
    pass


thread = threading.Thread(target=work())  # CON308
thread.start()
thread.join()
with ThreadPoolExecutor(1) as pool:
    pool.submit(work())  # CON308
