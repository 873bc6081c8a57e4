"""The third promise: nobody is frozen unawares.

A VM is impacted only under an event that names it, has started, and was approved or had its notice: that is what lets a tenant
drain in time. The definition `announced` says the same of one VM and is shared with the pictures.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.events import announced, approved, event, visible_for
from udproof.protocol.placement import Vm, event_of, host_of, notice
from udproof.protocol.vm import impacted


@invariant(
    source="[S] announced first; P2, P3, E1, E7",
    premise=lambda v: impacted(v),
    cause=lambda v: (
        f"{v} is impacted on {host_of[v]}, but its event {event_of[v]} is {event[event_of[v]]} "
        f"(approved: {approved[event_of[v]]}, visible without approval for {visible_for[event_of[v]]}, notice {notice})"
    ),
)
def notified_before_freeze(v: Vm) -> Bool:
    """Every impact on a VM was announced by an event naming it, which was visible for its notice or approved, and is started."""
    return implies(impacted(v), announced(v))
