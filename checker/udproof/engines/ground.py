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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from udproof.engines.algebra import (
    At,
    Ground,
    Op,
    add,
    at_most,
    choose,
    conjoin,
    disjoin,
    equal,
    factored,
    negate,
    slots_of,
    substitute,
)
from udproof.language import expressions as ex
from udproof.language.actions import Update
from udproof.language.claims import Property
from udproof.language.evaluation import Env, environments
from udproof.language.instance import ConstantsOnly
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

    def __init__(self, semantics: Semantics, properties: tuple[Property, ...]) -> None:
        self.semantics = semantics
        self._world = ConstantsOnly(semantics.system.instance)
        self._position = semantics.layout.position
        self._runs = self._running()
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
            GroundProperty(prop, self._all(prop.params, prop.body, {}), self._some(prop.params, prop.premise, {}))
            for prop in properties
        )

    def _actions(self) -> Iterator[GroundAction]:
        for action in self.semantics.system.actions:
            for env in self._possible(action.params, [part.condition for part in action.guards], {}):
                guard = conjoin(self.expression(part.condition, env) for part in action.guards)
                if guard == 0:
                    continue
                post: dict[int, Ground] = {}
                ranges: list[tuple[int, int, int]] = []
                for update in action.updates:
                    for inner in self._possible(update.binders, [update.where], env):
                        self._update(update, inner, post, ranges)
                yield GroundAction(Firing(action, tuple(env.values())), guard, self._settled(post), tuple(ranges))

    @staticmethod
    def spoken_of(action: GroundAction) -> set[tuple[str, int]]:
        """The elements that a firing has as arguments, as (name of the sort, position)."""
        return {(param.sort.name, place) for param, place in zip(action.firing.action.params, action.firing.args, strict=True)}

    def _update(self, update: Update, env: Env, post: dict[int, Ground], ranges: list[tuple[int, int, int]]) -> None:
        where = self.expression(update.where, env)
        value = self.expression(update.value, env)
        for args, reached in self._cases(tuple(self.expression(arg, env) for arg in update.index), update.target.domain):
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

    def _running(self) -> dict[int, Ground]:
        found: dict[int, Ground] = {}
        for place, slot in enumerate(self.semantics.layout.slots):
            if isinstance(slot.symbol, ex.ClockSymbol):
                found[place] = self.expression(slot.symbol.during, dict(zip(slot.symbol.params, slot.args, strict=True)))
        return found

    def _deadlines(self) -> list[_Due]:
        due: list[_Due] = []
        for deadline in self.semantics.system.deadlines:
            bound = self.semantics.time.ticks(deadline.limit.bound)
            for env in environments(deadline.params, self._world):
                holds = self.expression(deadline.condition, env)
                clock = self._read(deadline.limit.clock, tuple(self.expression(arg, env) for arg in deadline.limit.args))
                elements = {(param.sort.name, place) for param, place in env.items()}
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
            candidates = [pair for element in sorted(due.elements) for pair in near.get(element, [])] + near.get(None, [])
            untimed = disjoin(action.guard for action, clocks in candidates if not clocks)
            on_time = disjoin(action.guard for action, clocks in candidates if clocks <= due.clocks)
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

    # --- expressions

    def expression(self, node: ex.Expr, env: Env) -> Ground:
        """The expression with every parameter, constant and quantifier gone."""
        match node:
            case ex.Lit():
                return self._literal(node)
            case ex.Param():
                return env[node]
            case ex.Read(symbol=symbol, args=args):
                places = tuple(self.expression(arg, env) for arg in args)
                return self._definition(symbol, places) if isinstance(symbol, ex.DefinitionSymbol) else self._read(symbol, places)
            case ex.Not(body=body):
                return negate(self.expression(body, env))
            case ex.And(parts=parts):
                return conjoin(self.expression(part, env) for part in parts)
            case ex.Or(parts=parts):
                return disjoin(self.expression(part, env) for part in parts)
            case ex.Eq(left=left, right=right):
                return equal(self.expression(left, env), self.expression(right, env))
            case ex.Le(left=left, right=right):
                return at_most(self.expression(left, env), self.expression(right, env))
            case ex.Sum(left=left, right=right, factor=factor):
                return add(self.expression(left, env), self.expression(right, env), factor)
            case ex.Ite(condition=condition, then=then, other=other):
                return choose(self.expression(condition, env), self.expression(then, env), self.expression(other, env))
            case ex.ForAll(param=param, body=body):
                return self._all((param,), body, env)
            case ex.Exists(param=param, body=body):
                return self._some((param,), body, env)
            case ex.Count(param=param, body=body):
                total: Ground = 0
                for place in range(self._world.size(param.sort)):
                    total = add(total, self.expression(body, {**env, param: place}), 1)
                return total
            case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
                reading = self._read(clock, tuple(self.expression(arg, env) for arg in args))
                return _compare(reading, comparison, self.semantics.time.ticks(bound))
            case ex.ClockValue() | ex.DurationValue():
                raise AssertionError("a clock's value occurs in sentences only")

    def _literal(self, node: ex.Lit) -> int:
        if isinstance(node.value, str) and isinstance(node.sort, ex.IndexSort):
            return self._world.element(node.sort, node.value)
        return int(node.value)

    def _all(self, params: tuple[ex.Param, ...], body: ex.Expr, env: Env) -> Ground:
        """The body for every choice of the parameters; choices are given up as soon as constants alone decide the body."""
        known = self._known(body, env)
        if known is not None or not params:
            return self.expression(body, env) if known is None else known
        places = range(self._world.size(params[0].sort))
        return factored(self._all(params[1:], body, {**env, params[0]: place}) for place in places)

    def _some(self, params: tuple[ex.Param, ...], body: ex.Expr, env: Env) -> Ground:
        """The body for some choice of the parameters."""
        return negate(self._all(params, ex.Not(body), env))

    def _possible(self, params: tuple[ex.Param, ...], conditions: list[ex.Expr], env: Env) -> Iterator[dict[ex.Param, int]]:
        """Every choice of the parameters that constants alone do not rule out."""
        if any(self._known(condition, env) == 0 for condition in conditions):
            return
        if not params:
            yield dict(env)
            return
        for place in range(self._world.size(params[0].sort)):
            yield from self._possible(params[1:], conditions, {**env, params[0]: place})

    def _known(self, node: ex.Expr, env: Env) -> int | None:
        """The value of an expression that constants and the parameters given so far decide; None where they do not."""
        match node:
            case ex.Lit():
                return self._literal(node)
            case ex.Param():
                return env.get(node)
            case ex.Read(symbol=symbol, args=args):
                places = [self._known(arg, env) for arg in args]
                if isinstance(symbol, ex.DefinitionSymbol):
                    given = zip(symbol.params, places, strict=True)
                    return self._known(symbol.body, {param: place for param, place in given if place is not None})
                fixed = tuple(place for place in places if place is not None)
                if isinstance(symbol, ex.VariableSymbol) or len(fixed) < len(places):
                    return None
                return self._world.read(symbol, fixed)
            case ex.Not(body=body):
                inner = self._known(body, env)
                return None if inner is None else 1 - inner
            case ex.And(parts=parts) | ex.Or(parts=parts):
                decisive = 0 if isinstance(node, ex.And) else 1
                values = [self._known(part, env) for part in parts]
                return decisive if decisive in values else None if None in values else 1 - decisive
            case ex.Eq(left=left, right=right) | ex.Le(left=left, right=right):
                a, b = self._known(left, env), self._known(right, env)
                if a is None or b is None:
                    return None
                return int(a == b) if isinstance(node, ex.Eq) else int(a <= b)
            case ex.ForAll(body=body) | ex.Exists(body=body):
                return self._known(body, env)
            case _:
                return None

    def _definition(self, definition: ex.DefinitionSymbol, args: tuple[Ground, ...]) -> Ground:
        domain = tuple(param.sort for param in definition.params)

        def value(at: tuple[int, ...]) -> Ground:
            return self.expression(definition.body, dict(zip(definition.params, at, strict=True)))

        return self._by_case(args, domain, value)

    def _read(self, symbol: ex.ConstantSymbol | ex.VariableSymbol | ex.ClockSymbol, args: tuple[Ground, ...]) -> Ground:
        def value(at: tuple[int, ...]) -> Ground:
            return self._world.read(symbol, at) if isinstance(symbol, ex.ConstantSymbol) else At(self._position[symbol, at])

        return self._by_case(args, symbol.domain, value)

    def _by_case(
        self, args: tuple[Ground, ...], domain: tuple[ex.IndexSort, ...], value: Callable[[tuple[int, ...]], Ground]
    ) -> Ground:
        """A function at arguments that may depend on the state: one case for each value that they can have."""
        cases = list(self._cases(args, domain))
        result = value(cases[-1][0])
        for at, reached in reversed(cases[:-1]):
            result = choose(reached, value(at), result)
        return result

    def _cases(
        self, args: tuple[Ground, ...], domain: tuple[ex.IndexSort, ...]
    ) -> Iterator[tuple[tuple[int, ...], Ground]]:
        """Every value the arguments can have, each with the condition under which they have it."""
        if not args:
            yield (), 1
            return
        first = args[0]
        places = [first] if isinstance(first, int) else range(self._world.size(domain[0]))
        for place in places:
            for rest, reached in self._cases(args[1:], domain[1:]):
                yield (place, *rest), conjoin([equal(first, place), reached])


def _compare(reading: Ground, comparison: ex.Comparison, ticks: int) -> Ground:
    match comparison:
        case "<=":
            return at_most(reading, ticks)
        case ">=":
            return at_most(ticks, reading)
        case "<":
            return negate(at_most(ticks, reading))
        case ">":
            return negate(at_most(reading, ticks))
