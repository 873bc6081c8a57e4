"""That time can pass, as invariants: at each deadline some action is enabled, and which one is found out.

*time-can-pass* says that something can happen wherever a deadline stops time. An abstraction cannot say that of itself: it lets
more happen than the system does. But about given actions it is a statement about states like any other. For a deadline with
condition C and limit x <= b, and *ways out*, each the guard of an action of the system, about the deadline's own elements or some:

    C and x >= b  implies  one of the ways out                                                                          (*)

**Theorem.** If (*) holds for each deadline and all its elements, in a set of states that has every state that a run of the system
reaches, in dense time, then time can pass in the system. For where a deadline stops time, its condition holds and its clock is at
the bound or past it; so a way out holds, which is the guard of the system's own action, not of a weaker one: that action can fire.

The guards that (*) speaks of are those of the system, in full: all that they read must be visible where (*) is proved, and then
localization preserves (*) as it does any invariant (`udproof.engines.localize`). Where (*) is false the guards are, which turns
their comparisons of clocks into strict ones; so counting ticks is exact for few such formulas, and where it is not, zones decide.

The sets of states, the coarsest first: any state at all (`udproof.engines.pointwise`), which is enough wherever the action that
ends a deadline asks for no more than the deadline does; then an abstraction, found by refinement. The ways out are found by
counterexample. There are none to begin with; a state that breaks (*) either enables an action, which is taken in, or none: if a
run of the system leads there, time cannot pass. Of several actions those come first that are about the deadline's elements and
that read little which the deadline does not.

An action that is enabled, and would take an integer out of its range, is a way out here as it is in the semantics, and an error of
the system that others report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import product

from udproof.counterexamples.trace import Trace
from udproof.engines.algebra import Ground, conjoin, negate
from udproof.engines.instantiate import Instantiation, Places
from udproof.engines.limits import Stop
from udproof.engines.localize import in_order, reads, substituted
from udproof.engines.pointwise import AnyState, GaveUp
from udproof.engines.refinement import Decided, Refinement
from udproof.language import Property
from udproof.language import expressions as ex
from udproof.language.actions import Action
from udproof.language.claims import TIME_CAN_PASS, Deadline
from udproof.language.evaluation import Env, evaluate


@dataclass(frozen=True, slots=True)
class WayOut:
    """An action that may end a deadline. For each of its parameters, which of the deadline's it is; None if any element will do."""

    action: Action
    means: tuple[ex.Param | None, ...]

    @property
    def condition(self) -> ex.Expr:
        """That it is enabled, over the deadline's parameters."""
        given = {own: element for own, element in zip(self.action.params, self.means, strict=True) if element is not None}
        free = [own for own, element in zip(self.action.params, self.means, strict=True) if element is None]
        guard = ex.conjunction([substituted(part.condition, given) for part in self.action.guards])
        return reduce(lambda body, param: ex.Exists(param, body), reversed(free), guard)


@dataclass
class AtDeadline:
    """What is known about one deadline: the ways out so far; and if it is decided, how."""

    deadline: Deadline
    ways: list[WayOut] = field(default_factory=list)
    anywhere: bool = False  # is there a way out in any state there could be?
    decided: Decided | None = None  # on an abstraction: with a trace if there is none in some reachable state
    reason: str | None = None  # why nothing more can be tried

    @property
    def shown(self) -> bool:
        """Is there always a way out?"""
        return self.anywhere or (self.decided is not None and self.decided.holds)

    @property
    def property(self) -> Property:
        """(*)"""
        dead = self.deadline
        due = ex.And((dead.condition, ex.ClockIs(dead.limit.clock, dead.limit.args, ">=", dead.limit.bound)))
        body = ex.Or((ex.Not(due), *(way.condition for way in self.ways)))
        # its own name for each set of ways out, since refinement goes on by name
        return Property(f"{TIME_CAN_PASS.name} at {dead.name}, {len(self.ways)}", "", "", dead.params, body, ex.TRUE, None, None)

    def __str__(self) -> str:
        names = dict.fromkeys(way.action.name for way in self.ways)
        return f"{self.deadline.name} by {' or '.join(names)}" if names else f"{self.deadline.name} is never reached"


