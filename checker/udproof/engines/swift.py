"""A concrete system as Python functions: what the reference semantics evaluates, compiled.

To follow a run of an abstraction into a large system, thousands of its states are looked into, each with more than a thousand
firings. The reference semantics walks through every formula for that. Here each ground action (`ground`) becomes a Python function
for its guard, and one for the state after it, with clocks settled. Whoever uses it replays in the reference semantics what was
found, so nothing rests on this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from udproof.engines.algebra import At, Ground
from udproof.engines.ground import GroundSystem
from udproof.engines.instantiate import Instantiation, Look
from udproof.language.semantics import Firing, Semantics, State

Key: TypeAlias = tuple[str, tuple[int, ...]]  # a firing: the name of its action, and its arguments
Test: TypeAlias = Callable[[State], bool]

_INFIX = {"and": " and ", "or": " or ", "eq": " == ", "le": " <= ", "add": " + ", "sub": " - "}
_NESTED = 30  # parentheses within each other that Python is asked to read


def key(firing: Firing) -> Key:
    """A firing, as what it is looked up by: to compare whole actions takes long."""
    return firing.action.name, firing.args


@dataclass(frozen=True, slots=True)
class _Due:
    """A deadline of some elements: while the condition holds, time may not pass beyond so many ticks of a clock."""

    holds: Test
    clock: int
    bound: int


@dataclass(frozen=True, slots=True)
class Swift:
    """The firings of a system that constants do not rule out, each with its guard and effect; its clocks and deadlines."""

    semantics: Semantics
    guards: dict[Key, Test]
    effects: dict[Key, Callable[[State], State | None]]  # None where an integer would leave its range
    clocks: tuple[tuple[int, Test], ...]  # the slot of each, and whether it runs
    deadlines: tuple[_Due, ...]

    def enabled(self, state: State, firings: Iterable[tuple[Key, Firing]]) -> Iterator[tuple[Firing, State]]:
        """Those of the firings that can happen, each with the state after it. OutOfRange if an integer leaves its range."""
        guards, effects = self.guards, self.effects
        for known, firing in firings:
            if known in guards and guards[known](state):
                after = effects[known](state)
                yield firing, self.semantics.fire(state, firing) if after is None else after

    def running(self, state: State) -> list[int]:
        """The slots of the clocks that run."""
        return [slot for slot, runs in self.clocks if runs(state)]

    def patience(self, state: State) -> int | None:
        """How many ticks may pass before a deadline forbids more; None if none does (see `Semantics.patience`)."""
        running = set(self.running(state))
        left = [(one.bound - state[one.clock], one.clock) for one in self.deadlines if one.holds(state)]
        return min((max(ticks, 0) for ticks, clock in left if ticks <= 0 or clock in running), default=None)


def swift(semantics: Semantics, look: Look = lambda: None) -> Swift:
    """The system, compiled. `look` is called again and again while that is done, and may raise to end it."""
    ground, formulas = GroundSystem(semantics, (), look), Instantiation(semantics, look)
    writer = _Writer()
    for number, action in enumerate(ground.actions):
        look()
        writer.test(f"guard{number}", action.guard)
        body = ["after = list(s)", *(f"after[{slot}] = int({writer.text(value)})" for slot, value in action.post.items())]
        body += [f"if not {low} <= after[{slot}] <= {high}: return None" for slot, low, high in action.ranges]
        writer.function(f"effect{number}", [*body, "return tuple(after)"])
    clocks = formulas.running()
    for place, runs in clocks.items():
        writer.test(f"runs{place}", runs)
    due = list(formulas.due())
    for number, (_, condition, _) in enumerate(due):
        writer.test(f"due{number}", condition)
    made = writer.compiled()
    keys = [key(action.firing) for action in ground.actions]
    return Swift(
        semantics,
        {known: made[f"guard{number}"] for number, known in enumerate(keys)},
        {known: made[f"effect{number}"] for number, known in enumerate(keys)},
        tuple((place, made[f"runs{place}"]) for place in clocks),
        tuple(
            _Due(made[f"due{number}"], clock, semantics.time.ticks(dead.limit.bound)) for number, (dead, _, clock) in enumerate(due)
        ),
    )


@dataclass
class _Writer:
    """Functions of a state `s` in Python: numbers, operators and each other are all that they are made of."""

    lines: list[str] = field(default_factory=list)
    _apart: dict[Ground, str] = field(default_factory=dict)  # expressions too deep to stand where they are used

    def test(self, name: str, a: Ground) -> None:
        self.function(name, [f"return bool({self.text(a)})"])

    def function(self, name: str, body: list[str]) -> None:
        self.lines += [f"def {name}(s):", *(f"    {line}" for line in body)]

    def text(self, a: Ground) -> str:
        return self._deep(a)[0]

    def _deep(self, a: Ground) -> tuple[str, int]:
        """The expression, and how deep it is."""
        match a:
            case int():
                return str(a), 0
            case At(slot=slot):
                return f"s[{slot}]", 0
        if a in self._apart:
            return self._apart[a], 0
        found = [self._deep(arg) for arg in a.args]
        args, depth = [text for text, _ in found], 1 + max(depth for _, depth in found)
        match a.operator:
            case "not":
                text = f"(not {args[0]})"
            case "ite":
                text = f"({args[1]} if {args[0]} else {args[2]})"
            case operator:
                text = f"({_INFIX[operator].join(args)})"
        if depth < _NESTED:
            return text, depth
        name = f"part{len(self._apart)}"
        self.function(name, [f"return {text}"])
        self._apart[a] = f"{name}(s)"
        return self._apart[a], 0

    def compiled(self) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(compile("\n".join(self.lines), "<a compiled system>", "exec"), names)
        return names


__all__ = ["Key", "Swift", "key", "swift"]
