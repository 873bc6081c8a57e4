"""After a pause the guest clock is late; it is right again within a bound, and never has to run backwards."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.placement import Vm, clock_sync_bound
from udproof.protocol.vm import Guest, Run, guest_clock, late_for, run


@invariant(
    source="[S] the VM clock is synchronised after a resume; P7, V3, V4",
    premise=lambda v: (run[v] == Run.running) & (guest_clock[v] == Guest.late),
    cause=lambda v: f"the clock of {v} is {guest_clock[v]}, {late_for[v]} after its resume (bound {clock_sync_bound})",
)
def clock_synchronised(v: Vm) -> Bool:
    """After a resume the VM's clock is late for less than its bound, and is never ahead (so never runs backwards)."""
    in_time = implies((run[v] == Run.running) & (guest_clock[v] == Guest.late), late_for[v] < clock_sync_bound)
    return in_time & (guest_clock[v] != Guest.ahead)
