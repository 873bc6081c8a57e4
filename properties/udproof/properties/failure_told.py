"""Even a failure that nobody could announce has its event: Started at once, and there until its VMs run again."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.breakdown import failure_event, felled
from udproof.protocol.placement import Vm, host_of


@invariant(
    source="E3 (absent to Started), E7",
    premise=lambda v: felled(v),
    cause=lambda v: f"{v} is down since {host_of[v]} has failed, and no event says so",
)
def failure_told(v: Vm) -> Bool:
    """While a VM is down because its host has failed, an event that has started says so."""
    return implies(felled(v), failure_event[host_of[v]])
