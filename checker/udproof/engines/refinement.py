"""Which variables a proof needs: abstraction refined by its own counterexamples.

The loop (Clarke, Grumberg, Jha, Lu and Veith 2003), for one property at a time. Begin with what the property reads. Search the
localized system; if the property holds there, it holds. Else there is a run to a violation: if the system follows it, that is a
violation (`udproof.engines.follow`); if not, something that keeps the system from it is made visible, and so on.

Three things make it end with few variables:

- *Trying out.* What kept the system from a run is rarely one thing only. A search of a small abstract system takes a tenth of a
  second, so each objection is met in turn, and the one that leaves the longest run to a violation, for the fewest states, is kept.
- *Lemmas.* Instead of a variable, what follows from it may be enough: "a command in flight was decided" lets the abstract system
  forget what is in flight, if decisions are visible. Such implications between two variables over the same elements are tried
  where one of them is objected to; each is itself proved on an abstraction of hardly more than the two. They strengthen guards: an
  invariant holds before every step, so a run of the system is still one of the abstract system.
- *Counters.* An abstract system without fault budgets may have far more states than one with them. Where a search gets too large,
  the counters that bound its actions are made visible.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import log2
from typing import TypeAlias

from udproof.counterexamples.trace import Trace
from udproof.engines.bounded import Bounded
from udproof.engines.choice import choose
from udproof.engines.follow import Follower
from udproof.engines.limits import MOST_PROPERTIES, Stop, Watch
from udproof.engines.localize import IN_RANGE, NOTHING, Lemma, Localized, Set, closed, in_order, reads, support
from udproof.engines.swift import Swift, swift
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict
from udproof.engines.zone_time import semantics_in_parts
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.language.semantics import Firing, Semantics, State

Widen: TypeAlias = Callable[[Set], Set]

LARGE = 400_000  # states of an abstract system that is only tried out
_SMALL = 1_000_000  # states of an abstract system that is to prove a lemma; a larger one is left to induction, for ...
_INDUCTION, _STEPS = 30.0, 2  # ... so many seconds, over so many steps
_FOLLOWED, _PER_MOVE = 30, 15  # states of the system that are looked into to follow a run, and more for each of its moves
_WEIGHT = 3  # twice as many states are worth a third of a step


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a property."""

    holds: bool
    local: Localized  # the last abstraction
    result: Result  # of its search
    trace: Trace | None = None  # of the system, if it breaks the property
    shortest: bool = False  # has no run to a violation fewer steps?


@dataclass(frozen=True, slots=True)
class _Look:
    """An abstraction, and what a search of it found."""

    local: Localized
    result: Result
    cut: bool  # was the search ended, since it got too large?

    @property
    def broken(self) -> Verdict | None:
        """The verdict of a violation, or of an integer that leaves its range."""
        return next((verdict for verdict in self.result.verdicts if verdict.trace is not None), None)

    @property
    def bad(self) -> Trace | None:
        """The run to it."""
        return None if self.broken is None else self.broken.trace

    @property
    def fewest(self) -> int:
        """No run of the abstract system that breaks the property has fewer steps; 0 if that is not known."""
        return len(self.bad.steps) if self.bad is not None and self.broken is not None and self.broken.shortest else 0

    @property
    def overflow(self) -> Firing | None:
        """The firing that takes an integer out of its range, if the run goes there."""
        if self.bad is None or self.result.verdicts[0].trace is not None:
            return None
        semantics, state = self.bad.semantics, self.bad.last
        refused = ((firing, semantics.refused(state, firing)) for firing in semantics.firings)
        return next(one for one, guards in refused if guards and all(guard.label == IN_RANGE for guard in guards))

    @property
    def score(self) -> tuple[int, float]:
        """How good this is: it holds; the violation is far away, for the states; it got too large."""
        if self.bad is not None:
            return 1, len(self.bad.steps) - log2(self.result.figures.states + 1) / _WEIGHT
        return (0, 0.0) if self.cut else (2, 0.0)


