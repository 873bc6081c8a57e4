"""A lock for any number of workers: the smallest system whose proof needs a lemma, and ways to get it wrong."""

from __future__ import annotations

from udproof.language import (
    Bool,
    Clock,
    Constant,
    Duration,
    Index,
    Instance,
    Int,
    System,
    Variable,
    action,
    axiom,
    count,
    deadline,
    exists,
    forall,
    implies,
    invariant,
    require,
)
from udproof.language.mutation import without_guard


class Worker(Index, size=2):
    """Who takes the lock."""


busy = Variable("busy", Worker, to=Bool, init=False)
taken = Variable("taken", to=Bool, init=False)
working_for = Clock("working_for", Worker, during=lambda w: busy[w])
least, most, limit = Duration("least", 1), Duration("most", 3), Duration("limit", 5)
FREE = "nobody has it"


@action(by="w")
def take(w: Worker) -> None:
    """A worker takes the lock."""
    require(~taken.value, FREE)
    busy[w] = True
    taken.value = True


@action(by="w")
def release(w: Worker) -> None:
    """It gives it back."""
    require(busy[w])
    require(working_for[w] >= least)
    busy[w] = False
    taken.value = False


@invariant(premise=lambda v, w: busy[v])
def alone(v: Worker, w: Worker) -> Bool:
    """Two workers that have it are one."""
    return implies(busy[v] & busy[w], v == w)


@invariant(premise=lambda w: busy[w])
def short(w: Worker) -> Bool:
    """Nobody has it for the limit or longer."""
    return implies(busy[w], working_for[w] < limit)


@invariant(premise=lambda: taken.value)
def held() -> Bool:
    """When it is taken, somebody has it."""
    return implies(taken.value, exists(Worker, lambda w: busy[w]))


DONE_IN_TIME = deadline("released", Worker, during=lambda w: busy[w], limit=lambda w: working_for[w] <= most)


def lock(workers: int = 2) -> System:
    """The lock, with three properties that hold for any number of workers."""
    names = tuple(f"worker{number}" for number in range(workers))
    return System("lock", (take, release), (alone, short, held), (DONE_IN_TIME,), instance=Instance({"Worker": names}))


def broken_lock() -> System:
    """Nobody looks whether it is taken: false with two workers, true with one."""
    return without_guard(take, FREE)(lock())


def impossible() -> System:
    """A lock whose axioms contradict each other, of no instance."""
    rank = Constant("rank", Worker, to=Int.between(0, 5))

    @axiom
    def low(w: Worker) -> Bool:
        """Every rank is below 2."""
        return rank[w] <= 1

    @axiom
    def high(w: Worker) -> Bool:
        """Every rank is above 3."""
        return rank[w] >= 4

    @invariant()
    def wrong(w: Worker) -> Bool:
        """False, of course."""
        return busy[w] & ~busy[w]

    return System("impossible", (take, release), (wrong,), axioms=(low, high))


def outside(what: str) -> System:
    """Systems to which the method does not apply: a cycle of functions, a count, an element that depends on another."""
    next_of = Constant("next_of", Worker, to=Worker, values=lambda w: w)

    @action(by="w")
    def pass_on(w: Worker) -> None:
        require(busy[w])
        busy[next_of[w]] = True

    @action(by="w")
    def take_if_few(w: Worker) -> None:
        require(count(Worker, lambda v: busy[v]) <= 1)
        busy[w] = True

    @action(by="w")
    def take_beside(w: Worker) -> None:
        require(forall(Worker, lambda v: exists(Worker, lambda u: busy[u] | busy[v])))
        busy[w] = True

    chosen = {"cycle": pass_on, "count": take_if_few, "dependent": take_beside}[what]
    return System(what, (take, chosen), (alone,))
