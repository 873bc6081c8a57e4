"""Why a proof holds: of each lemma, the steps that threaten it, and what of all that is known keeps it.

A proof is a set of lemmas that no step breaks; that is enough to check it and too little to understand it. Here every obligation
is asked once more with all that it may rest on under a name of its own: the guards of the action, the deadlines that time keeps,
the axioms, the lemmas before the step, the inequalities between times. What is told is a smallest part of them that suffices
(nothing of it can be left out), and of all such parts the one that is easiest to follow: what the lemma says itself, then the
guards of the action, axioms and times, then lemmas that are told anyway, then the others (the *preferred explanation* of
QuickXplain, Junker 2004). It depends on what follows from what only, and not on which core a solver happens to find.

Nothing rests on this. A proof is checked by `recheck`; an argument is made of one for a person to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import z3

from udproof.language import Property, System
from udproof.language.actions import Action
from udproof.language.claims import Deadline
from udproof.prover.cases import PRESENT, START, Case, Given, Library, steps_of, touches
from udproof.prover.houdini import Clockwork, GaveUp, Houdini, Question
from udproof.prover.lemmas import Inequality, Lemma, of_property, releasing
from udproof.prover.logic import Logic, Term
from udproof.prover.theorem import Proof


@dataclass(frozen=True, slots=True)
class Reason:
    """What keeps a lemma in one step, or what a property follows from."""

    step: str  # an action, that time passes, or a deadline at which something can happen
    first: bool = False  # is it about the start?
    itself: bool = False  # that the lemma held before
    guards: tuple[int, ...] = ()  # of the action, by their places
    deadlines: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()  # actions that could happen, where it is to be shown that something can
    axioms: tuple[str, ...] = ()
    lemmas: tuple[Lemma, ...] = ()
    times: tuple[Inequality, ...] = ()

    @property
    def plain(self) -> bool:
        """Does what the step changes leave the lemma true, whatever else holds?"""
        return not (self.guards or self.deadlines or self.idle or self.axioms or self.lemmas or self.times)


@dataclass(frozen=True)
class Told:
    """The argument for one property: what it follows from, and the lemmas that are new, each after those that it rests on."""

    property: Property
    follows: tuple[Reason, ...]
    new: tuple[Lemma, ...]


@dataclass(frozen=True)
class Argument:
    """The whole argument: property by property, and why each lemma holds. Lemmas have numbers in the order of telling."""

    proof: Proof
    properties: tuple[Told, ...]
    reasons: Mapping[Lemma, Sequence[Reason]]
    numbers: Mapping[Lemma, int]
    circles: Mapping[Lemma, tuple[Lemma, ...]]  # of a lemma that rests on itself by way of others: it and those

    @property
    def system(self) -> System:
        """What is proved of."""
        return self.proof.system


def argue(proof: Proof, names: Sequence[str], clockwork: Clockwork) -> Argument:
    """The argument for these properties. GaveUp if the lemmas do not show one, or if the solver does not know."""
    return _Maker(proof, clockwork).made([proof.system.named(name) for name in names])


@dataclass
class _Named(Case):
    """A case in which all that is taken for granted has a name, and holds where its name does."""

    granted: dict[tuple[str, str], Term] = field(default_factory=dict)

    def _assume(self, kind: str, name: str, fact: Term) -> None:
        key = kind, name
        if key not in self.granted:
            self.granted[key] = z3.Bool(f"{kind}.{name}", self.library.logic.context)
        logic = self.library.logic
        self.facts.append(logic.either([logic.negated(self.granted[key]), fact]))


_Known = tuple[str, "str | Lemma | Inequality"]


class _Maker:
    def __init__(self, proof: Proof, clockwork: Clockwork) -> None:
        self._proof, self._logic = proof, Logic(proof.system)
        given = Given.of(proof.system, proof.times)
        self._houdini = Houdini(Library(self._logic), given, steps_of(proof.system), proof.lemmas, clockwork)
        self._houdini.alive = dict.fromkeys(proof.lemmas)
        self._times = {one: z3.Bool(f"time.{number}", self._logic.context) for number, one in enumerate(proof.times)}
        self._questions: dict[tuple[object, ...], Question] = {}
        self._of = {lemma.origin: lemma for lemma in proof.lemmas}
        self._needed: dict[Lemma, list[Reason]] = {}

    def made(self, properties: Sequence[Property]) -> Argument:
        told: list[Told] = []
        numbers: dict[Lemma, int] = {}
        circles: dict[Lemma, tuple[Lemma, ...]] = {}
        for prop in properties:
            follows = self._follows(prop)
            roots = [lemma for reason in follows for lemma in reason.lemmas]
            self._need(roots)
            new: list[Lemma] = []
            for group in _in_order(roots, self._needed):
                for lemma in group:
                    if lemma not in numbers:
                        numbers[lemma] = len(numbers) + 1
                        new.append(lemma)
                    if len(group) > 1:
                        circles[lemma] = tuple(group)
            told.append(Told(prop, tuple(follows), tuple(new)))
        return Argument(self._proof, tuple(told), self._needed, numbers, circles)

    # --- what is needed

    def _follows(self, prop: Property) -> list[Reason]:
        if prop.watches_time:
            return list(self._time_passes())
        own = self._of.get(f"property {prop.name}")
        if own is not None:
            return [Reason("is a lemma", lemmas=(own,))]
        lemma = of_property(prop)
        question = self._fresh(_Named(self._houdini.library, self._houdini.given, PRESENT, lemma.signature))
        return [self._reason(question, self._logic.negated(question.case.goal(lemma)), None)]

    def _time_passes(self) -> Iterator[Reason]:
        for dead in self._proof.system.deadlines:
            try:
                reason = self._released(dead, releasing(self._proof.system, dead))
            except GaveUp:
                reason = self._released(dead, self._proof.system.actions)
            yield Reason(dead.name, idle=reason.idle, axioms=reason.axioms, lemmas=reason.lemmas, times=reason.times)

    def _released(self, dead: Deadline, actions: Sequence[Action]) -> Reason:
        """Why one of these actions can happen where the deadline is reached."""
        case = _Named(self._houdini.library, self._houdini.given, PRESENT, tuple(node.sort for node in dead.params))
        case.stuck(dead, actions)
        return self._reason(self._fresh(case), self._logic.true, None)

    def _need(self, roots: Sequence[Lemma]) -> None:
        waiting = [lemma for lemma in dict.fromkeys(roots) if lemma not in self._needed]
        self._needed |= {lemma: [] for lemma in waiting}
        while waiting:
            lemma = waiting.pop(0)
            for step in (START, *self._houdini.steps):
                if not touches(step, lemma):
                    continue
                key = (step, lemma.signature)
                if key not in self._questions:
                    self._questions[key] = self._fresh(_Named(self._houdini.library, self._houdini.given, step, lemma.signature))
                question = self._questions[key]
                if not question.case.threatens(lemma):
                    continue
                reason = self._reason(question, self._logic.negated(question.case.goal(lemma)), lemma)
                self._needed[lemma].append(reason)
                new = [one for one in reason.lemmas if one not in self._needed]
                self._needed |= {one: [] for one in new}
                waiting += new

    def _fresh(self, case: _Named) -> Question:
        question, logic = self._houdini.fresh(case), self._logic
        for one, name in self._times.items():
            question.solver.add(logic.either([logic.negated(name), logic.inequality(one)]))
        return question

    # --- the least that suffices

    def _reason(self, question: Question, goal: Term, lemma: Lemma | None) -> Reason:
        step = question.case.step
        asked = question.ready(goal)
        near, far = self._order(question, lemma), self._lemmas(lemma) if step is not START else []
        found = self._least(question, asked, near)
        if found is None:
            self._houdini.tell(question, self._proof.lemmas)
            found = self._least(question, asked, [*near, *far])
        if found is None:
            raise GaveUp(f"the lemmas of this proof are not enough for {step.name!r}")

        def of(kind: str) -> tuple[str, ...]:
            return tuple(str(name) for word, name in found if word == kind)

        lemmas = [one for _, one in found if isinstance(one, Lemma)]
        return Reason(
            step.name,
            first=step is START,
            itself=lemma in lemmas,
            guards=tuple(sorted(map(int, of("guard")))),
            deadlines=of("deadline"),
            idle=of("idle"),
            axioms=of("axiom"),
            lemmas=tuple(one for one in self._proof.lemmas if one in lemmas and one is not lemma),
            times=tuple(one for one in self._proof.times if ("time", one) in found),
        )

    def _order(self, question: Question, lemma: Lemma | None) -> list[tuple[Term, _Known]]:
        """What is known apart from other lemmas, with its name: the lemma itself, and what is granted; what is easy first."""
        case = question.case
        assert isinstance(case, _Named)
        own: list[tuple[Term, _Known]] = []
        if lemma is not None and case.step is not START:
            self._houdini.tell(question, [lemma])
            own.append((self._houdini.library.selector(lemma), ("lemma", lemma)))
        granted: list[tuple[Term, _Known]] = [(term, key) for key, term in case.granted.items()]
        return [*own, *granted, *((name, ("time", one)) for one, name in self._times.items())]

    def _lemmas(self, lemma: Lemma | None) -> list[tuple[Term, _Known]]:
        """The other lemmas with their names, those that are told anyway first."""
        others = sorted((one for one in self._proof.lemmas if one is not lemma), key=lambda one: one not in self._needed)
        return [(self._houdini.library.selector(one), ("lemma", one)) for one in others]

    def _least(self, question: Question, asked: Term, order: list[tuple[Term, _Known]]) -> list[_Known] | None:
        """The preferred smallest part of what is known that excludes the claim; None if not even all of it does."""

        def excluded(known: Sequence[tuple[Term, _Known]]) -> bool:
            return question.ask([asked, *(term for term, _ in known)]) is None

        kept: list[tuple[Term, _Known]] = []
        if excluded(kept):
            return []
        if not excluded(order):
            return None
        while not excluded(kept):
            low, high = 1, len(order)  # how many of the first are enough, with what is kept
            while low < high:
                middle = (low + high) // 2
                if excluded([*kept, *order[:middle]]):
                    high = middle
                else:
                    low = middle + 1
            kept.append(order[low - 1])  # without this one those before it are not enough
            order = order[: low - 1]
        return [what for _, what in reversed(kept)]


def _in_order(roots: Sequence[Lemma], reasons: Mapping[Lemma, Sequence[Reason]]) -> list[list[Lemma]]:
    """The lemmas that the roots need, each after those that it rests on; those that rest on each other together (Tarjan 1972)."""
    number: dict[Lemma, int] = {}
    lowest: dict[Lemma, int] = {}
    open_: list[Lemma] = []
    groups: list[list[Lemma]] = []

    def visit(lemma: Lemma) -> None:
        number[lemma] = lowest[lemma] = len(number)
        open_.append(lemma)
        for other in dict.fromkeys(one for reason in reasons[lemma] for one in reason.lemmas):
            if other not in number:
                visit(other)
                lowest[lemma] = min(lowest[lemma], lowest[other])
            elif other in open_:
                lowest[lemma] = min(lowest[lemma], number[other])
        if lowest[lemma] == number[lemma]:
            place = open_.index(lemma)
            groups.append(open_[place:])
            del open_[place:]

    for root in roots:
        if root not in number:
            visit(root)
    return groups
