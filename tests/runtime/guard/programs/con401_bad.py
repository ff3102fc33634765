import multiprocessing

process = multiprocessing.get_context("fork").Process(target=int)
process.start()  # CON401
process.join()
