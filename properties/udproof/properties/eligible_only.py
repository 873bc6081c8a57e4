"""The in-place way is for eligible VMs only; the others go the reboot way."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.placement import Vm, eligible, host_of
from udproof.protocol.vm import paused


@invariant(
    source="[S] not every update can use the memory-preserving way; P6",
    premise=lambda v: paused(v),
    cause=lambda v: f"{v} is paused on {host_of[v]}, but it may not be updated in place",
)
def eligible_only(v: Vm) -> Bool:
    """Nothing ineligible is updated in place."""
    return implies(paused(v), eligible[v])
