"""What this program is called, which version of it runs, and on what."""

from __future__ import annotations

import sys

NAME = "udproof"

# What a verdict comes out of, besides Python: the search is compiled by the first, proofs are found by the second and checked by
# the third.
_ENGINES = {"wasmtime": "wasmtime", "z3": "z3-solver", "cvc5": "cvc5"}


def version() -> str:
    """The version of udproof; `unreleased` where it runs without having been installed."""
    return _installed(NAME) or "unreleased"


def foundations() -> str:
    """The versions of what udproof stands on, in one line. Nothing of it is imported for that."""
    engines = (f"{name} {_installed(package) or 'not installed'}" for name, package in _ENGINES.items())
    return f"Python {sys.version.split()[0]} on {sys.platform}, {', '.join(engines)}"


def _installed(package: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
