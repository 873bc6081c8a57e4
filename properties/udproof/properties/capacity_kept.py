"""Of a set of N VMs in U domains, at least N - N/U (rounded up) serve at any time.

It counts, and so it is out of reach of a proof for every fleet size; one-domain-paused is what such a proof is about.
"""

from __future__ import annotations

from udproof.language import Bool, count, invariant
from udproof.protocol.health import serving_least
from udproof.protocol.placement import AvailabilitySet, Vm, set_of
from udproof.protocol.vm import serves


@invariant(
    source="P14: at least N - N/U of the N members of a set serve",
    premise=lambda s: count(Vm, lambda v: (set_of[v] == s) & ~serves(v)) >= 1,
    cause=lambda s: f"fewer than {serving_least[s]} of the VMs of {s} serve",
)
def capacity_kept(s: AvailabilitySet) -> Bool:
    """Of each availability set all but one domain's share of the VMs serve."""
    return count(Vm, lambda v: (set_of[v] == s) & serves(v)) >= serving_least[s]
