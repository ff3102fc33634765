import multiprocessing

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Manager() as manager:
        table = manager.dict(x=[])
        table["x"].append(1)  # CON412
        print(table)
