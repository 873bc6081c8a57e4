"""The tenant: any VM of an event's scope may approve the event before its NotBefore.

The documentation leaves to the tenant whether and when it approves, and the platform neither counts nor checks readiness; so an
approval may come at any moment while the event is scheduled, from any VM that can see it. A fleet in which nobody approves
leaves this part out.
"""

from __future__ import annotations

from udproof.language import action, require
from udproof.protocol.events import Status, approved, event
from udproof.protocol.placement import Event, Vm, event_set, set_of


@action(by="v", says=lambda v, e: f"{v} approves event {e}")
def approve(v: Vm, e: Event) -> None:
    """A VM of the event's scope approves it, for every VM that it names."""
    require(event_set[e] == set_of[v], "the event is of the VM's scope")
    require((event[e] == Status.scheduled) & ~approved[e], "the event is scheduled and not approved yet")
    approved[e] = True


ACTIONS = (approve,)
