"""Several engines on one question, each doing what it is best at; and no answer where two of them disagree.

1. A proof for every fleet size (`parametric`), with a share of the time: kept lemmas are checked again in seconds, a search for new
   ones is ended when its share is over. A system outside what such proofs are for goes without one.
2. A search of the concrete fleet: in ticks (`explore`) or by zones, whichever is cheaper (`choose`). It finds runs, sees premises,
   and is another opinion about all that was proved; if everything was, it need not be complete, and gets a share of the time only.
3. Where that search leaves something open: proofs on what a property needs of the system (`abstraction`), which take what the
   search has seen for their first look.
4. Where it did not finish, and something is open even then: runs of a bounded length (`bounded`).

For each property what is found about this fleet comes first: a run that breaks it, or that no reachable state meets its premise.
Then a proof for every fleet counts, then one for this fleet. But answers must agree. Two that cannot both be right (proved and
violated, two different shortest runs, a run of fewer steps than another engine had looked into) show that one of the engines is
wrong, and nobody knows which: `Disagreement` is then all that is said, and a certificate that was written is taken back.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from udproof.counterexamples.trace import describe
from udproof.engines.abstraction import Abstraction
from udproof.engines.bounded import DEPTH, NO_RUN, Bounded
from udproof.engines.choice import Choice, choose
from udproof.engines.explore import Explore
from udproof.engines.limits import check_request
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Disagreement, Engine, Limits, Outcome, Progress, Result, Verdict
from udproof.engines.zone_time import is_closed
from udproof.engines.zones import Zones
from udproof.language import ModelError, Property, System
from udproof.prover import fragment

# of the time that is left, where there is a limit and another engine may follow
_SHARES = {"proof": 0.3, "search": 0.4, "abstraction": 0.75}
_PROOF = 60.0  # seconds for the proof, at most
_OPINION = 20.0  # seconds for a search of what is proved already, at most


@dataclass
class _Work:
    """One run of the engine: what was asked, and what has been answered so far."""

    system: System
    properties: tuple[Property, ...]
    limits: Limits
    progress: Progress | None
    began: float = field(default_factory=time.monotonic)
    answers: list[Result] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # who did what, and who did nothing and why
    cut_off: bool = False  # did the user end it between two engines?

    def left(self) -> float | None:
        """Seconds, if there is a limit."""
        return None if self.limits.seconds is None else max(0.0, self.limits.seconds - (time.monotonic() - self.began))

    def share(self, of: str, most: float | None = None) -> float | None:
        """Seconds for an engine that another one may follow; at most so many."""
        left = self.left()
        return most if left is None else left * _SHARES[of] if most is None else min(most, left * _SHARES[of])

    def ask(self, engine: Engine, properties: tuple[Property, ...], seconds: float | None) -> Result:
        """What an engine answers in so many seconds."""
        limits = replace(self.limits, seconds=seconds)
        if not isinstance(engine, Explore):  # no other one keeps checkpoints
            limits = replace(limits, checkpoints=None, resume=False)
        result = engine.verify(self.system, properties, limits, self.progress)
        self.answers.append(result)
        return result

    @property
    def interrupted(self) -> bool:
        """Did the user end it?"""
        return self.cut_off or any(result.interrupted for result in self.answers)

    def open(self) -> tuple[Property, ...]:
        """The properties without a definite answer."""
        definite = {verdict.property for result in self.answers for verdict in result.verdicts if _definite(verdict)}
        return tuple(prop for prop in self.properties if prop not in definite)


class Auto:
    """The engine; see the module.

    `certificate` is a folder to write a proof for every fleet to; `depth` the steps of the longest runs that are looked into where
    visiting every state is too much.
    """

    name = "auto"

    def __init__(self, certificate: Path | None = None, depth: int = DEPTH) -> None:
        self.certificate = certificate
        self.depth = depth

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Ask one engine after the other. Disagreement if two of them do not agree; ModelError if the system is for none."""
        check_request(system, properties)
        work = _Work(system, properties, limits, progress)
        try:
            self._ask(work)
        except KeyboardInterrupt:  # between two engines
            if not work.answers:
                raise
            work.cut_off = True
        except Disagreement:
            if any(result.evidence and result.evidence.certificate for result in work.answers) and self.certificate is not None:
                shutil.rmtree(self.certificate)
            raise
        return _result(work)

    def _ask(self, work: _Work) -> None:
        self._prove(work)
        agree(work.answers)
        if not work.interrupted:
            self._search(work)
            agree(work.answers)
        searched = work.answers[-1]
        unknown = {one.property for one in searched.verdicts if one.outcome is Outcome.UNKNOWN}
        # what a search does not know that saw every state is whether time can pass, where counting ticks is not exact
        for ask in (self._abstract,) if searched.complete else (self._abstract, self._bound):
            left = tuple(prop for prop in work.open() if prop in unknown)
            if work.interrupted or not left or _enough(work):
                return
            ask(work, left, searched)
            agree(work.answers)

    def _prove(self, work: _Work) -> None:
        if obstacle := _obstacle(work.system, work.properties):
            if self.certificate is not None:
                raise ModelError(f"no certificate can be written, since there is no proof for every size: {obstacle}")
            work.told.append(f"no proof for every fleet was tried: {obstacle.rstrip('.')}")
            return
        result = work.ask(Parametric(certificate=self.certificate), work.properties, work.share("proof", _PROOF))
        proved = sum(verdict.outcome is Outcome.PROVED for verdict in result.verdicts)
        work.told.append(f"parametric proved {proved} of {len(work.properties)} for every fleet in {result.figures.seconds:.1f} s")

    def _search(self, work: _Work) -> None:
        choice = choose(work.system, work.limits)
        if work.open() and is_closed(work.system):  # and bounded may follow
            seconds = work.share("search")
        else:
            seconds = work.left() if work.open() else work.share("search", _OPINION)
        result = work.ask(choice.engine, work.properties, seconds)
        how = "completed" if result.complete else f"ended, since {result.stopped}"
        work.told.append(f"{choice.reason}: {how}, {result.figures.states} states in {result.figures.seconds:.1f} s")

    def _abstract(self, work: _Work, left: tuple[Property, ...], searched: Result) -> None:
        if not is_closed(work.system):
            work.told.append("no abstraction was tried, since clocks are compared strictly")
            return
        result = work.ask(Abstraction(seen=searched), left, work.share("abstraction"))
        decided = sum(map(_definite, result.verdicts))
        work.told.append(f"abstraction decided {decided} of {len(left)} on {result.searched} in {result.figures.seconds:.1f} s")

    def _bound(self, work: _Work, left: tuple[Property, ...], searched: Result) -> None:
        if not is_closed(work.system):
            work.told.append("runs of a bounded length were not looked into, since clocks are compared strictly")
            return
        result = work.ask(Bounded(self.depth), left, work.left())
        work.told.append(f"bounded looked into {result.searched} in {result.figures.seconds:.1f} s")


