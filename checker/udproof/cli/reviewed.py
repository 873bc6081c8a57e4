"""Where the generated mistakes of a model are judged: on itself, or on a fleet that was reviewed before it.

`udproof.protocol.survivors` says what a review is, and that each mistake is reviewed on the first fleet that has its text. Here
that is worked out for one model. A model that nobody has reviewed has no other place: all of its mistakes are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import takewhile

from udproof.cli.sources import load
from udproof.protocol import fleets
from udproof.protocol.survivors import by_text, reviewed, shared


def elsewhere(model: str) -> Mapping[str, str]:
    """The mistakes of the reviewed model of that hash that are judged on another fleet, and on which.

    A shipped fleet whose model is no longer the one that was reviewed judges nothing, and is compared with nothing.
    """
    fleet = next((fleet for fleet, (known, _) in reviewed().items() if known == model), None)
    found: dict[str, str] = {}
    if fleet is None or mistakes(fleet)[0] != model:
        return found
    for before in takewhile(lambda other: other != fleet, reviewed()):
        now, theirs = mistakes(before)
        if now == reviewed()[before][0]:
            found |= {name: before for name in shared(mistakes(fleet)[1], theirs) if name not in found}
    return found


@cache
def mistakes(fleet: str) -> tuple[str, Mapping[object, tuple[str, ...]]]:
    """The hash of a shipped fleet's model, and the names of its mistakes by the text in which they are made."""
    system = load(str(fleets.path_of(fleet))).system
    return system.hash, by_text(system)
