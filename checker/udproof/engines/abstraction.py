"""Proofs on abstractions: a system cut down to what a property needs (localization), found by refinement.

A fleet with every part of a protocol switched on has too many states to visit. But a promise rests on few of its variables: how
long a pause may last does not depend on who approved what. So this engine, for each property:

1. looks at the system itself for a while, state by state. That shows whether premises are ever true, and finds short runs to a
   violation; if it gets to the end, it is the answer;
2. searches an abstraction, which keeps the variables that the property reads and forgets the others (`localize`: what the theorem
   is, and why it is one). It can do whatever the system can, and more. So what holds there holds in the system. It does so for a
   few elements at a time, with what concerns them (`elementwise`), and else with a variable kept for all of them;
3. follows a run to a violation in the system itself (`follow`), and refines the abstraction if that cannot be (`refinement`).

PROVED says on which variables the proof rests, and is said only with a run of the system in which the property's premise is true.
VIOLATED comes with a run of the system, replayed like any other; its reason says whether a shorter one is excluded. What is not
decided within the limits is UNKNOWN. *time-can-pass* becomes an invariant for each deadline, about the actions that end it
(`timelock`). Integers that are left out are not checked to stay in their ranges; a proof is about the runs in which every integer
does.

Properties take turns, with abstractions that may become larger each time; what is proved on one abstraction is asked there about
all others that can be said in it.

Sources: Kurshan, *Computer-Aided Verification of Coordinating Processes* (1994), for localization; Clarke, Grumberg, Jha, Lu and
Veith, "Counterexample-guided abstraction refinement for symbolic model checking" (2003), for the loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from udproof.counterexamples.trace import Trace
from udproof.engines.elementwise import ByElements, Elementwise
from udproof.engines.explore import Explore
from udproof.engines.limits import Stop, Watch, check_request, most_memory
from udproof.engines.localize import in_order, weakened
from udproof.engines.refinement import LARGE, Decided, Refinement
from udproof.engines.timelock import Timelocks, told
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict, breaks, length
from udproof.language import ModelError, Property, System
from udproof.language import expressions as ex
from udproof.language.semantics import Semantics, State

_LOOK, _SHARE = 10.0, 0.7  # seconds of the first look at most, and its share of the time there is
# One turn after the other: the states of the largest abstraction of a property, and the seconds for it, element by element and with
# whole families of variables. (So those that take a second do not wait for one that takes minutes.)
_TURNS: tuple[tuple[int, float | None, float | None], ...] = (
    (LARGE, 3, 0),
    (LARGE, 15, 60),
    (10 * LARGE, 0, 180),
    (20 * LARGE, 0, 360),
    (1 << 62, None, None),
)
_WITNESS = 4_000  # states of the system that are looked into to find a premise true


@dataclass
class _Work:
    """One run of the engine."""

    system: System
    properties: tuple[Property, ...]
    watch: Watch
    look: Result  # at the system itself
    refinement: Refinement
    timelocks: Timelocks
    elements: Elementwise
    own: bool = True  # was the look the engine's own?
    decided: dict[str, Decided] = field(default_factory=dict)
    by_elements: dict[str, ByElements] = field(default_factory=dict)
    witnesses: dict[str, Trace] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # why nothing more can be tried with whole families of variables

    def __post_init__(self) -> None:
        found = {verdict.property.name: verdict.witness for verdict in self.look.verdicts}
        self.witnesses |= {name: witness for name, witness in found.items() if witness is not None}

    def open(self) -> tuple[Property, ...]:
        """The properties that are not decided, and could be."""
        known = {one.property.name for one in self.look.verdicts if one.outcome is not Outcome.UNKNOWN}
        known |= self.decided.keys() | self.by_elements.keys()
        names = known | {name for name in self.reasons if self.elements.finished(name)}
        return tuple(prop for prop in self.properties if prop.name not in names and not (prop.watches_time and self.timelocks.over))

    @property
    def violated(self) -> bool:
        """Is a property, by now?"""
        traces = [self.timelocks.trace, *(one.trace for one in self.decided.values())]
        return any(trace is not None for trace in (*traces, *(one.trace for one in self.by_elements.values())))

    def decide(self) -> None:
        """Let the properties take turns. Stop if a limit is reached."""
        for most, by_elements, whole in _TURNS:
            for prop in sorted(self.open(), key=lambda one: not one.watches_time):  # which takes no time in most cases
                if prop in self.open():  # another one's abstraction may have decided it
                    self._turn(prop, most, by_elements, whole)
                if self.watch.limits.stop_at_first and self.violated:
                    raise Stop("it was told to stop at the first violation")
            for name, found in self.by_elements.items():
                if name not in self.witnesses and (run := self.elements.reaching(found, by_elements or whole)) is not None:
                    self.witnesses[name] = run

    def _turn(self, prop: Property, most: int, by_elements: float | None, whole: float | None) -> None:
        if prop.watches_time:
            self.timelocks.decide(most, whole or by_elements)
            return
        if (found := self.elements.decide(prop, most, by_elements)) is not None:
            self.by_elements[prop.name] = found
            if found.trace is None and prop.name not in self.witnesses and (run := self.elements.witness(found)) is not None:
                self.witnesses[prop.name] = run
            return
        if prop.name in self.reasons or whole == 0:
            return
        try:
            decided = self.refinement.decide(prop, most, whole)
        except Stop as reason:
            if self.watch.reached() is not None:
                raise
            self.reasons[prop.name] = str(reason)
            return
        if decided is None:
            return
        self.decided[prop.name] = decided
        self._witness(prop, decided)
        if decided.holds:
            for other, result in self.refinement.also(decided, self.open()):
                self.decided[other.name] = replace(decided, result=result)
                self._witness(other, decided)

    def _witness(self, prop: Property, decided: Decided) -> None:
        """Follow a run of the abstraction to where the premise is true, if the first look has not seen it."""
        if prop.name in self.witnesses or not decided.holds:
            return
        semantics = self.refinement.semantics
        seen = next(one.witness for one in self.decided[prop.name].result.verdicts if one.property.name == prop.name)

        def premise(state: State) -> bool:
            return semantics.reaches(prop, state) is not None

        if seen is not None:
            found = self.refinement.follower(decided.local, seen, _WITNESS).follow(seen, premise)
            if found is not None:
                self.witnesses[prop.name] = found


class Abstraction:
    """The engine; see the module.

    `look` is how many seconds the first look at the system itself may take; `seen` is what came of one, by a search that was asked
    about the same properties and more, and then there is no other.
    """

    name = "abstraction"

    def __init__(self, look: float = _LOOK, seen: Result | None = None) -> None:
        self.look, self.seen = look, seen

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Decide the properties on abstractions, within the limits. ModelError if the system cannot be run in ticks."""
        check_request(system, properties)
        if limits.checkpoints is not None:
            raise ModelError("proofs on abstractions keep no checkpoints; leave them out, or visit every state (engine explore)")
        semantics, watch = Semantics(system), Watch(limits, progress)
        look = self._first(system, properties, limits, progress)
        refinement = Refinement(semantics, watch, progress, states=look.figures.states)
        elements = Elementwise(semantics, tuple(prop for prop in properties if not prop.watches_time), watch, progress)
        work = _Work(system, properties, watch, look, refinement, Timelocks(refinement), elements, self.seen is None)
        stopped, interrupted = watch.reached(), look.interrupted
        ended = limits.stop_at_first and any(one.trace is not None for one in look.verdicts)
        if interrupted or ended or not work.open():
            return _of_the_look(work, stopped)
        try:
            work.decide()
        except Stop as reason:
            stopped = str(reason)
        except MemoryError:
            stopped = watch.memory_reached()
        except KeyboardInterrupt:
            stopped, interrupted = "it was interrupted", True
        return _result(work, stopped, interrupted)

    def _first(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None) -> Result:
        """What is seen of the system itself."""
        if self.seen is not None:
            known = {verdict.property: verdict for verdict in self.seen.verdicts}
            return replace(self.seen, verdicts=tuple(known[prop] for prop in properties))
        seconds = self.look if limits.seconds is None else min(self.look, _SHARE * limits.seconds)
        return Explore().verify(system, properties, replace(limits, seconds=seconds), progress)


