"""A ground system as formulas of Z3: one state, one step, and as many steps in a row as are asked for.

The system is the one that every searching engine works on (`ground`), so time is counted in ticks, and what `language.time` says of
that holds here. A slot with two values is a truth value, any other a bit-vector of as many bits as its values need; a slot that
nothing writes is the same term in every state.

A step does exactly one thing, told by one truth value each: it fires a ground action, lets time pass for any number of ticks, or
rests. For each action there is a clause for its guard and one for each slot that it writes; a slot that is not written keeps its
value. A wait of d ticks is written as d - 1 ticks after which no deadline is reached, and one tick more. A run that rests goes
on resting, so the last state of an unrolling stands for the ends of all shorter runs too. Two waits in a row are one wait of the
same length, and are left out.

The step is built once and copied by substitution. What was measured, and which other encodings were slower: decision 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import z3

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines.algebra import At, Ground, at_most, conjoin, disjoin, negate
from udproof.engines.ground import GroundAction, GroundSystem
from udproof.engines.instantiate import Instantiation, Look
from udproof.language import expressions as ex
from udproof.language.semantics import State

Term: TypeAlias = Any  # a term of z3, which has no types
Terms: TypeAlias = tuple[Term, ...]  # a state: one term for each slot


@dataclass(frozen=True, slots=True)
class _Number:
    """A term for a number from `low` to `high`: unsigned if those are not negative, else in two's complement."""

    term: Term
    low: int
    high: int


