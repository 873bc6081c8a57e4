"""The in-place way is for eligible VMs only; the others go the reboot way."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.host import Stage, stage
from udproof.protocol.placement import Vm, eligible, host_of, in_place
from udproof.protocol.vm import paused, run


@invariant(
    source="[S] not every update can use the memory-preserving way; P6",
    premise=lambda v: paused(v),
    cause=lambda v: (
        f"{v} is {run[v]} on {host_of[v]} (may be updated in place: {eligible[v]}; all VMs of {host_of[v]}: {in_place[host_of[v]]})"
    ),
)
def eligible_only(v: Vm) -> Bool:
    """Nothing ineligible is updated in place, and no host reboots whose VMs all may be."""
    return implies(paused(v), eligible[v]) & implies(stage[host_of[v]] == Stage.rebooting, ~in_place[host_of[v]])