def _obstacle(system: System, properties: tuple[Property, ...]) -> str | None:
    """Why the system is outside what is proved for every size."""
    if not is_closed(system):
        return "clocks are compared strictly"
    if not system.index_sorts:
        return "the system has no sort whose size could vary"
    if not set(properties) <= set(system.checks):
        return "the system has no deadlines, and so nothing that could hold up time"
    try:
        fragment.check(system)
    except ModelError as reason:
        return str(reason)
    return None


# --- agreement


_DENSE = (Zones.name, Abstraction.name)  # whose time-can-pass is about instants between ticks too


def _enough(work: _Work) -> bool:
    """Was it told to stop at the first violation, and has found one?"""
    return work.limits.stop_at_first and any(one.trace is not None for result in work.answers for one in result.verdicts)


def _definite(verdict: Verdict) -> bool:
    return verdict.outcome in (Outcome.PROVED, Outcome.VIOLATED)


def agree(answers: Sequence[Result]) -> None:
    """Disagreement if two engines give answers that cannot both be right."""
    found = [(result, verdict) for result in answers for verdict in result.verdicts]
    sentences: list[str] = []
    for at, (result, verdict) in enumerate(found):
        for other, second in found[at + 1 :]:
            if verdict.property == second.property and _differ(result, verdict, other, second):
                sentences += [
                    f"{verdict.property.name}: {result.engine} and {other.engine} disagree, so one of them is wrong",
                    _evidence(result, verdict),
                    _evidence(other, second),
                ]
    if sentences:
        raise Disagreement(sentences)


def _differ(one: Result, first: Verdict, other: Result, second: Verdict) -> bool:
    """Can the two not both be right?"""
    # Between ticks some see timelocks that ticks do not see: runs to one that are shorter, and such as nobody else finds.
    dense = first.property.watches_time and (one.engine in _DENSE) is not (other.engine in _DENSE)
    if first.trace is not None and second.trace is not None:
        lengths = len(first.trace.steps), len(second.trace.steps)
        return not dense and ((first.shortest and lengths[1] < lengths[0]) or (second.shortest and lengths[0] < lengths[1]))
    for said, broken, silent in ((first, second, one), (second, first, other)):
        if broken.trace is None:
            continue
        if said.outcome is Outcome.UNKNOWN:
            return not dense and len(broken.trace.steps) < _levels(silent)
        return True  # it says that the property holds
    # A premise that no state of this fleet meets may be met in another one, but not in this one.
    pairs = ((first, second, other), (second, first, one))
    return any(a.outcome is Outcome.VACUOUS and b.outcome is Outcome.PROVED and by.scope == "this fleet" for a, b, by in pairs)