class Unrolling:
    """The formulas of a ground system, in a Z3 context of their own."""

    def __init__(self, ground: GroundSystem, look: Look = lambda: None) -> None:
        """`look` is called again and again while the work goes on, and may raise to end it."""
        self.ground, self.semantics = ground, ground.semantics
        self.context = z3.Context()
        self._look = look
        self._slots = self.semantics.layout.slots
        self.ranges = tuple(self._range(slot.symbol) for slot in self._slots)
        self._runs = Instantiation(self.semantics, look).running()
        self._memo: dict[tuple[bool, Ground, int], Any] = {}
        self._kept: list[Sequence[Term]] = []  # states by whose identity something is remembered
        self.before, self.after = self.state("before"), self.state("after")
        actions = len(ground.actions)
        self.choices = tuple(self.truth_named(f"act-{number}") for number in range(actions))
        self.wait, self.rest = self.truth_named("wait"), self.truth_named("rest")
        self.extra = z3.BitVec("extra", self._bits(0, self._longest - 1), self.context)  # ticks of a wait beyond its first
        self.written: frozenset[int] = frozenset()
        self.step = self._step()

    def _range(self, symbol: ex.VariableSymbol | ex.ClockSymbol) -> tuple[int, int]:
        if isinstance(symbol, ex.ClockSymbol):
            return 0, self.semantics.time.caps[symbol]
        values = self.semantics.values(symbol.sort)
        return values[0], values[-1]

    @property
    def _longest(self) -> int:
        return max([1, *(self.ranges[clock][1] for clock in self._runs)])  # after so many ticks every clock is at its cap

    # --- formulas about one state

    @property
    def overflow(self) -> Ground:
        """Can an action be fired that sets an integer to a value outside its range?"""
        return disjoin(conjoin([action.guard, negate(self._in_range(action))]) for action in self.ground.actions)

    @property
    def stuck(self) -> Ground:
        """Has time reached a deadline while no action can be fired?"""
        return conjoin([self.ground.blocked, *(negate(action.guard) for action in self.ground.actions)])

    @staticmethod
    def _in_range(action: GroundAction) -> Ground:
        bounds = ((action.post[slot], low, high) for slot, low, high in action.ranges)
        return conjoin(part for value, low, high in bounds for part in (at_most(low, value), at_most(value, high)))

    def holds(self, formula: Ground) -> Term:
        """A formula as a term over the slots of `before`."""
        return self._truth(formula, self.before)

    def is_true(self, term: Term, state: State) -> bool:
        """Is a term over the slots of `before` true in a state?"""
        values = [self._value(place, value, self.before) for place, value in enumerate(state)]
        return bool(z3.is_true(z3.simplify(z3.substitute(term, *zip(self.before, values, strict=True)))))

    # --- states

    def state(self, name: str, like: Terms | None = None) -> Terms:
        """New terms for a state; those of `like` for slots that no step writes."""
        return tuple(
            like[place] if like is not None and place not in self.written else self._slot(f"{name}.{place}", place)
            for place in range(len(self._slots))
        )

    def truth_named(self, name: str) -> Term:
        """A truth value of that name."""
        return z3.Bool(name, self.context)

    def _slot(self, name: str, place: int) -> Term:
        if self._two_valued(place):
            return self.truth_named(name)
        return z3.BitVec(name, self._bits(*self.ranges[place]), self.context)

    def _two_valued(self, place: int) -> bool:
        return self.ranges[place] == (0, 1)

    def initial(self) -> Term:
        """That `before` is an initial state."""
        first = next(iter(self.semantics.initial()))
        free = {place for place, slot in enumerate(self._slots) if self._is_free(slot.symbol)}
        fixed = [
            self.before[place] == self._value(place, value, self.before) for place, value in enumerate(first) if place not in free
        ]
        return z3.And([*fixed, self.within()])

    @staticmethod
    def _is_free(symbol: ex.VariableSymbol | ex.ClockSymbol) -> bool:
        return isinstance(symbol, ex.VariableSymbol) and symbol.initial is None

    def within(self) -> Term:
        """That in `before` every slot has one of its values, and every clock at rest reads zero."""
        at_rest = [disjoin([runs, at_most(At(clock), 0)]) for clock, runs in self._runs.items()]
        return z3.And([*self._bounds(), self.holds(conjoin(at_rest))])

    def _bounds(self) -> Iterator[Term]:
        """What is taken for granted everywhere else: a slot's bits are those of a value between its bounds."""
        for place, (low, high) in enumerate(self.ranges):
            if not self._two_valued(place):
                term, least, most = self.before[place], self._constant(low, low, high), self._constant(high, low, high)
                yield least <= term if low < 0 else z3.ULE(least, term)
                yield term <= most if low < 0 else z3.ULE(term, most)

    def differs(self, one: Terms, other: Terms) -> Term:
        """That two states are not the same."""
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if not a.eq(b)]
        return z3.Or([a != b for a, b in pairs]) if pairs else z3.BoolVal(False, self.context)

    # --- one step

    def _step(self) -> Term:
        clauses: list[Term] = []
        writers: dict[int, list[Term]] = {}
        for choice, action in zip(self.choices, self.ground.actions, strict=True):
            self._look()
            allowed = conjoin([action.guard, self._in_range(action)])
            clauses.append(z3.Implies(choice, self._truth(allowed, self.before)))
            for place, value in action.post.items():
                writers.setdefault(place, []).append(choice)
                clauses.append(z3.Implies(choice, self.after[place] == self._value(place, value, self.before)))
        clauses += self._passing(writers)
        self.written = frozenset(writers)
        clauses += [z3.Or([self.after[place] == self.before[place], *told]) for place, told in sorted(writers.items())]
        choices = [*self.choices, self.wait, self.rest]
        return z3.And([*clauses, z3.Or(choices), z3.AtMost(*choices, 1)])

    def _passing(self, writers: dict[int, list[Term]]) -> list[Term]:
        if not self._runs:
            return [z3.Not(self.wait)]
        # what follows reckons with no longer wait, though the bits of `extra` may say one
        clauses = [z3.ULE(self.extra, self._constant(self._longest - 1, 0, self._longest - 1))]
        due = list(self.before)  # the state one tick before the end of the wait
        for clock, runs in self._runs.items():
            cap = self.ranges[clock][1]
            if cap == 0:
                continue
            moving = self._truth(runs, self.before)
            almost, later = (self._advanced(clock, cap, more) for more in (0, 1))
            due[clock] = z3.If(moving, almost, self.before[clock])
            clauses.append(z3.Implies(self.wait, self.after[clock] == z3.If(moving, later, self.before[clock])))
            writers.setdefault(clock, []).append(self.wait)
        self._kept.append(due)
        return [*clauses, z3.Implies(self.wait, z3.Not(self._truth(self.ground.blocked, due)))]

    def _advanced(self, clock: int, cap: int, more: int) -> Term:
        """A clock after `extra` and so many `more` ticks."""
        high = self._longest + cap + 1
        reading = self._as(self._number(At(clock), self.before), 0, high)
        total = reading + self._as(_Number(self.extra, 0, self._longest - 1), 0, high) + more
        capped = z3.If(z3.UGE(total, self._constant(cap, 0, high)), self._constant(cap, 0, high), total)
        return capped == 1 if self._two_valued(clock) else z3.Extract(self._bits(0, cap) - 1, 0, capped)

    # --- expressions

    def _truth(self, a: Ground, state: Sequence[Term]) -> Term:
        if isinstance(a, int):
            return z3.BoolVal(bool(a), self.context)
        if isinstance(a, At):
            return state[a.slot]
        key = (True, a, id(state))
        if key not in self._memo:
            self._memo[key] = self._truth_of(a.operator, a.args, state)
        return self._memo[key]

    def _truth_of(self, operator: str, args: tuple[Ground, ...], state: Sequence[Term]) -> Term:
        match operator:
            case "not":
                return z3.Not(self._truth(args[0], state))
            case "and":
                return z3.And([self._truth(arg, state) for arg in args])
            case "or":
                return z3.Or([self._truth(arg, state) for arg in args])
            case "ite":
                return z3.If(*(self._truth(arg, state) for arg in args))
            case "eq" | "le":
                return self._compared(operator, *(self._number(arg, state) for arg in args))
            case _:
                raise AssertionError(f"{operator} is no truth value")

    def _compared(self, operator: str, one: _Number, other: _Number) -> Term:
        low, high = min(one.low, other.low), max(one.high, other.high)
        a, b = self._as(one, low, high), self._as(other, low, high)
        if operator == "eq":
            return a == b
        if one.high <= other.low or one.low > other.high:
            return z3.BoolVal(one.high <= other.low, self.context)
        return a <= b if low < 0 else z3.ULE(a, b)

    def _number(self, a: Ground, state: Sequence[Term]) -> _Number:
        if isinstance(a, int):
            return _Number(self._constant(a, a, a), a, a)
        if isinstance(a, At):
            low, high = self.ranges[a.slot]
            return self._counted(state[a.slot]) if self._two_valued(a.slot) else _Number(state[a.slot], low, high)
        key = (False, a, id(state))
        if key not in self._memo:
            self._memo[key] = self._number_of(a.operator, a.args, state) or self._counted(self._truth(a, state))
        found: _Number = self._memo[key]
        return found

    def _number_of(self, operator: str, args: tuple[Ground, ...], state: Sequence[Term]) -> _Number | None:
        """None for a truth value."""
        if operator == "ite":
            one, other = self._number(args[1], state), self._number(args[2], state)
            low, high = min(one.low, other.low), max(one.high, other.high)
            chosen = z3.If(self._truth(args[0], state), self._as(one, low, high), self._as(other, low, high))
            return _Number(chosen, low, high)
        if operator not in ("add", "sub"):
            return None
        one, other = self._number(args[0], state), self._number(args[1], state)
        added = operator == "add"
        low = one.low + other.low if added else one.low - other.high
        high = one.high + other.high if added else one.high - other.low
        widest = min(low, one.low, other.low), max(high, one.high, other.high)
        a, b = self._as(one, *widest), self._as(other, *widest)
        return _Number(self._as(_Number(a + b if added else a - b, *widest), low, high), low, high)

    def _counted(self, truth: Term) -> _Number:
        return _Number(z3.If(truth, self._constant(1, 0, 1), self._constant(0, 0, 1)), 0, 1)

    def _value(self, place: int, a: Ground, state: Sequence[Term]) -> Term:
        """A value for a slot; of one outside its range some bits, which a step never uses."""
        if not self._two_valued(place):
            return self._as(self._number(a, state), *self.ranges[place])
        symbol = self._slots[place].symbol
        if isinstance(a, int) or (isinstance(symbol, ex.VariableSymbol) and isinstance(symbol.sort, ex.BoolSort)):
            return self._truth(a, state)
        number = self._number(a, state)
        return self._compared("eq", number, _Number(self._constant(1, 1, 1), 1, 1))

    def _constant(self, value: int, low: int, high: int) -> Term:
        return z3.BitVecVal(value, self._bits(low, high), self.context)

    def _as(self, number: _Number, low: int, high: int) -> Term:
        """The term in as many bits as a number from low to high needs."""
        have, need = self._bits(number.low, number.high), self._bits(low, high)
        if need < have:
            return z3.Extract(need - 1, 0, number.term)
        if need == have:
            return number.term
        return z3.SignExt(need - have, number.term) if number.low < 0 else z3.ZeroExt(need - have, number.term)

    @staticmethod
    def _bits(low: int, high: int) -> int:
        return max(1, high.bit_length()) if low >= 0 else max((-low - 1).bit_length(), high.bit_length()) + 1


