import multiprocessing


def child():
    multiprocessing.get_context("fork").Process(target=int).start()  # CON406


def start():
    multiprocessing.current_process()._config["daemon"] = True
    child()


if __name__ == "__main__":
    start()
