"""Where a finding stands: the line of a file at which a build server or an editor shows it.

A violation is a fact about a whole design, and no line of a fleet file is wrong by itself. Still a reviewer wants it in the
file that the change is in. So it stands at the key that the property is about, where there is one (`limits.pause` for
pause-bounded); of a system file, at the property's declaration; else at line 1.

A path is told from the root of the repository, which is the nearest folder above the file with a `.git` in it, or else the working
directory: that is how GitHub and Azure name files, and it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from udproof.cli.sources import Subject
from udproof.language import Property
from udproof.protocol.toml_positions import Path as KeyPath
from udproof.protocol.toml_positions import Positions

# The key of a fleet file that a property is about. Where a file leaves it to its default, the table has the place, or none has.
_KEYS: dict[str, KeyPath] = {
    "one-domain-paused": ("walk", "placement_rule"),
    "event-in-one-domain": ("walk", "placement_rule"),
    "pause-bounded": ("limits", "pause"),
    "clock-synchronised": ("limits", "clock_sync"),
    "notified-before-freeze": ("walk", "notice"),
    "recovery-kept": ("walk", "recovery"),
    "recover-after-impact": ("walk", "recovery"),
    "capacity-kept": ("health",),
    "tolerance-respected": ("tolerance",),
    "prepared-before-approved": ("tenants",),
    "approved-by-one-prepared": ("tenants",),
    "migration-bounded": ("migration",),
    "one-migration-at-a-time": ("migration",),
    "failure-told": ("faults",),
    "only-failed-hosts-fall": ("faults",),
    "switches-over-alone": ("migration",),
    "rebooted-for-a-reason": ("migration",),
    "cancelled-means-no-impact": ("events",),
    "cancelled-id-retired": ("events",),
    "suspended-means-quiet": ("events",),
}


def places(subject: Subject, properties: Iterable[Property]) -> dict[str, dict[str, Any]]:
    """For each property `{"file": ..., "line": ...}`; the file is the source's name where that is no path."""
    path, asked = Path(subject.source), tuple(properties)
    if "\0" in subject.source or not path.is_file():  # a shipped fleet, or a design made in Python
        return {prop.name: {"file": subject.source, "line": 1} for prop in asked}
    lines = _lines_of_keys(path) if subject.kind == "fleet" else _lines_of_claims(path, asked)
    file = from_root(path)
    return {prop.name: {"file": file, "line": lines.get(prop.name, 1)} for prop in asked}


def from_root(path: Path) -> str:
    """The path from the root of its repository, with slashes; the whole path if it is below no such root."""
    whole = path.resolve()
    root = next((folder for folder in whole.parents if (folder / ".git").exists()), Path.cwd())
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.as_posix()


def _lines_of_keys(path: Path) -> dict[str, int]:
    """The lines of the keys in a fleet file, or of the tables that they would stand in; none if the file has gone."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # it was read before the search, and may have changed since
        return {}
    positions = Positions(text, only=_KEYS.values())
    return {name: positions.key(key).line for name, key in _KEYS.items()}


def _lines_of_claims(path: Path, properties: Iterable[Property]) -> dict[str, int]:
    """The lines at which properties are declared in a system file."""
    here = path.resolve()
    placed = ((prop.name, prop.location) for prop in properties)
    return {name: place.line for name, place in placed if place is not None and Path(place.file).resolve() == here}
