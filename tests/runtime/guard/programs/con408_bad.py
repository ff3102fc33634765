import multiprocessing

found = []


def work():
    found.append(1)  # CON408


if __name__ == "__main__":
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    print(found)
