"""A suspended walk announces nothing."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.cancellation import suspended
from udproof.protocol.placement import Step
from udproof.protocol.walk import Progress, progress


@invariant(
    source="W7",
    premise=lambda s, d: suspended[s],
    cause=lambda s, d: f"{d} is open, although the walk was suspended at {s} and has not gone on",
)
def suspended_means_quiet(s: Step, d: Step) -> Bool:
    """While the walk is suspended at a step, no step is open."""
    return implies(suspended[s], progress[d] != Progress.open)
