"""A tenant's consent means something: all that an event names are prepared before it is approved.

The platform does not check this, and one careless approval frees every VM that the event names; so it is a property of the tenants'
policy, and the naive ones fail.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.agent import Readiness, readiness
from udproof.protocol.events import approved, names
from udproof.protocol.placement import Event, Vm


@invariant(
    source="P13: one approval frees every VM in Resources",
    premise=lambda e, v: approved[e],
    cause=lambda e, v: f"event {e} is approved, and {v}, which it names, is {readiness[v]}",
)
def prepared_before_approved(e: Event, v: Vm) -> Bool:
    """Every VM that an approved event names is prepared."""
    return implies(approved[e] & names(e, v), readiness[v] == Readiness.prepared)
