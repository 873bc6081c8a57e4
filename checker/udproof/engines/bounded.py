"""All runs of at most so many steps, by a solver; and a proof by induction, where one is to be had.

*Bounded model checking* (Biere, Cimatti, Clarke and Zhu 1999): the runs of a concrete system with k steps are the models of one
formula (`unroll`), and a solver says whether one of them ends in a state that breaks a property. So fleets can be looked into whose
states are far too many to visit, as far as k reaches. k grows by whole windows, since one question about many steps costs less than
many questions; within a window the shortest run is found by halving. A run that a solver has found is taken through the reference
semantics before anyone sees it, and its length is the same as that of any search.

*k-induction* (Sheeran, Singh and Stålmarck 2000): if what is claimed holds in every run of k steps, and in each state that follows
on k states in a row in which it holds, then it holds always. The k states may be taken to be different, and no two waits to follow
each other, since the shortest run to a violation is like that. All claims are tried together, those that fail are dropped, and the
rest is asked for again (as Houdini does), so that one claim may rest on another. An action that would leave an integer's range is a
mistake of the model; a run that makes one is looked for like a violation, and nothing is proved until it is excluded too.

What is neither broken nor proved is UNKNOWN, and the reason says how far the runs were looked into. So is everything that the
solver could not decide in its time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import compress

import z3

from udproof.counterexamples.trace import Trace
from udproof.engines.algebra import Ground, negate
from udproof.engines.ground import GroundSystem
from udproof.engines.limits import Stop, Watch, check_request, most_memory, resident_memory
from udproof.engines.unroll import Path, Term, Unrolling
from udproof.engines.verdict import Figures, Limits, Outcome, Progress, Result, Verdict, breaks
from udproof.engines.zone_time import in_whole_ticks
from udproof.language import ModelError, Property, System
from udproof.language.semantics import Firing

DOUBTFUL = (
    "at every whole tick some action can happen, but in some state only one that compares another clock than the one that is due, "
    "which between ticks may not be enabled"
)
NO_RUN = "no run"
DEPTH = 40  # steps, unless it is told otherwise
_WINDOWS = (4, 8, 12, 16, 24, 32)  # ends of the first windows; later ones are ...
_WINDOW = 16  # ... so long
_INDUCTION = (1, 2, 3, 4, 6, 8)  # how many states in a row are tried
_EFFORT = 4_000_000  # for one question of an induction, in the solver's own unit, which is the same on every machine
_EVERY = 0.1  # seconds between two looks at the limits while the solver works

_BROKEN, _PREMISE, _OVERFLOW, _DOUBT = "broken", "premise", "overflow", "doubt"  # kinds of goals


@dataclass(slots=True, eq=False)
class _Goal:
    """A kind of state that is looked for: one that breaks a property, or makes its premise true, or is a mistake of the model."""

    kind: str
    place: int  # of the property
    formula: Term
    trace: Trace | None = None  # a shortest run to one
    excluded: int | None = None  # by induction over so many states: there is none


@dataclass(slots=True)
class _Work:
    """One run of the engine."""

    unrolling: Unrolling
    watch: Watch
    depth: int
    goals: list[_Goal]
    path: Path = field(init=False)
    looked: int = -1  # every run of so many steps has been looked into
    tried: int = 0  # so many states in a row were tried for an induction
    names: int = 0
    induction: Path | None = None
    gave_up: bool = False  # an induction took too much effort, so no longer one is tried

    def __post_init__(self) -> None:
        self.path = Path(self.unrolling, "s")
        self.path.solver.add(self.path.at(self.unrolling.initial(), 0))

    # --- questions

    def ask(self, solver: z3.Solver, assumptions: Sequence[Term], effort: int = 0) -> z3.ModelRef | None:
        """A model, or None if there is none. Stop if a limit ends the work; _TooHard if the effort was not enough."""
        self.look()
        solver.set("rlimit", effort)
        with self._guarded():
            answer = solver.check(*assumptions)
        self.look()
        if answer == z3.sat:
            return solver.model()
        if answer == z3.unsat:
            return None
        reason = solver.reason_unknown()
        if "keyboard" in reason:
            raise KeyboardInterrupt
        if effort:
            raise _TooHard(reason)
        raise Stop(f"the solver gave no answer ({reason})")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """While it is entered, a limit that is reached interrupts the solver."""
        over = threading.Event()

        def guard() -> None:
            while not over.wait(_EVERY):
                if self.watch.reached() is not None:
                    self.unrolling.context.interrupt()

        thread = threading.Thread(target=guard, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def look(self) -> None:
        """Stop if a limit is reached, and tell how far the work is."""
        self.watch.look()
        self.watch.tell(self.figures)

    def figures(self) -> Figures:
        """How far the work is. No states are counted."""
        return Figures(0, 0, 0, max(self.looked, 0), self.watch.seconds, 0, resident_memory())

    def name(self) -> Term:
        """A truth value that nothing else uses."""
        self.names += 1
        return self.unrolling.truth_named(f"any-{self.names}")

    def some(self, path: Path, place: int, goals: Sequence[_Goal]) -> Term:
        """A literal under which the state of that place is of one of the kinds."""
        literal = self.name()
        path.solver.add(z3.Implies(literal, z3.Or([path.at(goal.formula, place) for goal in goals])))
        return literal

    # --- runs from the start

    def search(self) -> None:
        """Look at windows of more and more steps until every goal is found or excluded. Stop if a limit ends that."""
        for end in windows(self.depth):
            while self.path.length < end:
                self.watch.glance()
                self.path.extend()
            self.looked = self._window(end)
            if not self.open:
                return
            self._induce(end)
            if not self.open:
                return

    def _window(self, end: int) -> int:
        """Find the goals that runs of up to `end` steps reach, in the order of their steps. Answers how many steps that were.

        ModelError if one is a mistake of the model. Stop where a search by levels would: when every property is violated, or the
        first one if that is enough, and nothing else happens as early.
        """
        known = self.looked  # runs of so many steps reach none that is still open
        while goals := self.open:
            last = self._last_level()
            literal = self.some(self.path, self.path.length, goals)
            if (found := self._shortest(literal, known, end if last is None else last)) is None:
                if last is None:
                    return end
                self.looked = last
                first = self.watch.limits.stop_at_first
                raise Stop("it was told to stop at the first violation" if first else "every property is violated")
            known = len(found.steps) - 1
            reached = [goal for goal in goals if self._is_at(goal, found)]
            if not reached:
                raise AssertionError("the solver found a run to a state, and that state is not what was asked for")
            for goal in reached:
                goal.trace = found
                if goal.kind == _OVERFLOW:
                    raise _overflow(found) or AssertionError("an integer left its range, and is back")
        return known + 1

    def _last_level(self) -> int | None:
        """The last number of steps that matters, if there is one already."""
        steps = [len(goal.trace.steps) for goal in self.goals if goal.kind == _BROKEN and goal.trace is not None]
        if len(steps) == len(self.unrolling.ground.properties):
            return max(steps)
        return min(steps, default=None) if self.watch.limits.stop_at_first else None

    def _shortest(self, literal: Term, known: int, end: int) -> Trace | None:
        """A run of the fewest steps, more than `known` and at most `end`."""
        best: Trace | None = None
        low, high = known, end
        while low < (high if best is None else high - 1):
            middle = high if best is None else (low + high) // 2
            model = self.ask(self.path.solver, [literal, *([self.path.rests(middle + 1)] if middle < self.path.length else [])])
            if model is None:
                low = middle
            else:
                best = self.path.trace(model)
                high = len(best.steps)
        return best

    def _is_at(self, goal: _Goal, trace: Trace) -> bool:
        """Is the last state of that kind? AssertionError if the reference semantics says otherwise."""
        found = self.unrolling.is_true(goal.formula, trace.last)
        semantics, properties = trace.semantics, self.unrolling.ground.properties
        match goal.kind:
            case "broken":
                said = semantics.breaking(properties[goal.place].property, trace.last) is not None
            case "premise":
                said = semantics.reaches(properties[goal.place].property, trace.last) is not None
            case "overflow":
                said = _overflow(trace) is not None
            case _:  # a doubt: whether time could be held up between ticks, of which the reference semantics knows nothing
                said = found
        if said is not found:
            raise AssertionError(
                f"the solver's formulas and the reference semantics differ about a state: {goal.kind} {goal.place}"
            )
        return found

    @property
    def open(self) -> list[_Goal]:
        """What is neither found nor excluded, and could still make a difference."""
        settled = {goal.place for goal in self.goals if goal.kind == _BROKEN and goal.trace is not None}
        return [
            goal
            for goal in self.goals
            if goal.trace is None and goal.excluded is None and not (goal.kind in (_PREMISE, _DOUBT) and goal.place in settled)
        ]

    # --- induction

    def _induce(self, end: int) -> None:
        """Exclude what can be excluded from states in a row, no more of them than every run so far has."""
        if self.induction is None:
            self.induction = Path(self.unrolling, "i")
            self.induction.solver.add(self.induction.at(self.unrolling.within(), 0))
        for states in _INDUCTION:
            if states > end or self.gave_up or not self.open:
                return
            if states > self.tried:
                self._lengthen(self.induction, states)
                try:
                    self._exclude(self.induction, states)
                except _TooHard:
                    self.gave_up = True
                self.tried = states

    def _lengthen(self, path: Path, states: int) -> None:
        """As many steps as states, none of which rests, all states different."""
        while path.length < states:
            self.watch.glance()
            path.extend()
            path.solver.add(z3.Not(path.rests(path.length)))
            path.solver.add(*(self.unrolling.differs(path.states[-1], other) for other in path.states[:-1]))

    def _exclude(self, path: Path, states: int) -> None:
        """The largest set of open goals that, absent from so many states in a row, are absent from the next."""
        for goal in self.goals:
            if goal.excluded is not None:
                path.solver.add(*(z3.Not(path.at(goal.formula, place)) for place in range(states + 1)))
        candidates = self.open
        absent = [self.name() for _ in candidates]
        for goal, name in zip(candidates, absent, strict=True):
            path.solver.add(*(z3.Implies(name, z3.Not(path.at(goal.formula, place))) for place in range(states)))
        while candidates:
            model = self.ask(path.solver, [self.some(path, states, candidates), *absent], _EFFORT)
            if model is None:
                break
            kept = [not z3.is_true(model.eval(path.at(goal.formula, states), model_completion=True)) for goal in candidates]
            candidates, absent = list(compress(candidates, kept)), list(compress(absent, kept))
        for goal in candidates:
            goal.excluded = states


class _TooHard(Exception):
    """The solver gave a question up."""


def windows(depth: int) -> Iterator[int]:
    """The ends of the windows up to a depth."""
    ends = [end for end in _WINDOWS if end < depth]
    yield from ends
    end = _WINDOWS[-1] + _WINDOW
    while end < depth:
        yield end
        end += _WINDOW
    yield depth


def _overflow(trace: Trace) -> ModelError | None:
    """What the reference semantics says of an action that leaves an integer's range in the last state."""
    for firing in trace.semantics.enabled(trace.last):
        try:
            trace.semantics.fire(trace.last, firing)
        except ModelError as error:
            return error
    return None


