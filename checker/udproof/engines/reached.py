"""Reachable states by the thousand, for whoever wants to throw out what is false in one of them.

The compiled search goes through a small system level by level, as `explore` does, and a fixed share of each level is kept. There is no
verdict in this: every state returned can be reached, and some that can be reached are missing.
"""

from __future__ import annotations

import struct

from udproof.engines.explore import Compiled
from udproof.engines.machine import Machine, Status
from udproof.engines.stored import unstored
from udproof.language import System
from udproof.language.semantics import State

_BUDGET = 1 << 14
_SHARE = 40  # states kept of a level


def reached(system: System, most: int, visit: int = 200_000) -> list[State]:
    """Up to `most` reachable states of a concrete system, after a search through some `visit` of them."""
    code = Compiled(system, system.properties, symmetry=True)
    form = struct.Struct(f"<{code.packing.words}Q")
    found: list[State] = []
    with Machine(code.model) as machine:
        machine.add(sorted({code.key(state) for state in code.semantics.initial()}))
        while machine.turn() and machine.states < visit and len(found) < most:
            level = [words for piece in machine.frontier() for words in form.iter_unpack(piece)]
            step = max(1, len(level) // _SHARE)
            found += [code.packing.unpack(unstored(words)) for words in sorted(level)[::step]]
            while machine.run(_BUDGET) is Status.MORE:
                pass
    return found[:most]
