"""A proof for every size: of fleets, in dense time, for all timing constants that keep a few inequalities.

What is verified is the system without its instance (`prover.theorem`). In this order:

1. lemmas that are kept for these formulas are checked once more; if they hold, and the times of the instance keep their
   inequalities, that is the proof;
2. the system itself is explored, and, unless a proof is at hand, small instances: a wrong design falls here, with a run, and no
   proof is searched for;
3. lemmas are searched for: first among those that are at hand, then among all that the system compares, with states that random
   walks reach to throw out what is false;
4. what is found is checked by another reading of the system (`prover.recheck`) before anybody hears of it, and kept.

Where nothing is found, the verdict says which step breaks the property from which state, though all lemmas found hold there
(`engines.obstacle`), and what would exclude it. Lemmas that a property declares (`@invariant(lemmas=...)`) are tried as well, and
a proof that needs one says so.

A property of which a small instance breaks the claim gets no proof; if it is the system itself that does, it is VIOLATED, and that
is said of this fleet, as any violation is; else it is UNKNOWN for the system at hand, and the reason says which instance. An action
that takes an integer out of its range in the system itself is a mistake of the model. Elsewhere it is none of the proof's business,
which is of integers without bounds: of which of them it was not shown that they stay in their ranges stands in every verdict.
PROVED is said only of what the re-check has shown, and only with a reached state in which the property's premise is true.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from udproof.counterexamples.trace import Trace
from udproof.engines.explore import Explore
from udproof.engines.limits import Watch, check_request, resident_memory
from udproof.engines.obstacle import obstacle
from udproof.engines.verdict import Evidence, Figures, Limits, Outcome, Progress, Result, Verdict, breaks, length
from udproof.language import ModelError, Property, System
from udproof.language.semantics import OutOfRange, Semantics
from udproof.prover import certificate, fragment, smtlib, store
from udproof.prover.candidates import TooMany
from udproof.prover.hints import BY_HAND, hints
from udproof.prover.houdini import Clockwork, GaveUp, Houdini
from udproof.prover.inequalities import inequalities
from udproof.prover.lemmas import Inequality, Spread, show_lemma
from udproof.prover.recheck import Refuted, check
from udproof.prover.samples import Sample, generic, sample, small_instances
from udproof.prover.search import Attempt, near, search
from udproof.prover.theorem import Proof, formulas, listed

_SIZES = (1, 2, 2, 2, 2, 2, 2)  # of the instances that are explored to refute
_SAMPLED = (1, 2, 2, 3)  # and of those whose states throw out candidates
_CALM = (2, 1, 1, 1)  # of those in which premises are looked for first, without faults ...
_FURTHER = (2, 2, 1, 2, 2, 2, 2)  # ... and of others, with them
_EXPLORATION = 5.0  # seconds for one small instance at most
_PATIENCE = 6  # times as long, where a premise was found nowhere


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A violation in another instance than the one at hand."""

    property: str
    trace: Trace


