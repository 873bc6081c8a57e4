"""The life of an event: scheduled, started, removed, under one id that never comes back.

As a state invariant: an event in the document has the id under which it was announced, and that id is newer than every id that
has left the document. That there is a new one for each announcement is counted independently: an id is no less than the
number of times that its step was announced.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.events import Status, announced_id, event, event_id, retired_id
from udproof.protocol.placement import Event, event_step
from udproof.protocol.walk import announcements


@invariant(
    source="E3, E4, E8; P9",
    premise=lambda e: event[e] == Status.started,
    cause=lambda e: (
        f"event {e} is {event[e]} under id {event_id[e]}; it was announced under id {announced_id[e]}, "
        f"and id {retired_id[e]} was the last to be removed (announcements of its step: {announcements[event_step[e]]})"
    ),
)
def event_lifecycle(e: Event) -> Bool:
    """An event moves from scheduled to started to removed under one id, each announcement has its own, and none comes again."""
    new = (event_id[e] > retired_id[e]) & (event_id[e] >= announcements[event_step[e]])
    return implies(event[e] != Status.absent, (event_id[e] == announced_id[e]) & new)
