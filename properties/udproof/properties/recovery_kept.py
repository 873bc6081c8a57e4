"""After a step, the recovery time passes before anything is impacted again."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.placement import Vm, host_of, recovery, step_of
from udproof.protocol.vm import impacted
from udproof.protocol.walk import has_closed, since_close


@invariant(
    source="P1, W3: 30 minutes after an update domain is restarted",
    premise=lambda v: impacted(v) & has_closed.value,
    cause=lambda v: (
        f"{v} is impacted in {step_of[host_of[v]]} only {since_close.value} after the last step was closed "
        f"(recovery time {recovery})"
    ),
)
def recovery_kept(v: Vm) -> Bool:
    """The next step waits for the recovery of the last."""
    return implies(impacted(v) & has_closed.value, since_close.value >= recovery)
