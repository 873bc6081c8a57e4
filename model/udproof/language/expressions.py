"""Expressions as data: the small tree that every engine reads.

What a user writes (`stage[h] == Stage.paused`) becomes one of the nodes below. There are few of them, they are immutable,
and two are equal when they are the same tree; nothing here knows how an expression is written (`terms`), what it means
(`semantics`), or how fast it can be run (the engines).

Sorts are many-sorted logic's own: booleans, enumerations, bounded integers, and *index sorts*, whose elements are the
hosts, VMs, processes ... of a concrete system and are left unnumbered in a proof for every size. A clock is not a value of
any sort: it can only be compared with a duration (`ClockIs`), which is what keeps time decidable (Alur and Dill 1994).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from udproof.language.errors import Location


@dataclass(frozen=True, slots=True)
class BoolSort:
    """True and false, encoded as 1 and 0."""

    def __str__(self) -> str:
        return "Bool"


@dataclass(frozen=True, slots=True)
class IntSort:
    """The integers from `low` to `high`, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"Int {self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class EnumSort:
    """A finite set of named values; a value is encoded as its position in `members`. Sentences call it by its `words`."""

    name: str
    members: tuple[str, ...]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class IndexSort:
    """A sort of individuals. `elements` are their names where the declaration itself gives a size, else None.

    Two declarations are two sorts, whatever they are called, so equality is identity.
    """

    name: str
    elements: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return self.name


Sort: TypeAlias = BoolSort | IntSort | EnumSort | IndexSort
BOOL = BoolSort()


# --- Symbols. Two symbols are the same when they are the same declaration, so equality is identity. `location` is where it stands.


@dataclass(frozen=True, eq=False)
class ConstantSymbol:
    """A function over index sorts that is fixed for a run. `table` is its default, from argument positions to value."""

    name: str
    domain: tuple[IndexSort, ...]
    sort: Sort
    default: Callable[..., object] | None = None
    location: Location | None = None


@dataclass(frozen=True, eq=False)
class VariableSymbol:
    """A function over index sorts that actions change. `initial` is over `params`; None means any value of the sort."""

    name: str
    domain: tuple[IndexSort, ...]
    sort: Sort
    params: tuple[Param, ...]
    initial: Expr | None
    location: Location | None = None


@dataclass(frozen=True, eq=False)
class ClockSymbol:
    """A real-valued clock per index. It runs while `during` (over `params`) holds, and stands at zero otherwise."""

    name: str
    domain: tuple[IndexSort, ...]
    params: tuple[Param, ...]
    during: Expr
    location: Location | None = None


@dataclass(frozen=True, eq=False)
class DurationSymbol:
    """A timing constant in seconds, at least zero. `default` is its value where no instance gives another."""

    name: str
    default: Fraction | None = None
    location: Location | None = None


@dataclass(frozen=True, eq=False)
class DefinitionSymbol:
    """A named expression over `params`: an abbreviation, kept by name so that a reader, a proof or a mutant can speak of it."""

    name: str
    params: tuple[Param, ...]
    sort: Sort
    body: Expr
    location: Location | None = None


Symbol: TypeAlias = ConstantSymbol | VariableSymbol | ClockSymbol | DurationSymbol | DefinitionSymbol
Function: TypeAlias = ConstantSymbol | VariableSymbol | DefinitionSymbol
Bound: TypeAlias = Fraction | DurationSymbol
Comparison: TypeAlias = Literal["<", "<=", ">=", ">"]


# --- Nodes.


@dataclass(frozen=True, slots=True)
class Lit:
    """A value. An element of an index sort stands by its name (str); every other value by its code (int)."""

    value: int | str
    sort: Sort


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of an action, or a variable that a quantifier binds. `serial` tells namesakes apart."""

    name: str
    sort: IndexSort
    serial: int


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a constant, variable or definition at some arguments."""

    symbol: Function
    args: tuple[Expr, ...]

    @property
    def sort(self) -> Sort:
        """The sort of the symbol's values."""
        return self.symbol.sort


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    body: Expr
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction of any number of parts; of none, it is true."""

    parts: tuple[Expr, ...]
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction of any number of parts; of none, it is false."""

    parts: tuple[Expr, ...]
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class Eq:
    """Equality of two values of one sort (integers: of any two ranges)."""

    left: Expr
    right: Expr
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class Le:
    """Integer order: left <= right."""

    left: Expr
    right: Expr
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class Sum:
    """left + factor * right over integers, with factor 1 or -1; the sort is the exact range of the result."""

    left: Expr
    right: Expr
    factor: Literal[1, -1]
    sort: Sort


