"""How much of each timing constant is left: the values of one constant, all others kept, for which the properties still hold.

Around the present value the largest and the smallest value are sought that still hold. What happens in which order can change where
one constant passes another, so the values of all other constants are tried first, from the nearest on: a watchdog may be fine
below the most that applying takes, and above, and not at it. Between the last of those that holds and the first that does not, the
search goes by bisection over whole steps. What it reports it has seen: a proof at the value that holds, and a counterexample at the
value that does not. Between the two lies less than a step, or, since time is dense, hardly anything: the
edge is then tried once more at a thousandth of a step from each end, which tells "more than 25 s" from "25 s or more". Zones are
not more for finer constants, so this costs nothing extra.

A value holds if every property is proved. One that makes a property vacuous does not: past it nothing would be tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from udproof.engines.verdict import Engine, Limits, Outcome, Verdict
from udproof.engines.zones import Zones
from udproof.language import Instance, ModelError, Property, System

FINE = 1000  # parts of a step at which an edge is tried again
_FAR = 2  # times the sum of all constants: beyond it no other constant is near


@dataclass(frozen=True, slots=True)
class Edge:
    """An end of the values that hold: `holds` was proved; `fails` is the nearest value past it that was not, None if none is.

    `verdict` says what fails there. Values between the two were not tried; `exact` is true if they are within a thousandth of a
    step.
    """

    holds: Fraction
    fails: Fraction | None
    verdict: Verdict | None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Margin:
    """A constant, its present value, and the ends of the values that hold, in seconds."""

    name: str
    value: Fraction
    low: Edge
    high: Edge


class Undecided(Exception):
    """A limit ended the work on one value; the sentence says at which."""


class Prober:
    """Tries values of constants. Every answer is remembered."""

    def __init__(
        self,
        system: System,
        properties: tuple[Property, ...],
        limits: Limits,
        engine: Engine | None = None,
        told: Callable[[Mapping[str, Fraction]], None] = lambda values: None,
    ) -> None:
        """`told` hears of every trial before it is made."""
        self.system = system
        self._properties = properties
        self._limits = replace(limits, stop_at_first=True)
        self._engine = engine or Zones()
        self._told = told
        self._known: dict[tuple[tuple[str, Fraction], ...], Verdict | None] = {}

    def problem(self, values: Mapping[str, Fraction]) -> Verdict | None:
        """What does not hold where the constants have these values; None if everything is proved. Undecided at a limit."""
        key = tuple(sorted(values.items()))
        if key not in self._known:
            self._told(values)
            self._known[key] = self._tried(values)
        return self._known[key]

    def _tried(self, values: Mapping[str, Fraction]) -> Verdict | None:
        result = self._engine.verify(with_durations(self.system, values), self._properties, self._limits)
        order = (Outcome.VIOLATED, Outcome.UNKNOWN, Outcome.VACUOUS)
        found = [verdict for outcome in order for verdict in result.verdicts if verdict.outcome is outcome]
        if found and found[0].outcome is Outcome.UNKNOWN:
            said = ", ".join(f"{name} = {value} s" for name, value in values.items())
            raise Undecided(f"at {said}: {found[0].reason}")
        return found[0] if found else None


def with_durations(system: System, values: Mapping[str, Fraction]) -> System:
    """The system where some timing constants have other values, in seconds. ModelError for one that it does not have."""
    instance = system.instance
    known = {duration.name for duration in system.durations}
    if unknown := sorted(values.keys() - known):
        raise ModelError(f"{system.name} has no timing constant {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    return system.at(
        Instance(
            elements=instance.elements,
            constants=instance.constants,
            durations={**instance.durations, **values},
            notes=instance.notes,
        )
    )


def values_of(system: System) -> dict[str, Fraction]:
    """The timing constants of a concrete system, in seconds, in the order in which they occur."""
    return {duration.name: Fraction(system.instance.durations[duration.name]) for duration in system.durations}


def margin(prober: Prober, name: str, step: Fraction) -> Margin:
    """The values of a constant that hold, around its present one, in steps of so many seconds.

    ModelError if it is not one of the system's, or if the properties do not hold as it is. Undecided at a limit.
    """
    values = values_of(prober.system)
    if name not in values:
        with_durations(prober.system, {name: Fraction(0)})  # says what there is
    value = values[name]
    if (problem := prober.problem({name: value})) is not None:
        raise ModelError(
            f"{problem.property.name} is {problem.outcome.value} with {name} = {value} s as it is; margins are of what holds."
        )
    far = max(_FAR * sum(values.values(), Fraction(0)), value + step)
    return Margin(name, value, _edge(prober, name, value, Fraction(0), step), _edge(prober, name, value, far, step))


def _edge(prober: Prober, name: str, value: Fraction, far: Fraction, step: Fraction) -> Edge:
    """Between a value that holds and one far away."""

    def problem(at: Fraction) -> Verdict | None:
        return prober.problem({name: at})

    others = {other for other in values_of(prober.system).values() if min(value, far) < other < max(value, far)}
    holds, fails = value, value
    for at in sorted({*others, far}, reverse=far < value):
        if at == value:
            continue
        if problem(at) is not None:
            fails = at
            break
        holds = at
    if fails == value:
        return Edge(far, None, None)
    side = 1 if far > value else -1
    while abs(fails - holds) > step:
        middle = holds + side * step * (abs(fails - holds) // step // 2 or 1)
        if problem(middle) is None:
            holds = middle
        else:
            fails = middle
    return _sharpened(problem, holds, fails, side * step / FINE)


def _sharpened(problem: Callable[[Fraction], Verdict | None], holds: Fraction, fails: Fraction, little: Fraction) -> Edge:
    """The same edge, closer, if it is at one of the two ends."""
    if problem(fails - little) is None:
        return Edge(fails - little, fails, problem(fails), True)
    if problem(holds + little) is not None:
        return Edge(holds, holds + little, problem(holds + little), True)
    return Edge(holds, fails, problem(fails))


@dataclass(frozen=True, slots=True)
class Region:
    """Which pairs of values of two constants hold: `problems[row][column]` is the name of a property that does not, or None."""

    names: tuple[str, str]
    across: tuple[Fraction, ...]
    up: tuple[Fraction, ...]
    problems: tuple[tuple[str | None, ...], ...]
    here: tuple[Fraction, Fraction]


def region(prober: Prober, names: tuple[str, str], across: Sequence[Fraction], up: Sequence[Fraction]) -> Region:
    """Every pair of these values, tried. Undecided at a limit."""
    values = values_of(prober.system)
    with_durations(prober.system, dict.fromkeys(names, Fraction(0)))
    rows = []
    for second in up:
        found = [prober.problem({names[0]: first, names[1]: second}) for first in across]
        rows.append(tuple(None if verdict is None else verdict.property.name for verdict in found))
    return Region(names, tuple(across), tuple(up), tuple(rows), (values[names[0]], values[names[1]]))
