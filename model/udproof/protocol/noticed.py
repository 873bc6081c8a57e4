"""The record of mistakes that were planted and noticed, model by model.

Planting every mistake takes longer than a verdict, so what came of it is kept with the project (`noticed.toml`), for each shipped
fleet on which a named mistake is to show. An entry speaks of one model, by its hash, and of certain mistakes, by a digest of the
systems with them; `docs/generate.py` writes it, and a test holds it against the mistakes as they are now.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from udproof.language import System
from udproof.protocol.mutants import ALL

FILE = Path(__file__).with_name("noticed.toml")


@dataclass(frozen=True, slots=True)
class Record:
    """How many named mistakes were planted in a model, and how many broke the property that they name."""

    planted: int
    noticed: int
    digest: str


@cache
def records() -> Mapping[str, Record]:
    """What is on record, by the hash of the model."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8")).values()
    return {entry["model"]: Record(entry["planted"], entry["noticed"], entry["digest"]) for entry in entries}


def record(model: str) -> Record | None:
    """What is on record of the model of that hash."""
    return records().get(model)


def digest(fleet: str, system: System) -> str:
    """Sixteen hexadecimal digits over the named mistakes of a shipped fleet, as they change the protocol on it."""
    planted = [f"{mutant.name} {mutant.breaks} {mutant.change(system).hash}" for mutant in ALL if mutant.fleet == fleet]
    return hashlib.sha256("\n".join(planted).encode()).hexdigest()[:16]


def entry(fleet: str, system: System, noticed: int) -> str:
    """The entry of a fleet, in the form of the file."""
    planted = sum(mutant.fleet == fleet for mutant in ALL)
    lines = (f'model = "{system.hash}"', f"planted = {planted}", f"noticed = {noticed}", f'digest = "{digest(fleet, system)}"')
    return "\n".join((f"[{fleet}]", *lines, ""))
