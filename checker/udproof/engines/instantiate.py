"""Expressions of a model about the elements of one instance: no parameter, constant or quantifier is left.

A quantifier becomes a conjunction or disjunction over elements. Most elements do not matter to it: of all VMs only those on the
host, of all pairs only those of one set. Two things keep the work in proportion to what is left and not to what could be:

- Every part of a formula is worked out once for each choice of the parameters that occur in it (memo functions, Michie 1968). The
  same part of a definition, of a guard, of a condition about a host is met again and again.
- Where only elements with f(x) = c can matter, those are looked up in an index of f, as a database does for a join, instead of
  trying each.

What constants decide is decided before anything is built (`known`), in the three-valued logic of Kleene (1938): true, false, or not
known yet, for want of a parameter or of the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from udproof.engines.algebra import At, Ground, add, at_most, choose, conjoin, disjoin, equal, factored, negate
from udproof.language import expressions as ex
from udproof.language.claims import Deadline
from udproof.language.instance import ConstantsOnly
from udproof.language.semantics import Semantics

Places: TypeAlias = Mapping[int, int]  # the element of each parameter; parameters by their numbers
Look: TypeAlias = Callable[[], None]


@dataclass(slots=True, eq=False)
class _Known:
    """What has been found out about one part of a formula. It holds the part, so that its identity stays its own."""

    node: ex.Expr
    params: tuple[int, ...]  # those that occur free
    ground: dict[tuple[int, ...], Ground] = field(default_factory=dict)
    known: dict[tuple[int | None, ...], int | None] = field(default_factory=dict)
    equations: dict[bool, list[tuple[ex.Expr, ex.Expr]]] = field(default_factory=dict)
    index: dict[int, Mapping[int, Sequence[int]] | None] = field(default_factory=dict)
    rest: dict[tuple[object, ...], Ground] = field(default_factory=dict)  # see `_for_each`
    negation: ex.Expr | None = None


class Instantiation:
    """The formulas of a concrete system as ground values. `look` is called again and again, and may raise to end the work."""

    def __init__(self, semantics: Semantics, look: Look) -> None:
        self._semantics = semantics
        self._world = ConstantsOnly(semantics.system.instance)
        self._position = semantics.layout.position
        self._ticks = semantics.time.ticks
        self._look = look
        self._parts: dict[int, _Known] = {}
        self._numbers: dict[ex.Param, int] = {}

    def number(self, param: ex.Param) -> int:
        """The number by which a parameter is known here."""
        return self._numbers.setdefault(param, len(self._numbers))

    def places(self, params: Sequence[ex.Param], args: Iterable[int]) -> dict[int, int]:
        """Parameters with their elements."""
        return {self.number(param): place for param, place in zip(params, args, strict=True)}

    def _about(self, node: ex.Expr) -> _Known:
        found = self._parts.get(id(node))
        if found is None:
            params = sorted(ex.free_params(node), key=lambda param: (param.serial, param.name))
            found = self._parts[id(node)] = _Known(node, tuple(self.number(param) for param in params))
        return found

    # --- clocks and deadlines

    def running(self) -> dict[int, Ground]:
        """The slot of each clock, with the condition under which it runs."""
        return {
            place: self.expression(slot.symbol.during, self.places(slot.symbol.params, slot.args))
            for place, slot in enumerate(self._semantics.layout.slots)
            if isinstance(slot.symbol, ex.ClockSymbol)
        }

    def due(self) -> Iterator[tuple[Deadline, Ground, int]]:
        """Each deadline for each choice of its elements and each clock that may be meant: its condition, and the clock's slot."""
        for deadline in self._semantics.system.deadlines:
            clock = deadline.limit.clock
            for places in self.possible(deadline.params, [deadline.condition], {}):
                condition = self.expression(deadline.condition, places)
                index = tuple(self.expression(arg, places) for arg in deadline.limit.args)
                for args, meant in self.cases(index, clock.domain):
                    if (here := conjoin([condition, meant])) != 0:
                        yield deadline, here, self._position[clock, args]

    # --- ground values

    def expression(self, node: ex.Expr, places: Places) -> Ground:
        """The expression where its parameters are these elements."""
        about = self._about(node)
        key = tuple([places[number] for number in about.params])
        value = about.ground.get(key)
        if value is None:
            self._look()
            value = about.ground[key] = self._expression(node, places)
        return value

    def _expression(self, node: ex.Expr, places: Places) -> Ground:
        match node:
            case ex.Lit():
                return self._literal(node)
            case ex.Param():
                return places[self.number(node)]
            case ex.Read(symbol=symbol, args=args):
                values = tuple(self.expression(arg, places) for arg in args)
                return self._definition(symbol, values) if isinstance(symbol, ex.DefinitionSymbol) else self.read(symbol, values)
            case ex.Not(body=body):
                return negate(self.expression(body, places))
            case ex.And(parts=parts):
                return conjoin(self.expression(part, places) for part in parts)
            case ex.Or(parts=parts):
                return disjoin(self.expression(part, places) for part in parts)
            case ex.Eq(left=left, right=right):
                return equal(self.expression(left, places), self.expression(right, places))
            case ex.Le(left=left, right=right):
                return at_most(self.expression(left, places), self.expression(right, places))
            case ex.Sum(left=left, right=right, factor=factor):
                return add(self.expression(left, places), self.expression(right, places), factor)
            case ex.Ite(condition=condition, then=then, other=other):
                return choose(self.expression(condition, places), self.expression(then, places), self.expression(other, places))
            case ex.ForAll(param=param, body=body):
                return self.all((param,), body, places)
            case ex.Exists(param=param, body=body):
                return self.some((param,), body, places)
            case ex.Count(param=param, body=body):
                total: Ground = 0
                number = self.number(param)
                for place in self._mattering(param, body, True, places):
                    total = add(total, self.expression(body, {**places, number: place}), 1)
                return total
            case ex.ClockIs(clock=clock, args=args, comparison=comparison, bound=bound):
                reading = self.read(clock, tuple(self.expression(arg, places) for arg in args))
                return _compare(reading, comparison, self._ticks(bound))
            case ex.ClockValue() | ex.DurationValue():
                raise AssertionError("a clock's value occurs in sentences only")

    def _literal(self, node: ex.Lit) -> int:
        if isinstance(node.value, str) and isinstance(node.sort, ex.IndexSort):
            return self._world.element(node.sort, node.value)
        return int(node.value)

    def all(self, params: tuple[ex.Param, ...], body: ex.Expr, places: Places) -> Ground:
        """The body for every choice of the parameters; choices are given up as soon as constants alone decide the body."""
        if not params:
            return self.expression(body, places)
        known = self.known(body, places)
        if known is not None:
            return known
        first, rest = params[0], params[1:]
        if not rest:
            return self._for_each(first, body, places)
        number = self.number(first)
        return factored(self.all(rest, body, {**places, number: place}) for place in self._mattering(first, body, False, places))

    def _for_each(self, param: ex.Param, body: ex.Expr, places: Places) -> Ground:
        """The body for every element.

        For every x: a or b(x) or c(x), where constants decide c(x), is the same as: a, or b(x) for every x for which c(x) is false.
        What comes after "or" is the same for all choices of outer parameters that leave the same x, and is worked out once.
        """
        number, about = self.number(param), self._about(body)
        outside: list[Ground] = []
        inside: list[tuple[ex.Expr, bool]] = []
        decided: list[tuple[int, int, bool, Mapping[int, Sequence[int]]]] = []
        for at, (node, wanted) in enumerate(_disjuncts(body, True)):
            if number not in self._about(node).params:
                outside.append(self._signed(node, wanted, places))
            elif (looked_up := self._looked_up(param, node, places)) is not None:
                decided.append((at, looked_up[1], wanted, looked_up[0]))
            else:
                inside.append((node, wanted))
        either = disjoin(outside)
        if either == 1:
            return 1
        others = sorted({other for node, _ in inside for other in self._about(node).params if other != number})
        key = (number, tuple([(at, value) for at, value, *_ in decided]), tuple([places[other] for other in others]))
        if key not in about.rest:
            done = {place for _, value, wanted, index in decided if wanted for place in index.get(value, ())}
            left = [place for place in range(self._world.size(param.sort)) if place not in done]
            for _, value, wanted, index in decided:
                if not wanted:
                    among = set(index.get(value, ()))
                    left = [place for place in left if place in among]
            about.rest[key] = factored(
                disjoin([self._signed(node, wanted, {**places, number: place}) for node, wanted in inside]) for place in left
            )
        return disjoin([either, about.rest[key]])

    def _signed(self, node: ex.Expr, wanted: bool, places: Places) -> Ground:
        value = self.expression(node, places)
        return value if wanted else negate(value)

    def _looked_up(self, param: ex.Param, node: ex.Expr, places: Places) -> tuple[Mapping[int, Sequence[int]], int] | None:
        """For f(x) = c, what constants decide: the elements by their f, and c."""
        if not isinstance(node, ex.Eq):
            return None
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if self.number(param) not in self._about(other).params and (value := self.known(other, places)) is not None:
                index = self._index(param, side)
                if index is not None:
                    return index, value
        return None

    def some(self, params: tuple[ex.Param, ...], body: ex.Expr, places: Places) -> Ground:
        """The body for some choice of the parameters."""
        about = self._about(body)
        if about.negation is None:
            about.negation = ex.Not(body)
        return negate(self.all(params, about.negation, places))

    def possible(self, params: tuple[ex.Param, ...], conditions: Sequence[ex.Expr], places: Places) -> Iterator[dict[int, int]]:
        """Every choice of the parameters that constants alone do not rule out."""
        if any(self.known(condition, places) == 0 for condition in conditions):
            return
        if not params:
            yield dict(places)
            return
        first, rest = params[0], params[1:]
        number = self.number(first)
        options = [self._mattering(first, condition, True, places) for condition in conditions]
        for place in min(options, key=len, default=range(self._world.size(first.sort))):
            yield from self.possible(rest, conditions, {**places, number: place})

    # --- what constants decide

    def known(self, node: ex.Expr, places: Places) -> int | None:
        """The value of an expression that constants and the parameters given so far decide; None where they do not."""
        about = self._about(node)
        key = tuple([places.get(number) for number in about.params])
        if key not in about.known:
            about.known[key] = self._decided(node, places)
        return about.known[key]

    def _decided(self, node: ex.Expr, places: Places) -> int | None:
        match node:
            case ex.Lit():
                return self._literal(node)
            case ex.Param():
                return places.get(self.number(node))
            case ex.Read(symbol=symbol, args=args):
                values = [self.known(arg, places) for arg in args]
                if isinstance(symbol, ex.DefinitionSymbol):
                    given = zip(symbol.params, values, strict=True)
                    return self.known(symbol.body, {self.number(param): value for param, value in given if value is not None})
                fixed = tuple(value for value in values if value is not None)
                if isinstance(symbol, ex.VariableSymbol) or len(fixed) < len(values):
                    return None
                return self._world.read(symbol, fixed)
            case ex.Not(body=body):
                inner = self.known(body, places)
                return None if inner is None else 1 - inner
            case ex.And(parts=parts) | ex.Or(parts=parts):
                decisive = 0 if isinstance(node, ex.And) else 1
                values = [self.known(part, places) for part in parts]
                return decisive if decisive in values else None if None in values else 1 - decisive
            case ex.Eq(left=left, right=right) | ex.Le(left=left, right=right):
                a, b = self.known(left, places), self.known(right, places)
                if a is None or b is None:
                    return None
                return int(a == b) if isinstance(node, ex.Eq) else int(a <= b)
            case ex.ForAll(param=param, body=body) | ex.Exists(param=param, body=body):
                bound = self.number(param)
                return self.known(body, {number: place for number, place in places.items() if number != bound})
            case _:
                return None

    def _mattering(self, param: ex.Param, node: ex.Expr, wanted: bool, places: Places) -> Sequence[int]:
        """The elements for which the node may have the wanted truth value, as far as an index tells; all if none does."""
        number = self.number(param)
        for left, right in self._equations(node, wanted):
            for side, other in ((left, right), (right, left)):
                if number in self._about(other).params or (value := self.known(other, places)) is None:
                    continue
                index = self._index(param, side)
                if index is not None:
                    return index.get(value, ())
        return range(self._world.size(param.sort))

    def _index(self, param: ex.Param, node: ex.Expr) -> Mapping[int, Sequence[int]] | None:
        """The elements by the value of the node there; None if that depends on anything else than constants."""
        about, number = self._about(node), self.number(param)
        if number not in about.index:
            found: dict[int, list[int]] | None = {}
            for place in range(self._world.size(param.sort)):
                value = self.known(node, {number: place})
                if value is None:
                    found = None
                    break
                assert found is not None
                found.setdefault(value, []).append(place)
            about.index[number] = found
        return about.index[number]

    def _equations(self, node: ex.Expr, wanted: bool) -> list[tuple[ex.Expr, ex.Expr]]:
        """Equations that hold wherever the node has the wanted truth value."""
        about = self._about(node)
        if wanted not in about.equations:
            about.equations[wanted] = list(_equations(node, wanted))
        return about.equations[wanted]

    # --- symbols at arguments that may depend on the state

    def _definition(self, definition: ex.DefinitionSymbol, args: tuple[Ground, ...]) -> Ground:
        domain = tuple(param.sort for param in definition.params)
        return self._by_case(args, domain, lambda at: self.expression(definition.body, self.places(definition.params, at)))

    def read(self, symbol: ex.ConstantSymbol | ex.VariableSymbol | ex.ClockSymbol, args: tuple[Ground, ...]) -> Ground:
        """The value of a symbol."""

        def value(at: tuple[int, ...]) -> Ground:
            return self._world.read(symbol, at) if isinstance(symbol, ex.ConstantSymbol) else At(self._position[symbol, at])

        return self._by_case(args, symbol.domain, value)

    def _by_case(
        self, args: tuple[Ground, ...], domain: tuple[ex.IndexSort, ...], value: Callable[[tuple[int, ...]], Ground]
    ) -> Ground:
        """A function at arguments that may depend on the state: one case for each value that they can have."""
        at = tuple([arg for arg in args if isinstance(arg, int)])
        if len(at) == len(args):
            return value(at)
        cases = list(self.cases(args, domain))
        result = value(cases[-1][0])
        for at, reached in reversed(cases[:-1]):
            result = choose(reached, value(at), result)
        return result

    def cases(self, args: tuple[Ground, ...], domain: tuple[ex.IndexSort, ...]) -> Iterator[tuple[tuple[int, ...], Ground]]:
        """Every value the arguments can have, each with the condition under which they have it."""
        if not args:
            yield (), 1
            return
        first = args[0]
        places = [first] if isinstance(first, int) else range(self._world.size(domain[0]))
        for place in places:
            for rest, reached in self.cases(args[1:], domain[1:]):
                yield (place, *rest), conjoin([equal(first, place), reached])


