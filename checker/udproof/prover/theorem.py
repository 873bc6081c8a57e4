"""What a proof says: a theorem about every instance of a system.

The *formulas* of a system are what is left when its instance, its name, and what is for people only are taken away. Two fleets
have the same formulas if they differ in who stands where and in times; so a theorem about the formulas is about both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from udproof.language import Instance, System
from udproof.prover.lemmas import Inequality, Lemma


def formulas(system: System) -> System:
    """The system for every instance: without elements, tables, seconds, and without what is no part of its meaning."""
    return replace(system, name="any instance", instance=Instance(), assumptions=(), picture=None)


@dataclass(frozen=True, slots=True)
class Support:
    """Why a lemma survives a step: these lemmas before it, and these inequalities."""

    step: str
    lemmas: tuple[Lemma, ...]
    times: tuple[Inequality, ...]


@dataclass(frozen=True)
class Proof:
    """Lemmas that are inductive together under the axioms and `times`, and what they show: properties by name.

    `supports` tells for each lemma, and for each property, what it rests on; a proof read from a file has none.
    """

    system: System  # without an instance
    lemmas: tuple[Lemma, ...]
    times: tuple[Inequality, ...]
    shown: tuple[str, ...]
    supports: Mapping[Lemma | str, Sequence[Support]] = field(default_factory=dict)

    def applies(self, durations: Mapping[str, Fraction]) -> bool:
        """Are the inequalities true of these seconds?"""
        return all(one.holds(durations) for one in self.times)
