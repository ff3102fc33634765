"""A field of cells that wraps round at its edges, and the rule of the game as coroutines that never wait."""

LIVING = "#"
BARE = "."


class Field:
    def __init__(self, rows, columns):
        self.rows = rows
        self.columns = columns
        self.cells = []
        for _ in range(self.rows):
            self.cells.append([BARE] * self.columns)

    def look(self, row, column):
        return self.cells[row % self.rows][column % self.columns]

    def put(self, row, column, cell):
        self.cells[row % self.rows][column % self.columns] = cell

    def __str__(self):
        text = ""
        for line in self.cells:
            for cell in line:
                text += cell
            text += "\n"
        return text


def living_around(row, column, look):
    above = look(row - 1, column)
    above_right = look(row - 1, column + 1)
    right = look(row, column + 1)
    below_right = look(row + 1, column + 1)
    below = look(row + 1, column)
    below_left = look(row + 1, column - 1)
    left = look(row, column - 1)
    above_left = look(row - 1, column - 1)
    around = [above, above_right, right, below_right, below, below_left, left, above_left]
    total = 0
    for cell in around:
        if cell == LIVING:
            total += 1
    return total


# A real rule might ask somebody:
# async def decide(cell, total):
#     answer = await connection.receive(64)


async def decide(cell, total):
    if cell == LIVING:
        if total < 2:
            return BARE  # lonely
        elif total > 3:
            return BARE  # crowded
    elif total == 3:
        return LIVING  # born
    return cell


async def advance(row, column, look, put):
    cell = look(row, column)
    total = living_around(row, column, look)
    then = await decide(cell, total)
    put(row, column, then)
