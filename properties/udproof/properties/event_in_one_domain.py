"""An event names VMs of one domain only (promised by the documentation until about 2020)."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.events import Status, event, names
from udproof.protocol.placement import Event, Vm, domain_of


@invariant(
    source="P10; the sentence was withdrawn around 2020",
    premise=lambda e, v, w: (event[e] != Status.absent) & names(e, v),
    cause=lambda e, v, w: f"event {e} names {v} ({domain_of[v]}) and {w} ({domain_of[w]})",
)
def event_in_one_domain(e: Event, v: Vm, w: Vm) -> Bool:
    """The VMs that an event names are of one domain of its set."""
    return implies((event[e] != Status.absent) & names(e, v) & names(e, w), domain_of[v] == domain_of[w])
