"""The second promise: a pause is short.

Nothing in the protocol reads the pause limit; that every pause stays under it follows, or does not, from the stages of the host
update, its watchdog and its rollback.
"""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.host import frozen_for, in_stage, stage
from udproof.protocol.placement import Vm, host_of, pause_limit
from udproof.protocol.vm import paused


@invariant(
    source="[S] 2017 text: up to 30 seconds; P4, V1",
    premise=lambda v: paused(v),
    cause=lambda v: (
        f"{v} has been paused for {frozen_for[host_of[v]]}, and the limit is {pause_limit}: "
        f"{host_of[v]} is {stage[host_of[v]]}, for {in_stage[host_of[v]]} so far"
    ),
)
def pause_bounded(v: Vm) -> Bool:
    """No VM stays paused for the pause limit or longer."""
    return implies(paused(v), frozen_for[host_of[v]] < pause_limit)
