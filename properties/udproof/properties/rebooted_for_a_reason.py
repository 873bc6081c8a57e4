"""Nobody loses memory to a reboot that no VM on the host needs."""

from __future__ import annotations

from udproof.language import Bool, exists, implies, invariant
from udproof.protocol.host import Stage, stage
from udproof.protocol.migration import moved
from udproof.protocol.placement import Host, Vm, eligible, host_of


@invariant(
    source="P6, W11, E11",
    premise=lambda h: stage[h] == Stage.rebooting,
    cause=lambda h: f"{h} reboots, and each VM that is still on it may be updated in place",
)
def rebooted_for_a_reason(h: Host) -> Bool:
    """A host reboots only while a VM is on it that may not be updated in place."""
    return implies(stage[h] == Stage.rebooting, exists(Vm, lambda v: (host_of[v] == h) & ~eligible[v] & ~moved[v]))
