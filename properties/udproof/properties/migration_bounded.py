"""A switch-over of a live migration is a pause too, and is short."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.migration import switching, switching_for
from udproof.protocol.placement import Vm, pause_limit


@invariant(
    source="P4; live migration: a pause of typically 5 s at most",
    premise=lambda v: switching[v],
    cause=lambda v: f"{v} has been frozen for {switching_for[v]} to switch over, and the limit is {pause_limit}",
)
def migration_bounded(v: Vm) -> Bool:
    """No VM is frozen for the pause limit or longer to switch over to another host."""
    return implies(switching[v], switching_for[v] < pause_limit)
