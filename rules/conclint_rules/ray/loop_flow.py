"""What one turn of a loop hands to the next: which names carry the result of an operation around."""

from __future__ import annotations

from conclint.facts import Assign, Call, Expr, Op
from conclint.program.model import Func, chains, operands, parts


class LoopFlow:
    """The names that a loop sets, and those that depend on the result of one operation in it.

    It errs towards dependence: an object that is passed to a call together with the result counts as changed by it.
    """

    def __init__(self, func: Func, loop: int, start: int) -> None:
        self.func = func
        self.loop = loop
        self.start = start
        self.inside = [(index, op) for index, op in enumerate(func.ops) if func.encloses(loop, op.block)]
        self.set = frozenset(
            op.target for _, op in self.inside if isinstance(op, Assign) and isinstance(op.target, str)
        )
        self.results: set[int] = set()
        self.carried: set[str] = set()
        self.fresh = self._set_anew()
        self._spread()
        while stale := {name for name in self.fresh if self._setting(name) in self.results}:
            # What sets it needs the result of an earlier turn after all.
            self.fresh -= stale
            self._spread()

    def _set_anew(self) -> set[str]:
        """The names that each turn sets ahead of the operation, whatever came before."""
        return {
            op.target
            for index, op in self.inside
            if index < self.start
            and isinstance(op, Assign)
            and isinstance(op.target, str)
            and "." not in op.target
            and op.block == self.loop
            and (op.how == "for" or self._setting(op.target) == index)
        }

    def _setting(self, name: str) -> int:
        """The one operation of the loop that sets a name, or -1."""
        found = [index for index, op in self.inside if isinstance(op, Assign) and op.target == name]
        return found[0] if len(found) == 1 else -1

    def _spread(self) -> None:
        """Follow the result through assignments and calls until nothing more depends on it."""
        self.results = {self.start}
        self.carried = set(self._changed(self.func.ops[self.start]))
        before = -1
        while before != len(self.results) + len(self.carried):
            before = len(self.results) + len(self.carried)
            for index, op in self.inside:
                if index not in self.results and any(self._depends(part, index) for part in parts(op)):
                    self.results.add(index)
                    self.carried.update(self._changed(op))

    def _changed(self, op: Op) -> set[str]:
        """The names that an operation on the result may put it into."""
        if isinstance(op, Assign):
            return set(chains(op.target))
        if isinstance(op, Call) and op is not self.func.ops[self.start]:
            given = [chain for part in (*op.args, *(value for _, value in op.keywords)) for chain in chains(part)]
            owner = op.func.rpartition(".")[0] if isinstance(op.func, str) else ""
            return {chain for chain in (*given, owner) if chain and chain[0] in "$&:"}
        return set()

    def _depends(self, value: Expr, index: int) -> bool:
        if any(number in self.results for number in operands(value)):
            return True
        return any(self._carries(chain, early=index < self.start) for chain in chains(value))

    def _carries(self, chain: str, *, early: bool) -> bool:
        if early and chain.partition(".")[0] in self.fresh:
            return False
        return any(chain == name or chain.startswith(f"{name}.") for name in self.carried)

    def is_carried(self, value: Expr) -> bool:
        """Whether an expression ahead of the operation reads what an earlier turn has left behind."""
        if any(self._carries(chain, early=True) for chain in chains(value)):
            return True
        return any(any(self.is_carried(part) for part in parts(self.func.ops[number])) for number in operands(value))

    def varies(self, value: Expr) -> bool:
        """Whether an expression, its operations included, reads a name that the loop sets."""
        if any(chain.partition(".")[0] in self.set for chain in chains(value)):
            return True
        return any(any(self.varies(part) for part in parts(self.func.ops[number])) for number in operands(value))
