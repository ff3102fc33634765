"""One generation: a coroutine for each cell, all of them gathered."""

import asyncio


class Field:
    def __init__(self, rows, columns):
        self.rows = rows
        self.columns = columns
        self.cells = {}

    def look(self, row, column):
        return self.cells.get((row, column), ".")

    def put(self, row, column, cell):
        self.cells[row, column] = cell


async def advance(row, column, look, put):
    put(row, column, look(row, column))


async def generation(field):
    after = Field(field.rows, field.columns)

    moves = []
    for row in range(field.rows):
        for column in range(field.columns):
            move = advance(row, column, field.look, after.put)  # out
            moves.append(move)

    await asyncio.gather(*moves)  # and in again

    return after
