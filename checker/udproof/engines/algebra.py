"""Ground values: slots, numbers and a handful of operations, simplified as they are built.

Every function here returns a value that means the same as its name says, with what is known computed at once: a conjunction with a
false part is false, a choice whose condition is known is made. So whoever builds an expression about a fleet need not look whether
placement has decided it already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Operator: TypeAlias = Literal["not", "and", "or", "eq", "le", "add", "sub", "ite"]


@dataclass(frozen=True, slots=True)
class At:
    """The value of a slot."""

    slot: int


@dataclass(frozen=True, slots=True)
class Op:
    """An operation on ground values; truth is 1 and 0, `ite` is (condition, then, other)."""

    operator: Operator
    args: tuple[Ground, ...]
    # computed once, since large expressions are looked up often
    key: int = field(init=False, repr=False, compare=False)  # the hash
    size: int = field(init=False, repr=False, compare=False)  # how many values and operations it is made of, each use counted

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", hash((self.operator, self.args)))
        object.__setattr__(self, "size", 1 + sum([arg.size if isinstance(arg, Op) else 1 for arg in self.args]))

    def __hash__(self) -> int:
        return self.key


Ground: TypeAlias = int | At | Op


def negate(a: Ground) -> Ground:
    """Not a."""
    if isinstance(a, int):
        return 1 - a
    return a.args[0] if isinstance(a, Op) and a.operator == "not" else Op("not", (a,))


def conjoin(parts: Iterable[Ground]) -> Ground:
    """All of the parts, each once."""
    return _join("and", parts, neutral=1)


def disjoin(parts: Iterable[Ground]) -> Ground:
    """Some of the parts."""
    return _join("or", parts, neutral=0)


def factored(parts: Iterable[Ground]) -> Ground:
    """All of the parts, where (a or x) and (b or x) is said as (a and b) or x.

    A property of all pairs is one of many parts, most of which share an alternative; said this way it grows with the number of
    elements and not with its square.
    """
    joined = conjoin(parts)
    if not (isinstance(joined, Op) and joined.operator == "and"):
        return joined
    alternatives = [args for part in joined.args if (args := _alternatives(part))]
    rest = [part for part in joined.args if not _alternatives(part)]
    if not rest:
        common = [arg for arg in alternatives[0] if all(arg in args for args in alternatives[1:])]
        if common:
            return disjoin([*common, factored(disjoin(arg for arg in args if arg not in common) for args in alternatives)])
    alike: dict[Ground, list[Ground]] = {}
    for args in alternatives:
        shared = max(args, key=_size)
        alike.setdefault(shared, []).append(disjoin(arg for arg in args if arg != shared))
    return conjoin([*rest, *(disjoin([conjoin(others), shared]) for shared, others in alike.items())])


def _alternatives(a: Ground) -> tuple[Ground, ...]:
    """What a disjunction consists of, also where it is said as not (a and b); nothing for anything else."""
    if isinstance(a, Op) and a.operator == "or":
        return a.args
    if isinstance(a, Op) and a.operator == "not" and isinstance(a.args[0], Op) and a.args[0].operator == "and":
        return tuple([negate(arg) for arg in a.args[0].args])
    return ()


def _size(a: Ground) -> int:
    return a.size if isinstance(a, Op) else 1


def _join(operator: Literal["and", "or"], parts: Iterable[Ground], neutral: int) -> Ground:
    flat: dict[Ground, None] = {}
    for part in parts:
        if isinstance(part, Op):
            if part.operator == operator:
                for arg in part.args:
                    flat[arg] = None
            else:
                flat[part] = None
        elif isinstance(part, At):
            flat[part] = None
        elif part != neutral:
            return 1 - neutral
    if len(flat) == 1:
        return next(iter(flat))
    return Op(operator, tuple(flat)) if flat else neutral


def equal(a: Ground, b: Ground) -> Ground:
    """a = b."""
    if isinstance(a, int) and isinstance(b, int):
        return int(a == b)
    if isinstance(a, int):
        a, b = b, a
    if isinstance(a, Op) and a.operator == "ite" and isinstance(b, int):
        return choose(a.args[0], equal(a.args[1], b), equal(a.args[2], b))
    return 1 if a == b else Op("eq", (a, b))


def at_most(a: Ground, b: Ground) -> Ground:
    """a <= b."""
    if isinstance(a, int) and isinstance(b, int):
        return int(a <= b)
    return 1 if a == b else Op("le", (a, b))


def add(a: Ground, b: Ground, factor: int) -> Ground:
    """a + b, or a - b where factor is -1."""
    if isinstance(a, int) and isinstance(b, int):
        return a + factor * b
    return a if b == 0 else Op("add" if factor == 1 else "sub", (a, b))


def choose(condition: Ground, then: Ground, other: Ground) -> Ground:
    """then if the condition holds, else other."""
    if isinstance(condition, int):
        return then if condition else other
    if then == other:
        return then
    if then == 1 and other == 0:
        return condition
    if then == 0 and other == 1:
        return negate(condition)
    return Op("ite", (condition, then, other))


def substitute(a: Ground, post: Mapping[int, Ground]) -> Ground:
    """The value of a after the substitution, simplified."""
    match a:
        case int():
            return a
        case At(slot=slot):
            return post.get(slot, a)
        case Op(args=args):
            new = [substitute(arg, post) for arg in args]
    match a.operator:
        case "not":
            return negate(new[0])
        case "and":
            return conjoin(new)
        case "or":
            return disjoin(new)
        case "eq":
            return equal(new[0], new[1])
        case "le":
            return at_most(new[0], new[1])
        case "add" | "sub":
            return add(new[0], new[1], 1 if a.operator == "add" else -1)
        case "ite":
            return choose(new[0], new[1], new[2])


def slots_of(a: Ground) -> set[int]:
    """The slots that a reads."""
    slots: set[int] = set()
    todo, seen = [a], {id(a)}  # what is shared is looked at once
    while todo:
        match todo.pop():
            case At(slot=slot):
                slots.add(slot)
            case Op(args=args):
                new = [arg for arg in args if id(arg) not in seen]
                seen.update(map(id, new))
                todo += new
            case int():
                pass
    return slots