_NEVER = _Goal(_BROKEN, -1, None, excluded=0)  # what no state can be: its formula is false


class Bounded:
    """The engine; see the module. It looks at runs of at most `depth` steps."""

    name = "bounded"

    def __init__(self, depth: int = DEPTH) -> None:
        self.depth = depth

    def verify(self, system: System, properties: tuple[Property, ...], limits: Limits, progress: Progress | None = None) -> Result:
        """Look at all runs of up to `depth` steps, and prove what induction can. ModelError if the system cannot run in ticks."""
        check_request(system, properties)
        watch = Watch(limits, progress)
        work: _Work | None = None
        stopped, interrupted = None, False
        try:
            watch.look()
            ground = GroundSystem(in_whole_ticks(system), properties, watch.glance)
            unrolling = Unrolling(ground, watch.glance)
            work = _Work(unrolling, watch, self.depth, _goals(unrolling))
            work.search()
        except Stop as reason:
            stopped = str(reason)
        except MemoryError:
            stopped = watch.memory_reached()
        except KeyboardInterrupt:
            stopped, interrupted = "it was interrupted", True
        return _result(_Asked(system, properties, watch, self.depth), work, stopped, interrupted)


def _goals(unrolling: Unrolling) -> list[_Goal]:
    ground = unrolling.ground
    found: list[_Goal] = []

    def goal(kind: str, place: int, formula: Ground) -> None:
        if formula != 0:
            found.append(_Goal(kind, place, unrolling.holds(formula)))

    for place, prop in enumerate(ground.properties):
        goal(_BROKEN, place, unrolling.stuck if prop.property.watches_time else negate(prop.body))
        goal(_PREMISE, place, prop.premise)
        if prop.property.watches_time:
            goal(_DOUBT, place, ground.doubtful)
    goal(_OVERFLOW, -1, unrolling.overflow)
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the engine was asked."""

    system: System
    properties: tuple[Property, ...]
    watch: Watch
    depth: int


def _result(asked: _Asked, work: _Work | None, stopped: str | None, interrupted: bool) -> Result:
    system, properties, watch, depth = asked.system, asked.properties, asked.watch, asked.depth
    looked = -1 if work is None else work.looked
    verdicts = tuple(_verdict(prop, place, work, stopped) for place, prop in enumerate(properties))
    fired = dict.fromkeys((action.name for action in system.actions), 0)
    for move in {step.move for one in verdicts for trace in (one.trace, one.witness) if trace for step in trace.steps}:
        if isinstance(move, Firing):
            fired[move.action.name] += 1
    if stopped is None and any(verdict.outcome is Outcome.UNKNOWN for verdict in verdicts):
        stopped = f"the depth of {depth} steps was reached"
    return Result(
        engine=Bounded.name,
        scope="this fleet",
        verdicts=verdicts,
        figures=Figures(0, 0, 0, max(looked, 0), watch.seconds, 0, most_memory()),
        complete=False,
        fired=fired,
        stopped=stopped,
        interrupted=interrupted,
        symmetry=False,
        searched=f"every run of at most {looked} steps" if looked >= 0 else NO_RUN,
    )


def _verdict(prop: Property, place: int, work: _Work | None, stopped: str | None) -> Verdict:
    if work is None:
        return Verdict(prop, Outcome.UNKNOWN, f"not decided: {stopped}")
    goals = {goal.kind: goal for goal in work.goals if goal.place in (place, -1)}
    broken, premise, doubt, overflow = (goals.get(kind, _NEVER) for kind in (_BROKEN, _PREMISE, _DOUBT, _OVERFLOW))
    if broken.trace is not None:
        return Verdict(prop, Outcome.VIOLATED, breaks(broken.trace), broken.trace, premise.trace)
    so_far = f"it holds in every run of at most {work.looked} steps" if work.looked >= 0 else "no run was looked into"
    if broken.excluded is not None and overflow.excluded is not None:
        states = max(broken.excluded, overflow.excluded)
        induction = f"by induction from {states} state{'s in a row' if states > 1 else ''}" if states else "nothing can break it"
        if doubt.trace is not None:
            return Verdict(prop, Outcome.UNKNOWN, DOUBTFUL, None, premise.trace)
        if premise.excluded is not None:
            return Verdict(prop, Outcome.VACUOUS, f"its premise holds in no reachable state ({induction}), so nothing was tested")
        if premise.trace is not None and doubt.excluded is not None:
            reason = f"{induction}; {so_far}"
            return Verdict(prop, Outcome.PROVED, reason, None, premise.trace, inductive=True)
        missing = "its premise was not reached" if premise.trace is None else "time was not shown to pass between ticks"
        return Verdict(prop, Outcome.UNKNOWN, f"{induction}, but {missing} in runs of at most {work.looked} steps{_then(stopped)}")
    if stopped is not None:
        return Verdict(prop, Outcome.UNKNOWN, f"not decided: {so_far}{_then(stopped)}", None, premise.trace)
    tried = f"; no induction from up to {work.tried} states in a row proves it" if work.tried else ""
    return Verdict(prop, Outcome.UNKNOWN, f"{so_far}; longer runs were not looked at{tried}", None, premise.trace)


def _then(stopped: str | None) -> str:
    return "" if stopped is None else f", then {stopped}"
