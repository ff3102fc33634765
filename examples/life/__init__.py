"""Conway's Game of Life, where an oracle at the other end of a socket says what becomes of each cell."""
