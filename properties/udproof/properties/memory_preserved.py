"""An in-place update keeps the memory of every VM; only the announced reboot way loses it."""

from __future__ import annotations

from udproof.language import Bool, invariant
from udproof.protocol.host import Stage, stage
from udproof.protocol.placement import Vm, host_of
from udproof.protocol.vm import Memory, memory


@invariant(
    source="[S] memory-preserving; P5, V2",
    premise=lambda v: stage[host_of[v]] == Stage.applying,
    cause=lambda v: f"the memory of {v} was torn: {host_of[v]} applied the update while {v} was running",
)
def memory_preserved(v: Vm) -> Bool:
    """An in-place update loses no VM's memory."""
    return memory[v] != Memory.torn
