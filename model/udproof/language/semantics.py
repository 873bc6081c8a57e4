"""The reference semantics: what a concrete system does, as plainly as it can be said.

A *state* is a tuple of integers: the values of all variables, then the readings of all clocks in ticks (`Layout` says what
stands where). Two things can happen in a state:

- an action *fires* with some arguments, if every conjunct of its guard holds: all its updates are made at once;
- time *passes*, one tick, if no deadline forbids it: every clock whose condition holds advances by one, up to its cap.

A clock whose condition does not hold stands at zero. That is all. Every engine is tested against this file, every trace is
replayed through it before anyone is shown it; nothing here is fast, and nothing needs to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeAlias

from udproof.language import expressions as ex
from udproof.language.actions import Action, Guard
from udproof.language.claims import Deadline, Property
from udproof.language.errors import ModelError
from udproof.language.evaluation import Env, environments, evaluate
from udproof.language.instance import ConstantsOnly, codes
from udproof.language.system import System
from udproof.language.time import TickTime

State: TypeAlias = tuple[int, ...]


class OutOfRange(ModelError):
    """An action set a bounded integer to a value outside its range."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An action with its arguments, given as positions of elements."""

    action: Action
    args: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a state: a variable or clock at some arguments."""

    symbol: ex.VariableSymbol | ex.ClockSymbol
    args: tuple[int, ...]


class Layout:
    """What stands where in a state of a concrete system."""

    def __init__(self, system: System) -> None:
        if system.missing:
            raise ModelError(f"system {system.name} cannot be run, since nothing gives the {', the '.join(system.missing)}.")
        sizes = {sort: len(system.elements(sort)) for sort in system.index_sorts}
        symbols: tuple[ex.VariableSymbol | ex.ClockSymbol, ...] = (*system.variables, *system.clocks)
        self.slots = tuple(
            Slot(symbol, args) for symbol in symbols for args in product(*(range(sizes[sort]) for sort in symbol.domain))
        )
        self.position = {(slot.symbol, slot.args): place for place, slot in enumerate(self.slots)}
        self.variables = sum(1 for slot in self.slots if isinstance(slot.symbol, ex.VariableSymbol))


class Semantics:
    """The transition system of a concrete `System`. ModelError if it is not concrete or its time cannot be counted."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.layout = Layout(system)
        self.time = TickTime(system)

    # --- states

    def initial(self) -> Iterator[State]:
        """Every initial state, in a fixed order."""
        world = ConstantsOnly(self.system.instance)
        choices: list[list[int]] = []
        for slot in self.layout.slots:
            symbol = slot.symbol
            if isinstance(symbol, ex.ClockSymbol):
                choices.append([0])
            elif symbol.initial is None:
                choices.append(list(self.values(symbol.sort)))
            else:
                value = evaluate(symbol.initial, dict(zip(symbol.params, slot.args, strict=True)), world)
                if value not in self.values(symbol.sort):
                    raise OutOfRange(
                        f"the initial value of {symbol.name} is {value}, outside its range {symbol.sort}.", symbol.location
                    )
                choices.append([value])
        yield from product(*choices)

    def values(self, sort: ex.Sort) -> range:
        """The codes of a sort's values."""
        return codes(sort, self.system.instance.elements)

    def span(self, slot: int) -> tuple[int, int]:
        """The least and the most value of a slot; a clock's is in ticks."""
        symbol = self.layout.slots[slot].symbol
        if isinstance(symbol, ex.ClockSymbol):
            return 0, self.time.caps[symbol]
        values = self.values(symbol.sort)
        return values[0], values[-1]

    # --- actions

    @cached_property
    def firings(self) -> tuple[Firing, ...]:
        """Every action with every choice of arguments, in the order of the declarations and of the elements."""
        world = ConstantsOnly(self.system.instance)
        return tuple(Firing(act, tuple(env.values())) for act in self.system.actions for env in environments(act.params, world))

    def enabled(self, state: State) -> list[Firing]:
        """The firings whose guards hold."""
        return list(self.each_enabled(state))

    def each_enabled(self, state: State) -> Iterator[Firing]:
        """The same one after the other, for those who may not want them all."""
        world = self.world(state)
        for firing in self.firings:
            env = self.env(firing)
            if all(evaluate(guard.condition, env, world) for guard in firing.action.guards):
                yield firing

    def refused(self, state: State, firing: Firing) -> list[Guard]:
        """The conjuncts of the guard that do not hold; none means that the action can fire."""
        world, env = self.world(state), self.env(firing)
        return [guard for guard in firing.action.guards if not evaluate(guard.condition, env, world)]

    def fire(self, state: State, firing: Firing) -> State:
        """The state after an enabled firing. OutOfRange if an integer leaves its range."""
        world, env = self.world(state), self.env(firing)
        after = list(state)
        for update in firing.action.updates:
            for inner in environments(update.binders, world):
                where = {**env, **inner}
                if not evaluate(update.where, where, world):
                    continue
                index = tuple(evaluate(arg, where, world) for arg in update.index)
                value = evaluate(update.value, where, world)
                if isinstance(update.target, ex.VariableSymbol) and value not in self.values(update.target.sort):
                    raise OutOfRange(
                        f"action {firing.action.name} sets {update.target.name} to {value}, outside its range "
                        f"{update.target.sort}; add a guard that prevents it, or widen the range.",
                        firing.action.location,
                    )
                after[self.layout.position[update.target, index]] = value
        return self.settled(tuple(after))

    # --- time

    def blocked_by(self, state: State) -> list[tuple[Deadline, Env]]:
        """The deadlines, with the elements concerned, that time has reached."""
        return [(deadline, env) for deadline, env, _, left in self._due(state) if left <= 0]

    def stuck(self, state: State) -> bool:
        """Has time reached a deadline while no action is enabled?"""
        return bool(self.blocked_by(state)) and next(self.each_enabled(state), None) is None

    def wait(self, state: State) -> State | None:
        """The state one tick later; None if a deadline forbids that. The same state again once every clock is at its cap."""
        return None if self.patience(state) == 0 else self.passed(state, 1)

    def patience(self, state: State) -> int | None:
        """How many ticks may pass before a deadline forbids more; None if none does.

        No variable changes while time passes, so the deadlines that hold now are those that hold then.
        """
        running = set(self.running(state))
        # A clock at rest comes no nearer to its bound; where it has reached it all the same, time cannot pass.
        limits = [max(left, 0) for _, _, place, left in self._due(state) if left <= 0 or place in running]
        return min(limits, default=None)

    def _due(self, state: State) -> Iterator[tuple[Deadline, Env, int, int]]:
        """The deadlines whose condition holds: each with its elements, the place of its clock, and the ticks that are left."""
        world = self.world(state)
        for deadline in self.system.deadlines:
            for env in environments(deadline.params, world):
                if evaluate(deadline.condition, env, world):
                    args = tuple(evaluate(arg, env, world) for arg in deadline.limit.args)
                    place = self.layout.position[deadline.limit.clock, args]
                    yield deadline, env, place, self.time.ticks(deadline.limit.bound) - state[place]

    def passed(self, state: State, ticks: int) -> State:
        """The state some ticks later, whether or not a deadline allows them: every running clock advanced, up to its cap."""
        return self.advanced(state, self.running(state), ticks)

    def running(self, state: State) -> list[int]:
        """The places of the clocks that run."""
        world = self.world(state)
        return [
            place
            for place, slot in enumerate(self.layout.slots)
            if isinstance(slot.symbol, ex.ClockSymbol) and self._runs(slot.symbol, slot.args, world)
        ]

    def advanced(self, state: State, running: list[int], ticks: int) -> State:
        """The state with these clocks advanced, each up to its cap."""
        after = list(state)
        for place in running:
            clock = self.layout.slots[place].symbol
            assert isinstance(clock, ex.ClockSymbol)
            after[place] = min(after[place] + ticks, self.time.caps[clock])
        return tuple(after)

    def settled(self, state: State) -> State:
        """The state with every clock at zero whose condition does not hold."""
        world, after = self.world(state), list(state)
        for place, slot in enumerate(self.layout.slots):
            if isinstance(slot.symbol, ex.ClockSymbol) and not self._runs(slot.symbol, slot.args, world):
                after[place] = 0
        return tuple(after)

    @staticmethod
    def _runs(clock: ex.ClockSymbol, args: tuple[int, ...], world: World) -> bool:
        return bool(evaluate(clock.during, dict(zip(clock.params, args, strict=True)), world))

    # --- properties

    def breaking(self, prop: Property, state: State) -> Env | None:
        """The first choice of the property's parameters for which it is false here; None if it holds."""
        if prop.watches_time:
            return {} if self.stuck(state) else None
        world = self.world(state)
        return next((env for env in environments(prop.params, world) if not evaluate(prop.body, env, world)), None)

    def reaches(self, prop: Property, state: State) -> Env | None:
        """The first choice of the property's parameters that makes its premise true here; None if there is none."""
        world = self.world(state)
        return next((env for env in environments(prop.params, world) if evaluate(prop.premise, env, world)), None)

    def world(self, state: State) -> World:
        """The structure that a state is."""
        return World(self, state)

    @staticmethod
    def env(firing: Firing) -> Env:
        """The arguments of a firing by parameter."""
        return dict(zip(firing.action.params, firing.args, strict=True))


class World(ConstantsOnly):
    """A state as a structure: constants from the instance, variables and clocks from the state."""

    def __init__(self, semantics: Semantics, state: State) -> None:
        super().__init__(semantics.system.instance)
        self._semantics = semantics
        self._state = state

    def read(self, symbol: ex.ConstantSymbol | ex.VariableSymbol, args: tuple[int, ...]) -> int:
        """See `evaluation.Structure`."""
        if isinstance(symbol, ex.ConstantSymbol):
            return super().read(symbol, args)
        return self._state[self._semantics.layout.position[symbol, args]]

    def clock(self, clock: ex.ClockSymbol, args: tuple[int, ...]) -> int:
        """See `evaluation.Structure`."""
        return self._state[self._semantics.layout.position[clock, args]]

    def ticks(self, bound: ex.Bound) -> int:
        """See `evaluation.Structure`."""
        return self._semantics.time.ticks(bound)