@dataclass(frozen=True, slots=True)
class Ite:
    """The value of `then` if the condition holds, of `other` if not."""

    condition: Expr
    then: Expr
    other: Expr
    sort: Sort


@dataclass(frozen=True, slots=True)
class ForAll:
    """The body holds for every element."""

    param: Param
    body: Expr
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class Exists:
    """The body holds for some element."""

    param: Param
    body: Expr
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class Count:
    """How many elements satisfy the body: an integer, at most `limit` only in the sense of its sort's upper end."""

    param: Param
    body: Expr
    sort: Sort


@dataclass(frozen=True, slots=True)
class ClockIs:
    """A clock, read at some arguments, compared with a duration."""

    clock: ClockSymbol
    args: tuple[Expr, ...]
    comparison: Comparison
    bound: Bound
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class ClockValue:
    """The value of a clock. It occurs in sentences for people only, never in a formula."""

    clock: ClockSymbol
    args: tuple[Expr, ...]
    sort: Sort = BOOL


@dataclass(frozen=True, slots=True)
class DurationValue:
    """The value of a timing constant. It occurs in sentences for people only, never in a formula."""

    duration: DurationSymbol
    sort: Sort = BOOL


Expr: TypeAlias = (
    Lit | Param | Read | Not | And | Or | Eq | Le | Sum | Ite | ForAll | Exists | Count | ClockIs | ClockValue | DurationValue
)
TRUE = Lit(1, BOOL)


# --- Walking the tree.


def children(node: Expr) -> Iterator[Expr]:
    """The direct parts of a node, left to right; the body of a definition is not a part of its uses."""
    match node:
        case Read(args=args) | ClockIs(args=args) | ClockValue(args=args):
            yield from args
        case Not(body=body) | ForAll(body=body) | Exists(body=body) | Count(body=body):
            yield body
        case And(parts=parts) | Or(parts=parts):
            yield from parts
        case Eq(left=left, right=right) | Le(left=left, right=right) | Sum(left=left, right=right):
            yield left
            yield right
        case Ite(condition=condition, then=then, other=other):
            yield condition
            yield then
            yield other
        case Lit() | Param() | DurationValue():
            return


def walk(node: Expr) -> Iterator[Expr]:
    """A node and everything below it, itself first; definitions are not opened."""
    yield node
    for child in children(node):
        yield from walk(child)


def free_params(node: Expr) -> frozenset[Param]:
    """The parameters that a node reads and does not bind."""
    if isinstance(node, Param):
        return frozenset({node})
    inner = frozenset().union(*(free_params(child) for child in children(node)))
    return inner - {node.param} if isinstance(node, ForAll | Exists | Count) else inner


def rebuild(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The same node with `change` applied to each direct part."""
    match node:
        case Read(args=args) | ClockIs(args=args) | ClockValue(args=args):
            return replace(node, args=tuple(change(arg) for arg in args))
        case Not(body=body) | ForAll(body=body) | Exists(body=body) | Count(body=body):
            return replace(node, body=change(body))
        case And(parts=parts) | Or(parts=parts):
            return replace(node, parts=tuple(change(part) for part in parts))
        case Eq(left=left, right=right) | Le(left=left, right=right) | Sum(left=left, right=right):
            return replace(node, left=change(left), right=change(right))
        case Ite(condition=condition, then=then, other=other):
            return replace(node, condition=change(condition), then=change(then), other=change(other))
        case Lit() | Param() | DurationValue():
            return node


def conjunction(parts: list[Expr]) -> Expr:
    """All of the parts, flattened, without needless wrapping."""
    flat: list[Expr] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And) else [part])
    flat = [part for part in flat if part != TRUE]
    return flat[0] if len(flat) == 1 else And(tuple(flat)) if flat else TRUE
