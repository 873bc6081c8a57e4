"""The engines by the names that a user gives them; all but the usual one are loaded only where they are needed."""

from __future__ import annotations

from pathlib import Path

from udproof.cli.exits import Refused
from udproof.engines.explore import Explore
from udproof.engines.verdict import Engine, Minimum

ENGINES = ("auto", "explore", "zones", "bounded", "parametric", "abstraction")


def engine_named(name: str, certificate: Path | None = None, minimum: Minimum = "steps", depth: int | None = None) -> Engine:
    """The engine of that name. Refused if there is none, or if it cannot do what is asked of it.

    `certificate` is a folder for a proof, or for the recipe of a search; `minimum` what a run that breaks a property has the least
    of; `depth` the steps of the longest runs that are looked into.
    """
    if minimum == "time" and name not in ("zones", "auto"):
        raise Refused(f"--minimum time: engine {name} finds runs of the fewest steps only; zones find those of the least time.")
    if certificate is not None and (name not in ("parametric", "auto", "explore") or minimum == "time"):
        given = "--minimum time" if minimum == "time" else f"engine {name}"
        raise Refused(
            f"--certificate: {given} has nothing for others to check; --engine parametric (or auto) writes a proof for every "
            "fleet, explore the recipe of its search."
        )
    if depth is not None and (name not in ("bounded", "auto") or minimum == "time"):
        name = "zones" if minimum == "time" else name
        raise Refused(f"--depth: engine {name} goes as deep as there are states; --engine bounded (or auto) stops at a depth.")
    match name:
        case "parametric":
            from udproof.engines.parametric import Parametric

            return Parametric(certificate=certificate)
        case "zones":
            from udproof.engines.zones import Zones

            return Zones(minimum)
        case "auto" if minimum == "time":
            from udproof.engines.zones import Zones

            return Zones(minimum)
        case "auto":
            from udproof.engines.auto import Auto

            return Auto(certificate) if depth is None else Auto(certificate, depth)
        case "bounded":
            from udproof.engines.bounded import Bounded

            return Bounded() if depth is None else Bounded(depth)
        case "abstraction":
            from udproof.engines.abstraction import Abstraction

            return Abstraction()
        case "explore" if certificate is not None:
            from udproof.engines.recipe import Recorded

            return Recorded(certificate)
        case "explore":
            return Explore()
    raise Refused(f"engine {name!r}: there is no such engine; the engines are {', '.join(ENGINES)}.")
