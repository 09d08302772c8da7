"""What is known of a JMESPath expression before it is evaluated.

Where it is wrong, to what it refers, and how often it may say its input again.

Source: jmespath.org/specification.html; the `jmespath` package parses.
"""

import math
from collections.abc import Iterator
from typing import Final, TypeAlias, TypedDict

import jmespath
from jmespath.exceptions import (
    EmptyExpressionError,
    IncompleteExpressionError,
    LexerError,
    ParseError,
)
from jmespath.functions import Functions

from ..errors import ConfigError

Reference: TypeAlias = tuple[str, ...]
"""The names with which an expression begins: `parts.a.b[0].c` refers to (parts, a, b).
(): all there is."""


class Node(TypedDict):
    """A node of jmespath's syntax tree."""

    type: str
    value: object
    children: "list[Node]"


def below(node: Node) -> "list[Node]":
    """Return the nodes that a node is made of; a slice's "children" are three numbers."""
    return [] if node["type"] == "slice" else node["children"]


def at(text: str, position: int) -> str:
    return f"{text!r}, character {position + 1}"


def parse(text: str) -> Node:
    try:
        node: Node = jmespath.compile(text).parsed
    except EmptyExpressionError:
        raise ConfigError("", "an expression must not be empty") from None
    except LexerError as error:
        raise ConfigError("", f"{at(text, error.lexer_position)}: {error.message}") from None
    except IncompleteExpressionError:
        raise ConfigError("", f"{at(text, len(text))}: the expression is not complete") from None
    except ParseError as error:
        stands = repr(error.token_value) if error.token_value else "the end"
        problem = f"{stands} cannot stand here"
        raise ConfigError("", f"{at(text, error.lex_position)}: {problem}") from None
    except RecursionError:
        raise ConfigError("", "the expression nests too deep") from None
    return node


class _Signature(TypedDict):
    signature: "list[dict[str, object]]"


_FUNCTIONS: Final[dict[str, _Signature]] = Functions.FUNCTION_TABLE


def check_functions(node: Node, text: str) -> None:
    """Refuse functions that do not exist, or are given too few or too many arguments.

    jmespath itself would tell only when it comes to call them.
    """
    if node["type"] == "expref":
        # As a value it would be what no document holds: it is for whoever applies it.
        place = at(text, text.index("&"))
        raise ConfigError("", f"{place}: & stands for an argument of sort_by(), map() and such")
    taken: list[Node] = []
    if node["type"] == "function_expression":
        name = str(node["value"])
        place = at(text, text.index(name))
        if name not in _FUNCTIONS:
            raise ConfigError("", f"{place}: there is no function {name!r}")
        wanted = _FUNCTIONS[name]["signature"]
        given = len(node["children"])
        variadic = bool(wanted) and bool(wanted[-1].get("variadic"))
        if given < len(wanted) or (given > len(wanted) and not variadic):
            more = " or more" if variadic else ""
            problem = f"{name}() takes {len(wanted)}{more} arguments, not {given}"
            raise ConfigError("", f"{place}: {problem}")
        arguments = zip(wanted, node["children"], strict=False)
        taken = [child for kind, child in arguments if kind["types"] == ["expref"]]
    for child in below(node):
        applied = child["type"] == "expref" and child in taken
        check_functions(child["children"][0] if applied else child, text)


_IN_TURN: Final = frozenset(
    {"subexpression", "pipe", "index_expression", "projection", "value_projection", "flatten"}
)
"""Nodes whose children each work on what the one before has made."""


def copies(node: Node) -> int:
    children = below(node)
    if node["type"] == "filter_projection":
        children = children[:2]  # the third only chooses
    each = [copies(child) for child in children]
    if (
        node["type"] in _IN_TURN
        or node.get("value") == "map"
        or node["type"] == "filter_projection"
    ):
        return math.prod(each)
    return max(1, sum(each))


_ON_FIRST: Final = _IN_TURN | {"filter_projection"}


def references(node: Node) -> Iterator[Reference]:
    kind, children = node["type"], below(node)
    if leading := _leading(node):
        yield leading
    elif kind in ("current", "identity"):
        yield ()
    elif kind in _ON_FIRST:
        yield from references(children[0])
    elif kind != "expref":  # that is evaluated on members of something else
        for child in children:
            yield from references(child)


def _leading(node: Node) -> Reference:
    """Return the names with which a chain of members begins."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return (str(node["value"]),)
    if kind != "subexpression":
        return _leading(children[0]) if kind in _ON_FIRST else ()
    leading: Reference = ()
    for child in children:
        leading += _leading(child)
        if child["type"] != "field":
            break
    return leading


def names(node: Node) -> Reference:
    """Return the names of an expression that consists of nothing else, else ()."""
    chain = node["children"] if node["type"] == "subexpression" else [node]
    return _leading(node) if all(each["type"] == "field" for each in chain) else ()
