"""One mistake planted and looked for, and many of them side by side.

A mistake is *killed* when a property fails that holds without it, *survived* when every property still holds. There is more between
the two than one would like, and each has its own word, so that nothing is counted as killed that is not:

- it changes nothing here: grounded on this fleet, the system with the mistake makes the same steps (a fact, not a guess: the ground
  actions are compared; or a condition fell away, and not one state or transition came to be);
- it is not killed, but a property that was put to the test no longer is (VACUOUS): `verify` would not say that all is well;
- the model is refused with it, for example because a number leaves its range;
- it has no place here: the part that it breaks is not in this fleet;
- a limit ended the search.

What a mistake is measured against is the same system without it, verified first. A property that fails there anyway kills nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, lru_cache
from multiprocessing import get_context
from typing import TypeVar

from udproof.cli.engines import engine_named
from udproof.cli.sources import Subject, load
from udproof.engines.explore import Explore
from udproof.engines.ground import GroundSystem
from udproof.engines.verdict import Limits, Outcome, Result
from udproof.language import ModelError, Property, System
from udproof.language.generated import Generated, generated
from udproof.language.semantics import Semantics, Slot
from udproof.protocol.mutant import Mutant
from udproof.protocol.mutants import named

Given = TypeVar("Given")
Made = TypeVar("Made")


class Fate(Enum):
    """What became of a mistake; see the module."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNDECIDED = "undecided"
    VACUOUS = "vacuous"
    SAME = "changes nothing"
    REFUSED = "refused"
    NO_PLACE = "does not apply"


@dataclass(frozen=True, slots=True)
class Extent:
    """Numbers of a graph of states: the states, those stored, how often each action fired, and where each clock stops counting.

    If one of two systems allows all that the other does, and these are alike, both make the same steps.
    """

    states: int
    stored: int
    fired: tuple[tuple[str, int], ...]
    caps: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """A system without a mistake, as it was verified: which properties can kill, and what there is to compare with."""

    source: str
    model: str
    held: frozenset[str]  # proved, or vacuous: these fail because of a mistake, if they fail
    vacuous: frozenset[str]
    failing: tuple[str, ...]
    undecided: str | None  # why some property was not decided
    extent: Extent | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What is to be verified without a mistake, and within which limits."""

    source: str
    engine: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class Task:
    """A mistake to plant: by which name, in which fleet, and within which limits."""

    source: str
    name: str
    made: bool  # is it one of those made by rule?
    engine: str
    limits: Limits
    ground: Ground


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a mistake; if a property fails, which, and the length of a shortest run that breaks it."""

    fate: Fate
    fails: str | None = None
    steps: int | None = None
    about: str = ""  # more, in words
    harmless: str | None = None  # of a survivor: why no property can notice it, where that is known for certain


@dataclass(frozen=True, slots=True)
class Trial:
    """A mistake, and what became of it. `expected` is the property that it names, if it names one."""

    name: str
    story: str
    source: str
    expected: str | None
    found: Found
    seconds: float


class Workers:
    """As many processes as are asked for, or this one alone if that is one. Leaving ends the work that has not begun."""

    def __init__(self, number: int) -> None:
        self._pool = ProcessPoolExecutor(number, mp_context=get_context("spawn")) if number > 1 else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def work(self, on: Callable[[Given], Made], things: Sequence[Given]) -> Iterator[tuple[int, Made]]:
        """What is made of each thing, with its place, in the order in which they are ready."""
        if self._pool is None:
            for place, thing in enumerate(things):
                yield place, on(thing)
            return
        waiting = {self._pool.submit(on, thing): place for place, thing in enumerate(things)}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


# --- one of them


@cache
def _subject(source: str) -> Subject:
    return load(source)


@cache
def _made(source: str) -> dict[str, Generated]:
    return {one.name: one for one in generated(_subject(source).system)}


@cache
def _semantics(source: str) -> Semantics:
    return Semantics(_subject(source).system)


def read_anew() -> None:
    """Forget what was read of files, which may have changed since this process planted mistakes last."""
    for kept in (_subject, _made, _semantics):
        kept.cache_clear()


def without_mistakes(basis: Basis) -> Ground:
    """The system as its file has it, verified. Refused if that cannot be done."""
    subject = _subject(basis.source)
    system = subject.system
    with subject.blamed():
        result = _answers(basis.engine, system, system.checks, basis.limits)
    answers = {verdict.property.name: verdict.outcome for verdict in result.verdicts}
    undecided = [verdict.reason for verdict in result.verdicts if verdict.outcome is Outcome.UNKNOWN]
    return Ground(
        source=basis.source,
        model=system.hash,
        held=frozenset(name for name, answer in answers.items() if answer in (Outcome.PROVED, Outcome.VACUOUS)),
        vacuous=frozenset(name for name, answer in answers.items() if answer is Outcome.VACUOUS),
        failing=tuple(name for name, answer in answers.items() if answer is Outcome.VIOLATED),
        undecided=undecided[0] if undecided else None,
        extent=_extent(result, system),
    )


