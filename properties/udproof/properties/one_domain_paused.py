"""The first promise: one domain at a time.

An availability set survives maintenance because no more than one of its update domains is impacted at any moment. "Impacted" is
paused by the in-place way, or down for the reboot way: the set does not care which.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.placement import Vm, domain_of, set_of
from udproof.protocol.vm import impacted


@invariant(
    source="[S] 2017 text: one update domain at a time; P1",
    premise=lambda v, w: impacted(v),
    cause=lambda v, w: f"{v} ({domain_of[v]}) and {w} ({domain_of[w]}) of {set_of[v]} are impacted at the same time",
)
def one_domain_paused(v: Vm, w: Vm) -> Bool:
    """VMs of one availability set that are paused (or down for a reboot) at the same time are all in one domain."""
    return implies(impacted(v) & impacted(w) & (set_of[v] == set_of[w]), domain_of[v] == domain_of[w])
