import multiprocessing

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:
        pool.apply(id, (1,))