@dataclass
class Refinement:
    """The loop, for the properties of one system. `searches`, `states` and `largest` say what it has done."""

    semantics: Semantics
    watch: Watch
    progress: Progress | None = None
    searches: int = 0
    states: int = 0
    largest: int = 0
    _begun: dict[str, Localized] = field(default_factory=dict)  # by property: where to go on
    _swift: dict[int, Swift] = field(default_factory=dict)  # the system, compiled, in parts of its unit
    _asked: set[ex.VariableSymbol] = field(default_factory=set)
    _known: dict[ex.VariableSymbol, tuple[Lemma, ...]] = field(default_factory=dict)

    def decide(self, prop: Property, most: int, seconds: float | None = None, widen: Widen = frozenset) -> Decided | None:
        """Find out whether the property holds; None if an abstraction gets larger than `most` states, or after so many seconds.

        A second call goes on there. `widen` says what is made visible together with what an objection asks for.

        Stop if a limit is reached, or nothing more can be tried; OutOfRange if the system takes an integer out of its range.
        """
        system = self.semantics.system
        local = self._begun.get(prop.name) or Localized(system, closed(system, support(prop)))
        began = time.monotonic()
        look = self._search(local, (prop,), most)
        while look.bad is not None or look.cut:
            self.watch.look()
            self._begun[prop.name] = look.local
            if seconds is not None and time.monotonic() - began > seconds:
                return None
            if look.bad is None:
                bounded = self._bounded(look.local)
                self._begun[prop.name] = bounded or look.local
                if bounded is None:
                    return None
                look = self._search(bounded, (prop,), most)
                continue
            follower = self.follower(look.local, look.bad, self._effort(look.bad))
            if (found := self._followed(follower, look, prop)) is not None:
                return Decided(False, look.local, look.result, found, len(found.steps) <= look.fewest)
            asked = map(widen, follower.objections(look.bad, look.overflow))
            options = list(self._options(look.local, list(dict.fromkeys(asked))))
            if not options:
                raise Stop("the system was not seen to follow a run of its abstraction, and nothing says why")
            look = self._best(options, prop, most)
        return Decided(True, look.local, look.result)

    def also(self, decided: Decided, properties: tuple[Property, ...]) -> list[tuple[Property, Result]]:
        """Which of the properties hold on an abstraction on which another one does, and what shows it."""
        said = tuple(prop for prop in properties if not prop.watches_time and support(prop) <= decided.local.visible)
        if not said:
            return []
        most = 2 * decided.result.figures.states + LARGE
        look = self._search(decided.local, said[: MOST_PROPERTIES - 1], most, all_of_them=True)
        holds = {one.property.name for one in look.result.verdicts if one.outcome in (Outcome.PROVED, Outcome.VACUOUS)}
        return [(prop, look.result) for prop in said if prop.name in holds]

    def _followed(self, follower: Follower, look: _Look, prop: Property) -> Trace | None:
        """A run of the system that does what the abstract one does, up to the first state that breaks the property."""
        assert look.bad is not None

        def breaks(state: State) -> bool:
            return follower.semantics.breaking(prop, state) is not None

        found = follower.follow(look.bad, breaks, look.overflow)
        if found is None:
            return None
        first = next(place for place, state in enumerate(found.states) if breaks(state))
        return Trace(found.semantics, found.start, found.steps[:first])

    def follower(self, local: Localized, trace: Trace, states: int) -> Follower:
        """Follows runs like this one into the system, in parts of a tick where it goes by such; it looks into so many states."""
        parts = (Fraction(trace.semantics.time.unit) / self.semantics.time.unit).denominator
        if parts not in self._swift:
            self._swift[parts] = swift(
                self.semantics if parts == 1 else semantics_in_parts(self.semantics.system, parts), self.watch.glance
            )
        return Follower(self._swift[parts], local, states, self.watch.look)

    @staticmethod
    def _effort(trace: Trace) -> int:
        return _FOLLOWED + _PER_MOVE * len(trace.steps)

    # --- refinement

    def _best(self, options: list[Localized], prop: Property, most: int) -> _Look:
        best: _Look | None = None
        for local in options:
            look = self._search(local, (prop,), most)
            if best is None or look.score > best.score:
                best = look
            if look.score[0] > 1:
                break
        assert best is not None
        return best

    def _options(self, local: Localized, objections: list[Set]) -> Iterator[Localized]:
        """Ways to meet an objection: to make visible what it asks for, or what that implies."""
        seen: set[tuple[Set, tuple[Lemma, ...]]] = {(local.visible, local.lemmas)}
        for missing in objections:
            for visible, lemmas in self._ways(local, missing):
                if (visible, lemmas) not in seen:
                    seen.add((visible, lemmas))
                    yield Localized(local.system, visible, lemmas)

    def _ways(self, local: Localized, missing: Set) -> Iterator[tuple[Set, tuple[Lemma, ...]]]:
        system = local.system
        yield closed(system, local.visible | missing), local.lemmas
        for symbol in in_order(system, missing):
            if isinstance(symbol, ex.VariableSymbol) and symbol.domain and isinstance(symbol.sort, ex.BoolSort):
                found = self.lemmas(symbol)
                for conclusion in dict.fromkeys(lemma.conclusion for lemma in found):
                    visible = closed(system, local.visible | (missing - {symbol}) | {conclusion})
                    own = tuple(lemma for lemma in found if lemma.conclusion is conclusion and lemma not in local.lemmas)
                    if symbol not in visible and own:
                        yield visible, (*local.lemmas, *own)

    def _bounded(self, local: Localized) -> Localized | None:
        """With the counters that bound its actions; None if there are no more of them."""
        system = local.system
        counters = {symbol for symbol in system.variables if symbol not in local.visible and _counts(local, symbol)}
        wanted: set[ex.VariableSymbol] = set()
        for act in system.actions:
            if act.name in local.actions:
                wanted |= counters & set().union(*(reads(guard.condition) for guard in act.guards))
        return Localized(system, closed(system, local.visible | wanted), local.lemmas) if wanted else None

    # --- lemmas

    def lemmas(self, premise: ex.VariableSymbol) -> tuple[Lemma, ...]:
        """What is known to follow from a truth, about the same elements."""
        if premise not in self._asked:
            self._asked.add(premise)
            system = self.semantics.system
            alike = [symbol for symbol in system.variables if symbol.domain == premise.domain]
            before = set().union(*(reads(part.condition) for act in system.actions if _sets(act, premise) for part in act.guards))
            causes = [one for one in alike if one in before and isinstance(one.sort, ex.BoolSort) and one is not premise]
            grown = 1
            while grown:  # what is asked before it comes true may imply what it implies, and the other way round
                grown = sum(self._prove(one, other) for one in (*causes, premise) for other in alike if other is not one)
        return self._known.get(premise, ())

    def _prove(self, premise: ex.VariableSymbol, conclusion: ex.VariableSymbol) -> bool:
        """Look for lemmas about the two; is there a new one?"""
        old = self._known.get(premise, ())
        candidates = [lemma for lemma in _implications(premise, conclusion) if lemma not in old][: MOST_PROPERTIES - 1]
        if not candidates:
            return False
        system = self.semantics.system
        visible = closed(system, frozenset({premise, conclusion}))
        stated = tuple(lemma.property(f"lemma {number}") for number, lemma in enumerate(candidates))
        local = Localized(system, visible, tuple(lemma for lemmas in self._known.values() for lemma in lemmas))
        look = self._search(local, stated, _SMALL, all_of_them=True)
        verdicts = look.result.verdicts
        if look.cut:  # then by induction, which knows no number of states
            made, left = local.with_properties(stated), self._left()
            verdicts = (
                Bounded(_STEPS)
                .verify(made, made.properties, Limits(seconds=_INDUCTION if left is None else min(_INDUCTION, left)))
                .verdicts
            )
        shown = {verdict.property.name for verdict in verdicts if verdict.outcome is Outcome.PROVED}
        new = tuple(one for one, said in zip(candidates, stated, strict=True) if said.name in shown)
        self._known[premise] = (*old, *new)
        return bool(new)

    # --- a search

    def _left(self) -> float | None:
        limits = self.watch.limits
        return None if limits.seconds is None else max(0.0, limits.seconds - self.watch.seconds)

    def _search(self, local: Localized, properties: tuple[Property, ...], most: int, all_of_them: bool = False) -> _Look:
        """Search an abstraction, up to so many states. Stop if a limit of the whole work is reached."""
        self.watch.look()
        system = local.with_properties(properties)
        limits, cut, left = self.watch.limits, False, self._left()

        def tell(figures: Figures) -> None:
            nonlocal cut
            if self.progress is not None:
                self.progress(replace(figures, states=self.states + figures.states, seconds=self.watch.seconds))
            if figures.states > most:
                cut = True
                raise KeyboardInterrupt

        own = replace(limits, seconds=left, stop_at_first=not all_of_them, checkpoints=None, resume=False)
        engine = choose(system, own).engine
        began = time.monotonic()
        result = engine.verify(system, system.properties, own, tell)
        self.searches += 1
        self.states += result.figures.states
        self.largest = max(self.largest, result.figures.states)
        look = _Look(local, result, cut)
        if result.interrupted and not cut:
            raise KeyboardInterrupt
        if result.stopped is not None and not cut and look.bad is None:
            limit = self.watch.reached() or result.stopped
            raise Stop(
                limit if left is None or time.monotonic() - began < left else f"the time limit of {limits.seconds:g} s was reached"
            )
        return look


def _counts(local: Localized, symbol: ex.VariableSymbol) -> bool:
    """Is the variable an integer that is only ever counted up or down, or set to a number?"""
    if not isinstance(symbol.sort, ex.IntSort):
        return False
    values = [update.value for act in local.system.actions for update in act.updates if update.target is symbol]
    return all(reads(value) <= {symbol} for value in values)


def _sets(act: Action, symbol: ex.VariableSymbol) -> bool:
    return any(update.target is symbol for update in act.updates)


def _implications(premise: ex.VariableSymbol, conclusion: ex.VariableSymbol) -> Iterator[Lemma]:
    """What might follow from a truth: that a truth holds or does not, that a variable has a value or does not."""
    match conclusion.sort:
        case ex.BoolSort():
            yield Lemma(premise, conclusion, ex.TRUE, True)
            yield Lemma(premise, conclusion, ex.TRUE, False)
        case ex.EnumSort(members=members):
            for positive in (True, False):
                yield from (Lemma(premise, conclusion, ex.Lit(code, conclusion.sort), positive) for code in range(len(members)))


__all__ = ["LARGE", "NOTHING", "Decided", "Refinement"]
