"""What each part of the protocol costs in states, on the two hosts of `examples/everything.toml`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from answers import DOCS

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.properties import of
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Faults, Fleet
from udproof.protocol.fleet_file import read_fleet

HEAD = ("switched on", "states", "times the core", "depth")

# Each row: what is switched on, as the fields of a fleet that hold it.
_ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("the core", ()),
    ("cancellation, suspension", ("cancellations", "suspensions")),
    ("a second job", ("second_job",)),
    ("health", ("health",)),
    ("hangs, host failures", ("faults",)),
    ("migration", ("migration",)),
    ("tenants", ("tenants",)),
    ("tenants, metadata", ("tenants", "metadata")),
    ("network", ("network",)),
    ("network, replicas", ("network", "controller")),
)
_OFF: dict[str, Any] = {
    "cancellations": 0,
    "suspensions": 0,
    "second_job": None,
    "health": None,
    "faults": Faults(),
    "migration": None,
    "network": None,
    "controller": None,
    "metadata": None,
    "tenants": None,
}


def fleet(on: tuple[str, ...]) -> Fleet:
    """The fleet with everything, and of that only what these fields hold."""
    whole = read_fleet(DOCS / "examples" / "everything.toml")
    return replace(whole, **{name: value for name, value in _OFF.items() if name not in on})


def rows() -> list[tuple[str, ...]]:
    """The rows of the table. RuntimeError if a search does not come to its end."""
    found: list[tuple[str, ...]] = []
    core = 0
    for name, on in _ROWS:
        this = fleet(on)
        system = protocol(this, of(this))
        result = Explore().verify(system, system.checks, Limits())
        if not result.complete:
            raise RuntimeError(f"{name}: {result.stopped}")
        core = core or result.figures.states
        found.append((name, f"{result.figures.states:,}", f"{result.figures.states / core:,.0f}", str(result.figures.depth)))
    return found
