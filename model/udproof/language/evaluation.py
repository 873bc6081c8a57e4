"""What an expression means, in one function.

The value of every expression is an integer: truth is 1 and 0, a member of an enumeration or an element of an index sort is
its position, an integer is itself. What the symbols mean comes from a `Structure`, in the sense of logic: a domain for each
index sort and a function for each symbol. Times are integers too, counted in ticks of the structure's own unit.

This is the definition that every engine is held to; it is written to be read, not to be fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Protocol

from udproof.language import expressions as ex

Env = Mapping[ex.Param, int]


class Structure(Protocol):
    """What symbols mean at one moment."""

    def size(self, sort: ex.IndexSort) -> int:
        """How many elements the sort has."""

    def element(self, sort: ex.IndexSort, name: str) -> int:
        """The position of the element of that name."""

    def read(self, symbol: ex.ConstantSymbol | ex.VariableSymbol, args: tuple[int, ...]) -> int:
        """The value of a constant or variable."""

    def clock(self, clock: ex.ClockSymbol, args: tuple[int, ...]) -> int:
        """The reading of a clock, in ticks."""

    def ticks(self, bound: ex.Bound) -> int:
        """A duration, in ticks."""


def evaluate(node: ex.Expr, env: Env, world: Structure) -> int:
    """The value of the expression where its free parameters have the positions given by `env`."""
    match node:
        case ex.Lit(value=value, sort=sort):
            return world.element(sort, value) if isinstance(value, str) and isinstance(sort, ex.IndexSort) else int(value)
        case ex.Param():
            return env[node]
        case ex.Read(symbol=symbol, args=args):
            values = tuple(evaluate(arg, env, world) for arg in args)
            if isinstance(symbol, ex.DefinitionSymbol):
                return evaluate(symbol.body, dict(zip(symbol.params, values, strict=True)), world)
            return world.read(symbol, values)
        case ex.Not(body=body):
            return 1 - evaluate(body, env, world)
        case ex.And(parts=parts):
            return int(all(evaluate(part, env, world) for part in parts))
        case ex.Or(parts=parts):
            return int(any(evaluate(part, env, world) for part in parts))
        case ex.Eq(left=left, right=right):
            return int(evaluate(left, env, world) == evaluate(right, env, world))
        case ex.Le(left=left, right=right):
            return int(evaluate(left, env, world) <= evaluate(right, env, world))
        case ex.Sum(left=left, right=right, factor=factor):
            return evaluate(left, env, world) + factor * evaluate(right, env, world)
        case ex.Ite(condition=condition, then=then, other=other):
            return evaluate(then if evaluate(condition, env, world) else other, env, world)
        case ex.ForAll(param=param, body=body):
            return int(all(evaluate(body, {**env, param: x}, world) for x in range(world.size(param.sort))))
        case ex.Exists(param=param, body=body):
            return int(any(evaluate(body, {**env, param: x}, world) for x in range(world.size(param.sort))))
        case ex.Count(param=param, body=body):
            return sum(evaluate(body, {**env, param: x}, world) for x in range(world.size(param.sort)))
        case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
            reading = world.clock(clock, tuple(evaluate(arg, env, world) for arg in args))
            return int(_compare(reading, comparison, world.ticks(bound)))
        case ex.ClockValue(clock=clock, args=args):
            return world.clock(clock, tuple(evaluate(arg, env, world) for arg in args))
        case ex.DurationValue(duration=duration):
            return world.ticks(duration)


def environments(params: tuple[ex.Param, ...], world: Structure) -> Iterator[dict[ex.Param, int]]:
    """Every way to give the parameters elements, in the order of their positions."""
    for values in product(*(range(world.size(node.sort)) for node in params)):
        yield dict(zip(params, values, strict=True))


def _compare(reading: int, comparison: ex.Comparison, ticks: int) -> bool:
    match comparison:
        case "<":
            return reading < ticks
        case "<=":
            return reading <= ticks
        case ">=":
            return reading >= ticks
        case ">":
            return reading > ticks
