"""A controller of your own: the protocol on a fleet, with some of it replaced, added or taken away.

    from udproof.protocol.variant import joining, overriding, variant, without_guard

    @overriding(start)
    def _with_consent(e: Event) -> None:
        require(approved[e], CONSENT)

    system = variant("ours", "teaching", [_with_consent], HEADLINE)

Nobody's controller is the one that is modelled here; most differ in how they lock, notify and recover, and in little else. So a
design is said by its differences, and what it does not say is as documented: the hosts, the VMs, the events, the properties. All
changes of parts and mutants are there for it (`language.mutation`, `part`), and are found here under one roof.

Guarantee: a change that finds nothing of its name to change is refused (ModelError), so that no design is the documented one by
mistake; and the result says among its assumptions that it is a variant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from udproof.language import ModelError, Property, System
from udproof.language.mutation import (
    Change,
    both,
    overriding,
    with_definition,
    without_action,
    without_deadline,
    without_guard,
)
from udproof.protocol import fleets
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.part import adding, assuming, joining, meaning, suspending


def variant(name: str, fleet: str | Path, changes: Iterable[Change], properties: Iterable[Property]) -> System:
    """The protocol on a fleet, which is shipped (a name) or a file (a path), with changes and the properties that must hold.

    The changes are made in their order. FleetFileError if the fleet cannot be read; ModelError for a change that changes nothing.
    """
    path = fleets.path_of(fleet) if isinstance(fleet, str) and fleet in fleets.shipped() else Path(fleet)
    system = correct = protocol(read_fleet(path), properties)
    for change in changes:
        system = change(system)
    if system.hash == correct.hash:
        raise ModelError(f"{name} changes nothing: it is the protocol as documented.")
    told = f"this is {name}, a variant of the documented protocol on the fleet {correct.name}"
    return replace(system, name=name, assumptions=(*system.assumptions, told))


__all__ = [
    "Change",
    "adding",
    "assuming",
    "both",
    "joining",
    "meaning",
    "overriding",
    "suspending",
    "variant",
    "with_definition",
    "without_action",
    "without_deadline",
    "without_guard",
]
