"""The document and the walk say the same: what is announced is what is being done."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.events import Status, approved, event
from udproof.protocol.placement import Event, event_step
from udproof.protocol.walk import Progress, progress


@invariant(
    source="E3, E5: an event is there until it is over, and covers nothing afterwards",
    premise=lambda e: event[e] != Status.absent,
    cause=lambda e: f"event {e} is {event[e]} (approved: {approved[e]}), and {event_step[e]} is {progress[event_step[e]]}",
)
def shown_while_open(e: Event) -> Bool:
    """An event is in the document exactly while its step is open, and only an event in the document is approved."""
    shown = event[e] != Status.absent
    return (shown == (progress[event_step[e]] == Progress.open)) & implies(approved[e], shown)
