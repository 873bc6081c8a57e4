"""A live migration and an update of the host do not get in each other's way."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.host import Stage, stage
from udproof.protocol.migration import moved, switching
from udproof.protocol.placement import Vm, host_of
from udproof.protocol.vm import Run, run


@invariant(
    source="W11, E11",
    premise=lambda v: switching[v],
    cause=lambda v: f"{v} switches over, while it is {run[v]} and {host_of[v]} is {stage[host_of[v]]}",
)
def switches_over_alone(v: Vm) -> Bool:
    """A VM that switches over ran until then and has not moved before, and its host serves meanwhile."""
    return implies(switching[v], (run[v] == Run.running) & ~moved[v] & (stage[host_of[v]] == Stage.serving))
