"""The fleets that come with udproof, as files of this package: `default`, `teaching` and others.

They are ordinary fleet files; each says in its first lines what it is there to show. `udproof.protocol.fleet_file` reads
them like any other: `read_fleet(path_of("default"))`.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

STARTER = _FOLDER / "starter.toml"
"""What `udproof init` writes. It is a text to begin with, and not one of the fleets to check."""


def shipped() -> tuple[str, ...]:
    """The names of the shipped fleets, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml") if path != STARTER))


def path_of(name: str) -> Path:
    """The file of a shipped fleet. Raises KeyError, with the names that there are, for any other name."""
    if name not in shipped():
        raise KeyError(f"there is no shipped fleet {name!r}; there are {', '.join(shipped())}")
    return _FOLDER / f"{name}.toml"
