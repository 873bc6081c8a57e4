"""What this program is called, and which version of it runs."""

from __future__ import annotations

NAME = "udproof"


def version() -> str:
    """The version of udproof; `unreleased` where it runs without having been installed."""
    from importlib import metadata

    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "unreleased"
