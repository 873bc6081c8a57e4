"""Exhaustive search, breadth first, level by level, exact.

Every reachable state is visited once, in order of the number of steps that lead to it; a wait of any length is one step. So the
first violation found is a shortest one, and "proved" means that every state was looked into. States are kept whole in a
dictionary: no answer depends on a hash being free of collisions.

A wait leads to every tick up to the next deadline, so a level is built from actions and from whole chains of ticks. A chain may
stop at a state whose own chain has been or will be followed from as few steps: one of an earlier level, or one that another wait
reached in this level. One that an *action* reached in this level is walked through, since its own waits would count one step more.

The search ends early, and says so, on a time or memory limit, on the user's interrupt, once every property is violated, and,
if asked, after the level of the first violation. What is undecided then is UNKNOWN; it is never taken for proved.
"""

from __future__ import annotations

import resource
import sys
import time
from array import array
from dataclasses import dataclass, field

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines.ground import GroundSystem
from udproof.engines.python_code import Code, generate
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict
from udproof.language import ModelError, Property, System
from udproof.language.semantics import Semantics, State

_LOOK = 512  # states between two looks at the clock and at memory
_REPORT = 0.25  # seconds between two reports of progress


class Stop(Exception):
    """The search must end now; the text says why."""


def resident_memory() -> int:
    """The most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass(slots=True)
class _Search:
    """The state of one search. States are numbered in the order in which they are found."""

    ground: GroundSystem
    code: Code
    limits: Limits
    progress: Progress | None
    began: float = field(default_factory=time.monotonic)
    number: dict[State, int] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)
    parent: array[int] = field(default_factory=lambda: array("q"))
    move: array[int] = field(default_factory=lambda: array("q"))  # the ground action's number, or minus the ticks waited
    fired: array[int] = field(default_factory=lambda: array("q"))
    transitions: int = 0
    depth: int = 0
    looked_into: int = 0
    violated: dict[int, int] = field(default_factory=dict)  # property -> first state that breaks it
    witnessed: dict[int, int] = field(default_factory=dict)  # property -> first state that reaches its premise
    doubtful: bool = False  # was there a state in which only whole ticks make sure that time goes on? see `GroundSystem`
    reported: float = 0.0

    def explore(self) -> None:
        """Visit every reachable state. Stop if a limit ends the work."""
        self.fired.extend(0 for _ in self.ground.actions)
        for state in self.ground.semantics.initial():
            self._add(state, -1, 0)
        start, end = 0, len(self.states)
        while start < end:
            if self.violated and self.limits.stop_at_first:
                raise Stop("it was told to stop at the first violation")
            if len(self.violated) == len(self.ground.properties):
                raise Stop("every property is violated")
            waited: set[int] = set()
            for at in range(start, end):
                if at % _LOOK == 0:
                    self._look()
                self._expand(at, end, waited)
                self.looked_into = at + 1
            start, end = end, len(self.states)
            self.depth += start < end

    def _expand(self, at: int, level_end: int, waited: set[int]) -> None:
        state = self.states[at]
        stuck = True
        for number, after in self.code.successors(state):
            stuck = False
            self.transitions += 1
            self.fired[number] += 1
            if after is None:  # the reference semantics says which integer left its range, and raises
                self.ground.semantics.fire(state, self.ground.actions[number].firing)
                raise AssertionError("the compiled code found an integer out of range, the semantics did not")
            if after not in self.number:
                self._add(after, at, number)
        later = self.code.wait(state)
        if later is None:
            if stuck:
                self._note_timelock(at)
            self.doubtful = self.doubtful or bool(self.code.doubtful(state))
            return
        self._wait(at, later, level_end, waited)

    def _wait(self, at: int, later: State | None, level_end: int, waited: set[int]) -> None:
        ticks = 1
        while later is not None:
            self.transitions += ticks == 1
            known = self.number.get(later)
            if known is None:
                known = self._add(later, at, -ticks)
            elif known < level_end or known in waited:
                return
            waited.add(known)
            ticks += 1
            later = self.code.wait(later)

    def _add(self, state: State, parent: int, move: int) -> int:
        at = self.number[state] = len(self.states)
        self.states.append(state)
        self.parent.append(parent)
        self.move.append(move)
        broken = self.code.broken(state)
        if broken:
            self._note(broken, at, self.violated)
        if len(self.witnessed) < len(self.ground.properties):
            self._note(self.code.reached(state), at, self.witnessed)
        return at

    @staticmethod
    def _note(bits: int, at: int, first: dict[int, int]) -> None:
        place = 0
        while bits:
            if bits & 1:
                first.setdefault(place, at)
            bits >>= 1
            place += 1

    def _note_timelock(self, at: int) -> None:
        for place, prop in enumerate(self.ground.properties):
            if prop.property.watches_time:
                self.violated.setdefault(place, at)

    def _look(self) -> None:
        figures = self.figures()
        if self.limits.seconds is not None and figures.seconds > self.limits.seconds:
            raise Stop(f"the time limit of {self.limits.seconds:g} s was reached")
        if self.limits.memory is not None and figures.memory > self.limits.memory:
            raise Stop(f"the memory limit of {self.limits.memory / 1e6:g} MB was reached")
        if self.progress is not None and figures.seconds - self.reported > _REPORT:
            self.reported = figures.seconds
            self.progress(figures)

    def figures(self) -> Figures:
        """How far the search is."""
        return Figures(
            states=len(self.states),
            stored=len(self.states),
            transitions=self.transitions,
            depth=self.depth,
            seconds=time.monotonic() - self.began,
            frontier=len(self.states) - self.looked_into,
            memory=resident_memory(),
        )

    def trace(self, at: int) -> Trace:
        """The run by which a state was found, taken through the reference semantics."""
        moves: list[Move] = []
        while self.parent[at] >= 0:
            move = self.move[at]
            moves.append(self.ground.actions[move].firing if move >= 0 else Wait(-move))
            at = self.parent[at]
        return run(self.ground.semantics, self.states[at], reversed(moves))


class Explore:
    """The engine; see the module."""

    name = "explore"

    def verify(
        self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None
    ) -> Result:
        """Decide the properties by visiting every reachable state. ModelError if the system cannot be run in ticks."""
        if not properties:
            raise ModelError("no property was given to check")
        ground = GroundSystem(Semantics(system), properties)
        search = _Search(ground, generate(ground), limits, progress)
        stopped, interrupted = None, False
        try:
            search.explore()
        except Stop as reason:
            stopped = str(reason)
        except KeyboardInterrupt:
            stopped, interrupted = "it was interrupted", True
        figures = search.figures()
        fired = dict.fromkeys((act.name for act in system.actions), 0)
        for act, times in zip(ground.actions, search.fired, strict=True):
            fired[act.firing.action.name] += times
        return Result(
            engine=self.name,
            scope="this fleet",
            verdicts=tuple(_verdict(search, place, stopped, figures) for place in range(len(properties))),
            figures=figures,
            complete=stopped is None,
            fired=fired,
            stopped=stopped,
            interrupted=interrupted,
        )


def _verdict(search: _Search, place: int, stopped: str | None, figures: Figures) -> Verdict:
    prop = search.ground.properties[place].property
    witness = search.trace(search.witnessed[place]) if place in search.witnessed else None
    if place in search.violated:
        trace = search.trace(search.violated[place])
        if trace.semantics.breaking(prop, trace.last) is None:
            raise AssertionError(f"the search says that {prop.name} is violated, the reference semantics that it holds")
        return Verdict(prop, Outcome.VIOLATED, f"a shortest run that breaks it has {len(trace.steps)} steps", trace, witness)
    if stopped is not None:
        reason = f"not decided: {figures.states} states to depth {figures.depth} hold it, then {stopped}"
        return Verdict(prop, Outcome.UNKNOWN, reason, None, witness)
    if prop.watches_time and search.doubtful:
        reason = (
            "at every whole tick some action can happen, but in some state only one that compares another clock than the one that "
            "is due, which between ticks may not be enabled"
        )
        return Verdict(prop, Outcome.UNKNOWN, reason, None, witness)
    if witness is None:
        reason = f"its premise holds in none of the {figures.states} reachable states, so nothing was tested"
        return Verdict(prop, Outcome.VACUOUS, reason)
    return Verdict(prop, Outcome.PROVED, f"it holds in all {figures.states} reachable states", None, witness)