def _of_the_look(work: _Work, stopped: str | None) -> Result:
    """The answer where the first look was all."""
    said = "the system itself, state by state; no abstraction was needed" if work.look.complete else "the system itself only"
    stopped = None if work.look.complete else stopped or work.look.stopped
    return replace(work.look, engine=Abstraction.name, stopped=stopped, searched=said)


def _result(work: _Work, stopped: str | None, interrupted: bool) -> Result:
    look = work.look
    figures: Figures = replace(look.figures, seconds=work.watch.seconds, memory=most_memory())
    verdicts = tuple(_verdict(work, verdict, stopped) for verdict in look.verdicts)
    undecided = any(one.outcome is Outcome.UNKNOWN for one in verdicts)
    found = _searched(work)
    return Result(
        engine=Abstraction.name,
        scope="this fleet",
        verdicts=verdicts,
        figures=figures,
        complete=look.complete,
        fired=look.fired,
        stopped=stopped if undecided or interrupted else None,
        interrupted=interrupted,
        notes=("integers that an abstraction leaves out were not checked to stay in their ranges",),
        symmetry=look.symmetry,
        searched=f"{look.figures.states} states of the system itself, and {found}" if work.own else found,
    )


def _searched(work: _Work) -> str:
    """How many abstractions, in words."""
    done = [work.refinement, *([work.elements.refinement] if work.elements.found else [])]
    searches, largest = sum(one.searches for one in done), max(one.largest for one in done)
    if not searches:
        return "what is so in any state there could be"
    return f"{searches} abstraction{'' if searches == 1 else 's'}, the largest of {largest} states"


