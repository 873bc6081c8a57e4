"""The id of an event that was called off is used up."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.cancellation import cancelled
from udproof.protocol.events import event_id, retired_id
from udproof.protocol.placement import Event


@invariant(
    source="P9, E8, E6",
    premise=lambda e: cancelled[e],
    cause=lambda e: (
        f"{e} was cancelled under id {event_id[e]}, and only ids up to {retired_id[e]} are retired: it may be shown again"
    ),
)
def cancelled_id_retired(e: Event) -> Bool:
    """The id of an event that was cancelled is retired: when its step is announced anew, the event has another one."""
    return implies(cancelled[e], retired_id[e] == event_id[e])
