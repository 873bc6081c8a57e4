"""The reference semantics in dense time: instants are fractions, and a run may use any of them.

`Semantics` counts ticks. A run whose instants are fractions is a run in ticks of their common part, so it is replayed by the same
semantics in ticks that are `parts` times finer; comparisons may be strict then, since nothing is rounded. What zones cannot say is
refused here, with the place: when a clock runs, and when a deadline holds, must not depend on a clock.
"""

from __future__ import annotations

from fractions import Fraction

from udproof.language import ModelError, System
from udproof.language.instance import seconds_of
from udproof.language.semantics import Layout, Semantics
from udproof.language.time import TickTime, check_clocks, check_closed, check_deadlines, check_picture, comparisons_of, divisor

MOST_PARTS = 1 << 20  # of the unit of time; a run of so many strict steps has more than anybody will look at


class DenseTime(TickTime):
    """Ticks of a part of the greatest common divisor of all durations."""

    def __init__(self, system: System, parts: int = 1) -> None:
        _check(system)
        self._instance = system.instance
        self.unit = unit_of(system) / parts
        self.caps = dict.fromkeys(system.clocks, 0)
        for node in comparisons_of(system):
            self.caps[node.clock] = max(self.caps[node.clock], self.ticks(node.bound) + 1)


class DenseSemantics(Semantics):
    """The semantics in ticks of a part of the unit of time; see the module."""

    def __init__(self, system: System, parts: int = 1) -> None:
        self.system = system
        self.layout = Layout(system)
        self.parts = parts
        self.time = DenseTime(system, parts)


def unit_of(system: System) -> Fraction:
    """The greatest common divisor of all durations that clocks are compared with, in seconds; 1 if there is none."""
    bounds = [seconds_of(node.bound, system.instance) for node in comparisons_of(system)]
    return divisor([bound for bound in bounds if bound] or [Fraction(1)])


def semantics_in_parts(system: System, parts: int) -> Semantics:
    """The semantics in ticks of a part of the unit; the usual one where it will do."""
    return Semantics(system) if parts == 1 and is_closed(system) else DenseSemantics(system, parts)


def in_whole_ticks(system: System) -> Semantics:
    """The usual semantics. ModelError if counting ticks is not exact for the system; it says whether zones can do without."""
    try:
        return Semantics(system)
    except ModelError as refused:
        if is_closed(system):
            raise
        _check(system)
        sentence = f"{refused.sentence} In dense time, by zones (--engine zones), it can be checked as it is."
        raise ModelError(sentence, refused.location) from refused


def semantics_in_ticks(system: System, tick: Fraction | None) -> Semantics:
    """The semantics in ticks of so many seconds, where the unit has such parts; else, and without a tick, in the whole unit."""
    if tick is None or tick == (unit := unit_of(system)):
        return semantics_in_parts(system, 1)
    parts = unit / tick
    return semantics_in_parts(system, parts.numerator if parts.denominator == 1 and parts <= MOST_PARTS else 1)


def is_closed(system: System) -> bool:
    """Is counting ticks exact for the system?"""
    try:
        check_closed(system)
    except ModelError:
        return False
    return True


def _check(system: System) -> None:
    check_clocks(system)
    check_deadlines(system)
    check_picture(system)
