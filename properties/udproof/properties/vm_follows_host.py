"""A VM is paused, or down, exactly while its host is at what takes it.

Pauses are measured by a clock that runs while the *host* is in a stage of the pause. So the bound on pauses is about VMs only as
long as the two go together: a host that left the stage with its VMs still paused would stop the clock, and no pause would be long.
A further part that takes a VM down or elsewhere says so in `down_on_host` and `frozen_on_host`.
"""

from __future__ import annotations

from udproof.language import Bool, invariant
from udproof.protocol.host import down_on_host, frozen_on_host, stage
from udproof.protocol.placement import Vm, host_of
from udproof.protocol.vm import Run, paused, run


@invariant(
    source="P4, V1, V2: what is bounded is the pause of the VM; what pause-bounded reads is the clock of its host",
    premise=lambda v: paused(v),
    cause=lambda v: f"{v} is {run[v]} while {host_of[v]} is {stage[host_of[v]]}",
)
def vm_follows_host(v: Vm) -> Bool:
    """A VM is paused exactly while its host is in a stage of the pause, and down exactly while its host reboots."""
    return (paused(v) == frozen_on_host(v)) & ((run[v] == Run.down) == down_on_host(v))
