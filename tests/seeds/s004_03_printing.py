"""Several generations side by side, the loop run anew for each."""

import asyncio
import logging


class Field:
    def __init__(self, rows, columns):
        self.rows = rows
        self.columns = columns
        self.cells = {}

    def put(self, row, column, cell):
        self.cells[row, column] = cell

    def __str__(self):
        lines = ("".join(self.cells.get((row, column), ".") for column in range(self.columns)) for row in range(self.rows))
        return "\n".join(lines)


async def generation(field):
    return field


class SideBySide:
    def __init__(self):
        self.pictures = []

    def add(self, picture):
        self.pictures.append(picture)

    def __str__(self):
        height = 1
        for picture in self.pictures:
            height = max(height, len(picture.splitlines()) + 1)

        lines = [""] * height
        for index in range(height):
            for number, picture in enumerate(self.pictures):
                line = picture.splitlines()[max(0, index - 1)]
                if index == 0:
                    margin = " " * (len(line) // 2)
                    lines[index] += margin + str(number) + margin
                else:
                    lines[index] += line

                if (number + 1) < len(self.pictures):
                    lines[index] += " : "

        return "\n".join(lines)


logging.getLogger().setLevel(logging.CRITICAL)

field = Field(6, 8)
field.put(1, 2, "#")
field.put(2, 3, "#")
field.put(3, 1, "#")
field.put(3, 2, "#")
field.put(3, 3, "#")

pictures = SideBySide()
for _ in range(4):
    pictures.add(str(field))
    field = asyncio.run(generation(field))  # a loop for each

print(pictures)
