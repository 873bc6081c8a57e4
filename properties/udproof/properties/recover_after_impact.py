"""No tenant takes its load back before its event, and with it every impact, is over.

Removal is the only end signal. An event that has started may bring further pauses, so that neither its start nor the end of one
pause is the end.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.agent import Readiness, readiness
from udproof.protocol.events import Status, event
from udproof.protocol.placement import Vm, event_of


@invariant(
    source="P12, E9: removal from the document is the only end signal",
    premise=lambda v: readiness[v] == Readiness.recovered,
    cause=lambda v: f"{v} has taken its load back, and its event {event_of[v]} is {event[event_of[v]]}",
)
def recover_after_impact(v: Vm) -> Bool:
    """No tenant recovers before its own impact has ended."""
    return implies(readiness[v] == Readiness.recovered, event[event_of[v]] == Status.absent)