def _verdict(work: _Work, seen: Verdict, stopped: str | None) -> Verdict:
    prop = seen.property
    if seen.outcome is not Outcome.UNKNOWN:
        return seen
    witness, decided = work.witnesses.get(prop.name), work.decided.get(prop.name)
    if prop.watches_time:
        return _time(work, prop, stopped)
    if prop.name in work.by_elements:
        return _of_elements(prop, work.by_elements[prop.name], witness)
    if decided is None:
        reason = work.reasons.get(prop.name) or stopped or "its abstractions got too large"
        return Verdict(prop, Outcome.UNKNOWN, f"not decided: {reason}", None, witness)
    if decided.trace is not None:
        return _violated(prop, decided.trace, decided.shortest, witness)
    outcome = next(one.outcome for one in decided.result.verdicts if one.property.name == prop.name)
    if outcome is Outcome.VACUOUS and witness is None:
        return Verdict(prop, Outcome.VACUOUS, f"its premise holds nowhere, so nothing was tested: {_where(decided)}")
    if witness is None:
        reason = f"it holds, {_where(decided)}; but whether its premise is ever true was not found out"
        return Verdict(prop, Outcome.UNKNOWN, reason)
    return Verdict(prop, Outcome.PROVED, _where(decided), None, witness, inductive=True)


def _of_elements(prop: Property, found: ByElements, witness: Trace | None) -> Verdict:
    """What its instances say of a property."""
    if found.trace is not None:
        return _violated(prop, found.trace, found.shortest, witness)
    if witness is not None:
        return Verdict(prop, Outcome.PROVED, found.where(), None, witness, inductive=True)
    if not found.tested and found.all_said:
        return Verdict(prop, Outcome.VACUOUS, f"its premise holds nowhere, so nothing was tested: {found.where()}")
    return Verdict(prop, Outcome.UNKNOWN, f"it holds, {found.where()}; but whether its premise is ever true was not found out")


def _time(work: _Work, prop: Property, stopped: str | None) -> Verdict:
    """Whether time can pass. Its premise is true anywhere."""
    semantics, found = work.refinement.semantics, work.timelocks
    start = Trace(semantics, next(semantics.initial()), ())
    if found.trace is not None:
        return _violated(prop, found.trace, False, start)
    if found.shown:
        return Verdict(prop, Outcome.PROVED, told(found), None, start, inductive=True)
    last = stopped or "its abstractions got too large"
    reasons = [f"at {one.deadline.name}: {one.reason or last}" for one in found.deadlines if not one.shown]
    return Verdict(prop, Outcome.UNKNOWN, f"not decided {', '.join(reasons)}", None, start)


def _violated(prop: Property, trace: Trace, shortest: bool, witness: Trace | None) -> Verdict:
    known = breaks(trace) if shortest else f"a run of {length(trace)} breaks it; there may be shorter ones"
    return Verdict(prop, Outcome.VIOLATED, known, trace, witness, shortest=shortest)


def _where(decided: Decided) -> str:
    """On which abstraction, in words."""
    system, local = decided.local.system, decided.local
    kept = [symbol.name for symbol in in_order(system, local.visible)]
    number = len(system.variables) + len(system.clocks)
    told = f"on an abstraction of {decided.result.figures.states} states"
    if len(kept) == number:
        return f"{told} that keeps all {number} variables and clocks"
    lemmas = dict.fromkeys(
        f"{lemma.premise.name} of {lemma.conclusion.name}" for lemma in local.lemmas if _used(decided, lemma.premise)
    )
    resting = f", knowing what follows from {', from '.join(lemmas)}" if lemmas else ""
    return f"{told} that keeps {len(kept)} of {number} variables and clocks ({', '.join(kept)}) and leaves out all others{resting}"


def _used(decided: Decided, premise: ex.VariableSymbol) -> bool:
    """Does a lemma about this truth make a guard of the abstraction stronger?"""
    local = decided.local
    others = tuple(lemma for lemma in local.lemmas if lemma.premise is not premise)
    return any(
        weakened(guard.condition, local.visible, True, local.lemmas) != weakened(guard.condition, local.visible, True, others)
        for act in local.system.actions
        if act.name in local.actions
        for guard in act.guards
    )


__all__ = ["Abstraction"]
