"""A concrete system as zones see it: variables on one side, bounds on clocks on the other.

From the ground system (`ground`) this takes the actions apart: when the variables allow an action, which bounds it needs
(`zone_cases`), which clocks run on afterwards and which start from zero. A clock at rest reads zero and is no part of a zone; it
takes part again, from zero, when its condition becomes true. A deadline bounds how far time passes and nothing else: a clock may
be past it when it begins to hold, and then time stands still.

*Time can pass* is broken where a deadline stops time and no action is enabled. Most deadlines can be seen to be harmless without
any search: some action is allowed by the same variables and needs no more than that the deadline is due.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from udproof.engines.algebra import At, Ground, Op, choose, slots_of, substitute
from udproof.engines.dbm import MOST
from udproof.engines.ground import GroundAction, GroundSystem
from udproof.engines.instantiate import Instantiation, Look
from udproof.engines.zone_cases import Bound, Case, Cases, Item
from udproof.engines.zone_time import DenseSemantics
from udproof.language import Deadline, ModelError, Property, System
from udproof.language import expressions as ex

_ELAPSED = ex.ClockSymbol("(elapsed)", (), (), ex.TRUE)


@dataclass(frozen=True, slots=True)
class ZoneAction:
    """A ground action, for one way in which the bounds inside its updates can hold.

    `runs` and `keeps` are over the state before, for each clock that the action may start, stop or set: does it run afterwards, and
    does it go on from its reading (or start from zero)? `alike` firings have the same guard and the same updates.
    """

    ground: GroundAction
    cases: tuple[Case, ...]
    post: Mapping[int, Ground]
    runs: Mapping[int, Ground]
    keeps: Mapping[int, Ground]
    alike: int


@dataclass(frozen=True, slots=True)
class Limit:
    """While the condition holds, time does not pass beyond so many ticks of a clock."""

    condition: Ground
    slot: int
    ticks: int


@dataclass(frozen=True, slots=True)
class ZoneProperty:
    """A property: the cases in which it is broken, and those in which its premise is reached."""

    property: Property
    broken: tuple[Case, ...]
    premise: tuple[Case, ...]


class ZoneSystem:
    """See the module. ModelError for a system that has no zones."""

    def __init__(
        self,
        system: System,
        properties: tuple[Property, ...],
        look: Look = lambda: None,
        horizon: Fraction | None = None,
    ) -> None:
        """`look` is called again and again while the work goes on, and may raise to end it. Time ends at a horizon, in seconds."""
        self.system = system = system if horizon is None else _ending(system, horizon)
        self.semantics = DenseSemantics(system)
        self.ground = GroundSystem(self.semantics, properties, look)
        self._formulas = Instantiation(self.semantics, look)
        self._look = look
        slots = self.semantics.layout.slots
        self.clocks = tuple(place for place, slot in enumerate(slots) if isinstance(slot.symbol, ex.ClockSymbol))
        self._check_constants()
        self.cases = Cases(frozenset(self.clocks))
        self.runs = self._formulas.running()
        self._clocks_on: dict[int, list[int]] = {}  # by slot: the clocks that a change of it may start or stop
        for clock, runs in self.runs.items():
            for place in slots_of(runs):
                self._clocks_on.setdefault(place, []).append(clock)
        self.limits = tuple(self._limits())
        self.actions = tuple(self._actions())
        self.properties = tuple(
            ZoneProperty(
                item.property,
                () if item.property.watches_time else self.cases.of(item.body, False),
                self.cases.of(item.premise),
            )
            for item in self.ground.properties
        )
        watched = any(item.property.watches_time for item in self.properties)
        asked = [limit for limit in self.limits if slots[limit.slot].symbol is not _ELAPSED] if watched else []
        self.doubtful = tuple(limit for limit in asked if not self._harmless(limit))

    def _check_constants(self) -> None:
        time = self.semantics.time
        for clock, cap in time.caps.items():
            if cap >= MOST:
                raise ModelError(
                    f"clock {clock.name} is compared with {cap - 1} times the unit of time, {time.unit} s; zones count to {MOST}. "
                    "Round the constants to a common unit."
                )

    def _limits(self) -> Iterator[Limit]:
        found: dict[tuple[Ground, int], int] = {}
        for deadline, condition, slot in self._formulas.due():
            ticks = self.semantics.time.ticks(deadline.limit.bound)
            found[condition, slot] = min(found.get((condition, slot), ticks), ticks)
        yield from (Limit(condition, slot, ticks) for (condition, slot), ticks in found.items())

    # --- actions

    def _actions(self) -> Iterator[ZoneAction]:
        alike: dict[object, list[GroundAction]] = {}
        for action in self.ground.actions:
            key = (
                action.firing.action.name,
                action.guard,
                tuple(sorted(action.post.items(), key=lambda item: item[0])),
                action.ranges,
            )
            alike.setdefault(key, []).append(action)
        for same in alike.values():
            self._look()
            yield from self._action(same[0], len(same))

    def _action(self, action: GroundAction, alike: int) -> Iterator[ZoneAction]:
        clocks = set(self.clocks)
        post = {slot: value for slot, value in action.post.items() if slot not in clocks}
        concerned = sorted({*(slot for slot in action.post if slot in clocks), *self._started(post)})
        formulas = list(post.values())
        formulas += [substitute(self.runs[clock], post) for clock in concerned]
        formulas += [_kept(action.post.get(clock, At(clock)), clock) for clock in concerned]
        for bounds, said in self.cases.variants(formulas):
            cases = tuple(
                Case(case.condition, (*case.items, *(Item(0, bound) for bound in bounds))) for case in self.cases.of(action.guard)
            )
            values, runs, keeps = (
                said[: len(post)],
                said[len(post) : len(post) + len(concerned)],
                said[len(post) + len(concerned) :],
            )
            yield ZoneAction(
                action,
                cases,
                dict(zip(post, values, strict=True)),
                dict(zip(concerned, runs, strict=True)),
                dict(zip(concerned, keeps, strict=True)),
                alike,
            )

    def _started(self, post: Mapping[int, Ground]) -> set[int]:
        return {clock for slot in post for clock in self._clocks_on.get(slot, ())}

    def in_packing_terms(self) -> GroundSystem:
        """The ground system without clocks, for those who pack states."""
        view = copy.copy(self.ground)
        clocks = set(self.clocks)
        view.actions = tuple(
            replace(action, post={slot: value for slot, value in action.post.items() if slot not in clocks})
            for action in self.ground.actions
        )
        view.tick = {}
        return view

    # --- deadlines that cannot hold everything up

    def _harmless(self, limit: Limit) -> bool:
        """Is some action enabled whenever this limit is reached, by the same condition and at the latest then?"""
        given = set(_conjuncts(limit.condition))
        return any(
            not action.ground.ranges
            and set(_conjuncts(case.condition)) <= given
            and all(_implied(item.bound, limit) for item in case.items)
            for action in self.actions
            for case in action.cases
        )


def _ending(system: System, horizon: Fraction) -> System:
    """The system in a time that ends: a clock that is never set to zero has the horizon as its deadline."""
    end = Deadline("(horizon)", (), ex.TRUE, ex.ClockIs(_ELAPSED, (), "<=", horizon), None)
    return replace(system, deadlines=(*system.deadlines, end))


def _implied(bound: Bound, limit: Limit) -> bool:
    """Does the bound hold wherever the limit is reached, and however long ago?"""
    return bound.slot == limit.slot and not bound.upper and bound.holds_at(limit.ticks)


def _conjuncts(formula: Ground) -> tuple[Ground, ...]:
    if formula == 1:
        return ()
    return formula.args if isinstance(formula, Op) and formula.operator == "and" else (formula,)


def _kept(value: Ground, clock: int) -> Ground:
    """Does the clock keep its reading? Its value after the action is that, or zero, or a choice between the two."""
    match value:
        case At():
            return 1
        case Op(operator="ite", args=(condition, then, other)):
            return choose(condition, _kept(then, clock), _kept(other, clock))
    assert value == 0, "a clock is set to zero, or not at all"
    return 0
