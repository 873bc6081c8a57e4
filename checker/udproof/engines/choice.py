"""Which search of a concrete system is the cheaper one: in ticks, or by zones."""

from __future__ import annotations

from dataclasses import dataclass

from udproof.engines.explore import Explore
from udproof.engines.verdict import Engine, Limits
from udproof.engines.zone_time import DenseTime, is_closed
from udproof.engines.zones import Zones
from udproof.language import System
from udproof.language.printing import show_seconds

EVEN = 24  # ticks of the longest wait at which zones begin to pay


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and why in one sentence."""

    engine: Engine
    reason: str


def choose(system: System, limits: Limits) -> Choice:
    """The cheaper search for a concrete system: in ticks, or by zones. ModelError if it suits neither.

    Both visit everything and give the same verdicts. In ticks a state costs some tens of nanoseconds, and a wait as many states as
    it has ticks. A zone costs some microseconds, and a wait is one. So it depends on how many ticks the longest wait has; measured
    on the shipped fleets, Fischer's protocol and the reference walk (benchmarks), the two are even at some tens. Strict comparisons
    leave no choice.
    """
    if not system.clocks:
        return Choice(Explore(), "explore, since there is no clock and so nothing that zones could save")
    if not is_closed(system):
        return Choice(Zones(), "zones, since counting ticks would not be exact here: clocks are compared strictly")
    if limits.checkpoints is not None:
        return Choice(Explore(), "explore, in ticks, since only that search keeps checkpoints")
    dense = DenseTime(system)
    ticks = max(dense.caps.values()) - 1
    unit, longest = show_seconds(dense.unit), show_seconds(ticks * dense.unit)
    if ticks >= EVEN:
        return Choice(Zones(), f"zones, since a wait of {longest} would be {ticks} ticks of {unit}, and is one zone")
    return Choice(Explore(), f"explore, in ticks of {unit}, since the longest wait of {longest} has only {ticks}")
