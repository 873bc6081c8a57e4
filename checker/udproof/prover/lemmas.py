"""What a proof consists of: lemmas, and inequalities between timing constants.

A *lemma* is a clause that holds for every value of its parameters: some of its literals is true in every reachable state. A
literal is a formula of the language or its negation, or a `Spread`, which the language has no word for: how far one clock may be
ahead of another. Sums of timing constants occur in spreads only, and that is where a bound on a whole chain of stages comes from.

An *inequality* between sums of timing constants is what a proof may assume of the times. It is true of the instance that the proof
was asked for, and stands in the verdict and in the certificate.

Lemmas are written to files by the names of what they read (`to_json`), so that a stored proof can be read back for the same model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from udproof.language import Property, System
from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.language.claims import Deadline
from udproof.language.evaluation import Env, evaluate
from udproof.language.instance import seconds_of
from udproof.language.printing import naming, show, show_seconds
from udproof.language.semantics import World


@dataclass(frozen=True, slots=True)
class ClockAt:
    """A clock, read at some arguments."""

    clock: ex.ClockSymbol
    args: tuple[ex.Expr, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """`left` is ahead of `right` (or of zero) by at most the sum of `bounds`."""

    left: ClockAt
    right: ClockAt | None
    bounds: tuple[ex.Bound, ...]


Atom: TypeAlias = ex.Expr | Spread
_RANGE = "the range of "


@dataclass(frozen=True, eq=False)
class Literal:
    """An atom, or its negation. Equality is identity, since trees are long to compare: make each literal once."""

    positive: bool
    atom: Atom

    @cached_property
    def some(self) -> ex.Exists | None:
        """The atom, if it says that some element has a property, whatever the parameters are."""
        atom = self.atom
        if not (self.positive and isinstance(atom, ex.Exists)) or ex.free_params(atom) or binds(atom.body):
            return None
        return atom

    @cached_property
    def bound(self) -> bool:
        """Is there a quantifier in it?"""
        return not isinstance(self.atom, Spread) and binds(self.atom)

    @cached_property
    def reads(self) -> frozenset[ex.Symbol]:
        """The variables and clocks on which it depends."""
        if not isinstance(self.atom, Spread):
            return frozenset(_reads(self.atom))
        clocks = [self.atom.left, *([self.atom.right] if self.atom.right is not None else [])]
        nodes = [ex.ClockIs(at.clock, at.args, "<=", Fraction(0)) for at in clocks]
        return frozenset(symbol for node in nodes for symbol in _reads(node))


@dataclass(frozen=True, eq=False)
class Lemma:
    """For every value of `params`, some literal is true in every reachable state. `origin` says where it comes from.

    Equality is identity.
    """

    params: tuple[ex.Param, ...]
    literals: tuple[Literal, ...]
    origin: str = "found"

    @property
    def ranged(self) -> str | None:
        """The integer whose range this is about, if it is about one (see `ranges`)."""
        return self.origin.removeprefix(_RANGE) if self.origin.startswith(_RANGE) else None

    @cached_property
    def signature(self) -> tuple[ex.IndexSort, ...]:
        """The sorts of the parameters."""
        return tuple(node.sort for node in self.params)

    @cached_property
    def quantified(self) -> bool:
        """Is there a quantifier in the lemma that a witness with a name of its own does not replace?"""
        return any(literal.bound and literal.some is None for literal in self.literals)


def functions(system: System) -> tuple[ex.ConstantSymbol | ex.VariableSymbol, ...]:
    """The constants and variables of a system."""
    return (*system.constants, *system.variables)


def enumerations(system: System) -> tuple[ex.EnumSort, ...]:
    """The enumerations of a system: those of its constants and variables, then those that only its formulas name."""
    found: dict[ex.EnumSort, None] = {}
    for sort in (symbol.sort for symbol in functions(system)):
        if isinstance(sort, ex.EnumSort):
            found.setdefault(sort)
    for part in (part for node in system.formulas() for part in ex.walk(node)):
        if isinstance(part, ex.Lit) and isinstance(part.sort, ex.EnumSort):
            found.setdefault(part.sort)
    return tuple(found)


def _reads(node: ex.Expr) -> Iterator[ex.Symbol]:
    for part in ex.walk(node):
        if isinstance(part, ex.ClockIs):
            yield part.clock
            yield from _reads(part.clock.during)
        if isinstance(part, ex.Read):
            if isinstance(part.symbol, ex.VariableSymbol):
                yield part.symbol
            if isinstance(part.symbol, ex.DefinitionSymbol):
                yield from _reads(part.symbol.body)


def releasing(system: System, dead: Deadline) -> tuple[Action, ...]:
    """The actions that change what a deadline speaks of. Where it is due, one of them can usually happen."""
    spoken = frozenset(_reads(ex.And((dead.condition, dead.limit))))
    return tuple(act for act in system.actions if any(update.target in spoken for update in act.updates))


def binds(node: ex.Expr) -> bool:
    """Is there a quantifier in the expression, definitions opened?"""
    for part in ex.walk(node):
        if isinstance(part, ex.ForAll | ex.Exists):
            return True
        if isinstance(part, ex.Read) and isinstance(part.symbol, ex.DefinitionSymbol) and binds(part.symbol.body):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Inequality:
    """The sum of `small` is less than, or at most, the sum of `large`."""

    small: tuple[ex.Bound, ...]
    large: tuple[ex.Bound, ...]
    strict: bool

    def holds(self, durations: Mapping[str, Fraction]) -> bool:
        """Is it true of these seconds? KeyError if one is missing."""
        return self.room(durations) > 0 if self.strict else self.room(durations) >= 0

    def room(self, durations: Mapping[str, Fraction]) -> Fraction:
        """By how many seconds the larger side is larger. KeyError if one is missing."""
        small, large = (sum((_seconds(bound, durations) for bound in side), Fraction(0)) for side in (self.small, self.large))
        return large - small

    def __str__(self) -> str:
        return f"{show_sum(self.small)} {'<' if self.strict else '<='} {show_sum(self.large)}"


def _seconds(bound: ex.Bound, durations: Mapping[str, Fraction]) -> Fraction:
    return durations[bound.name] if isinstance(bound, ex.DurationSymbol) else bound


def of_property(prop: Property) -> Lemma:
    """A property as a lemma."""
    return Lemma(prop.params, (Literal(True, prop.body),), f"property {prop.name}")


def ranges(system: System) -> Iterator[Lemma]:
    """That every bounded integer stays within its range, which is a matter of the model being right."""
    for symbol in system.variables:
        if isinstance(symbol.sort, ex.IntSort):
            read = ex.Read(symbol, symbol.params)
            low, high = (ex.Lit(end, symbol.sort) for end in (symbol.sort.low, symbol.sort.high))
            origin = f"{_RANGE}{symbol.name}"
            yield Lemma(symbol.params, (Literal(True, ex.Le(low, read)),), origin)
            yield Lemma(symbol.params, (Literal(True, ex.Le(read, high)),), origin)


def deadlines(system: System) -> Iterator[Lemma]:
    """That what a deadline is about happens in time."""
    for dead in system.deadlines:
        parts = conjuncts(dead.condition)
        yield Lemma(dead.params, (*(Literal(False, part) for part in parts), Literal(True, dead.limit)), f"deadline {dead.name}")


def conjuncts(node: ex.Expr) -> tuple[ex.Expr, ...]:
    """What a conjunction asserts."""
    return tuple(part for inner in node.parts for part in conjuncts(inner)) if isinstance(node, ex.And) else (node,)


def well_sorted(lemma: Lemma) -> bool:
    """Does every function in it get as many arguments as it takes, of the right sorts? Names alone do not say so."""
    return all(_fits(one.atom) for one in lemma.literals)


def _fits(atom: Atom) -> bool:
    if isinstance(atom, Spread):
        return all(_applied(at.clock.params, at.args) for at in (atom.left, atom.right) if at is not None)
    for part in ex.walk(atom):
        match part:
            case ex.Read(symbol=ex.ConstantSymbol() as symbol, args=args):
                fine = symbol.domain == tuple(arg.sort for arg in args)
            case ex.Read(symbol=ex.VariableSymbol() | ex.DefinitionSymbol() as symbol, args=args):
                fine = _applied(symbol.params, args)
            case ex.ClockIs(clock=clock, args=args):
                fine = _applied(clock.params, args)
            case ex.Not() | ex.And() | ex.Or() | ex.ForAll() | ex.Exists():
                inner = part.parts if isinstance(part, ex.And | ex.Or) else (part.body,)
                fine = all(isinstance(one.sort, ex.BoolSort) for one in inner)
            case ex.Eq(left=left, right=right):
                numbers = isinstance(left.sort, ex.IntSort) and isinstance(right.sort, ex.IntSort)
                fine = numbers or left.sort == right.sort
            case ex.Le(left=left, right=right) | ex.Sum(left=left, right=right):
                fine = isinstance(left.sort, ex.IntSort) and isinstance(right.sort, ex.IntSort)
            case ex.Ite(condition=condition, then=then, other=other):
                fine = isinstance(condition.sort, ex.BoolSort) and type(then.sort) is type(other.sort)
            case _:
                fine = True
        if not fine:
            return False
    return True


def _applied(params: tuple[ex.Param, ...], args: tuple[ex.Expr, ...]) -> bool:
    return tuple(node.sort for node in params) == tuple(arg.sort for arg in args)


# --- as text


def show_sum(bounds: Iterable[ex.Bound]) -> str:
    """A sum of timing constants as text."""
    return " + ".join(bound.name if isinstance(bound, ex.DurationSymbol) else show_seconds(bound) for bound in bounds) or "0 s"


def show_lemma(lemma: Lemma, named: Mapping[ex.Param, str] | None = None) -> str:
    """A lemma as text: `for every v: Vm: run[v] = Run.paused => eligible[v]`. `named` may give its parameters other names."""
    names = naming(lemma.params) if named is None else dict(named)
    premises = [_show(literal.atom, names) for literal in lemma.literals if not literal.positive]
    conclusions = [_show(literal.atom, names) for literal in lemma.literals if literal.positive]
    over = ", ".join(f"{names[node]}: {node.sort.name}" for node in lemma.params)
    opening = f"for every {over}: " if over else ""
    if not premises:
        return opening + " or ".join(conclusions)
    if not conclusions:
        return opening + (f"never {' and '.join(premises)}")
    return f"{opening}{' and '.join(premises)} => {' or '.join(conclusions)}"


def _show(atom: Atom, names: Mapping[ex.Param, str]) -> str:
    if not isinstance(atom, Spread):
        text = show(atom, names)
        return f"({text})" if isinstance(atom, ex.And | ex.Or) and len(atom.parts) > 1 else text
    left = show(ex.ClockValue(atom.left.clock, atom.left.args), names)
    right = "" if atom.right is None else f" - {show(ex.ClockValue(atom.right.clock, atom.right.args), names)}"
    return f"{left}{right} <= {show_sum(atom.bounds)}"


# --- in a state of the reference semantics


def holds(lemma: Lemma, env: Env, world: World, unit: Fraction) -> bool:
    """Is the lemma true in this state, for these parameters? `unit` is the tick in seconds; clocks must not be saturated."""
    return any(_true(literal.atom, env, world, unit) == literal.positive for literal in lemma.literals)


def _true(atom: Atom, env: Env, world: World, unit: Fraction) -> bool:
    if not isinstance(atom, Spread):
        return bool(evaluate(atom, env, world))
    left, right = (_reading(at, env, world) for at in (atom.left, atom.right))
    return (left - right) * unit <= sum((seconds_of(bound, world.instance) for bound in atom.bounds), Fraction(0))


def _reading(at: ClockAt | None, env: Env, world: World) -> int:
    return 0 if at is None else world.clock(at.clock, tuple(evaluate(arg, env, world) for arg in at.args))


# --- in files


def to_json(lemma: Lemma) -> dict[str, Any]:
    """The lemma as plain data, by names."""
    places = {node: place for place, node in enumerate(lemma.params)}
    literals = [[literal.positive, _atom_to(literal.atom, places)] for literal in lemma.literals]
    return {"over": [node.sort.name for node in lemma.params], "some of": literals, "origin": lemma.origin}


def bounds_to_json(bounds: Iterable[ex.Bound]) -> list[str]:
    """A sum of timing constants as plain data: names, and seconds as fractions."""
    return [bound.name if isinstance(bound, ex.DurationSymbol) else str(bound) for bound in bounds]


def _atom_to(atom: Atom, places: dict[ex.Param, int]) -> list[Any]:
    if not isinstance(atom, Spread):
        return _to(atom, places)
    right = [] if atom.right is None else [atom.right.clock.name, *(_to(arg, places) for arg in atom.right.args)]
    left = [atom.left.clock.name, *(_to(arg, places) for arg in atom.left.args)]
    return ["spread", left, right, bounds_to_json(atom.bounds)]


def _to(node: ex.Expr, places: dict[ex.Param, int]) -> list[Any]:
    match node:
        case ex.Lit(value=value, sort=ex.EnumSort(name=name, members=members)) if isinstance(value, int):
            return ["member", name, members[value]]
        case ex.Lit(value=value, sort=sort):
            return ["lit", str(sort), value]
        case ex.Param():
            return ["param", places[node]]
        case ex.Read(symbol=symbol, args=args):
            return ["read", symbol.name, *(_to(arg, places) for arg in args)]
        case ex.Not(body=body):
            return ["not", _to(body, places)]
        case ex.And(parts=parts):
            return ["and", *(_to(part, places) for part in parts)]
        case ex.Or(parts=parts):
            return ["or", *(_to(part, places) for part in parts)]
        case ex.Eq(left=left, right=right):
            return ["eq", _to(left, places), _to(right, places)]
        case ex.Le(left=left, right=right):
            return ["le", _to(left, places), _to(right, places)]
        case ex.Sum(left=left, right=right, factor=factor):
            return ["sum", _to(left, places), _to(right, places), factor]
        case ex.Ite(condition=condition, then=then, other=other):
            return ["ite", _to(condition, places), _to(then, places), _to(other, places)]
        case ex.ForAll(param=param, body=body) | ex.Exists(param=param, body=body):
            inner = {**places, param: len(places)}
            return ["all" if isinstance(node, ex.ForAll) else "some", param.sort.name, _to(body, inner)]
        case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
            return ["clock", clock.name, comparison, *bounds_to_json([bound]), *(_to(arg, places) for arg in args)]
        case _:
            raise ValueError(f"{type(node).__name__} does not occur in lemmas")


class Names:
    """The declarations of a system by name, for reading lemmas back. KeyError or ValueError for what does not fit."""

    def __init__(self, system: System) -> None:
        self._sorts = {sort.name: sort for sort in system.index_sorts}
        self._functions: dict[str, ex.Function] = {symbol.name: symbol for symbol in functions(system)}
        for definition in system.definitions:
            self._functions[definition.name] = definition
        self._clocks = {symbol.name: symbol for symbol in system.clocks}
        self._durations = {symbol.name: symbol for symbol in system.durations}
        self._enumerations = {sort.name: sort for sort in enumerations(system)}

    def lemma(self, data: Mapping[str, Any]) -> Lemma:
        """What `to_json` wrote."""
        params = tuple(ex.Param(name[0].lower(), self._sorts[name], -1 - place) for place, name in enumerate(data["over"]))
        literals = tuple(Literal(bool(positive), self._atom(atom, params)) for positive, atom in data["some of"])
        return Lemma(params, literals, str(data["origin"]))

    def bounds(self, data: Iterable[str]) -> tuple[ex.Bound, ...]:
        """What `bounds_to_json` wrote."""
        return tuple(self._durations[name] if name in self._durations else Fraction(name) for name in data)

    def _atom(self, data: list[Any], params: tuple[ex.Param, ...]) -> Atom:
        if data[0] != "spread":
            return self._read(data, params)
        _, left, right, bounds = data
        return Spread(self._at(left, params), self._at(right, params) if right else None, self.bounds(bounds))

    def _at(self, data: list[Any], params: tuple[ex.Param, ...]) -> ClockAt:
        return ClockAt(self._clocks[data[0]], tuple(self._read(arg, params) for arg in data[1:]))

    def _read(self, data: list[Any], params: tuple[ex.Param, ...]) -> ex.Expr:
        kind, rest = data[0], data[1:]
        if kind == "member":
            sort = self._enumerations[rest[0]]
            return ex.Lit(sort.members.index(rest[1]), sort)
        if kind == "lit":
            return ex.Lit(rest[1], self._literal_sort(rest[0], rest[1]))
        if kind == "param":
            return params[int(rest[0])]
        if kind == "read":
            return ex.Read(self._functions[rest[0]], tuple(self._read(arg, params) for arg in rest[1:]))
        if kind in ("all", "some"):
            bound = ex.Param(rest[0][0].lower(), self._sorts[rest[0]], -1 - len(params))
            body = self._read(rest[1], (*params, bound))
            return ex.ForAll(bound, body) if kind == "all" else ex.Exists(bound, body)
        if kind == "clock":
            name, comparison, limit, *arguments = rest
            return ex.ClockIs(
                self._clocks[name], tuple(self._read(arg, params) for arg in arguments), comparison, self.bounds([limit])[0]
            )
        factor = rest.pop() if kind == "sum" else 1
        parts = tuple(self._read(part, params) for part in rest)
        return _combined(kind, parts, factor)

    def _literal_sort(self, name: str, value: int | str) -> ex.Sort:
        if name == "Bool":
            return ex.BOOL
        if name in self._sorts:
            return self._sorts[name]
        return ex.IntSort(int(value), int(value))


def _combined(kind: str, parts: tuple[ex.Expr, ...], factor: Any) -> ex.Expr:
    match kind, parts:
        case "not", (body,):
            return ex.Not(body)
        case "and", _:
            return ex.And(parts)
        case "or", _:
            return ex.Or(parts)
        case "eq", (left, right):
            return ex.Eq(left, right)
        case "le", (left, right):
            return ex.Le(left, right)
        case "sum", (left, right):
            return ex.Sum(left, right, factor, left.sort)
        case "ite", (condition, then, other):
            return ex.Ite(condition, then, other, then.sort)
        case _:
            raise ValueError(f"a lemma holds {kind!r} with {len(parts)} parts, which means nothing")
