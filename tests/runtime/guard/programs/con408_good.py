import multiprocessing

found = []


def work(results):
    results.put(1)


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    process = context.Process(target=work, args=(results,))
    process.start()
    found.append(results.get())
    process.join()
    print(found)
