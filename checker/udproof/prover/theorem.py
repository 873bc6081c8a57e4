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

    In the theorem integers have no bounds. A run of the system is a run of the system without them, so what holds of every run of
    this one holds of every run of that; what is lost is whether an action can take an integer out of its range, which is a mistake
    of the model. Ranges that are shown are lemmas like others; `unbounded` names the integers of which it is not shown: the theorem
    is about the runs in which they stay within, and every verdict says so.

    `supports` tells for each lemma, and for each property, what it rests on; a proof read from a file has none.
    """

    system: System  # without an instance
    lemmas: tuple[Lemma, ...]
    times: tuple[Inequality, ...]
    shown: tuple[str, ...]
    unbounded: tuple[str, ...] = ()  # integers that were not shown to stay in their ranges
    supports: Mapping[Lemma | str, Sequence[Support]] = field(default_factory=dict)

    @property
    def within(self) -> str:
        """In which runs the theorem holds, as a clause with its comma, where that is not all of them."""
        if not self.unbounded:
            return ""
        return f"in every run in which {listed(self.unbounded)} in {'its range' if len(self.unbounded) == 1 else 'their ranges'}, "

    def applies(self, durations: Mapping[str, Fraction]) -> bool:
        """Are the inequalities true of these seconds?"""
        return all(one.holds(durations) for one in self.times)


def listed(names: Sequence[str]) -> str:
    """The names of integers, and that they stay."""
    if len(names) == 1:
        return f"{names[0]} stays"
    return f"{', '.join(names[:-1])} and {names[-1]} stay"
