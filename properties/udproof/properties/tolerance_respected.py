"""Who said how long an interruption may be is not paused for longer unawares.

A real-time event, a stream, a transcoding or a network at full throughput declares the longest interruption that it can take.
Drained, it can take any; so what is forbidden is a longer pause of a VM that is not prepared.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.agent import Readiness, Workload, beyond_tolerance, readiness, workload
from udproof.protocol.host import frozen_for
from udproof.protocol.placement import Vm, host_of
from udproof.protocol.vm import paused


@invariant(
    source="[S] real-time events, streaming, transcoding, high-throughput networking: sensitive to pauses",
    premise=lambda v: paused(v) & (workload[v] != Workload.ordinary),
    cause=lambda v: f"{v} ({workload[v]}) has been paused for {frozen_for[host_of[v]]}, and it is {readiness[v]}",
)
def tolerance_respected(v: Vm) -> Bool:
    """No tenant that declared the longest interruption it can take is paused for longer while it is not prepared."""
    return implies(paused(v) & (readiness[v] != Readiness.prepared), ~beyond_tolerance(v))
