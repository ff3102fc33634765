"""How tightly expressions bind, and how tightly a place asks for."""

from __future__ import annotations

import libcst as cst

# Levels as in the language reference's table of precedence, loosest first. A named expression comes before tuples,
# which stand bare in statements where it may not; the price is a pair of parentheses too many in a call.
NAMED, TUPLE, LAMBDA, CONDITIONAL, OR, AND, NOT, COMPARISON, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT, SIGN = (
    range(15)
)
POWER, AWAIT, PRIMARY, ATOM = range(15, 19)

_BINARY: dict[type[cst.BaseBinaryOp], int] = {
    cst.BitOr: BIT_OR,
    cst.BitXor: BIT_XOR,
    cst.BitAnd: BIT_AND,
    cst.LeftShift: SHIFT,
    cst.RightShift: SHIFT,
    cst.Add: SUM,
    cst.Subtract: SUM,
    cst.Power: POWER,
}
_FIXED: dict[type[cst.CSTNode], int] = {
    cst.Tuple: TUPLE,
    cst.Yield: TUPLE,
    cst.NamedExpr: NAMED,
    cst.Lambda: LAMBDA,
    cst.IfExp: CONDITIONAL,
    cst.Comparison: COMPARISON,
    cst.Await: AWAIT,
    cst.Call: PRIMARY,
    cst.Attribute: PRIMARY,
    cst.Subscript: PRIMARY,
    cst.ConcatenatedString: ATOM,
    # Without its parentheses: it can only stand alone in a call's.
    cst.GeneratorExp: TUPLE,
}
_STATEMENTS = (cst.Expr, cst.Assign, cst.AugAssign, cst.AnnAssign, cst.Return, cst.Yield)
_LOOSE = (cst.If, cst.While, cst.Assert, cst.Decorator, cst.NamedExpr, cst.Lambda, cst.DictElement, cst.DictComp)
_LISTED = (
    cst.For,
    cst.Raise,
    cst.WithItem,
    cst.Param,
    cst.Index,
    cst.Slice,
    cst.Match,
    cst.From,
    cst.ListComp,
    cst.SetComp,
)
_STARRED = (cst.StarredElement, cst.StarredDictElement)


def level(node: cst.BaseExpression) -> int:
    """How tightly an expression binds without parentheses around it."""
    if isinstance(node, cst.BooleanOperation):
        return AND if isinstance(node.operator, cst.And) else OR
    if isinstance(node, cst.UnaryOperation):
        return NOT if isinstance(node.operator, cst.Not) else SIGN
    if isinstance(node, cst.BinaryOperation):
        return _BINARY.get(type(node.operator), PRODUCT)
    return _FIXED.get(type(node), ATOM)


def demand(parent: cst.CSTNode, child: cst.CSTNode) -> int:
    """The loosest level that `parent` takes in the place of `child` without parentheses."""
    if isinstance(parent, cst.BinaryOperation):
        return _operand(parent, child)
    if isinstance(parent, cst.BooleanOperation):
        return level(parent) + (child is parent.right)
    if isinstance(parent, cst.UnaryOperation):
        return level(parent)
    if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
        return COMPARISON + 1
    if isinstance(parent, cst.IfExp):
        return LAMBDA if child is parent.orelse else OR
    if isinstance(parent, cst.CompFor):
        return OR
    if isinstance(parent, cst.CompIf):
        return OR
    if isinstance(parent, cst.Arg):
        return LAMBDA
    if isinstance(parent, _STARRED):
        return BIT_OR
    if isinstance(parent, cst.FormattedStringExpression):
        return CONDITIONAL
    return _demand_of_kind(parent)


def _demand_of_kind(parent: cst.CSTNode) -> int:
    if isinstance(parent, _STATEMENTS):
        return TUPLE
    if isinstance(parent, (*_LOOSE, *_LISTED, cst.Element)):
        return LAMBDA
    # The base of an attribute, a call or a subscript, the operand of `await`, and whatever is not known here.
    return PRIMARY


def _operand(parent: cst.BinaryOperation, child: cst.CSTNode) -> int:
    if isinstance(parent.operator, cst.Power):
        return AWAIT if child is parent.left else SIGN
    return level(parent) + (child is not parent.left)


def parenthesised(node: cst.CSTNode) -> bool:
    """Whether the source has parentheses around this expression."""
    return bool(getattr(node, "lpar", ()))


def in_brackets(tree_parents: list[tuple[cst.CSTNode, cst.CSTNode]]) -> bool:
    """Whether newlines are free at a place: some bracket is open around it.

    Parameters:
        tree_parents: the place and its ancestors, as pairs of a node and its parent.
    """
    for child, parent in tree_parents:
        if isinstance(child, cst.BaseExpression) and parenthesised(child):
            return True
        if isinstance(parent, cst.Call) and child is not parent.func:
            return True
        if isinstance(parent, cst.Subscript) and child is not parent.value:
            return True
        if isinstance(parent, (cst.List, cst.Set, cst.Dict, cst.ListComp, cst.SetComp, cst.DictComp, cst.Parameters)):
            return not isinstance(parent, cst.Parameters)
        if isinstance(parent, (cst.BaseStatement, cst.BaseSmallStatement)):
            return False
    return False
