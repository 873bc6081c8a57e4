"""Random small systems and fleets, for the agreement of engines with the reference semantics.

`systems()` draws a system through the public language only, as a user would write it; `fleets()` draws a fleet of the protocol.
Both keep the state space small. Every drawn system has a property `sane`, which is true and not vacuous, so that no search ends
early.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from udproof.language import (
    ANYTHING,
    Bool,
    Clock,
    Constant,
    Definition,
    Duration,
    Enumeration,
    Index,
    Int,
    Property,
    System,
    Variable,
    action,
    count,
    deadline,
    definition,
    each,
    exists,
    forall,
    implies,
    invariant,
    ite,
    member,
    require,
)
from udproof.protocol.fleet import Fleet, Grouping, HostEntry, Span, Timing, VmEntry

Draw = Callable[[Any], Any]
Env = list[tuple[Any, type[Index]]]  # terms that can stand for an element, with their sorts

MOST_VALUES = 200  # the product of all variables' values


@dataclass
class _World:
    """What a drawn system has declared so far, and how its formulas are drawn."""

    draw: Draw
    named: bool  # may formulas name elements, and variables have them as values? Else elements may be interchangeable
    sorts: list[type[Index]]
    enumeration: type[Enumeration]
    members: list[Any]
    variables: list[tuple[Variable[Any], tuple[type[Index], ...], Any]] = field(default_factory=list)
    constants: list[tuple[Constant[Any], tuple[type[Index], ...], Any]] = field(default_factory=list)
    definitions: list[tuple[Definition[Any], tuple[type[Index], ...], Any]] = field(default_factory=list)
    clocks: list[tuple[Clock, tuple[type[Index], ...]]] = field(default_factory=list)
    runs: list[Definition[Bool] | None] = field(default_factory=list)  # when the clock of that place runs; None for always
    bounds: list[Any] = field(default_factory=list)

    def choice(self, options: list[Any]) -> Any:
        return options[self.draw(st.integers(0, len(options) - 1))]  # by place: terms cannot be compared or hashed

    def chance(self, one_in: int) -> bool:
        return bool(self.draw(st.integers(1, one_in)) == one_in)

    # --- expressions. `kind` is bool, "int", "enum", or an index sort.

    def reachable(self, domain: tuple[type[Index], ...], env: Env) -> bool:
        """Can something with these arguments be read here?"""
        return self.named or all(any(of is sort for _, of in env) for sort in domain)

    def readable(self, kind: Any, env: Env) -> list[Callable[[Env, int], Any]]:
        """Ways to read something declared that has values of the kind."""
        reads: list[Callable[[Env, int], Any]] = []
        for what, domain, to in [*self.variables, *self.constants]:
            if to == kind and self.reachable(domain, env):
                reads.append(lambda env, depth, what=what, domain=domain: what[self.arguments(domain, env, depth)])
        for meaning, domain, to in self.definitions:
            if to == kind and self.reachable(domain, env):
                reads.append(lambda env, depth, what=meaning, domain=domain: what(*self.arguments(domain, env, depth)))
        return reads

    def arguments(self, domain: tuple[type[Index], ...], env: Env, depth: int) -> tuple[Any, ...]:
        return tuple(self.element(sort, env, depth - 1) for sort in domain)

    def element(self, sort: type[Index], env: Env, depth: int) -> Any:
        """A term, or the name of an element."""
        near = [term for term, of in env if of is sort]
        if near and not self.chance(3):
            return self.choice(near)
        reads = self.readable(sort, env)
        if depth > 0 and reads and not self.chance(3):
            return self.choice(reads)(env, depth)
        elements = sort.sort.elements if self.named else ()  # type: ignore[attr-defined]
        return self.choice([*near, *elements])

    def index_term(self, sort: type[Index], env: Env, depth: int) -> Any:
        """A term, never a bare name; None if there is none."""
        near = [term for term, of in env if of is sort]
        reads = self.readable(sort, env)
        if near and (not reads or self.chance(2)):
            return self.choice(near)
        return self.choice(reads)(env, depth) if reads else None

    def number(self, env: Env, depth: int) -> Any:
        reads = self.readable("int", env)
        options: list[Callable[[], Any]] = [lambda: self.choice(reads)(env, depth)] if reads else []
        options.append(lambda: self._count(env, depth))
        if depth > 0 and reads:
            options.append(lambda: self.number(env, depth - 1) + self.draw(st.integers(-1, 1)))
            options.append(lambda: self.number(env, depth - 1) - self.number(env, depth - 1))
            options.append(lambda: ite(self.truth(env, depth - 1), self.number(env, depth - 1), self.draw(st.integers(0, 2))))
        return self.choice(options)()

    def _count(self, env: Env, depth: int) -> Any:
        sort = self.choice(self.sorts)
        return count(sort, lambda x: self.truth([*env, (x, sort)], depth - 1))

    def enumerated(self, env: Env, depth: int) -> Any:
        reads = self.readable("enum", env)
        if reads and not self.chance(3):
            return self.choice(reads)(env, depth)
        if depth > 0 and self.chance(3):
            return ite(self.truth(env, depth - 1), self.choice(self.members), self.choice(self.members))
        return self.choice(self.members)

    def truth(self, env: Env, depth: int) -> Any:
        """A formula that reads no clock."""
        atoms: list[Callable[[], Any]] = [lambda read=read: read(env, depth) for read in self.readable(bool, env)]
        atoms.append(lambda: self.enumerated(env, depth) == self.choice(self.members))
        if self.readable("int", env):
            atoms.append(lambda: self._compared(env, depth))
        for sort in self.sorts:
            if any(of is sort for _, of in env) or (self.named and self.readable(sort, env)):
                atoms.append(lambda sort=sort: self.index_term(sort, env, depth) == self.element(sort, env, depth))
        if depth <= 0:
            return self.choice(atoms)()
        compound: list[Callable[[], Any]] = [
            lambda: ~self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) & self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) | self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) ^ self.truth(env, depth - 1),
            lambda: self.truth(env, depth - 1) == self.truth(env, depth - 1),
            lambda: implies(self.truth(env, depth - 1), self.truth(env, depth - 1)),
            lambda: ite(self.truth(env, depth - 1), self.truth(env, depth - 1), self.truth(env, depth - 1)),
            lambda: self._quantified(forall, env, depth),
            lambda: self._quantified(exists, env, depth),
            lambda: self.enumerated(env, depth).among(*self.members[:2]),
        ]
        return self.choice([*atoms, *atoms, *compound])()

    def _compared(self, env: Env, depth: int) -> Any:
        left, right = self.number(env, depth - 1), self.draw(st.integers(0, 2))
        return self.choice([lambda: left <= right, lambda: left >= right, lambda: left < right, lambda: left == right])()

    def _quantified(self, quantifier: Any, env: Env, depth: int) -> Any:
        sort = self.choice(self.sorts)
        return quantifier(sort, lambda x: self.truth([*env, (x, sort)], depth - 1))

    def value(self, kind: Any, env: Env, depth: int) -> Any:
        """Something to assign to a variable of the kind."""
        if kind is bool:
            return self.draw(st.booleans()) if self.chance(3) else self.truth(env, depth)
        if kind == "enum":
            return self.enumerated(env, depth)
        if kind == "int":
            if self.chance(3):
                return self.number(env, depth)  # it may leave the range: then everybody must say so
            if self.chance(3):
                return self.draw(st.integers(0, 2))
            raw = self.number(env, depth) + self.draw(st.integers(0, 1))
            return ite((raw >= 0) & (raw <= 2), raw, self.draw(st.integers(0, 2)))
        return self.element(kind, env, depth)

    # --- clocks

    def near_clocks(self, env: Env) -> list[tuple[Clock, tuple[type[Index], ...]]]:
        return [(clock, domain) for clock, domain in self.clocks if self.reachable(domain, env)]

    def comparison(self, env: Env, comparisons: tuple[str, ...]) -> Any:
        """A clock against a duration, by one of the comparisons."""
        clock, domain = self.choice(self.near_clocks(env))
        # an argument that depends on the state would itself have to be free of clocks, which it is
        reading = clock[self.arguments(domain, env, 1)]
        bound = self.choice(self.bounds)
        match self.choice(list(comparisons)):
            case "<=":
                return reading <= bound
            case ">=":
                return reading >= bound
            case "<":
                return reading < bound
            case _:
                return reading == bound

    def guard(self, env: Env) -> Any:
        """A closed guard."""
        if self.near_clocks(env) and not self.chance(2):
            timed = self.comparison(env, (">=", ">=", "<=", "=="))
            match self.draw(st.integers(0, 4)):
                case 0:
                    return timed | self.comparison(env, ("<=", ">="))
                case 1:
                    return timed & self.truth(env, 1)
                case 2:
                    sort = self.choice(self.sorts)
                    return exists(sort, lambda x: self._timed_and_more([*env, (x, sort)]))
                case 3:
                    return ite(self.truth(env, 1), timed, self.truth(env, 0))
                case _:
                    return timed
        return self.truth(env, 2)

    def _timed_and_more(self, env: Env) -> Any:
        return self.comparison(env, ("<=", ">=")) & self.truth(env, 0)

    def claim(self, env: Env) -> Any:
        """The body of an invariant; where it is false, at most one strict comparison must be kept."""
        if self.near_clocks(env) and not self.chance(3):
            match self.draw(st.integers(0, 4)):
                case 0:
                    return implies(self.truth(env, 1), self.comparison(env, ("<", "<=")))
                case 1:
                    return implies(self.comparison(env, ("<=", ">=")), self.truth(env, 1))
                case 2:
                    return implies(self.comparison(env, ("<=", ">=")), self.comparison(env, ("<", "<=")))
                case 3:
                    return self.comparison(env, ("<",)) | self.truth(env, 1)
                case _:
                    return self.comparison(env, ("<=", "<"))
        return self.truth(env, 2)


# --- declarations


def _numbered(names: str, number: int) -> str:
    return f"{names}{number}"


def _applied(make: Callable[[tuple[Any, ...]], Any], domain: tuple[type[Index], ...], name: str) -> Callable[..., Any]:
    """A function with as many parameters as the domain, annotated with its sorts, as a user would have written it."""
    functions: list[Callable[..., Any]] = [lambda: make(()), lambda a: make((a,)), lambda a, b: make((a, b))]
    function = functions[len(domain)]
    function.__annotations__ = dict(zip("ab", domain, strict=False))
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"What {name} says."
    return function


def _env(domain: tuple[type[Index], ...], terms: tuple[Any, ...]) -> Env:
    return list(zip(terms, domain, strict=True))


@st.composite
def systems(draw: Draw) -> System:
    """A random small system. Some overflow an integer: then the semantics and every engine must refuse them."""
    sizes = draw(st.lists(st.sampled_from([1, 2, 2, 3, 3]), min_size=1, max_size=2))
    sorts = [types.new_class(_numbered("S", at), (Index,), {"size": size}) for at, size in enumerate(sizes)]
    colours = ("red", "blue", "gold")
    enumeration = types.new_class("E", (Enumeration,), {}, lambda body: body.update({name: member() for name in colours}))
    world = _World(draw, draw(st.booleans()), sorts, enumeration, [enumeration.red, enumeration.blue, enumeration.gold])  # type: ignore[attr-defined]
    _declare_constants(world)
    _declare_variables(world)
    for number in range(draw(st.integers(0, 2))):
        _declare_definition(world, number)
    unit = draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(5), Fraction(3, 4)]))
    world.bounds = [unit * draw(st.integers(0, 3)) for _ in range(2)]
    world.bounds.append(Duration("lapse", unit * draw(st.integers(1, 3))))
    if draw(st.integers(0, 9)) < 7:
        for number in range(draw(st.integers(1, 2))):
            _declare_clock(world, number)
    actions = [_declare_action(world, number) for number in range(draw(st.integers(2, 5)))]
    deadlines = [_declare_deadline(world, number) for number in range(world.choice([0, 1, 1, 2]))] if world.clocks else []
    claims = [_declare_claim(world, number) for number in range(draw(st.integers(1, 2)))]
    return System("random", tuple(actions), (*claims, _sane(world)), tuple(deadlines))


def _domain(world: _World, most: int = 1) -> tuple[type[Index], ...]:
    return tuple(world.choice(world.sorts) for _ in range(world.draw(st.integers(0, most))))


def _size(domain: tuple[type[Index], ...]) -> int:
    size = 1
    for sort in domain:
        size *= len(sort.sort.elements)  # type: ignore[attr-defined]
    return size


def _to(world: _World, kind: Any) -> tuple[Any, int]:
    """The class of a kind, and how many values it has."""
    if kind is bool:
        return Bool, 2
    if kind == "int":
        return Int.between(0, 2), 3
    if kind == "enum":
        return world.enumeration, 3
    return kind, _size((kind,))


def _kind(world: _World) -> Any:
    return world.choice([bool, "int", "int", "enum", world.choice(world.sorts) if world.named else bool, bool])


def _declare_constants(world: _World) -> None:
    for number in range(world.draw(st.integers(0, 2)) if world.named else world.choice([0, 0, 1])):
        kind = world.choice([bool, "int", world.choice(world.sorts), world.choice(world.sorts)])
        domain = _domain(world)
        if not (world.named or domain):
            kind = bool
        to, values = _to(world, kind)
        table = world.draw(st.lists(st.integers(0, values - 1), min_size=_size(domain), max_size=_size(domain)))

        def look_up(*places: int, table: list[int] = table, kind: Any = kind) -> object:
            code = table[places[0] if places else 0]
            return bool(code) if kind is bool else code

        world.constants.append((Constant(_numbered("k", number), *domain, to=to, values=look_up), domain, kind))


def _declare_variables(world: _World) -> None:
    total = 1
    for number in range(world.draw(st.integers(2, 5))):
        kind, domain = _kind(world), _domain(world)
        if not world.named and number == 0:
            domain = (world.sorts[0],)
        to, values = _to(world, kind)
        if total * values ** _size(domain) > MOST_VALUES:
            continue
        total *= values ** _size(domain)
        world.variables.append((Variable(_numbered("x", number), *domain, to=to, init=_initial(world, kind)), domain, kind))
    if not world.variables:
        world.variables.append((Variable("x9", to=Bool, init=False), (), bool))


def _initial(world: _World, kind: Any) -> Any:
    if world.chance(5):
        return ANYTHING
    scalars = [constant for constant, domain, to in world.constants if to == kind and not domain]
    if scalars and world.chance(2):
        return scalars[0].value
    if kind is bool:
        return world.choice([True, False])
    if kind == "int":
        return world.draw(st.integers(0, 2))
    return world.choice(world.members if kind == "enum" else list(kind.sort.elements))


def _declare_definition(world: _World, number: int) -> None:
    kind = world.choice([bool, bool, "int"])
    domain = _domain(world, 2)

    def body(terms: tuple[Any, ...]) -> Any:
        env = _env(domain, terms)
        return world.truth(env, 1) if kind is bool else world.number(env, 1)

    world.definitions.append((definition(_applied(body, domain, _numbered("def", number))), domain, kind))


def _declare_clock(world: _World, number: int) -> None:
    domain = _domain(world) if number == 0 else ()
    runs: Definition[Bool] | None = None
    during = None
    if not world.chance(4):
        runs = definition(_applied(lambda terms: world.truth(_env(domain, terms), 1), domain, _numbered("runs", number)))
        during = _applied(lambda terms, runs=runs: runs(*terms), domain, "during")
    world.runs.append(runs)
    world.clocks.append((Clock(_numbered("c", number), *domain, during=during), domain))


def _declare_action(world: _World, number: int) -> Any:
    params = _domain(world, 2) if world.named else (world.sorts[0], *_domain(world))

    def body(terms: tuple[Any, ...]) -> None:
        env = _env(params, terms)
        for _ in range(world.choice([1, 1, 0, 0, 2])):
            require(world.guard(env))
        targets: list[Any] = [*world.variables, *world.clocks]
        chosen = world.draw(st.lists(st.sampled_from(range(len(targets))), min_size=1, max_size=2, unique=True))
        for at in chosen:
            _update(world, targets[at], env)

    return action(_applied(body, params, _numbered("act", number)))


def _update(world: _World, target: Any, env: Env) -> None:
    symbol, domain = target[0], target[1]

    def value(inner: Env) -> Any:
        return 0 if isinstance(symbol, Clock) else world.value(target[2], inner, 1)

    at_once = world.draw(st.booleans()) if world.named else world.chance(4)  # for every element that satisfies something?
    if domain and (at_once or not world.reachable(domain, env)):
        where = (lambda x: world.truth([*env, (x, domain[0])], 1)) if not world.chance(3) else None
        for x in each(domain[0], where):
            symbol[x] = value([*env, (x, domain[0])])
    else:
        symbol[world.arguments(domain, env, 2)] = value(env)


def _declare_deadline(world: _World, number: int) -> Any:
    place = world.draw(st.integers(0, len(world.clocks) - 1))
    clock, own = world.clocks[place]
    domain = own if not world.named or (own and not world.chance(4)) else _domain(world)
    arguments: list[Any] = []

    def limit(terms: tuple[Any, ...]) -> Any:
        arguments.append(world.arguments(own, _env(domain, terms), 1))
        return clock[arguments[0]] <= world.choice(world.bounds)

    def during(terms: tuple[Any, ...]) -> Any:
        """Mostly while the clock runs; a deadline on a clock at rest holds nothing up (tests/unit/test_semantics.py)."""
        condition, runs = world.truth(_env(domain, terms), 1), world.runs[place]
        return condition if runs is None or world.chance(3) else condition & runs(*arguments[0])

    return deadline(
        _numbered("due", number),
        *domain,
        during=_applied(during, domain, "during"),
        limit=_applied(limit, domain, "limit"),
    )


def _declare_claim(world: _World, number: int) -> Property:
    domain = _domain(world, 2)
    premise = None
    if world.chance(2):
        premise = _applied(lambda terms: world.guard(_env(domain, terms)), domain, "premise")
    body = _applied(lambda terms: world.claim(_env(domain, terms)), domain, _numbered("claim", number))
    return invariant(premise=premise)(body)


def _sane(world: _World) -> Property:
    """True, and not vacuous: so no search ends because every property is violated."""
    symbol, domain, _ = world.variables[0]

    def body(terms: tuple[Any, ...]) -> Any:
        return symbol[terms] == symbol[terms]

    def premise(terms: tuple[Any, ...]) -> Any:
        told = body(terms)
        for sort in world.sorts:  # so that every sort occurs
            told = told & exists(sort, lambda x: x == x)
        return told

    return invariant(name="sane", premise=_applied(premise, domain, "premise"))(_applied(body, domain, "sane"))


# --- fleets


@st.composite
def fleets(draw: Draw) -> Fleet:
    """A random small fleet: placements that keep the rule, and stage times that may contradict each other."""
    steps = draw(st.integers(1, 2))
    hosts = [HostEntry(f"h{at}", f"step-{draw(st.integers(0, steps - 1))}") for at in range(draw(st.integers(1, 3)))]
    vms = []
    for at in range(draw(st.integers(1, 4))):
        host = draw(st.sampled_from(hosts))
        own_set = draw(st.sampled_from([None, "web", "web", "db"]))
        domain = 0 if own_set is None else int(host.step[-1])
        vms.append(VmEntry(f"v{at}", host.name, own_set, domain, draw(st.integers(0, 5)) > 0))
    return Fleet(
        "random",
        Grouping.UPDATE_DOMAIN,
        draw(timings()),
        attempts=draw(st.integers(1, 2)),
        approval=draw(st.sampled_from(["any", "nobody"])),
        check_placement=True,
        hosts=tuple(hosts),
        vms=tuple(vms),
    )


@st.composite
def timings(draw: Draw) -> Timing:
    """Times of 0 to 4 units; now and then a stage's least exceeds its most."""
    unit = draw(st.sampled_from([Fraction(5), Fraction(1, 2)]))

    def time(low: int, high: int) -> Fraction:
        return unit * draw(st.integers(low, high))

    def span(high: int) -> Span:
        ends = [draw(st.integers(0, high)), draw(st.integers(0, high))]
        if draw(st.integers(0, 11)):
            ends.sort()
        return Span(unit * ends[0], unit * ends[1])

    return Timing(
        notice=time(0, 2),
        recovery=time(0, 2),
        pause_limit=time(1, 9),
        quiescing=span(1),
        paused=span(1),
        applying=span(4),
        watchdog=time(0, 4),
        restoring=span(2),
        rollback=span(2),
        clock_sync_delay=time(0, 1),
        clock_sync_bound=time(1, 2),
    )


__all__ = ["fleets", "systems", "timings"]
