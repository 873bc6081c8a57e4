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
from typing import Literal, TypeAlias

from udproof.language import expressions as ex
from udproof.language.actions import Update
from udproof.language.claims import Property
from udproof.language.evaluation import Env, environments
from udproof.language.semantics import Firing, Semantics
from udproof.language.system import ConstantsOnly

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


Ground: TypeAlias = int | At | Op


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
        self.actions = tuple(self._actions())
        self._due = self._deadlines()
        self.blocked = disjoin([reached for reached, _ in self._due])
        self.doubtful = self._doubtful()
        self.tick = self._tick()
        self.properties = tuple(
            GroundProperty(
                prop,
                conjoin([self.expression(prop.body, env) for env in environments(prop.params, self._world)]),
                disjoin([self.expression(prop.premise, env) for env in environments(prop.params, self._world)]),
            )
            for prop in properties
        )

    def _actions(self) -> Iterator[GroundAction]:
        for firing in self.semantics.firings:
            env = Semantics.env(firing)
            guard = conjoin([self.expression(part.condition, env) for part in firing.action.guards])
            if guard == 0:
                continue
            post: dict[int, Ground] = {}
            ranges: list[tuple[int, int, int]] = []
            for update in firing.action.updates:
                for inner in environments(update.binders, self._world):
                    self._update(update, {**env, **inner}, post, ranges)
            yield GroundAction(firing, guard, self._settled(post), tuple(ranges))

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
        for slot, runs in self._runs.items():
            if slot not in post and not (slots_of(runs) & post.keys()):
                continue
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

    def _deadlines(self) -> list[tuple[Ground, set[int]]]:
        """For each deadline, when time has reached it, and the slots of the clock that is due then."""
        due: list[tuple[Ground, set[int]]] = []
        for deadline in self.semantics.system.deadlines:
            bound = self.semantics.time.ticks(deadline.limit.bound)
            for env in environments(deadline.params, self._world):
                holds = self.expression(deadline.condition, env)
                clock = self._read(deadline.limit.clock, tuple(self.expression(arg, env) for arg in deadline.limit.args))
                due.append((conjoin([holds, at_most(bound, clock)]), slots_of(clock)))
        return due

    def _doubtful(self) -> Ground:
        """Has time reached a deadline while every enabled action compares some clock other than the one that is due?

        That an action is enabled is seen at whole ticks. In a run with instants between them the clock that is due reads the same,
        others may not, and "no action is enabled" compares strictly, so rounding a run to ticks may lose it. Only an action that
        compares no other clock is sure to be enabled there as well.
        """
        doubts: list[Ground] = []
        for reached, due in self._due:
            sure = [action.guard for action in self.actions if slots_of(action.guard) & self._runs.keys() <= due]
            doubts.append(conjoin([reached, negate(disjoin(sure))]))
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
            case ex.Lit(value=value, sort=sort):
                return self._world.element(sort, value) if isinstance(value, str) and isinstance(sort, ex.IndexSort) else int(value)
            case ex.Param():
                return env[node]
            case ex.Read(symbol=symbol, args=args):
                places = tuple(self.expression(arg, env) for arg in args)
                return self._definition(symbol, places) if isinstance(symbol, ex.DefinitionSymbol) else self._read(symbol, places)
            case ex.Not(body=body):
                return negate(self.expression(body, env))
            case ex.And(parts=parts):
                return conjoin([self.expression(part, env) for part in parts])
            case ex.Or(parts=parts):
                return disjoin([self.expression(part, env) for part in parts])
            case ex.Eq(left=left, right=right):
                return equal(self.expression(left, env), self.expression(right, env))
            case ex.Le(left=left, right=right):
                return at_most(self.expression(left, env), self.expression(right, env))
            case ex.Sum(left=left, right=right, factor=factor):
                return add(self.expression(left, env), self.expression(right, env), factor)
            case ex.Ite(condition=condition, then=then, other=other):
                return choose(self.expression(condition, env), self.expression(then, env), self.expression(other, env))
            case ex.ForAll(param=param, body=body):
                return conjoin(self._each(param, body, env))
            case ex.Exists(param=param, body=body):
                return disjoin(self._each(param, body, env))
            case ex.Count(param=param, body=body):
                total: Ground = 0
                for part in self._each(param, body, env):
                    total = add(total, part, 1)
                return total
            case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
                reading = self._read(clock, tuple(self.expression(arg, env) for arg in args))
                return _compare(reading, comparison, self.semantics.time.ticks(bound))
            case ex.ClockValue() | ex.DurationValue():
                raise AssertionError("a clock's value occurs in sentences only")

    def _each(self, param: ex.Param, body: ex.Expr, env: Env) -> list[Ground]:
        return [self.expression(body, {**env, param: place}) for place in range(self._world.size(param.sort))]

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


# --- building, with what is known computed at once


def negate(a: Ground) -> Ground:
    """Not a."""
    if isinstance(a, int):
        return 1 - a
    return a.args[0] if isinstance(a, Op) and a.operator == "not" else Op("not", (a,))


def conjoin(parts: list[Ground]) -> Ground:
    """All of the parts, each once."""
    return _join("and", parts, neutral=1)


def disjoin(parts: list[Ground]) -> Ground:
    """Some of the parts."""
    return _join("or", parts, neutral=0)


def _join(operator: Literal["and", "or"], parts: list[Ground], neutral: int) -> Ground:
    flat: dict[Ground, None] = {}
    for part in parts:
        if part == 1 - neutral:
            return 1 - neutral
        if part != neutral:
            flat |= dict.fromkeys(part.args if isinstance(part, Op) and part.operator == operator else (part,))
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
    match a:
        case int():
            return set()
        case At(slot=slot):
            return {slot}
        case Op(args=args):
            return set().union(*(slots_of(arg) for arg in args))
