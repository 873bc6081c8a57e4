"""From what the user names to a system that can be checked.

A `Subject` is a system together with what is known of where it comes from: a fleet file, a system file, or a fleet that comes
with udproof (a bare name such as `teaching` means one if no such path exists). A planted mistake (`--mutant`) is part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from udproof.cli.console import clean, counted, nearest
from udproof.cli.exits import Refused
from udproof.cli.system_file import read_system, told
from udproof.language import Location, ModelError, Property, System
from udproof.properties import of
from udproof.protocol import fleets
from udproof.protocol.assembly import parts_of, protocol
from udproof.protocol.faults import allowed, budgets
from udproof.protocol.fleet import Fleet
from udproof.protocol.fleet_file import FleetFileError, read_fleet
from udproof.protocol.mutant import Mutant
from udproof.protocol.mutants import ALL as MUTANTS

DEFAULT_FLEET = "default"
Expectation = Literal["proved"] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A system to check. `source` is what the user named, `kind` what it is, `size` says how large it is, in words."""

    source: str
    kind: Literal["fleet", "system"]
    system: System
    size: str
    place: Location  # where a mistake stands that the language cannot place
    parts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()  # what the fleet allows of each fault, in words
    budgets: Mapping[str, int] = field(default_factory=dict)  # the faults that it allows, by name, and how often in a run
    mutant: str | None = None
    expect: Expectation | None = None
    named: bool = True  # is `source` what a command could be given, to find the system again?

    def select(self, names: tuple[str, ...]) -> tuple[Property, ...]:
        """The properties of these names, in the system's order; all of them if no name is given. Refused for an unknown name."""
        known = {prop.name: prop for prop in self.system.checks}
        for name in names:
            if name not in known:
                raise Refused(f"--property {clean(name)}: {clean(self.source)} has no such property; {nearest(name, known)}")
        return tuple(prop for name, prop in known.items() if not names or name in names)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Around work on the system: a ModelError is the user's mistake; whatever else goes wrong tells of which model."""
        try:
            yield
        except ModelError as mistake:
            in_fleet = f"{clean(self.source)}: {clean(mistake.sentence)}"
            raise Refused(told(mistake, self.place) if self.kind == "system" else in_fleet) from mistake
        except Exception as bug:
            bug.add_note(f"model {clean(self.system.name)}, hash {self.system.hash}")
            raise


def load(source: str | None, mutant_name: str | None = None) -> Subject:
    """The subject that the user names; without a name the mutant's own fleet or the default. Refused for any mistake in it."""
    mutant = None if mutant_name is None else mutant_named(mutant_name)
    if source is None:
        source = DEFAULT_FLEET if mutant is None else mutant.fleet
        subject = _from_fleet(source, fleets.path_of(source))
        return subject if mutant is None else planted(subject, mutant)
    if source.endswith(".py"):
        if mutant is not None:
            raise Refused(f"--mutant {mutant.name}: {clean(source)} is a system file, and mutants are of the shipped protocol.")
        return _from_system(source)
    subject = _from_fleet(source, _path(source))
    return subject if mutant is None else planted(subject, mutant)


def mutant_named(name: str) -> Mutant:
    """The mutant of that name. Refused, with the nearest name, if there is none."""
    for mutant in MUTANTS:
        if mutant.name == name:
            return mutant
    raise Refused(f"--mutant {clean(name)}: there is no such mutant; {nearest(name, (mutant.name for mutant in MUTANTS))}")


def planted(subject: Subject, mutant: Mutant) -> Subject:
    """The subject with a mistake planted in it; what its file expects is about the protocol without one."""
    try:
        system = mutant.change(subject.system)
    except ModelError as mistake:
        raise Refused(
            f"--mutant {mutant.name}: {clean(subject.source)} has no place for it: {clean(mistake.sentence)}"
        ) from mistake
    return replace(subject, system=system, mutant=mutant.name, expect=None)


def without_mistake(subject: Subject) -> System | None:
    """The system as its file has it, where a mistake is planted in the subject; None where there is none."""
    return load(subject.source).system if subject.mutant else None


def _from_system(path: str) -> Subject:
    return of_system(*read_system(path), path)


def of_system(system: System, place: Location, source: str) -> Subject:
    """A system as it is."""
    elements = system.instance.elements
    sizes = [f"{len(elements[sort.name])} {clean(sort.name)}" for sort in system.index_sorts if sort.name in elements]
    return Subject(source, "system", system, ", ".join(sizes) or "no index sorts", place)


def _path(source: str) -> Path:
    """The fleet file that a name means: the path, or else the shipped fleet."""
    path = Path(source)
    if source.endswith(".json"):
        raise Refused(f"{clean(source)}: this is a JSON file and no fleet; for a trace, write udproof replay {clean(source)}")
    if "\0" in source or path.exists():
        return path
    if source in fleets.shipped():
        return fleets.path_of(source)
    if path.name == source and not path.suffix:
        hint = nearest(source, fleets.shipped())
        raise Refused(f"{clean(source)}: there is no such file, and no shipped fleet of that name; {hint}")
    return path


def _from_fleet(source: str, path: Path) -> Subject:
    try:
        fleet = read_fleet(path)
    except FleetFileError as mistakes:
        raise Refused(*str(mistakes).split("\n")) from mistakes
    return of_fleet(fleet, source)


def of_fleet(fleet: Fleet, source: str) -> Subject:
    """The protocol on a fleet."""
    try:
        system = protocol(fleet, of(fleet))
    except ModelError as mistake:
        raise Refused(f"{clean(source)}: {clean(mistake.sentence)}") from mistake
    steps = len({entry.step for entry in fleet.hosts})
    sizes = ((len(fleet.hosts), "host"), (len(fleet.vms), "VM"), (steps, "step"))
    return Subject(
        source=source,
        kind="fleet",
        system=system,
        size=", ".join(counted(number, word) for number, word in sizes),
        place=Location(source, 1),
        parts=parts_of(fleet),
        faults=allowed(fleet),
        budgets=budgets(fleet),
        expect=_expectation(fleet, source, system),
    )


def _expectation(fleet: Fleet, source: str, system: System) -> Expectation | None:
    known = [prop.name for prop in system.checks]
    for name in fleet.expect if isinstance(fleet.expect, tuple) else ():
        if name not in known:
            raise Refused(f"{clean(source)}: expect names the property {clean(name)}, which there is not; {nearest(name, known)}")
    return fleet.expect
