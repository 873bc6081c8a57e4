"""Live migration hits one VM of a set at a time."""

from __future__ import annotations

from udproof.language import Bool, implies, invariant
from udproof.protocol.migration import switching
from udproof.protocol.placement import Vm, set_of


@invariant(
    source="W11",
    premise=lambda v, w: switching[v],
    cause=lambda v, w: f"{v} and {w} of {set_of[v]} switch over at the same time",
)
def one_migration_at_a_time(v: Vm, w: Vm) -> Bool:
    """Of an availability set one VM switches over at a time."""
    return implies(switching[v] & switching[w] & (set_of[v] == set_of[w]), v == w)
