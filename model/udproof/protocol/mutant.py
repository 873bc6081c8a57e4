"""What a mutant is: one mistake a team could make, the property that must notice it, and the fleet in which it shows.

The mutants themselves stand in the file of the part that they break; `mutants.py` lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass

from udproof.language.mutation import Change


@dataclass(frozen=True, slots=True)
class Mutant:
    """A named mistake. `breaks` is the property that must fail, `fleet` a shipped fleet in which it does."""

    name: str
    story: str
    breaks: str
    change: Change
    fleet: str = "teaching"
