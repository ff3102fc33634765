"""A generator, stepped by hand and by a loop."""


def squares():
    for number in range(6):
        yield number * number


numbers = squares()
first = next(numbers)
for square in squares():
    print(square)
