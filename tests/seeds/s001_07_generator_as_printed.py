def squares():
    for number in range(6):
        yield number * number
for square in squares()
    print(square)
