"""An event that was called off has no impact."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.cancellation import cancelled
from udproof.protocol.placement import Vm, event_of, host_of
from udproof.protocol.vm import impacted, run


@invariant(
    source="P11, E6, E5",
    premise=lambda v: cancelled[event_of[v]],
    cause=lambda v: f"{v} is {run[v]} on {host_of[v]}, and its event {event_of[v]} was cancelled",
)
def cancelled_means_no_impact(v: Vm) -> Bool:
    """After an event was cancelled, and until it is announced anew, none of its VMs is impacted."""
    return implies(cancelled[event_of[v]], ~impacted(v))