@dataclass
class _Work:
    """One run of the engine."""

    system: System
    properties: tuple[Property, ...]
    watch: Watch
    states: int = 0
    depth: int = 0
    fired: dict[str, int] = field(default_factory=dict)
    witnesses: dict[str, Trace] = field(default_factory=dict)
    violated: dict[str, Trace] = field(default_factory=dict)
    elsewhere: dict[str, Trace] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    obstacles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cut_short: str | None = None  # why an instance was not explored to the end, if one was not
    ill_formed: str | None = None  # a small instance in which an integer leaves its range, and where
    proof: Proof | None = None
    certificate: Path | None = None  # that was written

    @property
    def clockwork(self) -> Clockwork:
        seconds = self.watch.limits.seconds
        return Clockwork(None if seconds is None else self.watch.began + seconds, look=self.look)

    def look(self) -> str | None:
        """Tell how far the work is, if there is anything to tell, and answer with the limit that is reached, if one is."""
        if self.states:
            self.watch.tell(self.figures)
        return self.watch.reached()

    def figures(self) -> Figures:
        """How far the work is: what was explored of all instances together."""
        transitions = sum(self.fired.values())
        return Figures(self.states, self.states, transitions, self.depth, self.watch.seconds, 0, resident_memory())

    def explore(self, system: System, own: bool, only: Collection[str] | None = None, patience: float | None = None) -> None:
        """Look at every state of one instance, as far as the time for one reaches. ModelError if an integer leaves its range.

        `only` are the names of the properties that it is about, if not all; `patience` are seconds.
        """
        patience = _EXPLORATION if patience is None else patience
        seconds = self.watch.limits.seconds
        left = patience if seconds is None else min(patience, seconds - self.watch.seconds)
        names = {prop.name for prop in self.properties} if only is None else set(only)
        properties = tuple(prop for prop in system.checks if prop.name in names)
        limits = Limits(seconds=max(left, 0), memory=self.watch.limits.memory)
        result = Explore().verify(system, properties, limits, self._heard)
        self.states += result.figures.states
        self.depth = max(self.depth, result.figures.depth)
        for name, times in result.fired.items():
            self.fired[name] = self.fired.get(name, 0) + times
        for verdict in result.verdicts:
            name = verdict.property.name
            if verdict.witness is not None:
                self.witnesses.setdefault(name, verdict.witness)
            if verdict.trace is not None:
                (self.violated if own else self.elsewhere).setdefault(name, verdict.trace)
        if result.interrupted:
            raise KeyboardInterrupt
        if not result.complete and not names <= {*self.violated, *self.elsewhere}:
            self.cut_short = self.cut_short or result.stopped

    def _heard(self, figures: Figures) -> None:
        """An exploration tells how far it is."""
        if self.watch.progress is not None:
            told, more = self.figures(), figures.states
            depth = max(told.depth, figures.depth)
            self.watch.progress(replace(told, states=told.states + more, stored=told.stored + more, depth=depth))

    def explore_another(self, instance: System, only: Collection[str] | None = None, patience: float | None = None) -> None:
        """The same of a small instance. That an integer leaves its range there is noted: a proof is about other runs."""
        try:
            self.explore(instance, own=instance.instance == self.system.instance, only=only, patience=patience)
        except OutOfRange as mistake:
            if instance.instance == self.system.instance:
                raise
            self.ill_formed = self.ill_formed or f"in {instance.name} it does not: {mistake.sentence.rstrip('.')}"