@dataclass
class Timelocks:
    """The search for ways out, at every deadline of a system."""

    refinement: Refinement
    deadlines: tuple[AtDeadline, ...] = ()
    trace: Trace | None = None  # of the system, to a state in which time cannot pass and nothing can happen

    def __post_init__(self) -> None:
        self._semantics = self.refinement.semantics
        self.deadlines = tuple(map(AtDeadline, self._semantics.system.deadlines))
        self._formulas = Instantiation(self._semantics, self.refinement.watch.glance)
        self._states = AnyState(self._semantics, self._formulas)
        self._looked = False

    @property
    def shown(self) -> bool:
        """Is there always a way out?"""
        return self._looked and all(one.shown for one in self.deadlines)

    @property
    def over(self) -> bool:
        """Is there nothing left to do?"""
        return self._looked and (self.trace is not None or all(one.shown or one.reason for one in self.deadlines))

    def decide(self, most: int, seconds: float | None = None) -> None:
        """Go on, with abstractions of up to so many states, and so many seconds for a deadline. Stop if a limit is reached."""
        if not self._looked:
            for one in self.deadlines:
                one.anywhere = self._anywhere(one)
                if not one.anywhere:
                    one.ways = [way for way in one.ways if not _far(way, one.deadline)]
            self._looked = True
        for one in self.deadlines:
            if not one.shown and one.reason is None and self.trace is None:
                try:
                    self._reachable(one, most, seconds)
                except Stop as reason:
                    if self.refinement.watch.reached() is not None:
                        raise
                    one.reason = str(reason)

    # --- the ways out there could be

    def _candidates(self, dead: Deadline) -> list[WayOut]:
        """Every action with every meaning of its parameters, the likeliest first."""
        own = reads(dead.condition) | reads(dead.limit)

        def price(way: WayOut) -> tuple[bool, int, int]:
            unbound = sum(element is None for element in way.means)
            return _far(way, dead), len(reads(way.condition) - own), unbound

        ways = [
            WayOut(act, means)
            for act in self._semantics.system.actions
            for means in product(*([*(one for one in dead.params if one.sort is param.sort), None] for param in act.params))
        ]
        return sorted(ways, key=price)

    # --- in any state there could be

    def _anywhere(self, one: AtDeadline) -> bool:
        """Find ways out that suffice in any state. If there are not enough, those that were found stay."""
        candidates = self._candidates(one.deadline)
        instances = list(self._instances(one.deadline))
        try:
            for due, places in instances:
                while (found := self._states.where([due, *self._closed(one.ways, places)])) is not None:
                    self.refinement.watch.look()
                    new = next((way for way in candidates if found.holds(self._ground(way, places))), None)
                    if new is None or new in one.ways:
                        return False
                    one.ways.append(new)
            for way in [*one.ways]:
                rest = [other for other in one.ways if other != way]
                if all(self._states.where([due, *self._closed(rest, places)]) is None for due, places in instances):
                    one.ways = rest
        except GaveUp:
            return False
        return True

    def _instances(self, dead: Deadline) -> Iterator[tuple[Ground, Places]]:
        """That the deadline stops time, for each choice of its elements."""
        limit = ex.ClockIs(dead.limit.clock, dead.limit.args, ">=", dead.limit.bound)
        for places in self._formulas.possible(dead.params, [dead.condition], {}):
            due = conjoin([self._formulas.expression(dead.condition, places), self._formulas.expression(limit, places)])
            if due != 0:
                yield due, places

    def _closed(self, ways: list[WayOut], places: Places) -> list[Ground]:
        return [negate(self._ground(way, places)) for way in ways]

    def _ground(self, way: WayOut, places: Places) -> Ground:
        return self._formulas.expression(way.condition, places)

    # --- in the states of an abstraction

    def _reachable(self, one: AtDeadline, most: int, seconds: float | None) -> None:
        """Find ways out that suffice in every reachable state, or a run to a state that has none."""
        while True:
            stated = one.property
            decided = self.refinement.decide(stated, most, seconds)
            if decided is None:
                return
            if decided.trace is None:
                one.decided = decided
                return
            trace = decided.trace
            if trace.semantics.stuck(trace.last):
                one.decided, self.trace = decided, trace
                return
            env = trace.semantics.breaking(stated, trace.last)
            assert env is not None
            one.ways.append(self._enabled(one.deadline, trace, env))

    def _enabled(self, dead: Deadline, trace: Trace, env: Env) -> WayOut:
        """The likeliest way out of the last state of a run, where an action is enabled."""
        world = trace.semantics.world(trace.last)
        return next(way for way in self._candidates(dead) if evaluate(way.condition, env, world))


def _far(way: WayOut, dead: Deadline) -> bool:
    """Is it about none of the deadline's elements?"""
    return bool(dead.params) and not any(way.means)


def told(found: Timelocks) -> str:
    """Why time can pass, in words: which action ends which deadline, and in which states."""
    system = found.refinement.semantics.system
    if not found.deadlines:
        return "there is no deadline"
    sentences = []
    if anywhere := [str(one) for one in found.deadlines if one.anywhere]:
        sentences.append(f"an action ends each deadline in any state there could be: {', '.join(anywhere)}")
    for one in found.deadlines:
        if one.decided is not None:
            kept = ", ".join(symbol.name for symbol in in_order(system, one.decided.local.visible))
            sentences.append(f"{one}, on an abstraction of {one.decided.result.figures.states} states that keeps {kept}")
    return "; ".join(sentences)


__all__ = ["AtDeadline", "Timelocks", "WayOut", "told"]
