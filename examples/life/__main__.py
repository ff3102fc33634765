from __future__ import annotations

import sys

from .board import glider
from .oracle import Oracle, oracle_server


def main(way: str) -> None:
    board = glider(9, 16)
    if way == "coroutines":
        from .coroutines import play

        with oracle_server() as port:
            played = play(board, 4, Oracle(port))
    elif way == "threads":
        from .threads import Quarters

        played = Quarters(threads=4).play(board, 4)
    elif way == "rows":
        from .rows import play_rows

        played = play_rows(board, 4)
    elif way == "stream":
        from .stream import play_all

        played = play_all(board, 4)
    else:
        from .actors import play_in_bands

        played = play_in_bands(board, 4)
    print(played)


if __name__ == "__main__":
    main(sys.argv[1])
