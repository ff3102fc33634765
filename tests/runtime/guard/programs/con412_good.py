import multiprocessing

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Manager() as manager:
        table = manager.dict(x=[])
        values = table["x"]
        values.append(1)
        table["x"] = values
        print(table)
