"""Random small systems, for whoever writes something that works on any system: an engine, a drawing, a report.

`systems()` draws a system through the public language only, as a user would write it, with everything that the language has: index
sorts and enumerations, bounded integers, definitions, clocks that run during a condition, deadlines, guards that compare clocks.
The state space stays small. Every drawn system has a property `sane`, which is true and not vacuous, so that no search ends early.
udproof's own engines are held against its reference semantics on these.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from fractions import Fraction
from math import prod
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
    deadline,
    definition,
    each,
    exists,
    invariant,
    member,
    require,
)
from udproof.testing.formulas import Draw, Env, World, elements

_MOST_VALUES = 200  # the product of all variables' values


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
def systems(draw: Draw, *, wide: bool = False) -> System:
    """A random small system. Some overflow an integer: then the semantics and every engine must refuse them.

    With `wide`, integers may be negative, and times up to forty units long; fewer of these systems are small.
    """
    sizes = draw(st.lists(st.sampled_from([1, 2, 2, 3, 3]), min_size=1, max_size=2))
    sorts = [types.new_class(f"S{at}", (Index,), {"size": size}) for at, size in enumerate(sizes)]
    colours = ("red", "blue", "gold")
    enumeration = types.new_class("E", (Enumeration,), {}, lambda body: body.update({name: member() for name in colours}))
    world = World(draw, draw(st.booleans()), sorts, enumeration, [enumeration.red, enumeration.blue, enumeration.gold])  # type: ignore[attr-defined]
    world.least = draw(st.integers(-2, 1)) if wide else 0
    _declare_constants(world)
    _declare_variables(world)
    for number in range(draw(st.integers(0, 2))):
        _declare_definition(world, number)
    unit = draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(5), Fraction(3, 4)]))
    longest = draw(st.sampled_from([12, 40])) if wide else 3
    world.bounds = [unit * draw(st.integers(0, longest)) for _ in range(2)]
    world.bounds.append(Duration("lapse", unit * draw(st.integers(1, 3))))
    if draw(st.integers(0, 9)) < 7:
        for number in range(draw(st.integers(1, 2))):
            _declare_clock(world, number)
    actions = [_declare_action(world, number) for number in range(draw(st.integers(2, 5)))]
    deadlines = [_declare_deadline(world, number) for number in range(world.choice([0, 1, 1, 2]))] if world.clocks else []
    claims = [_declare_claim(world, number) for number in range(draw(st.integers(1, 2)))]
    return System("random", tuple(actions), (*claims, _sane(world)), tuple(deadlines))


def _domain(world: World, most: int = 1) -> tuple[type[Index], ...]:
    return tuple(world.choice(world.sorts) for _ in range(world.draw(st.integers(0, most))))


def _size(domain: tuple[type[Index], ...]) -> int:
    return prod(len(elements(sort)) for sort in domain)


def _to(world: World, kind: Any) -> tuple[Any, int]:
    """The class of a kind, and how many values it has."""
    if kind is bool:
        return Bool, 2
    if kind == "int":
        return Int.between(*world.span), 3
    if kind == "enum":
        return world.enumeration, 3
    return kind, _size((kind,))


def _kind(world: World) -> Any:
    return world.choice([bool, "int", "int", "enum", world.choice(world.sorts) if world.named else bool, bool])


def _declare_constants(world: World) -> None:
    for number in range(world.draw(st.integers(0, 2)) if world.named else world.choice([0, 0, 1])):
        kind = world.choice([bool, "int", world.choice(world.sorts), world.choice(world.sorts)])
        domain = _domain(world)
        if not (world.named or domain):
            kind = bool
        to, values = _to(world, kind)
        table = world.draw(st.lists(st.integers(0, values - 1), min_size=_size(domain), max_size=_size(domain)))

        def look_up(*places: int, table: list[int] = table, kind: Any = kind, least: int = world.least) -> object:
            code = table[places[0] if places else 0]
            return bool(code) if kind is bool else least + code if kind == "int" else code

        world.constants.append((Constant(f"k{number}", *domain, to=to, values=look_up), domain, kind))


def _declare_variables(world: World) -> None:
    total = 1
    for number in range(world.draw(st.integers(2, 5))):
        kind, domain = _kind(world), _domain(world)
        if not world.named and number == 0:
            domain = (world.sorts[0],)
        to, values = _to(world, kind)
        if total * values ** _size(domain) > _MOST_VALUES:
            continue
        total *= values ** _size(domain)
        world.variables.append((Variable(f"x{number}", *domain, to=to, init=_initial(world, kind)), domain, kind))
    if not world.variables:
        world.variables.append((Variable("x9", to=Bool, init=False), (), bool))


def _initial(world: World, kind: Any) -> Any:
    if world.chance(5):
        return ANYTHING
    scalars = [constant for constant, domain, to in world.constants if to == kind and not domain]
    if scalars and world.chance(2):
        return scalars[0].value
    if kind is bool:
        return world.choice([True, False])
    if kind == "int":
        return world.draw(st.integers(*world.span))
    return world.choice(world.members if kind == "enum" else list(kind.sort.elements))


def _declare_definition(world: World, number: int) -> None:
    kind = world.choice([bool, bool, "int"])
    domain = _domain(world, 2)

    def body(terms: tuple[Any, ...]) -> Any:
        env = _env(domain, terms)
        return world.truth(env, 1) if kind is bool else world.number(env, 1)

    world.definitions.append((definition(_applied(body, domain, f"def{number}")), domain, kind))


def _declare_clock(world: World, number: int) -> None:
    domain = _domain(world) if number == 0 else ()
    runs: Definition[Bool] | None = None
    during = None
    if not world.chance(4):
        meant = definition(_applied(lambda terms: world.truth(_env(domain, terms), 1), domain, f"runs{number}"))
        runs, during = meant, _applied(lambda terms: meant(*terms), domain, "during")
    world.runs.append(runs)
    world.clocks.append((Clock(f"c{number}", *domain, during=during), domain))


def _declare_action(world: World, number: int) -> Any:
    params = _domain(world, 2) if world.named else (world.sorts[0], *_domain(world))

    def body(terms: tuple[Any, ...]) -> None:
        env = _env(params, terms)
        for _ in range(world.choice([1, 1, 0, 0, 2])):
            require(world.guard(env))
        targets: list[Any] = [*world.variables, *world.clocks]
        chosen = world.draw(st.lists(st.sampled_from(range(len(targets))), min_size=1, max_size=2, unique=True))
        for at in chosen:
            _update(world, targets[at], env)

    return action(_applied(body, params, f"act{number}"))


def _update(world: World, target: Any, env: Env) -> None:
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


def _declare_deadline(world: World, number: int) -> Any:
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
        f"due{number}",
        *domain,
        during=_applied(during, domain, "during"),
        limit=_applied(limit, domain, "limit"),
    )


def _declare_claim(world: World, number: int) -> Property:
    domain = _domain(world, 2)
    premise = None
    if world.chance(2):
        premise = _applied(lambda terms: world.guard(_env(domain, terms)), domain, "premise")
    body = _applied(lambda terms: world.claim(_env(domain, terms)), domain, f"claim{number}")
    return invariant(premise=premise)(body)


def _sane(world: World) -> Property:
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
