"""Where the first VM to be prepared approves for all, at least that one is prepared."""

from __future__ import annotations

from udproof.language import Bool, exists, implies, invariant
from udproof.protocol.agent import Readiness, readiness
from udproof.protocol.events import approved, names
from udproof.protocol.placement import Event, Vm


@invariant(
    source="P13",
    premise=lambda e: approved[e],
    cause=lambda e: f"event {e} is approved, and no VM that it names is prepared",
)
def approved_by_one_prepared(e: Event) -> Bool:
    """Of the VMs that an approved event names, at least one is prepared."""
    return implies(approved[e], exists(Vm, lambda v: names(e, v) & (readiness[v] == Readiness.prepared)))
