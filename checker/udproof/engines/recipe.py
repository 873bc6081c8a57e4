"""The certificate of a search: what it counted, and how to count again.

A proof for every fleet can be written down such that anybody checks it with another solver (`prover.smtlib`). What speaks for a
search of one fleet is only that it visited everything. So what is written is a recipe: the hash of the model, the verdicts, and two
numbers, the states and the orbits that stand for them. Who doubts the search makes it again, without symmetry, when every state is
visited by itself: as many must come out as the orbits were said to stand for, with the same verdicts. That is weaker than a proof,
since the same program is believed, and the file says so.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Progress, Result
from udproof.language import ModelError, Property, System
from udproof.prover import certificate

FILE = "search.json"
FORMAT = 1
_CLAIM = (
    "A search of this one model visited all of its states and came to these verdicts. This is a recipe for making the search "
    "again, and no proof: it is weaker than a certificate for every fleet, since it takes the same program to follow it."
)
_HOW = "udproof certify FOLDER --fleet FILE, which is udproof verify FILE --no-symmetry with a look at these numbers"


class Doubt(Exception):
    """A recipe that does not come to what it claims; the text says where."""


class Recorded:
    """The exhaustive search, which leaves a recipe of itself in a folder if it comes to an end."""

    name = Explore.name

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """As `Explore`. ModelError if the folder cannot be used, which is found out before the search."""
        with certificate.reserved(self.folder) as place:
            result = Explore().verify(system, properties, limits, progress)
            if result.complete:
                place.write({FILE: json.dumps(recipe(system, result), indent=1) + "\n"})
        return replace(result, recipe=place.folder if place.written else None)


def recipe(system: System, result: Result) -> dict[str, Any]:
    """What a complete search has to say for itself."""
    figures = result.figures
    return {
        "format": FORMAT,
        "claim": _CLAIM,
        "how": _HOW,
        "model": system.hash,
        "fleet": system.name,
        "states": figures.states,
        "orbits": figures.stored,
        "depth": figures.depth,
        "verdicts": {verdict.property.name: verdict.outcome.value for verdict in result.verdicts},
    }


def read(folder: Path) -> dict[str, Any]:
    """The recipe in a folder. Doubt if it is none."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise Doubt(f"{FILE} cannot be read ({problem})") from None
    kinds = {"format": int, "model": str, "states": int, "orbits": int, "depth": int, "verdicts": dict}
    for key, kind in kinds.items():
        if not isinstance(found, dict) or not isinstance(found.get(key), kind):
            raise Doubt(f"{FILE} has no {key}, or not of the right kind")
    if found["format"] != FORMAT:
        raise Doubt(f"{FILE} is of format {found['format']}, and format {FORMAT} is understood")
    return dict(found)


def follow(found: dict[str, Any], system: System, limits: Limits) -> Result:
    """Make the search again, every state by itself. Doubt if it does not come to what the recipe claims."""
    if found["model"] != system.hash:
        raise Doubt(f"it is of model {found['model']}, and the fleet's model is {system.hash}")
    try:
        properties = tuple(system.named(name) for name in found["verdicts"])
    except KeyError as unknown:
        raise Doubt(f"it gives a verdict for {unknown.args[0]}, and the model has no such property") from None
    if not properties:
        raise Doubt("it gives no verdict")
    try:
        result = Explore().verify(system, properties, limits)
    except ModelError as reason:
        raise Doubt(f"the search cannot be made again: {reason.sentence.rstrip('.')}") from reason
    if not result.complete:
        raise Doubt(f"the search made again did not come to an end: {result.stopped}")
    told = recipe(system, result)
    for what in ("states", "depth"):
        if found[what] != told[what]:
            raise Doubt(f"it claims {what} {found[what]}, and the search made again finds {told[what]}")
    for name, outcome in told["verdicts"].items():
        if found["verdicts"][name] != outcome:
            raise Doubt(f"it claims that {name} is {found['verdicts'][name]}, and the search made again says {outcome}")
    if not 1 <= found["orbits"] <= found["states"]:
        raise Doubt(f"it claims {found['orbits']} orbits of {found['states']} states")
    return result
