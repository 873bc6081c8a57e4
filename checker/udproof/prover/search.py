"""Looking for a proof for every size: candidates, samples, Houdini, minimisation.

In two rounds. The first takes what is at hand (`candidates.at_hand`): the properties, ranges and deadlines of the system, lemmas
that a person wrote beside them, and lemmas of kept proofs of other systems that speak of the same things. That takes seconds, and
is enough wherever somebody has thought before. The second makes candidates of everything that the system compares, and lets
reachable states throw most of them out.

What is found here is believed by nobody: it goes through `recheck`, which shares neither the instantiation nor the terms with
this.

Integers have no bounds here. That one stays in its range is shown like a property; where it is not, the proof says so
(`theorem.Proof.unbounded`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import z3

from udproof.language import Property, System
from udproof.prover.candidates import at_hand, candidates
from udproof.prover.cases import Given, Library, steps_of
from udproof.prover.fragment import complaint
from udproof.prover.houdini import Clockwork, Houdini, ranked
from udproof.prover.inequalities import inequalities
from udproof.prover.lemmas import Inequality, Lemma, of_property, ranges
from udproof.prover.logic import Logic
from udproof.prover.minimise import Minimiser
from udproof.prover.samples import Sample
from udproof.prover.theorem import Proof, Support


@dataclass(frozen=True)
class Attempt:
    """What a search came to: a proof of what could be shown, and for each other property what stands in the way."""

    proof: Proof
    failed: Mapping[str, Failure]
    queries: int
    tried: int  # candidates
    houdini: Houdini  # with what is alive, and what was dropped


@dataclass(frozen=True)
class Failure:
    """Why a property could not be shown, in half a sentence."""

    sentence: str


def near(
    system: System, properties: Sequence[Property], durations: Mapping[str, Fraction], clockwork: Clockwork, own: Iterable[Lemma]
) -> Attempt:
    """Look for a proof among what is at hand and `own` lemmas; for arguments and errors see `search`."""
    return _found(system, properties, durations, clockwork, at_hand(system, _possible(system.properties), own))


def search(
    system: System,
    properties: Sequence[Property],
    durations: Mapping[str, Fraction],
    samples: Sequence[Sample],
    clockwork: Clockwork,
    own: Iterable[Lemma] = (),
    told: Callable[[str], None] = lambda _: None,
) -> Attempt:
    """Look for lemmas that show the properties, for every instance whose times keep what is found to be needed.

    `system` is free of its instance, `durations` are the seconds for which inequalities are taken up. GaveUp if time is over.
    """
    given = list(own)  # these may compare clocks in ways that samples do not keep apart
    pool = candidates(system, [prop for prop in _possible(properties) if not prop.watches_time], samples, given)
    for sample in samples:
        pool = [lemma for lemma in pool if lemma in given or not sample.refutes(lemma)]
    told(f"{len(pool)} candidates")
    return _found(system, properties, durations, clockwork, pool, told)


def _possible(properties: Iterable[Property]) -> list[Property]:
    return [prop for prop in properties if complaint(prop) is None]


def _found(
    system: System,
    properties: Sequence[Property],
    durations: Mapping[str, Fraction],
    clockwork: Clockwork,
    pool: Sequence[Lemma],
    told: Callable[[str], None] = lambda _: None,
) -> Attempt:
    """What of the pool is kept by every step, and what that shows."""
    failed = {prop.name: Failure(f"the property {complaint(prop)}") for prop in properties if complaint(prop) is not None}
    times = sorted(inequalities(system, durations, system.properties), key=lambda one: (one.room(durations), -len(one.small)))
    library = Library(Logic(system))
    houdini = Houdini(library, Given.of(system, times), steps_of(system), pool, clockwork)
    wanted = {
        (lemma.origin, number): lemma
        for number, lemma in enumerate(pool)
        if lemma.origin.startswith("property ") or lemma.ranged is not None
    }
    false: set[Lemma] = set()
    retried: set[Lemma] = set()
    while True:
        batch = [lemma for lemma in ranked(pool, houdini.alive, {*houdini.dropped, *false}) if lemma not in houdini.alive]
        holding = houdini.start(batch)
        false |= set(batch) - set(holding)
        if set(holding) <= retried:
            break
        houdini.run(holding)
        told(f"{len(houdini.alive)} of {len(pool)} candidates left")
        retried = {lemma for lemma in wanted.values() if lemma not in houdini.alive and lemma not in false}
        if not retried:
            break
        for lemma in retried:
            houdini.dropped.pop(lemma, None)  # more lemmas may save it
    return _minimised(houdini, _possible(properties), failed, len(pool))


def _minimised(houdini: Houdini, possible: Sequence[Property], failed: dict[str, Failure], tried: int) -> Attempt:
    system = houdini.logic.system
    minimiser, shown = Minimiser(houdini), []
    alive = {lemma.origin: lemma for lemma in houdini.alive}
    unbounded = dict.fromkeys(lemma.ranged or "" for lemma in ranges(system) if not minimiser.holds(lemma))
    for lemma in ranges(system):
        if lemma.ranged not in unbounded:
            minimiser.show(lemma, lemma.origin)
    for prop in possible:
        if prop.watches_time:
            fine = minimiser.show_time_passes(system.deadlines, prop.name)
        else:
            fine = minimiser.show(alive.get(f"property {prop.name}", of_property(prop)), prop.name)
        if fine:
            shown.append(prop.name)
        else:
            failed[prop.name] = Failure("no lemmas were found that it follows from")
    found = minimiser.found
    times = _independent(houdini.logic, list(found.times))
    supports: dict[Lemma | str, Sequence[Support]] = {}
    for lemma, why in found.lemmas.items():
        supports[lemma] = why
    for name, why in found.shown.items():
        supports[name] = why
    proof = Proof(system, tuple(found.lemmas), times, tuple(shown), tuple(unbounded), supports)
    return Attempt(proof, failed, houdini.queries, tried, houdini)


def _independent(logic: Logic, times: Sequence[Inequality]) -> tuple[Inequality, ...]:
    """The inequalities without those that the others imply."""
    kept = list(times)
    for one in times:
        solver = z3.Solver(ctx=logic.context)
        others = [logic.inequality(other) for other in kept if other is not one]
        signs = [logic.compared(logic.time(symbol), ">=", logic.zero) for symbol in logic.system.durations]
        solver.add(*others, *signs, logic.negated(logic.inequality(one)))
        if solver.check() == z3.unsat:
            kept.remove(one)
    return tuple(kept)
