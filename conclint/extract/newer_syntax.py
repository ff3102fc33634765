"""Reading syntax that is newer than the interpreter.

LibCST's parser knows the grammar of the newest Python whichever runs it. Its tree is turned into the `ast` nodes that a
newer Python would have made, at the same positions: there is one extractor, and its facts are the same everywhere.
What no fact depends on is left out: type parameters, and the text between an f-string's fields.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TypeAlias

Failure: TypeAlias = tuple[int, int, str]

_LINES = re.compile(r"\r\n|\r|\n")
_NEAR = 2
_TEMPLATE = re.compile(r"(?<!\w)(?:[tT][rR]?|[rR][tT])(?=[\"'])")


def parse(text: str, failure: Failure = (1, 0, "does not parse as Python 3")) -> ast.Module | Failure:
    """The tree of a module whose grammar this interpreter refuses.

    Parameters:
        text: the decoded source.
        failure: what the interpreter said of it, the answer where LibCST refuses it too and cannot say where.

    Returns:
        The tree, or the row (from 1), the column (in UTF-8 bytes) and the reason that there is none.

    Raises:
        RecursionError: the tree needs a larger stack.
    """
    from conclint.nesting import too_deep

    if too_deep(text) is not None:
        return failure
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parse(text, failure)


def _parse(text: str, failure: Failure) -> ast.Module | Failure:
    import libcst as cst

    from conclint.extract.cst_expressions import Expressions, InvalidSourceError
    from conclint.extract.cst_positions import Positions
    from conclint.extract.cst_statements import module

    try:
        try:
            tree = cst.parse_module(text)
        except cst.CSTLogicError:
            # It does not take template strings side by side. What f-strings evaluate is the same.
            text = _TEMPLATE.sub(_as_formatted, text)
            tree = cst.parse_module(text)
        return module(tree, Expressions(Positions(tree, text)))
    except cst.ParserSyntaxError as error:
        # Of an error in a token LibCST does not say the place, but every Python does, also behind newer syntax.
        if "tokenizer error" in error.message:
            return failure
        found = place(text, error.raw_line, error.raw_column, failure[2])
        # LibCST names the end of the token that it refuses, which may stand a line or two behind the mistake. Where
        # this Python stopped there, too, its place is the better one; far before, it stopped at newer syntax.
        return failure if 0 <= found[0] - failure[0] <= _NEAR else found
    except InvalidSourceError:
        return failure
    except Exception as error:
        # LibCST refuses files with errors of many types; each means that there is no tree.
        if _ran_out_of_stack(error):
            raise RecursionError from error
        return failure
    except BaseException as error:
        # Its parser is written in Rust, whose panics are no `Exception`.
        if type(error).__name__ == "PanicException":
            return failure
        raise


def _ran_out_of_stack(error: BaseException | None) -> bool:
    # LibCST's own clean-up fails on the way out of a recursion error and hides it.
    while error is not None and not isinstance(error, RecursionError):
        error = error.__context__
    return error is not None


def _as_formatted(prefix: re.Match[str]) -> str:
    return prefix.group().lower().replace("t", "f")


def place(text: str, row: int, characters: int, reason: str) -> Failure:
    """A failure at a row and a column that is counted in characters, in the columns of `ast`."""
    lines = _LINES.split(text)
    if not 0 < row <= len(lines):
        return (len(lines), 0, reason)
    before = lines[row - 1][:characters]
    return (row, len(before.encode("utf-8", "surrogatepass")), reason)