@dataclass(slots=True)
class Path:
    """Some steps in a row, in a solver. Z3's solver for finite domains: it turns all into propositional clauses, and keeps them."""

    unrolling: Unrolling
    prefix: str
    solver: z3.Solver = field(init=False)
    states: list[Terms] = field(init=False)
    _steps: list[Mapping[Term, Term]] = field(default_factory=list)  # of each step, what stands for the template's terms

    def __post_init__(self) -> None:
        self.solver = z3.SolverFor("QF_FD", ctx=self.unrolling.context)
        self.states = [self.unrolling.state(f"{self.prefix}0")]

    @property
    def length(self) -> int:
        """How many steps there are."""
        return len(self._steps)

    def extend(self) -> None:
        """One step more."""
        made, number = self.unrolling, len(self.states)
        later = made.state(f"{self.prefix}{number}", self.states[-1])
        told = {name: made.truth_named(f"{self.prefix}{number}.{name}") for name in (*made.choices, made.wait, made.rest)}
        told[made.extra] = z3.Const(f"{self.prefix}{number}.extra", made.extra.sort())
        pairs = [*zip(made.before, self.states[-1], strict=True), *zip(made.after, later, strict=True), *told.items()]
        self.solver.add(z3.substitute(made.step, *pairs))
        if self._steps:
            last = self._steps[-1]
            self.solver.add(z3.Or(z3.Not(last[made.wait]), z3.Not(told[made.wait])))
            self.solver.add(z3.Implies(last[made.rest], told[made.rest]))
        self._steps.append(told)
        self.states.append(later)

    def at(self, formula: Term, place: int) -> Term:
        """A formula over `Unrolling.before`, about the state of that place."""
        return z3.substitute(formula, *zip(self.unrolling.before, self.states[place], strict=True))

    def rests(self, step: int) -> Term:
        """That the step of that number, the first being 1, rests."""
        return self._steps[step - 1][self.unrolling.rest]

    def trace(self, model: z3.ModelRef) -> Trace:
        """The run of a model, up to where it rests, taken through the reference semantics."""
        made, semantics = self.unrolling, self.unrolling.semantics
        moves: list[Move] = []
        for told in self._steps:
            if z3.is_true(model.eval(told[made.rest])):
                break
            if z3.is_true(model.eval(told[made.wait])):
                moves.append(Wait(1 + model.eval(told[made.extra], model_completion=True).as_long()))
            else:
                taken = next(at for at, name in enumerate(made.choices) if z3.is_true(model.eval(told[name])))
                moves.append(made.ground.actions[taken].firing)
        return run(semantics, self._state(model, self.states[0]), moves)

    def _state(self, model: z3.ModelRef, terms: Terms) -> State:
        found = []
        for term, (low, _) in zip(terms, self.unrolling.ranges, strict=True):
            value = model.eval(term, model_completion=True)
            if z3.is_bool(value):
                found.append(int(z3.is_true(value)))
            else:
                found.append(value.as_signed_long() if low < 0 else value.as_long())
        return tuple(found)
