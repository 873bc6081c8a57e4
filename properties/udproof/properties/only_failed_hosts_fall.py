"""No host that works is switched off."""

from __future__ import annotations

from udproof.language import Bool, count, exists, invariant
from udproof.protocol.breakdown import fallen, hangs, host_failures
from udproof.protocol.placement import Host


@invariant(
    source="F1, F2",
    premise=lambda: exists(Host, lambda h: fallen[h]),
    cause=lambda: f"more hosts are out of service than the {host_failures.value} that failed and the {hangs.value} that hung",
)
def only_failed_hosts_fall() -> Bool:
    """No more hosts are taken for failed than have failed or hung."""
    return count(Host, lambda h: fallen[h]) <= host_failures.value + hangs.value
