"""Expressions as text, in the spelling of the language: for explanations, documents, and the hash of a system.

The text is a faithful picture of the tree: two expressions that print alike over the same declarations mean the same.
Parameters are bare words, printed as the user wrote them, with a prime for each outer namesake; what is declared has brackets or
`.value` behind it, an element stands in quotes and a member behind its enumeration, so that none is taken for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from udproof.language import expressions as ex
from udproof.language.sentences import Sentence

Names = Mapping[ex.Param, str]


def naming(params: tuple[ex.Param, ...], outer: Names | None = None) -> dict[ex.Param, str]:
    """A name for each parameter, unlike all outer ones."""
    names = dict(outer or {})
    for node in params:
        name = node.name
        while name in names.values():
            name += "'"
        names[node] = name
    return names


def show(node: ex.Expr, names: Names) -> str:
    """The expression as text; `names` has every free parameter."""
    match node:
        case ex.Lit(value=value, sort=sort):
            return show_value(value, sort)
        case ex.Param():
            return names.get(node, node.name)
        case ex.Read(symbol=symbol, args=args):
            inner = ", ".join(show(arg, names) for arg in args)
            if isinstance(symbol, ex.DefinitionSymbol):
                return f"{symbol.name}({inner})"
            return f"{symbol.name}[{inner}]" if args else f"{symbol.name}.value"
        case ex.Not(body=body):
            return f"not {show(body, names)}" if isinstance(body, ex.Read) else f"not ({show(body, names)})"
        case ex.And(parts=parts):
            return " and ".join(_inner(part, names) for part in parts) or "True"
        case ex.Or(parts=(ex.Not(body=premise), conclusion)):
            return f"{_inner(premise, names)} => {_inner(conclusion, names)}"
        case ex.Or(parts=parts):
            return " or ".join(_inner(part, names) for part in parts) or "False"
        case ex.Eq(left=left, right=right):
            return f"{_side(left, names)} = {_side(right, names)}"
        case ex.Le(left=left, right=right):
            return f"{_inner(left, names)} <= {_inner(right, names)}"
        case ex.Sum(left=left, right=right, factor=factor):
            return f"{_inner(left, names)} {'+' if factor == 1 else '-'} {_inner(right, names)}"
        case ex.Ite(condition=condition, then=then, other=other):
            return f"(if {show(condition, names)} then {show(then, names)} else {show(other, names)})"
        case ex.ForAll(param=param, body=body) | ex.Exists(param=param, body=body) | ex.Count(param=param, body=body):
            inside = naming((param,), names)
            word = {ex.ForAll: "all", ex.Exists: "some", ex.Count: "count"}[type(node)]
            return f"({word} {inside[param]}: {param.sort} . {show(body, inside)})"
        case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
            return f"{_clock(clock, args, names)} {comparison} {show_bound(bound)}"
        case ex.ClockValue(clock=clock, args=args):
            return _clock(clock, args, names)
        case ex.DurationValue(duration=duration):
            return duration.name


def show_value(value: int | str, sort: ex.Sort) -> str:
    """A literal as text."""
    match sort:
        case ex.BoolSort():
            return str(bool(value))
        case ex.EnumSort(name=name, members=members) if isinstance(value, int):
            return f"{name}.{members[value]}"
        case _:
            return repr(value)


def show_bound(bound: ex.Bound) -> str:
    """A timing constant by name, or a number of seconds."""
    return bound.name if isinstance(bound, ex.DurationSymbol) else show_seconds(bound)


def show_seconds(time: Fraction) -> str:
    """A time as decimal seconds where it is one, else as a fraction: 30 s, 0.5 s, 1/3 s."""
    scaled, digits = time, 0
    while scaled.denominator != 1 and digits < 6:
        scaled, digits = scaled * 10, digits + 1
    if scaled.denominator != 1:
        return f"{time} s"
    text = str(scaled.numerator).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]} s" if digits else f"{text} s"


def show_sentence(said: Sentence | None, names: Names) -> str:
    """A sentence with its expressions unfilled, in brackets."""
    if said is None:
        return ""
    filled = "".join(f"{text}[{show(part, names)}]" for text, part in zip(said.texts, said.parts, strict=False))
    return filled + said.texts[-1]


def _clock(clock: ex.ClockSymbol, args: tuple[ex.Expr, ...], names: Names) -> str:
    inner = ", ".join(show(arg, names) for arg in args)
    return f"{clock.name}[{inner}]" if args else f"{clock.name}.value"


def _side(node: ex.Expr, names: Names) -> str:
    """One side of an equation, in brackets if it is a comparison itself."""
    text = _inner(node, names)
    return f"({text})" if isinstance(node, ex.Eq | ex.Le | ex.ClockIs | ex.Not) else text


def _inner(node: ex.Expr, names: Names) -> str:
    text = show(node, names)
    compound = isinstance(node, ex.Sum) or (isinstance(node, ex.And | ex.Or) and len(node.parts) > 1)
    return f"({text})" if compound else text
