"""Proofs about a few elements: a property of one VM, on what concerns its host.

With ten VMs and five hosts, an abstraction that keeps a variable for all elements is too large, and most of it is of no concern:
how long a VM is paused depends on its own host. So the system is spelled out (`instances`), and each instance of a property is
decided on abstractions of that, which keep and leave out variables of single elements. Of instances that are interchangeable one
is enough. A property holds if all of its instances do.

**Theorem.** The spelled system has the runs of the system, so by the theorem of localization (`udproof.engines.localize`) an
instance that holds on an abstraction of it holds in every state that a run of the system reaches. An automorphism of the constants
maps those states to each other and instances with them; so an instance holds if the one that stands for it does.

A run that breaks an instance is one of the system, by other names, and is given back as such.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property

from udproof.counterexamples.trace import Trace
from udproof.engines.instances import Spelled
from udproof.engines.limits import Stop, Watch
from udproof.engines.localize import in_order
from udproof.engines.refinement import LARGE, Decided, Refinement
from udproof.engines.verdict import Outcome, Progress
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.semantics import Semantics, State

_WITNESS = 1_000  # states of the system that are looked into to follow a run to where a premise is true


@dataclass
class ByElements:
    """What is known about a property: its instances, and what became of those that are decided."""

    instances: tuple[Property, ...]
    all_said: bool  # is none left out, since it is plain?
    decided: dict[str, Decided] = field(default_factory=dict)
    trace: Trace | None = None  # of the system, if it breaks the property
    shortest: bool = False  # has no run to a violation fewer steps?

    @property
    def holds(self) -> bool:
        """Do all instances?"""
        return self.trace is None and len(self.decided) == len(self.instances)

    @property
    def tested(self) -> tuple[Property, ...]:
        """The instances whose premise an abstraction makes true."""
        return tuple(one for one in self.instances if self._outcome(one) is not Outcome.VACUOUS)

    def _outcome(self, instance: Property) -> Outcome:
        verdicts = self.decided[instance.name].result.verdicts
        return next(one.outcome for one in verdicts if one.property.name == instance.name)

    def where(self) -> str:
        """On which abstractions, in words."""
        decided = list(self.decided.values())
        largest = max(decided, key=lambda one: (one.result.figures.states, len(one.local.visible)))
        system = largest.local.system
        kept = [symbol.name for symbol in in_order(system, largest.local.visible)]
        number = len(system.variables) + len(system.clocks)
        told = f"{largest.result.figures.states} states that keeps {len(kept)} of {number} variables and clocks of single elements"
        many = f"{len(decided)} abstractions, one for each choice of elements that are not interchangeable, the largest"
        return f"on {'an abstraction' if len(decided) == 1 else many} of {told} ({', '.join(kept)})"


@dataclass
class Elementwise:
    """The work on the properties of one system, instance by instance."""

    semantics: Semantics
    properties: tuple[Property, ...]
    watch: Watch
    progress: Progress | None = None
    found: dict[str, ByElements] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)  # by property: its abstractions have more states than that
    over: set[str] = field(default_factory=set)  # properties about which nothing more can be tried

    @property
    def useful(self) -> bool:
        """Has anything an element?"""
        return any(slot.args for slot in self.semantics.layout.slots)

    def finished(self, name: str) -> bool:
        """Can nothing more be tried for the property of that name?"""
        return name in self.over or not self.useful

    @cached_property
    def spelled(self) -> Spelled:
        """The system, spelled out."""
        return Spelled(self.semantics, self.properties, self.watch.glance, self.watch.limits.symmetry)

    @cached_property
    def refinement(self) -> Refinement:
        """Finds the abstractions."""
        return Refinement(Semantics(self.spelled.system), self.watch, self.progress)

    def decide(self, prop: Property, most: int, seconds: float | None) -> ByElements | None:
        """Go on with a property, on abstractions of up to so many states, for so many seconds; None if it is still open.

        Stop if a limit of the whole work is reached.
        """
        if self.finished(prop.name) or self.grown.get(prop.name, 0) >= most or seconds == 0:
            return None
        began, widen = time.monotonic(), self.spelled.together(prop)
        work = self.found.setdefault(prop.name, ByElements(self.spelled.instances[prop.name], prop.name not in self.spelled.plain))
        for instance in work.instances:
            if instance.name in work.decided:
                continue
            left = None if seconds is None else seconds - (time.monotonic() - began)
            try:
                decided = None if left is not None and left <= 0 else self.refinement.decide(instance, most, left, widen)
            except Stop:
                if self.watch.reached() is not None:
                    raise
                self.over.add(prop.name)  # the whole families of variables may still do
                return None
            if decided is None:
                if seconds is None or time.monotonic() - began < seconds:
                    self.grown[prop.name] = most
                return None
            work.decided[instance.name] = decided
            if decided.trace is not None:
                work.trace, work.shortest = self.spelled.run(decided.trace), decided.shortest and len(work.instances) == 1
                return work
        if not work.instances:  # constants decide them all; whether its premise is true is for others to say
            self.over.add(prop.name)
            return None
        return work

    def witness(self, work: ByElements) -> Trace | None:
        """A run of the system to where the premise of an instance is true, if one is found."""
        semantics = self.refinement.semantics
        for instance in work.tested:
            decided = work.decided[instance.name]
            seen = next(one.witness for one in decided.result.verdicts if one.property.name == instance.name)

            def premise(state: State, instance: Property = instance) -> bool:
                return semantics.reaches(instance, state) is not None

            if seen is not None:
                found = self.refinement.follower(decided.local, seen, _WITNESS).follow(seen, premise)
                if found is not None:
                    return self.spelled.run(found)
        return None

    def reaching(self, work: ByElements, seconds: float | None) -> Trace | None:
        """The same, looked for longer: for each instance that is tested so many seconds at most."""
        if work.trace is not None:
            return None
        return next((self.spelled.run(found) for one in work.tested if (found := self._reaching(one, seconds)) is not None), None)

    def _reaching(self, instance: Property, seconds: float | None) -> Trace | None:
        """A run to where the premise is true: one that breaks its contrary, which is looked for like any other."""
        contrary = replace(instance, name=f"never the premise of {instance.name}", body=ex.Not(instance.premise), premise=ex.TRUE)
        try:
            found = self.refinement.decide(contrary, LARGE, seconds)
        except Stop:
            if self.watch.reached() is not None:
                raise
            return None
        return None if found is None else found.trace


__all__ = ["ByElements", "Elementwise"]
