"""A proof for every size: of fleets, in dense time, for all timing constants that keep a few inequalities.

What is verified is the system without its instance (`prover.theorem`). In this order:

1. lemmas that are kept for these formulas are checked once more; if they hold, and the times of the instance keep their
   inequalities, that is the proof;
2. small instances are explored, each exhaustively: a wrong design falls here, with a run, and no proof is tried for it;
3. lemmas are searched for, with states that random walks reach to throw out what is false;
4. what is found is checked by another reading of the system (`prover.recheck`) before anybody hears of it, and kept.

A property of which a small instance breaks the claim gets no proof; if it is the system itself that does, it is VIOLATED, else
UNKNOWN for the system at hand, and the note says which instance. PROVED is said only of what the re-check has shown, and only with
a reached state in which the property's premise is true.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from udproof.counterexamples.trace import Trace
from udproof.engines.explore import Explore
from udproof.engines.limits import resident_memory
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict
from udproof.language import ModelError, Property, System
from udproof.language.semantics import Semantics
from udproof.prover import fragment, smtlib, store
from udproof.prover.houdini import Clockwork, GaveUp
from udproof.prover.inequalities import inequalities
from udproof.prover.lemmas import Inequality
from udproof.prover.recheck import check
from udproof.prover.samples import Sample, generic, sample, small_instances
from udproof.prover.search import search
from udproof.prover.theorem import Proof, formulas

_SIZES = (1, 2, 2, 2, 2, 2, 2)  # of the instances that are explored to refute
_SAMPLED = (1, 2, 2, 3)  # and of those whose states throw out candidates
_EXPLORATION = 5.0  # seconds for one small instance at most


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
    limits: Limits
    began: float = field(default_factory=time.monotonic)
    states: int = 0
    depth: int = 0
    fired: dict[str, int] = field(default_factory=dict)
    witnesses: dict[str, Trace] = field(default_factory=dict)
    violated: dict[str, Trace] = field(default_factory=dict)
    elsewhere: dict[str, Trace] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    proof: Proof | None = None

    @property
    def clockwork(self) -> Clockwork:
        return Clockwork(None if self.limits.seconds is None else self.began + self.limits.seconds)

    def explore(self, system: System, own: bool) -> bool:
        """Look at every state of one instance. Was everything looked into?"""
        left = _EXPLORATION if self.limits.seconds is None else min(_EXPLORATION, self.clockwork.deadline - time.monotonic())  # type: ignore[operator]
        properties = tuple(prop for prop in system.checks if prop.name in {one.name for one in self.properties})
        limits = Limits(seconds=max(left, 0), memory=self.limits.memory)
        result = Explore().verify(system, properties, limits)
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
        return result.complete


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

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Prove the properties for every size, or find out what stands in the way. ModelError if the system is not for this."""
        if not properties:
            raise ModelError("no property was given to check")
        if foreign := [prop.name for prop in properties if prop not in system.checks]:
            raise ModelError(f"{', '.join(foreign)} is no property of {system.name}")
        fragment.check(system)
        Semantics(system)  # a system that cannot be run has no runs to replay
        work = _Work(system, properties, limits)
        stopped, interrupted = None, False
        try:
            self._decide(work, formulas(system))
        except GaveUp as reason:
            stopped = str(reason)
        except KeyboardInterrupt:
            stopped, interrupted = "it was interrupted", True
        self.elsewhere = tuple(Elsewhere(name, trace) for name, trace in work.elsewhere.items())
        if self.certificate is not None and work.proof is not None:
            write(work.proof, system, self._shown(work), self.certificate)
        return self._result(work, stopped, interrupted)

    def _decide(self, work: _Work, free: System) -> None:
        durations, names = work.system.instance.durations, [prop.name for prop in work.properties]
        small = small_instances(free, durations, _SIZES[:3])
        if not small:
            raise ModelError(f"the axioms of {work.system.name} contradict each other: no small instance satisfies them.")
        for proof in store.stored(free):
            if proof.applies(durations) and set(names) <= set(proof.shown) and self._holds(proof, names, work.clockwork):
                work.proof = proof
                for instance in small[1:] if len(small) > 1 else small:
                    work.explore(instance, own=False)
                    if not set(names) - set(work.witnesses):
                        return
                return
        work.clockwork.check()
        for instance in small_instances(free, durations, _SIZES):
            if set(names) <= {*work.violated, *work.elsewhere}:
                break
            work.explore(instance, own=instance.instance == work.system.instance)
        if not set(names) <= set(work.violated):
            work.explore(work.system, own=True)  # as far as the time for one instance reaches
        sound = [prop for prop in work.properties if prop.name not in {*work.violated, *work.elsewhere}]
        if sound:
            self._search(work, free, sound, durations)

    def _search(self, work: _Work, free: System, wanted: Sequence[Property], durations: Mapping[str, Fraction]) -> None:
        times = inequalities(free, durations, free.properties)
        samples = [one for number, size in enumerate(_SAMPLED) for one in _sampled(free, times, durations, number, size)]
        attempt = search(free, wanted, durations, samples, work.clockwork)
        work.reasons |= {name: failure.sentence for name, failure in attempt.failed.items()}
        proof = attempt.proof
        if not proof.shown:
            return
        if not self._holds(proof, proof.shown, work.clockwork):
            raise AssertionError("what the search found to be a proof is none by the re-check")
        work.proof = proof
        if self.remember:
            store.keep(proof, self.keep_in)

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
        seconds, memory = time.monotonic() - work.began, resident_memory()
        return Result(
            engine=self.name,
            scope="any fleet",
            verdicts=tuple(_verdict(work, prop, stopped) for prop in work.properties),
            figures=Figures(work.states, work.states, sum(fired.values()), work.depth, seconds, 0, memory),
            complete=stopped is None,
            fired=fired,
            stopped=stopped,
            interrupted=interrupted,
            notes=notes,
        )


