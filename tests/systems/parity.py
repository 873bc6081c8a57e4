"""A counter that goes in twos, for any number of workers: its property holds, and no template of the search says why."""

from __future__ import annotations

from udproof.language import Bool, Index, Instance, Int, System, Variable, action, invariant, require

TOP = 8


class Worker(Index, size=2):
    """Who counts."""


worked = Variable("worked", Worker, to=Int.between(0, TOP), init=0)


@action(by="w", says=lambda w: f"{w} counts two more")
def two_more(w: Worker) -> None:
    """It counts in twos."""
    require(worked[w] <= TOP - 2, "there is room")
    worked[w] = worked[w] + 2


@action(by="w", says=lambda w: f"{w} begins anew")
def anew(w: Worker) -> None:
    """It begins anew."""
    worked[w] = 0


@invariant()
def even(w: Worker) -> Bool:
    """The count is even."""
    return (worked[w] == 0) | (worked[w] == 2) | (worked[w] == 4) | (worked[w] == 6) | (worked[w] == 8)


@invariant()
def small(w: Worker) -> Bool:
    """The count is at most four, which is wrong."""
    return worked[w] <= 4


@invariant()
def never_five(w: Worker) -> Bool:
    """The count is never five."""
    return worked[w] != 5


@invariant(lemmas=(small, even), name="never-five")
def never_five_since_even(w: Worker) -> Bool:
    """The count is never five."""
    return worked[w] != 5


def parity(helped: bool, workers: int = 2) -> System:
    """The counters, with the lemma that the proof needs written beside the property, or without it."""
    names = tuple(f"worker{number}" for number in range(workers))
    return System(
        "parity", (two_more, anew), (never_five_since_even if helped else never_five,), instance=Instance({"Worker": names})
    )
