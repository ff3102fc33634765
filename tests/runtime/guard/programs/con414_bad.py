import multiprocessing

multiprocessing.set_start_method("fork")
multiprocessing.set_start_method("spawn")  # CON414