def attempt(task: Task) -> Trial:
    """Plant the mistake and look for it."""
    began = time.monotonic()
    mistake: Mutant | Generated = _made(task.source)[task.name] if task.made else named(task.name)
    expected = mistake.breaks if isinstance(mistake, Mutant) else None
    found = _found(task, mistake, expected)
    return Trial(task.name, mistake.story, task.source, expected, found, time.monotonic() - began)


def _found(task: Task, mistake: Mutant | Generated, expected: str | None) -> Found:
    try:
        system = mistake.change(_subject(task.source).system)
    except ModelError as reason:
        return Found(Fate.NO_PLACE, about=reason.sentence)
    try:
        if task.ground.undecided is None and same_steps(_semantics(task.source), Semantics(system)):
            return Found(Fate.SAME, about="every ground action is as it was")
        checks = [prop for prop in system.checks if prop.name in task.ground.held]
        results = []
        for some in ([prop for prop in checks if prop.name == expected], [prop for prop in checks if prop.name != expected]):
            if not some:
                continue
            results.append(_answers(task.engine, system, tuple(some), replace(task.limits, stop_at_first=True)))
            for verdict in results[-1].verdicts:
                if verdict.trace is not None:
                    return Found(Fate.KILLED, verdict.property.name, len(verdict.trace.steps))
    except ModelError as reason:
        return Found(Fate.REFUSED, about=reason.sentence)
    return _unkilled(task, mistake, system, results)


def _answers(engine: str, system: System, properties: tuple[Property, ...], limits: Limits) -> Result:
    """What the engine answers. What remains open about time when all ticks were looked into is asked of dense time."""
    result = engine_named(engine).verify(system, properties, limits)
    if not result.complete or engine == "zones":
        return result
    verdicts = []
    for verdict in result.verdicts:
        if verdict.outcome is Outcome.UNKNOWN and verdict.property.watches_time:
            (verdict,) = engine_named("zones").verify(system, (verdict.property,), limits).verdicts
        verdicts.append(verdict)
    return replace(result, verdicts=tuple(verdicts))


def _unkilled(task: Task, mistake: Mutant | Generated, system: System, results: list[Result]) -> Found:
    """No property fails that is known to hold without the mistake. Which of the other words is right?"""
    if task.ground.undecided is not None:
        return Found(Fate.UNDECIDED, about=f"without the mistake it is {task.ground.undecided}")
    verdicts = [verdict for result in results for verdict in result.verdicts]
    if open_ := next((verdict for verdict in verdicts if verdict.outcome is Outcome.UNKNOWN), None):
        return Found(Fate.UNDECIDED, about=f"{open_.property.name}: {open_.reason}")
    if not results:
        return Found(Fate.SURVIVED, about="every property fails without the mistake too")
    emptied = sorted({verdict.property.name for verdict in verdicts if verdict.outcome is Outcome.VACUOUS} - task.ground.vacuous)
    extent, before = _extent(results[-1], system), task.ground.extent
    allows = mistake.allows if isinstance(mistake, Generated) else "other"
    if emptied:
        return Found(Fate.VACUOUS, about=f"no longer put to the test: {', '.join(emptied)}")
    if before is not None and extent is not None and allows == "more" and extent.caps == before.caps:
        if extent == before:
            return Found(Fate.SAME, about="a condition less, and not one state or transition more")
        if extent.states == before.states:
            return Found(Fate.SURVIVED, about="a condition less, and not one state more; no property of states could notice")
    if allows == "less":
        return Found(Fate.SURVIVED, harmless="every run of it is one of the right model too, and breaks nothing")
    return Found(Fate.SURVIVED, about=_difference(results[-1]))


def _extent(result: Result, system: System) -> Extent | None:
    """How large the graph of states is; None unless it was looked into state by state, all of it."""
    if result.engine != Explore.name or not result.complete:
        return None
    caps = {clock.name: cap for clock, cap in Semantics(system).time.caps.items()}
    figures = result.figures
    return Extent(figures.states, figures.stored, tuple(sorted(result.fired.items())), tuple(sorted(caps.items())))


def _difference(result: Result) -> str:
    never = [name for name, times in result.fired.items() if not times]
    return f"{result.figures.states} states" + (f", never fired: {', '.join(never)}" if never else "")


def same_steps(one: Semantics, other: Semantics) -> bool:
    """Do two systems make the same steps and state the same of them, as ground systems? (False if it does not meet the eye.)"""
    if [_slot(slot) for slot in one.layout.slots] != [_slot(slot) for slot in other.layout.slots]:
        return False
    if list(one.initial()) != list(other.initial()) or one.time.unit != other.time.unit:
        return False
    return _steps(one) == _steps(other)


def _slot(slot: Slot) -> tuple[str, tuple[int, ...]]:
    return slot.symbol.name, slot.args


@lru_cache(maxsize=2)  # the system without a mistake is asked for again and again
def _steps(semantics: Semantics) -> object:
    ground = GroundSystem(semantics, semantics.system.properties)
    actions = [(act.firing.action.name, act.firing.args, act.guard, act.post, act.ranges) for act in ground.actions]
    claims = [(claim.property.name, claim.body, claim.premise) for claim in ground.properties]
    return actions, claims, ground.blocked, ground.doubtful, ground.tick