def _equations(node: ex.Expr, wanted: bool) -> Iterator[tuple[ex.Expr, ex.Expr]]:
    match node:
        case ex.Eq(left=left, right=right) if wanted:
            yield left, right
        case ex.Not(body=body):
            yield from _equations(body, not wanted)
        case ex.And(parts=parts) if wanted:
            for part in parts:
                yield from _equations(part, wanted)
        case ex.Or(parts=parts) if not wanted:
            for part in parts:
                yield from _equations(part, wanted)
        case ex.Read(symbol=ex.DefinitionSymbol(params=params, body=body), args=args):
            given = dict(zip(params, args, strict=True))
            for left, right in _equations(body, wanted):
                yield _with(left, given), _with(right, given)


def _disjuncts(node: ex.Expr, wanted: bool) -> Iterator[tuple[ex.Expr, bool]]:
    """Formulas, each with a truth value, of which one at least has it exactly if the node has the wanted one."""
    match node:
        case ex.Not(body=body):
            yield from _disjuncts(body, not wanted)
        case ex.Or(parts=parts) if wanted:
            for part in parts:
                yield from _disjuncts(part, wanted)
        case ex.And(parts=parts) if not wanted:
            for part in parts:
                yield from _disjuncts(part, wanted)
        case _:
            yield node, wanted


def _with(node: ex.Expr, given: Mapping[ex.Param, ex.Expr]) -> ex.Expr:
    """The node with arguments for the parameters of the definition that it stands in."""
    return given.get(node, node) if isinstance(node, ex.Param) else ex.rebuild(node, lambda part: _with(part, given))


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
