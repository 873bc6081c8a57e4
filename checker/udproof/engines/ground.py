"""A concrete system without names: slots, numbers and a handful of operations.

Engines that enumerate states need no parameters and no quantifiers: every action with every choice of arguments becomes one
*ground action*, every quantifier over a fleet's elements a conjunction or disjunction, every constant its value. What can be
computed now is computed now, so that a guard about placement costs nothing later and an action that can never fire is not
there at all.

The post-state of a ground action is a substitution: for each slot that changes, its new value as an expression over the state
before. Clocks are settled in it already (a clock whose condition does not hold afterwards is zero), so an engine only has to
evaluate. What all of this means is said by `udproof.language.semantics`; that the two agree is a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from udproof.engines.algebra import (
    At,
    Ground,
    Op,
    at_most,
    choose,
    conjoin,
    disjoin,
    equal,
    negate,
    slots_of,
    substitute,
)
from udproof.engines.instantiate import Instantiation, Look, Places
from udproof.language import expressions as ex
from udproof.language.actions import Update
from udproof.language.claims import Property
from udproof.language.semantics import Firing, Semantics


@dataclass(frozen=True, slots=True)
class GroundAction:
    """A firing that some state may enable.

    `post` gives the changed slots' new values; `ranges` those that must be checked to lie within bounds (slot, low, high).
    """

    firing: Firing
    guard: Ground
    post: Mapping[int, Ground]
    ranges: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Due:
    """A deadline for some elements: when time has reached it, and the slots of the clock that is due then."""

    reached: Ground
    exactly: Ground  # the clock that is due reads just the bound, as it does in a run with instants between ticks
    clocks: set[int]
    elements: set[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class GroundProperty:
    """A property as one formula that must hold, and one that must be reached."""

    property: Property
    body: Ground
    premise: Ground


class GroundSystem:
    """Everything an enumerating engine needs of a concrete system."""

    def __init__(self, semantics: Semantics, properties: tuple[Property, ...], look: Look = lambda: None) -> None:
        """`look` is called again and again while the work goes on, and may raise to end it."""
        self.semantics = semantics
        self._look = look
        self._formulas = Instantiation(semantics, look)
        self._position = semantics.layout.position
        self._runs = self._formulas.running()
        self._clocks_on: dict[int, list[int]] = {}  # by slot: the clocks that a change of it may start or stop
        for clock, runs in self._runs.items():
            for slot in {clock, *slots_of(runs)}:
                self._clocks_on.setdefault(slot, []).append(clock)
        self.actions = tuple(self._actions())
        self._due = self._deadlines()
        self.blocked = disjoin(due.reached for due in self._due)
        self.doubtful = self._doubtful()
        self.tick = self._tick()
        self.properties = tuple(
            GroundProperty(prop, self._formulas.all(prop.params, prop.body, {}), self._formulas.some(prop.params, prop.premise, {}))
            for prop in properties
        )

    def _actions(self) -> Iterator[GroundAction]:
        formulas = self._formulas
        for action in self.semantics.system.actions:
            conditions = [part.condition for part in action.guards]
            for places in formulas.possible(action.params, conditions, {}):
                self._look()
                guard = conjoin(formulas.expression(condition, places) for condition in conditions)
                if guard == 0:
                    continue
                post: dict[int, Ground] = {}
                ranges: list[tuple[int, int, int]] = []
                for update in action.updates:
                    for inner in formulas.possible(update.binders, [update.where], places):
                        self._update(update, inner, post, ranges)
                args = tuple(places[formulas.number(param)] for param in action.params)
                yield GroundAction(Firing(action, args), guard, self._settled(post), tuple(ranges))

    @staticmethod
    def spoken_of(action: GroundAction) -> set[tuple[str, int]]:
        """The elements that a firing has as arguments, as (name of the sort, position)."""
        return {(param.sort.name, place) for param, place in zip(action.firing.action.params, action.firing.args, strict=True)}

    def _update(self, update: Update, places: Places, post: dict[int, Ground], ranges: list[tuple[int, int, int]]) -> None:
        formulas = self._formulas
        where = formulas.expression(update.where, places)
        value = formulas.expression(update.value, places)
        index = tuple(formulas.expression(arg, places) for arg in update.index)
        for args, reached in formulas.cases(index, update.target.domain):
            slot = self._position[update.target, args]
            condition = conjoin([where, reached])
            if condition == 0:
                continue
            post[slot] = choose(condition, value, At(slot))
            target = update.target
            if isinstance(target, ex.VariableSymbol) and isinstance(target.sort, ex.IntSort):
                given = update.value.sort
                assert isinstance(given, ex.IntSort)
                if given.low < target.sort.low or given.high > target.sort.high:
                    ranges.append((slot, target.sort.low, target.sort.high))

    def _settled(self, post: dict[int, Ground]) -> dict[int, Ground]:
        settled = dict(post)
        concerned = {clock for slot in post for clock in self._clocks_on.get(slot, ())}
        for slot in sorted(concerned):
            runs = self._runs[slot]
            value = choose(substitute(runs, post), post.get(slot, At(slot)), 0)
            if value != At(slot):
                settled[slot] = value
            else:
                settled.pop(slot, None)
        return settled

    def _deadlines(self) -> list[_Due]:
        due: list[_Due] = []
        formulas = self._formulas
        for deadline in self.semantics.system.deadlines:
            bound = self.semantics.time.ticks(deadline.limit.bound)
            for places in formulas.possible(deadline.params, [deadline.condition], {}):
                holds = formulas.expression(deadline.condition, places)
                clock = formulas.read(deadline.limit.clock, tuple(formulas.expression(arg, places) for arg in deadline.limit.args))
                elements = {(param.sort.name, places[formulas.number(param)]) for param in deadline.params}
                exactly = equal(clock, bound) if isinstance(clock, At) else 0
                due.append(_Due(conjoin([holds, at_most(bound, clock)]), exactly, slots_of(clock), elements))
        return due

    def _doubtful(self) -> Ground:
        """Has time reached a deadline while every enabled action compares some clock other than the one that is due?

        That an action is enabled is seen at whole ticks. In a run with instants between them the clock that is due reads the same,
        others may not, and "no action is enabled" compares strictly, so rounding a run to ticks may lose it. Only an action that
        compares no other clock is sure to be enabled there as well; and one that compares the due clock, only if that is due just
        now, and not overdue since before its deadline began to hold. Only actions that speak of the deadline's own elements, or of
        none, are looked at: leaving others out can only add doubt.
        """
        compared = [(action, slots_of(action.guard) & self._runs.keys()) for action in self.actions]
        near: dict[tuple[str, int] | None, list[tuple[GroundAction, set[int]]]] = {}
        for action, clocks in compared:
            spoken: set[tuple[str, int] | None] = {*self.spoken_of(action)} or {None}
            for element in spoken:
                near.setdefault(element, []).append((action, clocks))
        doubts: list[Ground] = []
        for due in self._due:
            self._look()
            candidates = [pair for element in sorted(due.elements) for pair in near.get(element, [])] + near.get(None, [])
            untimed = disjoin(action.guard for action, clocks in candidates if not clocks)
            on_time = disjoin(action.guard for action, clocks in candidates if clocks and clocks <= due.clocks)
            doubts.append(conjoin([due.reached, negate(untimed), negate(conjoin([due.exactly, on_time]))]))
        return disjoin(doubts)

    def _tick(self) -> dict[int, Ground]:
        advance: dict[int, Ground] = {}
        for slot, runs in self._runs.items():
            symbol = self.semantics.layout.slots[slot].symbol
            assert isinstance(symbol, ex.ClockSymbol)
            moving = conjoin([runs, at_most(At(slot), self.semantics.time.caps[symbol] - 1)])
            if moving != 0:
                advance[slot] = choose(moving, Op("add", (At(slot), 1)), At(slot))
        return advance
