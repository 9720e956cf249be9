"""The part of Jinja that templates may use, and how its syntax tree is prepared.

An allow-list: whatever is not named here is refused, so that a new feature of the library is
not a new hole (https://jinja.palletsprojects.com/en/stable/sandbox/ says that its sandbox
alone is no complete solution).
"""

from collections.abc import Callable
from typing import NoReturn, TypeVar

from jinja2 import nodes

from dli_domain.rendering.operations import METHOD_NAMES

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign,
    nodes.AssignBlock, nodes.Macro, nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict,
    nodes.Pair, nodes.Keyword, nodes.Slice, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call,
    nodes.Getattr, nodes.Getitem, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Concat, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Neg, nodes.Pos,
)  # fmt: skip

FILTERS = frozenset(
    "upper lower trim replace title capitalize default d join length count first last unique sort"
    " reverse int float string abs round list min max sum sql_string sql_list sql_identifier"
    " sql_date".split()
)
TESTS = frozenset(
    "defined undefined none number integer float boolean true false string iterable sequence"
    " mapping even odd divisibleby in eq equalto ne lt lessthan le gt greaterthan ge == != < <="
    " > >=".split()
)

N = TypeVar("N", bound=nodes.Node)
Fail = Callable[[nodes.Node, str, str | None], NoReturn]


def check(tree: nodes.Template, fail: Fail) -> None:
    """Call `fail` for the first thing that templates may not use."""
    for node in _walk(tree):
        if type(node) not in _ALLOWED:
            fail(node, f"use {{% {type(node).__name__.lower()} %}}", None)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            fail(
                node, f"use the filter {node.name!r}", f"Filters are {', '.join(sorted(FILTERS))}."
            )
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            fail(node, f"use the test {node.name!r}", f"Tests are {', '.join(sorted(TESTS))}.")
        if isinstance(node, (nodes.Name, nodes.Macro)) and node.name.startswith("_"):
            fail(node, f"use the name {node.name!r}", "Names must not start with '_'.")
        if isinstance(node, (nodes.Filter, nodes.Test, nodes.Call)) and (
            node.dyn_args is not None or node.dyn_kwargs is not None
        ):
            fail(node, "spread arguments with * or **", None)
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            fail(node, f"read .{node.attr}", None)
        if isinstance(node, nodes.Call):
            _check_call(node, fail)
        if isinstance(node, nodes.AssignBlock) and node.filter is not None:
            fail(node, "put a filter on a set block", "Apply it where the block is used.")


def _check_call(node: nodes.Call, fail: Fail) -> None:
    callee = node.node
    if isinstance(callee, nodes.Getattr):
        if callee.attr not in METHOD_NAMES:
            fail(node, f"call .{callee.attr}()", f"Methods are {', '.join(sorted(METHOD_NAMES))}.")
    elif not isinstance(callee, nodes.Name):
        fail(node, "call the result of an expression", None)


def _walk(node: nodes.Node) -> list[nodes.Node]:
    """Every node, without recursion: deep nesting is the parser's limit, not ours."""
    found, queue = [], [node]
    while queue:
        current = queue.pop()
        found.append(current)
        queue.extend(current.iter_child_nodes())
    return found


class Preparation:
    """Rewrites a checked tree so that every operation goes through ours.

    Args:
        places: The source offsets of the data and expressions, in the order they are written.
        data_marker: What to put before template text that starts at a given offset.
    """

    def __init__(self, places: list[int], data_marker: Callable[[int], str]) -> None:
        self._places = iter(places)
        self._data_marker = data_marker

    def apply(self, tree: nodes.Template) -> None:
        """Rewrite `tree` in place."""
        self._children(tree)

    def _children(self, node: nodes.Node) -> None:
        for name, value in node.iter_fields():
            if isinstance(value, nodes.Node):
                setattr(node, name, self._node(value))
            elif isinstance(value, list):
                setattr(
                    node, name, [self._node(v) if isinstance(v, nodes.Node) else v for v in value]
                )

    def _node(self, node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.Output):
            return self._output(node)
        self._children(node)
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            return _call("_written", node)
        if isinstance(node, nodes.Concat):
            return _call("_concat", nodes.List(node.nodes, lineno=node.lineno))
        if isinstance(node, nodes.Getattr):
            return _call("_field", node.node, nodes.Const(node.attr))
        if isinstance(node, nodes.Call):
            return self._called(node)
        if isinstance(node, nodes.For):
            node.iter = _call("_ticking", node.iter)
        if isinstance(node, nodes.AssignBlock):
            node.filter = nodes.Filter(None, "_block", [], [], None, None, lineno=node.lineno)
        return node

    def _output(self, node: nodes.Output) -> nodes.Output:
        children: list[nodes.Expr] = []
        for child in node.nodes:
            place = next(self._places)
            if isinstance(child, nodes.TemplateData):
                child.data = self._data_marker(place) + child.data
                children.append(child)
            else:
                prepared = self._node(child)
                children.append(_call("_emit", prepared, nodes.Const(place)))
        node.nodes = children
        return node

    def _called(self, node: nodes.Call) -> nodes.Node:
        callee = node.node
        # The children are rewritten already: a method's Getattr is now the filter _field.
        if isinstance(callee, nodes.Filter) and callee.name == "_field":
            return _call("_method", callee.node, *callee.args, *node.args, kwargs=node.kwargs)
        return _call("_called", node)


def _call(
    name: str,
    first: nodes.Node | None,
    *args: nodes.Node,
    kwargs: list[nodes.Keyword] | None = None,
) -> nodes.Filter:
    line = first.lineno if first is not None else 1
    return nodes.Filter(first, name, list(args), kwargs or [], None, None, lineno=line)
