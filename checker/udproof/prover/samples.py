"""Small instances and reachable states: what refutes a false candidate before a solver is asked.

Instances are made at random from a fixed seed: each entry of each table is drawn, and kept if the axioms can still be satisfied (a
solver says so). States come from random walks through the reference semantics. A candidate that is false in one of them is no
lemma.

Candidates are looked at all at once: an atom is a column of bits, one for every state and every choice of elements, and a clause
holds if its columns together are full.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import islice, product
from typing import Any

import z3

from udproof.language import Instance, System
from udproof.language import expressions as ex
from udproof.language.evaluation import environments, evaluate
from udproof.language.instance import ConstantsOnly, codes, seconds_of
from udproof.language.semantics import OutOfRange, Semantics, State
from udproof.prover.lemmas import Atom, ClockAt, Inequality, Lemma, Spread

SIZES = (1, 2, 2, 3, 2, 3)  # elements of each sort, one instance after the other
WALKS, STEPS = 6, 100
_LOOKS = 100  # lemmas between two looks at the limits
SMALL_SECONDS, MOST_SECONDS = 5, 40  # of random timing constants: tried first, and at most


def small_instances(
    system: System, durations: Mapping[str, Fraction], sizes: Sequence[int] = SIZES, *, sparing: bool = False
) -> Iterator[System]:
    """The system with small random instances that satisfy the axioms, each once; none if the axioms contradict each other.

    A `sparing` one gives each number its least value: as few faults and attempts as may be, and so few states.
    """
    chance, known = random.Random(1), set[str]()
    for size in sizes:
        instance = _instance(system, durations, size, chance, sparing)
        if instance is not None:
            made = replace(system, name=_called(system, instance)).at(instance)
            if made.text not in known:
                known.add(made.text)
                yield made


def generic(inequalities: Sequence[Inequality], durations: Mapping[str, Fraction], seed: int) -> dict[str, Fraction]:
    """Random seconds for the timing constants for which the inequalities hold: small whole numbers, equal only by chance.

    What is true of these and of others is not an accident of one fleet's numbers. The seconds given, if no small ones are found.
    """
    chance, context = random.Random(seed), z3.Context()
    solver = z3.Solver(ctx=context)
    times = {name: z3.Int(name, context) for name in durations}
    for one in inequalities:
        small, large = (_total(side, times, context) for side in (one.small, one.large))
        solver.add(small < large if one.strict else small <= large)
    solver.add(*(z3.And(time >= 1, time <= MOST_SECONDS) for time in times.values()))
    if solver.check() != z3.sat:
        return dict(durations)
    order = list(times)
    chance.shuffle(order)
    found: dict[str, Fraction] = {}
    for name in order:
        wanted = [chance.randint(1, SMALL_SECONDS), chance.randint(1, SMALL_SECONDS), *range(1, MOST_SECONDS + 1)]
        value = next(value for value in wanted if solver.check(times[name] == value) == z3.sat)
        solver.add(times[name] == value)
        found[name] = Fraction(value)
    return found


def _total(bounds: Sequence[ex.Bound], times: Mapping[str, Any], context: Any) -> Any:
    parts = [times[bound.name] if isinstance(bound, ex.DurationSymbol) else z3.RealVal(str(bound), context) for bound in bounds]
    return z3.Sum([z3.IntVal(0, context), *parts])


def _called(system: System, instance: Instance) -> str:
    sizes = [f"{len(instance.elements[sort.name])} {sort.name}" for sort in system.index_sorts]
    return f"a small instance of {', '.join(sizes)}" if sizes else "the system itself"


def _instance(
    system: System, durations: Mapping[str, Fraction], size: int, chance: random.Random, sparing: bool
) -> Instance | None:
    named: dict[str, list[str]] = {sort.name: [] for sort in system.index_sorts}
    for node in system.formulas():
        for part in ex.walk(node):
            if isinstance(part, ex.Lit) and isinstance(part.sort, ex.IndexSort) and part.value not in named[part.sort.name]:
                named[part.sort.name].append(str(part.value))
    elements: dict[str, tuple[str, ...]] = {}
    for sort in system.index_sorts:
        own, number = sorted(named[sort.name]), 0
        while len(own) < size:
            number += 1
            if (name := f"{sort.name.lower()}-{number}") not in own:
                own.append(name)
        elements[sort.name] = tuple(own)
    tables = _tables(system, elements, chance, sparing)
    return None if tables is None else Instance(elements, tables, dict(durations))


def _tables(
    system: System, elements: Mapping[str, tuple[str, ...]], chance: random.Random, sparing: bool
) -> dict[str, dict[tuple[int, ...], int]] | None:
    """Random values for all constants such that the axioms hold; None if there are none."""
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    cells: dict[tuple[str, tuple[int, ...]], tuple[Any, range]] = {}
    for symbol in system.constants:
        values = codes(symbol.sort, elements)
        for place in product(*(range(len(elements[sort.name])) for sort in symbol.domain)):
            cell = z3.Int(f"{symbol.name}{list(place)}", context)
            cells[symbol.name, place] = cell, values
            solver.add(cell >= values.start, cell < values.stop)
    world = ConstantsOnly(Instance(elements))
    for rule in system.axioms:
        for env in environments(rule.params, world):
            solver.add(_symbolic(rule.body, env, cells, elements, context))
    if solver.check() != z3.sat:
        return None
    tables: dict[str, dict[tuple[int, ...], int]] = {symbol.name: {} for symbol in system.constants}
    numbers = {symbol.name for symbol in system.constants if isinstance(symbol.sort, ex.IntSort)}
    for (name, place), (cell, values) in cells.items():
        wanted = list(values)
        if not (sparing and name in numbers):
            chance.shuffle(wanted)
        for code in wanted:
            if solver.check(cell == code) == z3.sat:
                solver.add(cell == code)
                tables[name][place] = code
                break
    return tables


def _symbolic(node: ex.Expr, env: Mapping[ex.Param, int], cells: Any, elements: Mapping[str, tuple[str, ...]], ctx: object) -> Any:
    """An axiom over unknown tables as a formula over numbers: `evaluate`, but for what is not known."""
    return _Axioms(cells, elements, ctx).truth(node, env)


class _Axioms:
    """The meaning of a formula over constants, where their values are unknown numbers."""

    def __init__(self, cells: Any, elements: Mapping[str, tuple[str, ...]], context: Any) -> None:
        self._cells: dict[tuple[str, tuple[int, ...]], tuple[Any, range]] = cells
        self._elements = elements
        self._context = context

    def truth(self, node: ex.Expr, env: Mapping[ex.Param, int]) -> Any:
        match node:
            case ex.Not(body=body):
                return z3.Not(self.truth(body, env))
            case ex.And(parts=parts):
                return z3.And([self.truth(part, env) for part in parts] + [z3.BoolVal(True, self._context)])
            case ex.Or(parts=parts):
                return z3.Or([self.truth(part, env) for part in parts] + [z3.BoolVal(False, self._context)])
            case ex.Eq(left=left, right=right):
                return self.number(left, env) == self.number(right, env)
            case ex.Le(left=left, right=right):
                return self.number(left, env) <= self.number(right, env)
            case ex.ForAll(param=param, body=body):
                return z3.And([self.truth(body, {**env, param: x}) for x in range(len(self._elements[param.sort.name]))])
            case ex.Exists(param=param, body=body):
                return z3.Or([self.truth(body, {**env, param: x}) for x in range(len(self._elements[param.sort.name]))])
            case ex.Read(symbol=ex.DefinitionSymbol() as symbol, args=args) if isinstance(symbol.sort, ex.BoolSort):
                return self.truth(symbol.body, self._bound(symbol, args, env))
            case _:
                return self.number(node, env) == 1

    def number(self, node: ex.Expr, env: Mapping[ex.Param, int]) -> Any:
        match node:
            case ex.Lit(value=value, sort=ex.IndexSort(name=name)):
                return z3.IntVal(self._elements[name].index(str(value)), self._context)
            case ex.Lit(value=value):
                return z3.IntVal(int(value), self._context)
            case ex.Param():
                place = env[node]
                return place if z3.is_expr(place) else z3.IntVal(place, self._context)
            case ex.Sum(left=left, right=right, factor=factor):
                a, b = self.number(left, env), self.number(right, env)
                return a + b if factor == 1 else a - b
            case ex.Ite(condition=condition, then=then, other=other):
                return z3.If(self.truth(condition, env), self.number(then, env), self.number(other, env))
            case ex.Read(symbol=ex.DefinitionSymbol() as symbol, args=args) if not isinstance(symbol.sort, ex.BoolSort):
                return self.number(symbol.body, self._bound(symbol, args, env))
            case ex.Read(symbol=ex.ConstantSymbol() as symbol, args=args):
                return self._looked_up(symbol, [self.number(arg, env) for arg in args])
            case _:
                return z3.If(self.truth(node, env), z3.IntVal(1, self._context), z3.IntVal(0, self._context))

    def _bound(self, symbol: ex.DefinitionSymbol, args: Sequence[ex.Expr], env: Mapping[ex.Param, int]) -> Mapping[ex.Param, int]:
        values = [self.number(arg, env) for arg in args]
        return dict(zip(symbol.params, values, strict=True))

    def _looked_up(self, symbol: ex.ConstantSymbol, args: Sequence[Any]) -> Any:
        places = list(product(*(range(len(self._elements[sort.name])) for sort in symbol.domain)))
        found = self._cells[symbol.name, places[-1]][0]
        for place in reversed(places[:-1]):
            here = z3.And([arg == at for arg, at in zip(args, place, strict=True)] + [z3.BoolVal(True, self._context)])
            found = z3.If(here, self._cells[symbol.name, place][0], found)
        return found


# --- states


def _nothing() -> None:
    """No limit is looked at."""


@dataclass
class Sample:
    """Reachable states of one concrete system, and atoms as columns of bits over them.

    `look` is called now and then while lemmas are held against the states, and may raise to end it.
    """

    semantics: Semantics
    states: list[State]
    look: Callable[[], None] = _nothing

    def __post_init__(self) -> None:
        self._asked = 0
        self._columns: dict[tuple[int, tuple[int, ...]], int] = {}
        self._kept: list[Atom] = []
        self._world = ConstantsOnly(self.semantics.system.instance)
        self.full = (1 << len(self.states)) - 1

    @cached_property
    def _slots(self) -> list[tuple[int, ...]]:
        return [tuple(column) for column in zip(*self.states, strict=True)]

    def refutes(self, lemma: Lemma) -> bool:
        """Is the lemma false in one of the states?"""
        if self._asked % _LOOKS == 0:
            self.look()
        self._asked += 1
        for env in environments(lemma.params, self._world):
            seen = 0
            for literal in lemma.literals:
                column = self._column(literal.atom, env)
                seen |= column if literal.positive else self.full ^ column
                if seen == self.full:
                    break
            if seen != self.full:
                return True
        return False

    def _column(self, atom: Atom, env: Mapping[ex.Param, int]) -> int:
        key = (id(atom), tuple(env.values()))
        if key not in self._columns:
            self._kept.append(atom)
            values = self._spread(atom, env) if isinstance(atom, Spread) else self._values(atom, env)
            self._columns[key] = int("".join("1" if value else "0" for value in values) or "0", 2)
        return self._columns[key]

    def _spread(self, atom: Spread, env: Mapping[ex.Param, int]) -> list[bool]:
        """A clock that has stopped counting says nothing: what depends on it counts as true."""
        time = self.semantics.time
        instance = self.semantics.system.instance
        most = sum((seconds_of(bound, instance) for bound in atom.bounds), Fraction(0)) / time.unit
        left = self._clock(atom.left, env)
        right = [0] * len(left) if atom.right is None else self._clock(atom.right, env)
        cap = time.caps[atom.left.clock]
        other = cap + 1 if atom.right is None else time.caps[atom.right.clock]
        return [a - b <= most or a >= cap or b >= other for a, b in zip(left, right, strict=True)]

    def _clock(self, at: ClockAt, env: Mapping[ex.Param, int]) -> Sequence[int]:
        return self._slot(at.clock, at.args, env) or [self._at(at, env, state) for state in self.states]

    def _at(self, at: ClockAt, env: Mapping[ex.Param, int], state: State) -> int:
        world = self.semantics.world(state)
        return world.clock(at.clock, tuple(evaluate(arg, env, world) for arg in at.args))

    def _slot(
        self, symbol: ex.VariableSymbol | ex.ClockSymbol, args: Sequence[ex.Expr], env: Mapping[ex.Param, int]
    ) -> Sequence[int] | None:
        """The values in all states, where the arguments do not change."""
        if any(_changing(arg) for arg in args):
            return None
        place = tuple(evaluate(arg, env, self._world) for arg in args)
        return self._slots[self.semantics.layout.position[symbol, place]]

    def _values(self, node: ex.Expr, env: Mapping[ex.Param, int]) -> Sequence[int]:
        """The value of an expression in every state; what is read often is read column by column."""
        match node:
            case ex.Not(body=body):
                return [1 - value for value in self._values(body, env)]
            case ex.And(parts=parts) if parts:
                return [min(values) for values in zip(*(self._values(part, env) for part in parts), strict=True)]
            case ex.Or(parts=parts) if parts:
                return [max(values) for values in zip(*(self._values(part, env) for part in parts), strict=True)]
            case ex.Eq(left=left, right=right):
                return [int(a == b) for a, b in zip(self._values(left, env), self._values(right, env), strict=True)]
            case ex.Le(left=left, right=right):
                return [int(a <= b) for a, b in zip(self._values(left, env), self._values(right, env), strict=True)]
            case ex.Lit() | ex.Param():
                return [evaluate(node, env, self._world)] * len(self.states)
            case ex.Read(symbol=ex.VariableSymbol() as symbol, args=args) if (found := self._slot(symbol, args, env)) is not None:
                return found
            case ex.Read(symbol=ex.ConstantSymbol(), args=args) if not any(_changing(arg) for arg in args):
                return [evaluate(node, env, self._world)] * len(self.states)
            case ex.Read(symbol=ex.DefinitionSymbol() as symbol, args=args) if not any(_changing(arg) for arg in args):
                inner = {param: evaluate(arg, env, self._world) for param, arg in zip(symbol.params, args, strict=True)}
                return self._values(symbol.body, inner)
            case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound) if not any(map(_changing, args)):
                place = tuple(evaluate(arg, env, self._world) for arg in args)
                return self._compared(clock, place, comparison, bound)
            case _:
                return [evaluate(node, env, self.semantics.world(state)) for state in self.states]

    def _compared(self, clock: ex.ClockSymbol, place: tuple[int, ...], comparison: ex.Comparison, bound: ex.Bound) -> Sequence[int]:
        ticks = self.semantics.time.ticks(bound)
        readings = self._slots[self.semantics.layout.position[clock, place]]
        match comparison:
            case "<":
                return [reading < ticks for reading in readings]
            case "<=":
                return [reading <= ticks for reading in readings]
            case ">=":
                return [reading >= ticks for reading in readings]
            case ">":
                return [reading > ticks for reading in readings]


def _changing(node: ex.Expr) -> bool:
    """Does the value of an argument depend on the state?"""
    for part in ex.walk(node):
        if isinstance(part, ex.ClockIs) or (isinstance(part, ex.Read) and not isinstance(part.symbol, ex.ConstantSymbol)):
            return True
    return False


def sample(system: System, walks: int = WALKS, steps: int = STEPS, seed: int = 1, look: Callable[[], None] = _nothing) -> Sample:
    """States that random walks reach; waits are as long as a deadline allows, or end where a clock meets a constant.

    No states if the system has none, since a variable begins outside its range. `look` is called after each step and later
    (`Sample`), and may raise to end it.
    """
    semantics = Semantics(system)
    chance = random.Random(seed)
    try:
        starts = list(islice(semantics.initial(), walks))
    except OutOfRange:
        return Sample(semantics, [], look)
    found: dict[State, None] = dict.fromkeys(starts)
    for number in range(walks):
        state = starts[number % len(starts)]
        for after in _walk(semantics, state, steps, chance):
            look()
            found.setdefault(after)
    return Sample(semantics, list(found), look)


def _walk(semantics: Semantics, state: State, steps: int, chance: random.Random) -> Iterator[State]:
    bounds = sorted({ticks for ticks in semantics.time.caps.values() if ticks})
    for _ in range(steps):
        firings = list(semantics.firings)
        chance.shuffle(firings)
        wait = bool(semantics.system.clocks) and chance.random() < 0.3
        firing = None if wait else next((one for one in firings if not semantics.refused(state, one)), None)
        if firing is not None:
            try:
                state = semantics.fire(state, firing)
            except OutOfRange:  # that is for the exploration to report
                return
        else:
            allowed = semantics.patience(state)
            longest = max(bounds, default=1) if allowed is None else allowed
            choices = [ticks for ticks in (1, 2, 3, *bounds, longest) if 0 < ticks <= longest]
            if not choices:
                continue
            state = semantics.passed(state, chance.choice(choices))
        yield state
