"""A system with its elements spelled out: each variable of each element is a variable, each firing an action without parameters.

What is left when parameters, quantifiers and constants are worked out (`instantiate`) is an ordinary `System` again, with the same
states and the same runs: a state has the same value in each slot, a firing is enabled where its action is, and does the same. The
point is that localization (`udproof.engines.localize`) keeps or drops variables; here that means a variable *of one host*, and so a
property of one VM can be proved on what concerns its host, with all other hosts left out.

A property becomes one for each choice of its parameters. Of choices that a symmetry of the constants maps to each other one is
enough: an automorphism maps runs to runs (`udproof.engines.symmetry`), and so a run that breaks one to a run that breaks the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines.algebra import At, Ground, Op, conjoin
from udproof.engines.instantiate import Instantiation, Look, Places
from udproof.engines.localize import Seen, Set, idle
from udproof.engines.symmetry import Block, Element, Symmetry
from udproof.engines.zone_time import semantics_in_parts
from udproof.language import Property, System
from udproof.language import expressions as ex
from udproof.language.actions import Action, Fairness, Guard, Update
from udproof.language.claims import Deadline
from udproof.language.evaluation import Env, environments
from udproof.language.instance import ConstantsOnly, Instance
from udproof.language.semantics import Firing, Semantics

NOT = ex.Lit(0, ex.BOOL)


@dataclass
class Spelled:
    """A concrete system with some of its properties, spelled out. `look` is called again and again, and may raise to end it."""

    semantics: Semantics
    properties: tuple[Property, ...]
    look: Look = lambda: None
    symmetry: bool = True  # may one choice of elements stand for those that are interchangeable with it?
    firings: dict[str, Firing] = field(default_factory=dict)  # what each action is
    plain: set[str] = field(default_factory=set)  # properties of which constants decide an instance, which is left out
    _memo: dict[Ground, ex.Expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._formulas = Instantiation(self.semantics, self.look)
        self.symbols = [self._symbol(place) for place in range(len(self.semantics.layout.slots))]
        for place, runs in self._formulas.running().items():  # now that a clock's condition has something to read
            object.__setattr__(self.symbols[place], "during", self._truth(runs))
        actions = tuple(self._actions()) or (idle(),)
        self.instances = {prop.name: tuple(self._instances(prop)) for prop in self.properties}
        stated = tuple(one for instances in self.instances.values() for one in instances)
        self.system = System(self.semantics.system.name, actions, stated, tuple(self._deadlines()), instance=Instance())

    # --- properties

    def _instances(self, prop: Property) -> list[Property]:
        """The property of each choice of its parameters, of those that are interchangeable one only."""
        world = ConstantsOnly(self.semantics.system.instance)
        found: dict[object, Env] = {}
        for env in environments(prop.params, world):
            elements = tuple((param.sort.name, place) for param, place in env.items())
            found.setdefault(self._alike(elements), env)
        stated = [self._instance(prop, env) for env in found.values()]
        said = [one for one in stated if one.body != ex.TRUE]
        if len(said) < len(stated):
            self.plain.add(prop.name)
        return said

    def _instance(self, prop: Property, env: Env) -> Property:
        places = {self._formulas.number(param): place for param, place in env.items()}
        names = [self.semantics.system.elements(param.sort)[place] for param, place in env.items()]
        body = self._truth(self._formulas.expression(prop.body, places))
        premise = self._truth(self._formulas.expression(prop.premise, places))
        name = f"{prop.name} of {', '.join(names)}" if names else prop.name
        return Property(name, prop.statement, prop.source, (), body, premise, None, prop.location)

    def together(self, prop: Property) -> Callable[[Set], Set]:
        """What is of no use one by one: the variables of one name about the same elements and any of a sort that nothing relates.

        A host has its VMs and its step; which is the third opening of the walk, or the second replica, no constant says. So a
        variable of a host and an opening is kept for all openings or for none, unless the property is about openings.
        """
        related = {param.sort for param in prop.params}
        for constant in self.semantics.system.constants:
            sorts = [sort for sort in (*constant.domain, constant.sort) if isinstance(sort, ex.IndexSort)]
            if len(set(sorts)) > 1:
                related.update(sorts)
        groups: dict[object, set[Seen]] = {}
        group_of: dict[Seen, set[Seen]] = {}
        for slot, symbol in zip(self.semantics.layout.slots, self.symbols, strict=True):
            about = tuple(at if sort in related else None for sort, at in zip(slot.symbol.domain, slot.args, strict=True))
            group_of[symbol] = groups.setdefault((slot.symbol, about), set())
            group_of[symbol].add(symbol)
        return lambda symbols: frozenset().union(*(group_of[symbol] for symbol in symbols))

    def _alike(self, elements: tuple[Element, ...]) -> object:
        """The same for choices that an automorphism maps to each other: members of a group by the order in which they come."""
        if not self.symmetry:
            return elements
        order: dict[tuple[int, ...], dict[int, int]] = {}
        key = []
        for element in elements:
            path, place = self._paths[element]
            new: list[int] = []
            for group, member in zip(path[::2], path[1::2], strict=True):
                among = order.setdefault((*new, group), {})
                new += [group, among.setdefault(member, len(among))]
            key.append((element[0], tuple(new), place))
        return tuple(key)

    @cached_property
    def _paths(self) -> dict[Element, tuple[tuple[int, ...], int]]:
        def visit(block: Block, path: tuple[int, ...]) -> Iterator[tuple[Element, tuple[tuple[int, ...], int]]]:
            for place, element in enumerate(block.own):
                yield element, (path, place)
            for number, group in enumerate(block.groups):
                for place, member in enumerate(group):
                    yield from visit(member, (*path, number, place))

        return dict(visit(Symmetry(self.semantics, self.look).root, ()))

    # --- runs

    def run(self, trace: Trace) -> Trace:
        """A run of the spelled system as one of the system."""
        ratio = Fraction(trace.semantics.time.unit) / self.semantics.time.unit
        semantics = self.semantics if ratio.denominator == 1 else semantics_in_parts(self.semantics.system, ratio.denominator)
        moves: list[Move] = [
            Wait(step.move.ticks * ratio.numerator) if isinstance(step.move, Wait) else self.firings[step.move.action.name]
            for step in trace.steps
        ]
        position = trace.semantics.layout.position
        start = list(next(semantics.initial()))
        for place, symbol in enumerate(self.symbols):
            if (symbol, ()) in position:
                start[place] = trace.start[position[symbol, ()]]
        return run(semantics, tuple(start), moves)

    # --- the system

    def _symbol(self, place: int) -> ex.VariableSymbol | ex.ClockSymbol:
        slot = self.semantics.layout.slots[place]
        told = [self.semantics.system.elements(sort)[at] for sort, at in zip(slot.symbol.domain, slot.args, strict=True)]
        name = f"{slot.symbol.name}[{', '.join(told)}]" if told else slot.symbol.name
        if isinstance(slot.symbol, ex.ClockSymbol):
            return ex.ClockSymbol(name, (), (), ex.TRUE, slot.symbol.location)
        low, high = self.semantics.span(place)
        sort = slot.symbol.sort if isinstance(slot.symbol.sort, ex.BoolSort) else ex.IntSort(low, high)
        initial = None
        if slot.symbol.initial is not None:
            value = self._formulas.expression(slot.symbol.initial, self._formulas.places(slot.symbol.params, slot.args))
            assert isinstance(value, int)
            initial = ex.Lit(value, sort)
        return ex.VariableSymbol(name, (), sort, (), initial, slot.symbol.location)

    def _actions(self) -> Iterator[Action]:
        formulas = self._formulas
        for act in self.semantics.system.actions:
            conditions = [part.condition for part in act.guards]
            for places in formulas.possible(act.params, conditions, {}):
                self.look()
                grounded = [(part.label, formulas.expression(part.condition, places)) for part in act.guards]
                if conjoin(condition for _, condition in grounded) == 0:
                    continue
                guards = tuple(Guard(label, self._truth(condition)) for label, condition in grounded if condition != 1)
                args = tuple(places[formulas.number(param)] for param in act.params)
                names = [self.semantics.system.elements(param.sort)[at] for param, at in zip(act.params, args, strict=True)]
                name = f"{act.name}({', '.join(names)})"
                self.firings[name] = Firing(act, args)
                updates = tuple(self._updates(act, places))
                yield Action(name, (), guards, updates, act.by, None, act.summary, Fairness.NONE, act.location)

    def _updates(self, act: Action, places: Places) -> Iterator[Update]:
        formulas = self._formulas
        for update in act.updates:
            for inner in formulas.possible(update.binders, [update.where], places):
                where = formulas.expression(update.where, inner)
                value = formulas.expression(update.value, inner)
                index = tuple(formulas.expression(arg, inner) for arg in update.index)
                for args, reached in formulas.cases(index, update.target.domain):
                    condition = conjoin([where, reached])
                    if condition == 0:
                        continue
                    target = self.symbols[self.semantics.layout.position[update.target, args]]
                    bound = target.sort if isinstance(target, ex.VariableSymbol) else ex.IntSort(0, 0)
                    told = self._truth(value) if isinstance(bound, ex.BoolSort) else self._number(value)
                    yield Update(target, (), self._truth(condition), (), told)

    def _deadlines(self) -> Iterator[Deadline]:
        for number, (dead, condition, slot) in enumerate(self._formulas.due()):
            clock = self.symbols[slot]
            assert isinstance(clock, ex.ClockSymbol)
            limit = ex.ClockIs(clock, (), "<=", self._seconds(self.semantics.time.ticks(dead.limit.bound)))
            yield Deadline(f"{dead.name} {number}", (), self._truth(condition), limit, dead.location)

    def _seconds(self, ticks: int) -> Fraction:
        return Fraction(self.semantics.time.unit) * ticks

    # --- expressions

    def _truth(self, a: Ground) -> ex.Expr:
        if isinstance(a, int):
            return ex.TRUE if a else NOT
        if isinstance(a, At):
            symbol = self.symbols[a.slot]
            assert isinstance(symbol, ex.VariableSymbol)
            return ex.Read(symbol, ())
        if a not in self._memo:
            self._memo[a] = self._truth_of(a)
        return self._memo[a]

    def _truth_of(self, a: Op) -> ex.Expr:
        match a.operator:
            case "not":
                return ex.Not(self._truth(a.args[0]))
            case "and":
                return ex.And(tuple(map(self._truth, a.args)))
            case "or":
                return ex.Or(tuple(map(self._truth, a.args)))
            case "ite":
                return ex.Ite(self._truth(a.args[0]), self._truth(a.args[1]), self._truth(a.args[2]), ex.BOOL)
            case "eq" | "le":
                return self._compared(a.operator, a.args[0], a.args[1])
        raise AssertionError(f"{a.operator} is no truth value")

    def _compared(self, operator: str, one: Ground, other: Ground) -> ex.Expr:
        for side, rest, flipped in ((one, other, False), (other, one, True)):
            if isinstance(side, Op) and side.operator == "ite" and self._of_clocks(side):
                chosen = [self._compared(operator, *((rest, arg) if flipped else (arg, rest))) for arg in side.args[1:]]
                return ex.Ite(self._truth(side.args[0]), chosen[0], chosen[1], ex.BOOL)
            if self._of_clocks(side):
                assert isinstance(side, At)
                assert isinstance(rest, int)
                clock = self.symbols[side.slot]
                assert isinstance(clock, ex.ClockSymbol)
                least = ex.ClockIs(clock, (), ">=", self._seconds(rest))
                most = ex.ClockIs(clock, (), "<=", self._seconds(rest))
                return ex.And((least, most)) if operator == "eq" else least if flipped else most
        if operator == "le":
            return ex.Le(self._number(one), self._number(other))
        if self._is_truth(one) and self._is_truth(other):
            return ex.Eq(self._truth(one), self._truth(other))
        return ex.Eq(self._number(one), self._number(other))

    def _of_clocks(self, a: Ground) -> bool:
        match a:
            case At(slot=slot):
                return isinstance(self.symbols[slot], ex.ClockSymbol)
            case Op(operator="ite", args=args):
                return any(self._of_clocks(arg) for arg in args[1:])
        return False

    def _is_truth(self, a: Ground) -> bool:
        match a:
            case int():
                return a in (0, 1)
            case At(slot=slot):
                symbol = self.symbols[slot]
                return isinstance(symbol, ex.VariableSymbol) and isinstance(symbol.sort, ex.BoolSort)
            case Op(operator="ite", args=args):
                return all(self._is_truth(arg) for arg in args[1:])
        return a.operator not in ("add", "sub")

    def _number(self, a: Ground) -> ex.Expr:
        if isinstance(a, int):
            return ex.Lit(a, ex.IntSort(a, a))
        if isinstance(a, At) and not self._is_truth(a):
            symbol = self.symbols[a.slot]
            assert isinstance(symbol, ex.VariableSymbol)
            return ex.Read(symbol, ())
        if isinstance(a, Op) and a.operator in ("add", "sub", "ite") and not (a.operator == "ite" and self._is_truth(a)):
            one, other = (self._number(arg) for arg in a.args[-2:])
            low, high = _range(one), _range(other)
            if a.operator == "ite":
                return ex.Ite(self._truth(a.args[0]), one, other, ex.IntSort(min(low[0], high[0]), max(low[1], high[1])))
            if a.operator == "add":
                return ex.Sum(one, other, 1, ex.IntSort(low[0] + high[0], low[1] + high[1]))
            return ex.Sum(one, other, -1, ex.IntSort(low[0] - high[1], low[1] - high[0]))
        return ex.Ite(self._truth(a), ex.Lit(1, ex.IntSort(1, 1)), ex.Lit(0, ex.IntSort(0, 0)), ex.IntSort(0, 1))


def _range(node: ex.Expr) -> tuple[int, int]:
    assert isinstance(node.sort, ex.IntSort)
    return node.sort.low, node.sort.high


__all__ = ["Spelled"]
