"""Counterexamples that are kept: of each mistake its run (NAME.itf.json), its picture (NAME.svg), its lesson (lessons.toml).

The idea: a run that somebody has looked at and understood should not change when the search looks elsewhere first. So the runs are
stored, and tests take each through the model again, compare its length with what the search finds, and draw its picture anew, byte
for byte. `python docs/generate.py` does the same for `docs/gallery.md`, and stores a run anew only when the model has changed so
that it can no longer be made.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udproof.counterexamples.itf import from_itf, to_itf
from udproof.counterexamples.trace import Trace
from udproof.language import System
from udproof.language.semantics import Semantics

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept counterexample: the mutant's name, the lesson, and a person's word on whether the told cause is the actual one."""

    name: str
    lesson: str
    judged: str

    @property
    def trace(self) -> Path:
        """Where its run is."""
        return FOLDER / f"{self.name}.itf.json"

    @property
    def picture(self) -> Path:
        """Where its picture is."""
        return FOLDER / f"{self.name}.svg"


def entries() -> tuple[Entry, ...]:
    """All of them, in the order of `lessons.toml`."""
    told = tomllib.loads((FOLDER / "lessons.toml").read_text(encoding="utf-8"))
    return tuple(Entry(name, entry["lesson"], entry["judged"]) for name, entry in told.items())


def stored(entry: Entry, system: System) -> Trace:
    """The run of an entry, replayed. BadTrace if it is no run of this system; OSError if it is not stored."""
    return from_itf(json.loads(entry.trace.read_text(encoding="utf-8")), Semantics(system))


def carried_over(entry: Entry, system: System) -> Trace:
    """As `stored`, but the system may have been changed since, as long as the same steps lead through the same states."""
    document = json.loads(entry.trace.read_text(encoding="utf-8"))
    document["#meta"]["hash"] = system.hash
    return from_itf(document, Semantics(system))


def text(trace: Trace) -> str:
    """The run as it is stored: ITF with a line for each state, so that a difference can be read."""
    document: dict[str, Any] = to_itf(trace, trace.system.checks)
    states = ",\n".join(json.dumps(state, ensure_ascii=False) for state in document.pop("states"))
    return f'{json.dumps(document, ensure_ascii=False)[:-1]}, "states": [\n{states}\n]}}\n'
