"""What comes with udproof: properties, mutants, fleets and parts as lists, the starter fleet, and the schema for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from udproof.cli.console import clean, note, pour, say
from udproof.cli.exits import Code, Refused
from udproof.counterexamples.files import write_atomically
from udproof.language.claims import TIME_CAN_PASS
from udproof.properties import ALL
from udproof.protocol import fleet_file, fleets
from udproof.protocol.assembly import PARTS
from udproof.protocol.faults import FAULTS
from udproof.protocol.mutants import ALL as MUTANTS


def show(what: str) -> Code:
    """List the things of a kind, one line each: the name, then what it is."""
    rows = list(_KINDS[what]())
    for name, about in rows:
        say(f"{clean(name).ljust(max(len(name) for name, _ in rows))}  {clean(about)}")
    return Code.HOLDS


def init(path: str, force: bool) -> Code:
    """Write the starter fleet to a file that is not there yet, or to standard output."""
    text = fleet_file.starter()
    if path == "-":
        pour(text)
        return Code.HOLDS
    shown = clean(path)
    try:
        if force:
            write_atomically(path, text)
        else:
            with Path(path).open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError as error:
        raise Refused(f"{shown}: this file exists, and is not overwritten; give another path, or add --force.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        raise Refused(f"{shown}: nothing can be written there ({clean(getattr(error, 'strerror', None) or error)}).") from error
    note(f"{shown}: written. Next: udproof verify {shown} (udproof schema > fleet.schema.json helps editors).")
    return Code.HOLDS


def schema(of: str) -> Code:
    """Print the JSON Schema of a fleet file, or of a result."""
    if of == "result":
        pour((resources.files("udproof.cli") / "result.schema.json").read_text(encoding="utf-8"))
    else:
        say(json.dumps(fleet_file.schema(), indent=2))
    return Code.HOLDS


def _properties() -> Iterator[tuple[str, str]]:
    for prop in (*ALL, TIME_CAN_PASS):
        yield prop.name, f"{prop.statement} [{prop.source}]"


def _mutants() -> Iterator[tuple[str, str]]:
    for mutant in MUTANTS:
        yield mutant.name, f"{mutant.story} [breaks {mutant.breaks} in the fleet {mutant.fleet}]"


def _fleets() -> Iterator[tuple[str, str]]:
    for name in fleets.shipped():
        yield name, _opening(fleets.path_of(name).read_text(encoding="utf-8"))


def _opening(text: str) -> str:
    """The comment with which a fleet file begins."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("#:"):
            lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def _parts() -> Iterator[tuple[str, str]]:
    for name, part in PARTS.items():
        yield name, (part.__doc__ or "").strip().split("\n")[0]


def _faults() -> Iterator[tuple[str, str]]:
    for fault in FAULTS:
        yield fault.key, f"{fault.happens} [{', '.join(fault.rules)}]"


_KINDS = {"properties": _properties, "mutants": _mutants, "faults": _faults, "fleets": _fleets, "parts": _parts}
