import multiprocessing

if __name__ == "__main__":
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
