"""A run of an abstract system, followed in the system itself.

A run of a localized system (`udproof.engines.localize`) shows what is visible only. The system follows it if it has a run that
makes the same visible moves in the same order, with moves that nobody sees in between: actions that change nothing visible, and
the passing of time while no visible clock tells. `follow` looks for one, best first: as many visible moves as possible, then as
near as possible to the next one, then as few others as possible; and no further than a number of states.

What could keep the system from following is found by making the other moves all the same (`objections`): each conjunct that is
false on the way and that the abstract system does not know, and each deadline that it does not know and that would hold time up,
is an objection, and `blame` says which variables would have to be visible for the abstract system to know it. Whether an objection
is the one that matters is tried out by whoever asks; it need not be: whatever is made visible, the theorem of localization holds.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import count, islice
from math import ceil

from udproof.counterexamples.trace import Move, Trace, Wait, run
from udproof.engines.localize import Localized, Price, Set, blame, reads
from udproof.engines.swift import Key, Swift, key
from udproof.language import expressions as ex
from udproof.language.evaluation import evaluate
from udproof.language.semantics import Firing, OutOfRange, Semantics, State
from udproof.language.time import comparisons_of

Goal = Callable[[State], bool]

_STARTS = 1_000  # initial states that are tried


@dataclass(frozen=True, slots=True)
class _Node:
    """A state of the system after so many visible moves; of a wait that has begun, `left` ticks are to come."""

    done: int
    left: int
    state: State
    before: _Node | None
    move: Move | None

    def moves(self) -> list[Move]:
        """From the start to here; waits that follow each other are one."""
        path: list[Move] = []
        node: _Node | None = self
        while node is not None and node.move is not None:
            path.append(node.move)
            node = node.before
        joined: list[Move] = []
        for move in reversed(path):
            if isinstance(move, Wait) and joined and isinstance(joined[-1], Wait):
                joined[-1] = Wait(joined[-1].ticks + move.ticks)
            else:
                joined.append(move)
        return joined

    def start(self) -> State:
        """The initial state of the run to here."""
        node = self
        while node.before is not None:
            node = node.before
        return node.state


@dataclass
class Follower:
    """Follows runs of one localized system; `states` are looked into for one run at most, and `look` may end the work."""

    swift: Swift
    local: Localized
    states: int
    look: Callable[[], None] = lambda: None
    price: Price = lambda symbols: (len(symbols), sorted(symbol.name for symbol in symbols))
    _seen: set[tuple[int, int, State]] = field(default_factory=set)
    _farthest: _Node | None = None  # of the last run that was followed

    @property
    def semantics(self) -> Semantics:
        """What the moves mean."""
        return self.swift.semantics

    def follow(self, trace: Trace, goal: Goal, last: Firing | None = None) -> Trace | None:
        """A run of the system that makes the moves of the trace, then `last`, and ends in a state of the goal."""
        moves: list[Move] = [step.move for step in trace.steps] + ([] if last is None else [last])
        told = [clock for clock in self.semantics.system.clocks if clock in self.local.visible]
        ratio = Fraction(trace.semantics.time.unit) / self.semantics.time.unit
        full = {clock: ceil(trace.semantics.time.caps[clock] * ratio) for clock in told if clock in trace.semantics.time.caps}
        numbers = count()
        queue: list[tuple[int, int, int, int, int, _Node]] = []
        self._seen, self._farthest = set(), None

        def note(node: _Node, cost: int) -> None:
            key = node.done, node.left, node.state
            if key not in self._seen:
                self._seen.add(key)
                lacking = self._lacking(node, moves)
                heapq.heappush(queue, (-node.done, node.left, lacking, cost, next(numbers), node))

        for start in islice(self._starts(trace), _STARTS):
            note(_Node(0, self._ticks(moves, 0, ratio), start, None, None), 0)
        looked = 0
        while queue and looked < self.states:
            self.look()
            _, _, _, cost, _, node = heapq.heappop(queue)
            looked += 1
            if self._farthest is None or node.done > self._farthest.done:
                self._farthest = node
            if node.done == len(moves) and goal(node.state):
                return run(self.semantics, node.start(), node.moves())
            for move, after in self._visible(node, moves):
                part = move.ticks if isinstance(move, Wait) else node.left
                ended = part == node.left
                done = node.done + ended
                left = self._ticks(moves, done, ratio) if ended else node.left - part
                note(_Node(done, left, after, node, move), cost)
            for move, after in self._unseen(node.state, full):
                note(_Node(node.done, node.left, after, node, move), cost + 1)
        return None

    def _starts(self, trace: Trace) -> Iterator[State]:
        """The initial states that look like the run's."""
        theirs = trace.semantics.layout.position
        places = [
            (place, theirs[slot.symbol, slot.args])
            for place, slot in enumerate(self.semantics.layout.slots)
            if (slot.symbol, slot.args) in theirs and slot.symbol in self.local.visible
        ]
        for state in self.semantics.initial():
            if all(state[here] == trace.start[there] for here, there in places):
                yield state

    @staticmethod
    def _ticks(moves: Sequence[Move], at: int, ratio: Fraction) -> int:
        move = moves[at] if at < len(moves) else None
        return ceil(move.ticks * ratio) if isinstance(move, Wait) else 0

    def _lacking(self, node: _Node, moves: Sequence[Move]) -> int:
        """How far the state is from the next visible action: in conjuncts that are false, and ticks that clocks lack."""
        move = moves[node.done] if node.done < len(moves) else None
        if move is None or isinstance(move, Wait):
            return 0
        world, least = self.semantics.world(node.state), 0
        for number, firing in enumerate(self._meant(move)):
            env = self.semantics.env(firing)
            refused = [guard.condition for guard in firing.action.guards if not evaluate(guard.condition, env, world)]
            ticks = 0
            for part in (part for condition in refused for part in ex.walk(condition)):
                if isinstance(part, ex.ClockIs) and part.comparison == ">=" and ex.free_params(part) <= env.keys():
                    reading = world.clock(part.clock, tuple(evaluate(arg, env, world) for arg in part.args))
                    ticks += max(0, self.semantics.time.ticks(part.bound) - reading)
            least = len(refused) + ticks if number == 0 else min(least, len(refused) + ticks)
        return least

    # --- moves

    def _visible(self, node: _Node, moves: Sequence[Move]) -> Iterator[tuple[Move, State]]:
        """The next visible move, or a part of it."""
        if node.done == len(moves):
            return
        move = moves[node.done]
        if isinstance(move, Wait):
            for ticks in self._waits(node.state, node.left):
                yield Wait(ticks), self.semantics.passed(node.state, ticks)
            return
        yield from self.swift.enabled(node.state, ((key(firing), firing) for firing in self._meant(move)))

    def _meant(self, move: Firing) -> list[Firing]:
        """The firings of the system that look like this one."""
        found: list[Firing] = []
        for name in self.local.alike.get(move.action.name, ()):
            kept = self.local.kept(name)
            found += [firing for firing in self._firings.get(name, ()) if tuple(firing.args[place] for place in kept) == move.args]
        return found

    @cached_property
    def _firings(self) -> Mapping[str, Sequence[Firing]]:
        found: dict[str, list[Firing]] = {}
        for firing in self.semantics.firings:
            found.setdefault(firing.action.name, []).append(firing)
        return found

    def _unseen(self, state: State, full: Mapping[ex.ClockSymbol, int]) -> Iterator[tuple[Move, State]]:
        """What nobody sees: hidden actions, and time while every visible clock stands still or has told all."""
        semantics = self.semantics
        yield from self.swift.enabled(state, self._hidden)
        running = self.swift.running(state)
        for place in running:
            clock = semantics.layout.slots[place].symbol
            assert isinstance(clock, ex.ClockSymbol)
            if clock in full and state[place] < full[clock]:
                return
        for ticks in self._waits(state, None):
            yield Wait(ticks), semantics.advanced(state, running, ticks)

    @cached_property
    def _hidden(self) -> list[tuple[Key, Firing]]:
        """The firings that nobody sees and that constants do not rule out."""
        hidden = ((key(firing), firing) for firing in self.semantics.firings if firing.action.name in self.local.hidden)
        return [(known, firing) for known, firing in hidden if known in self.swift.guards]

    def _waits(self, state: State, most: int | None) -> list[int]:
        """Lengths of waits worth trying: to where a running clock reaches what it is compared with, and as long as may be."""
        patience = self.swift.patience(state)
        limits = [limit for limit in (patience, most) if limit is not None]
        longest = min(limits, default=None)
        found = {longest} if longest else set()
        for place in self.swift.running(state):
            clock = self.semantics.layout.slots[place].symbol
            assert isinstance(clock, ex.ClockSymbol)
            found |= {bound - state[place] for bound in self._bounds.get(clock, ()) if bound > state[place]}
        return sorted(ticks for ticks in found if ticks is not None and ticks > 0 and (longest is None or ticks <= longest))

    @cached_property
    def _bounds(self) -> Mapping[ex.ClockSymbol, set[int]]:
        found: dict[ex.ClockSymbol, set[int]] = {}
        for node in comparisons_of(self.semantics.system):
            ticks = self.semantics.time.ticks(node.bound)
            found.setdefault(node.clock, set()).update({ticks + 1} if node.comparison in (">", "<=") else {ticks})
        return found

    # --- what is in the way

    def objections(self, trace: Trace, last: Firing | None = None) -> list[Set]:
        """What would have to be visible for the abstract system to know what keeps the system from these moves; each once.

        The moves are those that were not made when the run was followed.
        """
        node = self._farthest
        if node is None:
            return []
        found: dict[Set, None] = {}
        ratio = Fraction(trace.semantics.time.unit) / self.semantics.time.unit
        state, moves = node.state, [step.move for step in trace.steps] + ([] if last is None else [last])
        for number in range(node.done, len(moves)):
            move = moves[number]
            if isinstance(move, Wait):
                state = self._held(state, node.left if number == node.done else self._ticks(moves, number, ratio), found)
                continue
            choices = [(self._refusing(state, firing), firing) for firing in self._meant(move)]
            for sets, _ in choices:
                found.update(dict.fromkeys(sets))
            if not choices:
                break  # a parameter that the abstract system lost ranges over nothing
            _, firing = min(choices, key=lambda pair: len(pair[0]))
            state = self._forced(state, firing)
        return sorted(found, key=self.price)

    def _refusing(self, state: State, firing: Firing) -> list[Set]:
        """For each conjunct that is false and that the abstract system does not know, what would have to be visible."""
        world, env = self.semantics.world(state), self.semantics.env(firing)
        refused = self.semantics.refused(state, firing)
        sets = [blame(guard.condition, env, world, self.local.visible, self.price) for guard in refused]
        return [missing for missing in sets if missing]

    def _held(self, state: State, ticks: int, found: dict[Set, None]) -> State:
        """The state so many ticks later; the deadlines on the way that the abstract system does not know are noted."""
        semantics, visible = self.semantics, self.local.visible
        for _ in range(len(semantics.system.deadlines) + 1):
            patience = semantics.patience(state)
            if ticks == 0 or patience is None or patience >= ticks:
                break
            state, ticks = semantics.passed(state, patience), ticks - patience
            world = semantics.world(state)
            for dead, env in semantics.blocked_by(state):
                missing = blame(dead.condition, env, world, visible, self.price, up=False) | (reads(dead.limit) - visible)
                if missing:
                    found[missing] = None
            state, ticks = semantics.passed(state, 1), ticks - 1
        return semantics.passed(state, ticks) if ticks else state

    def _forced(self, state: State, firing: Firing) -> State:
        """The state after a firing, enabled or not; the same state if an integer would leave its range."""
        try:
            return self.semantics.fire(state, firing)
        except OutOfRange:
            return state


__all__ = ["Follower", "Goal"]