class Parametric:
    """The engine; see the module.

    `certificate` is a folder to write the proof to, `remember` says whether lemmas are kept, `keep_in` where, if not in the cache.
    """

    name = "parametric"

    def __init__(self, certificate: Path | None = None, remember: bool = True, keep_in: Path | None = None) -> None:
        self.certificate = certificate
        self.remember = remember
        self.keep_in = keep_in
        self.elsewhere: tuple[Elsewhere, ...] = ()  # of the last run
        self.proof: Proof | None = None  # of the last run

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Prove the properties for every size, or find out what stands in the way. ModelError if the system is not for this."""
        check_request(system, properties)
        if foreign := [prop.name for prop in properties if prop not in system.checks]:
            raise ModelError(f"{', '.join(foreign)} cannot be proved for every size of {system.name}, which has no deadlines")
        fragment.check(system)
        Semantics(system)  # a system that cannot be run has no runs to replay
        if empty := [sort.name for sort in system.index_sorts if not system.elements(sort)]:
            raise ModelError(
                f"{system.name} has no {empty[0]}; a proof is about instances with at least one element of every sort."
            )
        with nullcontext() if self.certificate is None else certificate.reserved(self.certificate) as place:
            return self._verify(_Work(system, properties, Watch(limits, progress)), place)

    def _verify(self, work: _Work, place: certificate.Place | None) -> Result:
        system, stopped, interrupted = work.system, None, False
        try:
            self._decide(work, formulas(system))
        except GaveUp as reason:
            stopped = str(reason)
        except KeyboardInterrupt:
            stopped, interrupted = "it was interrupted", True
        self.elsewhere = tuple(Elsewhere(name, trace) for name, trace in work.elsewhere.items())
        self.proof = work.proof
        if work.proof is not None and (wrong := set(work.proof.shown) & {*work.violated, *work.elsewhere}):
            raise AssertionError(
                f"{', '.join(sorted(wrong))}: a proof for every size, and a run of a small instance that breaks it"
            )
        if place is not None and work.proof is not None and (shown := self._shown(work)):
            place.write(smtlib.files(work.proof, system.hash, shown))
            work.certificate = place.folder
        return self._result(work, stopped, interrupted)

    def _decide(self, work: _Work, free: System) -> None:
        durations, names = work.system.instance.durations, [prop.name for prop in work.properties]
        work.clockwork.check()
        if next(small_instances(free, durations, _SIZES[:3]), None) is None:
            raise ModelError(f"the axioms of {work.system.name} contradict each other: no small instance satisfies them.")
        if self._kept(work, free, names):
            self._look_for_premises(work, free)
            return
        work.clockwork.check()
        work.explore(work.system, own=True)  # as far as the time for one instance reaches
        attempt = self._at_hand(work, free)
        if attempt is not None:
            for instance in small_instances(free, durations, _SIZES):
                if set(names) <= {*work.violated, *work.elsewhere}:
                    return
                work.clockwork.check()
                if instance.instance != work.system.instance:
                    work.explore_another(instance)
            self._check(work, attempt)  # what it shows is not to be lost if time is over before more is found
            self._further(work, free, attempt)
        self._look_for_premises(work, free)

    @staticmethod
    def _sound(work: _Work) -> list[Property]:
        """The properties that no run has broken so far."""
        return [prop for prop in work.properties if prop.name not in {*work.violated, *work.elsewhere}]

    def _at_hand(self, work: _Work, free: System) -> Attempt | None:
        """Prove what takes no looking for. The attempt, if more may be had by looking."""
        sound = self._sound(work)
        work.reasons |= {prop.name: f"the property {why}" for prop in sound if (why := fragment.complaint(prop)) is not None}
        possible = [prop for prop in sound if fragment.complaint(prop) is None]
        if not possible or self._kept(work, free, [prop.name for prop in possible]):
            return None
        own = hints(free, possible)
        attempt = near(free, possible, work.system.instance.durations, work.clockwork, [*own, *store.related(free)])
        # Whoever has written lemmas by hand has written those for the ranges that can be shown.
        if attempt.failed or (attempt.proof.unbounded and not own):
            return attempt
        self._check(work, attempt)
        return None

    def _kept(self, work: _Work, free: System, names: Sequence[str]) -> bool:
        """Is there a proof that is kept, and shows all these properties?"""
        for proof in store.stored(free):
            applies = proof.applies(work.system.instance.durations) and set(names) <= set(proof.shown)
            if applies and self._holds(proof, names, work.clockwork):
                work.proof = replace(proof, shown=tuple(names))
                return True
        return False

    @staticmethod
    def _look_for_premises(work: _Work, free: System) -> None:
        """Explore until the premise of every property that is proved was true somewhere, so that the proof says something."""
        if work.proof is None:
            return
        for instance, patience in _rounds(work.system, free, work.proof):
            left = set(work.proof.shown) - set(work.witnesses)
            if not left:
                return
            if limit := work.look():
                work.cut_short = limit
                return
            work.explore_another(instance, left, patience)

    def _further(self, work: _Work, free: System, before: Attempt) -> None:
        """Look for lemmas among all that the system compares, with those that an attempt has found so far."""
        wanted = [prop for prop in self._sound(work) if fragment.complaint(prop) is None]
        if not wanted:
            return
        look, durations = work.clockwork.check, work.system.instance.durations
        times = inequalities(free, durations, free.properties)
        samples = [one for number, size in enumerate(_SAMPLED) for one in _sampled(free, times, durations, (number, size), look)]
        own = [one for one in before.houdini.alive if one.origin == "found" or one.origin.startswith(BY_HAND)]
        own = [one for one in own if not any(isinstance(part.atom, Spread) for part in one.literals)]  # these are made again
        try:
            attempt = search(free, wanted, durations, samples, work.clockwork, own)
        except TooMany:  # what stands in the way of the lemmas at hand is told
            attempt = before
        else:
            self._check(work, attempt)
        for prop in wanted:
            if prop.name in attempt.failed:
                self._explain(work, attempt.houdini, prop)

    def _check(self, work: _Work, attempt: Attempt) -> None:
        """Believe what the re-check shows, and keep it."""
        work.reasons |= {name: failure.sentence for name, failure in attempt.failed.items()}
        proof = store.as_kept(attempt.proof)
        if not proof.shown:
            return
        try:
            check(proof, proof.shown, work.clockwork)
        except Refuted as wrong:
            raise AssertionError(f"what the search found to be a proof is none by the re-check: {wrong}") from wrong
        work.proof = proof
        if self.remember:
            store.keep(proof, self.keep_in)

    @staticmethod
    def _explain(work: _Work, houdini: Houdini, prop: Property) -> None:
        """Say what stands in the way of a proof of the property."""
        told = [
            f"The lemma {lemma.origin.removeprefix(BY_HAND)}, written by hand, is broken by {step}."
            for lemma, step in houdini.dropped.items()
            if lemma.origin.startswith(BY_HAND)
        ]
        try:
            found = obstacle(houdini, prop, work.system)
        except GaveUp as reason:
            found, told = None, [f"What stands in the way was not found out: {reason}.", *told]
        if found is not None:
            work.reasons[prop.name] = f"{found.step} breaks it from a state that no lemma found excludes"
            told = [*found.lines(), *told]
        work.obstacles[prop.name] = tuple(told)

    @staticmethod
    def _holds(proof: Proof, names: Sequence[str], clockwork: Clockwork) -> bool:
        try:
            check(proof, names, clockwork)
        except GaveUp:
            clockwork.check()
            return False
        return True

    @staticmethod
    def _shown(work: _Work) -> list[str]:
        shown = () if work.proof is None else work.proof.shown
        return [prop.name for prop in work.properties if prop.name in shown and prop.name in work.witnesses]

    def _result(self, work: _Work, stopped: str | None, interrupted: bool) -> Result:
        proof = work.proof
        notes = () if proof is None else assumed(proof)
        fired = {act.name: work.fired.get(act.name, 0) for act in work.system.actions}
        return Result(
            engine=self.name,
            scope="any fleet",
            verdicts=tuple(_verdict(work, prop, stopped) for prop in work.properties),
            figures=work.figures(),
            complete=stopped is None,
            fired=fired,
            stopped=stopped,
            interrupted=interrupted,
            notes=notes,
            evidence=None if proof is None else _evidence(proof, work.certificate),
        )


def _rounds(system: System, free: System, proof: Proof) -> Iterator[tuple[System, float]]:
    """Instances to look for premises in, and for how many seconds each.

    A proof is about all times that keep its inequalities, and all budgets of faults; so short times and no faults serve as well,
    and are explored sooner. Two elements of each sort come first, since a wrong proof would show there.
    """
    own = system.instance.durations
    short = generic(proof.times, own, 1)
    yield from ((one, _EXPLORATION) for one in small_instances(free, short, _CALM, sparing=True))
    quick = [*small_instances(free, short, _CALM[:2])]
    yield from ((one, _EXPLORATION) for one in (*quick, *small_instances(free, own, _FURTHER), system))
    yield from ((one, _PATIENCE * _EXPLORATION) for one in reversed(quick))


def _evidence(proof: Proof, folder: Path | None) -> Evidence:
    axioms = {rule.name: rule.statement for rule in proof.system.axioms}
    lemmas, times = tuple(map(show_lemma, proof.lemmas)), tuple(map(str, proof.times))
    return Evidence(proof.system.hash, lemmas, axioms, times, folder, proof.unbounded)


def _sampled(
    free: System,
    times: Sequence[Inequality],
    durations: Mapping[str, Fraction],
    which: tuple[int, int],
    look: Callable[[], None],
) -> list[Sample]:
    """Reachable states of an instance, by its number and the size of its sorts, with times of its own."""
    number, size = which
    made = small_instances(free, generic(times, durations, number), [size])
    return [found for one in made if (found := sample(one, seed=number, look=look)).states]


def _verdict(work: _Work, prop: Property, stopped: str | None) -> Verdict:
    name, proof = prop.name, work.proof
    witness = work.witnesses.get(name)
    if name in work.violated:
        trace, own = work.violated[name], witness if _is_of(work.system, witness) else None
        return Verdict(prop, Outcome.VIOLATED, breaks(trace), trace, own, scope="this fleet")
    if name in work.elsewhere:
        trace = work.elsewhere[name]
        reason = f"not for every fleet: {trace.system.name} breaks it in {length(trace)}"
        return Verdict(prop, Outcome.UNKNOWN, reason, None, witness)
    if proof is not None and name in proof.shown:
        if witness is None and (limit := work.cut_short or stopped) is not None:
            reason = f"it is proved, but whether its premise is ever true was not found out: {limit}"
            return Verdict(prop, Outcome.UNKNOWN, reason)
        if witness is None:
            reason = "it is proved, but no small instance reaches its premise, so nothing was tested"
            return Verdict(prop, Outcome.VACUOUS, reason)
        times = f"{len(proof.times)} inequalities between times" if proof.times else "any times"
        by_hand = [lemma.origin.removeprefix(BY_HAND) for lemma in proof.lemmas if lemma.origin.startswith(BY_HAND)]
        written = f" ({len(by_hand)} of them written by hand: {', '.join(by_hand)})" if by_hand else ""
        reason = (
            f"for every fleet, in dense time: {proof.within}{len(proof.lemmas)} lemmas{written}, {times}; "
            f"its premise is true in {witness.system.name}{_leaving(work)}"
        )
        return Verdict(prop, Outcome.PROVED, reason, None, witness)
    if stopped is not None:
        return Verdict(prop, Outcome.UNKNOWN, f"not decided: {stopped}", None, witness)
    reason = f"no proof was found: {work.reasons.get(name, 'the search was not begun')}"
    return Verdict(prop, Outcome.UNKNOWN, reason, None, witness, obstacle=work.obstacles.get(name, ()))


def _leaving(work: _Work) -> str:
    """Where an integer is known to leave its range, if a proof is about the runs in which it does not."""
    return f"; {work.ill_formed}" if work.ill_formed is not None else ""


def _is_of(system: System, trace: Trace | None) -> bool:
    return trace is not None and trace.system.instance == system.instance


def assumed(proof: Proof) -> tuple[str, ...]:
    """What a proof rests on, in sentences."""
    axioms = tuple(f"axiom {rule.name}: {rule.statement}" for rule in proof.system.axioms)
    times = (f"times: {', '.join(map(str, proof.times))}",) if proof.times else ()
    if not proof.unbounded:
        return (*axioms, *times)
    told = "in range, which was not shown for every fleet; an action that leaves it would be a mistake of the model"
    return (*axioms, *times, f"integers: {listed(proof.unbounded)} {told}")


__all__ = ["Elsewhere", "Parametric", "assumed"]
