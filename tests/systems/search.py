"""The naive search: breadth first over the reference semantics, where a wait of any length is one step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from udproof.language import Property, System
from udproof.language.evaluation import evaluate
from udproof.language.semantics import Semantics, State

S = TypeVar("S", bound=Hashable)


class TooLarge(Exception):
    """More states than the test is willing to visit one by one."""


@dataclass
class Found:
    """Everything reachable: its size, the steps to its farthest state, and the steps to each event of interest."""

    states: set[State] = field(default_factory=set)
    depth: int = 0
    violated: dict[str, int] = field(default_factory=dict)  # property -> steps to the nearest state that breaks it
    reached: dict[str, int] = field(default_factory=dict)  # property -> steps to the nearest state that reaches its premise
    times: dict[str, int] = field(default_factory=dict)  # property -> states that reach its premise
    fired: set[str] = field(default_factory=set)  # the actions that are enabled somewhere


def search(system: System, properties: Iterable[Property] | None = None, limit: int = 100_000) -> Found:
    """Visit every state. TooLarge beyond the limit; the semantics' own OutOfRange where an integer leaves its range."""
    semantics = Semantics(system)
    watched = tuple(system.checks if properties is None else properties)
    found = Found()
    level = list(dict.fromkeys(semantics.initial()))
    found.states.update(level)
    depth = 0
    while level:
        found.depth = depth
        fresh: list[State] = []
        for state in level:
            _watch(semantics, watched, state, depth, found)
            for after in _successors(semantics, state, found.fired):
                if after not in found.states:
                    found.states.add(after)
                    fresh.append(after)
        if len(found.states) > limit:
            raise TooLarge(f"more than {limit} states")
        level, depth = fresh, depth + 1
    return found


def _watch(semantics: Semantics, watched: tuple[Property, ...], state: State, depth: int, found: Found) -> None:
    for prop in watched:
        if prop.name not in found.violated and semantics.breaking(prop, state) is not None:
            found.violated[prop.name] = depth
        if semantics.reaches(prop, state) is not None:
            found.reached.setdefault(prop.name, depth)
            found.times[prop.name] = found.times.get(prop.name, 0) + 1


def _successors(semantics: Semantics, state: State, fired: set[str]) -> Iterator[State]:
    world = semantics.world(state)
    for firing in semantics.firings:
        env = semantics.env(firing)
        if all(evaluate(guard.condition, env, world) for guard in firing.action.guards):
            fired.add(firing.action.name)
            yield semantics.fire(state, firing)
    passed = {state}
    later = semantics.wait(state)
    while later is not None and later not in passed:
        yield later
        passed.add(later)
        later = semantics.wait(later)


def levels(initial: Iterable[S], successors: Callable[[S], Iterable[S]]) -> tuple[int, int]:
    """How many plain values are reachable, and in how many steps the farthest is."""
    seen = set(initial)
    level, depth = list(seen), 0
    while True:
        fresh = []
        for value in level:
            for after in successors(value):
                if after not in seen:
                    seen.add(after)
                    fresh.append(after)
        if not fresh:
            return len(seen), depth
        level, depth = fresh, depth + 1


__all__ = ["Found", "TooLarge", "levels", "search"]
