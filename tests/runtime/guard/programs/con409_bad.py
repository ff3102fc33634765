import multiprocessing


def work(value):
    for _ in range(3):
        value.value += 1  # CON409


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    value = context.Value("i", 0)
    process = context.Process(target=work, args=(value,))
    process.start()
    process.join()