def _sampled(free: System, times: Sequence[Inequality], durations: Mapping[str, Fraction], number: int, size: int) -> list[Sample]:
    made = small_instances(free, generic(times, durations, number), [size])
    return [sample(one, seed=number) for one in made]


def _verdict(work: _Work, prop: Property, stopped: str | None) -> Verdict:
    name, proof = prop.name, work.proof
    witness = work.witnesses.get(name)
    if name in work.violated:
        trace = work.violated[name]
        return Verdict(prop, Outcome.VIOLATED, f"a shortest run that breaks it has {len(trace.steps)} steps", trace, None)
    if name in work.elsewhere:
        trace = work.elsewhere[name]
        reason = f"not for every fleet: {trace.system.name} breaks it in {len(trace.steps)} steps"
        return Verdict(prop, Outcome.UNKNOWN, reason)
    if proof is not None and name in proof.shown:
        if witness is None:
            reason = "it is proved, but no small instance reaches its premise, so nothing was tested"
            return Verdict(prop, Outcome.VACUOUS, reason)
        times = f"{len(proof.times)} inequalities between times" if proof.times else "any times"
        reason = (
            f"for every fleet, in dense time: {len(proof.lemmas)} lemmas, {times}; its premise is true in {witness.system.name}"
        )
        return Verdict(prop, Outcome.PROVED, reason, None, witness)
    if stopped is not None:
        return Verdict(prop, Outcome.UNKNOWN, f"not decided: {stopped}")
    return Verdict(prop, Outcome.UNKNOWN, f"no proof was found: {work.reasons.get(name, 'the search was not begun')}")


def assumed(proof: Proof) -> tuple[str, ...]:
    """What a proof rests on, in sentences."""
    axioms = tuple(f"axiom {rule.name}: {rule.statement}" for rule in proof.system.axioms)
    times = (f"times: {', '.join(map(str, proof.times))}",) if proof.times else ()
    return (*axioms, *times)


def write(proof: Proof, system: System, names: Sequence[str], folder: Path) -> None:
    """Write a certificate to a folder, which is made, or must be empty. ModelError if it is not."""
    if folder.exists() and any(folder.iterdir()):
        raise ModelError(f"{folder} is not empty; give a new folder for the certificate.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in smtlib.files(proof, system.hash, names).items():
        (folder / name).write_text(text, encoding="utf-8")


__all__ = ["Elsewhere", "Parametric", "assumed", "write"]
