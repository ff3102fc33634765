import multiprocessing

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    process = context.Process(target=id, args=(context.Lock(),))
    process.start()
    process.join()