def _levels(result: Result) -> int:
    """How many levels of runs, by their steps, an engine has looked into entirely; 0 if it does not go by levels."""
    if result.engine == Bounded.name:
        return result.figures.depth + 1 if result.searched != NO_RUN else 0
    return result.figures.depth if result.engine == Explore.name else 0


def _evidence(result: Result, verdict: Verdict) -> str:
    word = f"{verdict.outcome.name} ({result.scope})" if verdict.outcome is Outcome.PROVED else verdict.outcome.name
    said = f"{result.engine} says {word}: {verdict.reason}"
    if verdict.trace is None:
        return said
    moves = ", ".join(describe(verdict.trace.semantics, step.move) for step in verdict.trace.steps)
    return f"{said}; its run, which the reference semantics replays: {moves or 'the initial state'}"


# --- the answer

_RANK = (Outcome.VIOLATED, Outcome.VACUOUS, Outcome.PROVED, Outcome.UNKNOWN)


def _result(work: _Work) -> Result:
    search = next((one for one in work.answers if one.engine in (Explore.name, Zones.name)), None)
    proof = next((one for one in work.answers if one.scope == "any fleet"), None)
    verdicts = tuple(_joined(prop, work) for prop in work.properties)
    undecided = any(verdict.outcome is Outcome.UNKNOWN for verdict in verdicts)
    complete = search is not None and search.complete
    stops = [result.stopped for result in work.answers if result.stopped] + (["it was interrupted"] if work.cut_off else [])
    main = search or work.answers[-1]
    return Result(
        engine=Auto.name,
        scope="this fleet",
        verdicts=verdicts,
        figures=replace(main.figures, seconds=time.monotonic() - work.began, memory=_most(work.answers)),
        complete=complete,
        fired=main.fired,
        stopped=None if complete or not stops or not (undecided or work.interrupted) else stops[-1],
        interrupted=work.interrupted,
        notes=tuple(dict.fromkeys(note for result in work.answers for note in result.notes)),
        symmetry=main.symmetry,
        resumed=main.resumed,
        evidence=None if proof is None else proof.evidence,
        searched="; ".join(work.told),
    )


def _most(answers: Sequence[Result]) -> int:
    return max(result.figures.memory for result in answers)


def _joined(prop: Property, work: _Work) -> Verdict:
    """The most definite answer, and who gave it; the others that are definite agree with it."""
    found = [(result, one) for result in work.answers for one in result.verdicts if one.property == prop]
    result, best = min(found, key=lambda pair: _RANK.index(pair[1].outcome))  # of equals the first, and proofs come first
    others = [(other, one) for other, one in found if one is not best]
    if best.outcome is Outcome.UNKNOWN:
        reason = "; ".join(f"{other.engine}: {one.reason}" for other, one in found)
        witness = next((one.witness for other, one in found if one.witness is not None and other.scope == "this fleet"), None)
        obstacle = tuple(line for _, one in found for line in one.obstacle)
        return replace(best, reason=reason, witness=witness, obstacle=obstacle, engine=Auto.name)
    agreeing = [other.engine for other, one in others if one.outcome is best.outcome]
    added = f"; {' and '.join(agreeing)}: the same" if agreeing else ""
    if best.outcome is Outcome.PROVED:  # and if it is not proved for every fleet, why not
        added += "".join(f"; {other.engine}: {one.reason}" for other, one in others if other.scope == "any fleet")
    if best.outcome is Outcome.VACUOUS:
        added += "".join(f"; {other.engine}: {one.reason}" for other, one in others if one.outcome is Outcome.PROVED)
    here = [one.witness for other, one in found if one.witness is not None and other.scope == "this fleet"]
    witness = here[0] if here else best.witness
    return replace(
        best,
        reason=f"{result.engine}: {best.reason}{added}",
        witness=witness,
        engine=result.engine,
        scope=best.scope or result.scope,
        inductive=best.inductive or (best.outcome is Outcome.PROVED and result.scope == "any fleet"),
    )


__all__ = ["Auto", "Choice", "Disagreement", "agree", "choose"]
