import multiprocessing
import threading

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=print, args=(threading.Lock(),))
    process.start()  # CON411
