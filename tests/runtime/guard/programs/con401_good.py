import multiprocessing


def main():
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()


if __name__ == "__main__":
    main()
