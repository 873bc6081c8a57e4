"""What a VM reads is true to its number.

The number of the document that a VM has read says how much it knows: if it is the present one, the VM knows the present state
of its event; and the copies that it is shown never go back behind it.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.agent import known
from udproof.protocol.events import event
from udproof.protocol.metadata import copy_incarnation, incarnation, read_incarnation
from udproof.protocol.placement import Vm, event_of


@invariant(
    source="P8: DocumentIncarnation changes with the events, and reads do not go back",
    premise=lambda v: read_incarnation[v] != 0,
    cause=lambda v: (
        f"{v} has read {known[v]} under incarnation {read_incarnation[v]}; its event is {event[event_of[v]]} under "
        f"incarnation {incarnation[event_of[v]]}, and its endpoint shows incarnation {copy_incarnation[v]}"
    ),
)
def document_faithful(v: Vm) -> Bool:
    """A VM that has read the present incarnation knows the present state of its event, and is never shown an older one."""
    e = event_of[v]
    same = implies(read_incarnation[v] == incarnation[e], known[v] == event[e])
    return same & (read_incarnation[v] <= copy_incarnation[v]) & (copy_incarnation[v] <= incarnation[e])
