"""Runs of a bounded length and k-induction against the reference semantics and the exhaustive search, on random systems and fleets.

The naive search of `tests.systems` is the judge: every violation within the depth is found, with as few steps, as is every premise;
what is proved is true; and an integer leaves its range for both or for neither.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from tests.agreement.strategies import fleets, systems
from tests.agreement.test_explore_agrees import expected
from tests.systems import Found, TooLarge, search
from tests.systems.results import lengths, outcomes

from udproof.engines.bounded import Bounded
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Outcome, Result
from udproof.language import ModelError, System
from udproof.language.semantics import OutOfRange
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet

NAIVE = 300  # states that the naive search may visit
DEPTH = 12  # most of the drawn systems are not as deep
FLEET_DEPTH = 6
some = settings(max_examples=settings().max_examples // 5)
very_few = settings(max_examples=max(2, settings().max_examples // 50))


def _agree(result: Result, system: System, found: Found) -> None:
    wanted = expected(found, system)
    assert lengths(result) == {name: steps for name, steps in found.violated.items() if steps <= DEPTH}
    for name, told in outcomes(result).items():
        assert told in (wanted[name], "unknown"), (name, told, wanted[name])
    for verdict in result.verdicts:
        if verdict.outcome is Outcome.PROVED:
            assert verdict.witness is not None
            assert len(verdict.witness.steps) == found.reached[verdict.property.name]


def test_random_systems() -> None:
    seen: Counter[str] = Counter()

    @some
    @given(systems())
    def agree(system: System) -> None:
        try:
            found = search(system, limit=NAIVE)
        except TooLarge:
            return
        except OutOfRange:
            try:
                result = Bounded(DEPTH).verify(system, system.checks, Limits())
            except ModelError as refused:
                assert "outside its range" in refused.sentence
                seen["refused"] += 1
            else:  # it may be further away than the depth; then nothing is proved
                assert not {"proved", "vacuous"} & set(outcomes(result).values())
            return
        result = Bounded(DEPTH).verify(system, system.checks, Limits())
        _agree(result, system, found)
        seen.update(outcomes(result).values())
        seen["decided"] += all(outcome != "unknown" for outcome in outcomes(result).values())
        seen["systems"] += 1

    agree()
    assert seen["refused"]
    assert seen["violated"]
    assert seen["proved"]
    assert seen["decided"] >= seen["systems"] // 2


@very_few
@given(fleets())
def test_random_fleets(fleet: Fleet) -> None:
    system = protocol(fleet, CORE)
    whole = Explore().verify(system, system.checks, Limits(seconds=5))
    result = Bounded(FLEET_DEPTH).verify(system, system.checks, Limits())
    for mine, theirs in zip(result.verdicts, whole.verdicts, strict=True):
        if mine.outcome is not Outcome.UNKNOWN and theirs.outcome is not Outcome.UNKNOWN:
            assert mine.outcome is theirs.outcome
        if theirs.trace is not None and len(theirs.trace.steps) <= FLEET_DEPTH:
            assert mine.trace is not None
            assert len(mine.trace.steps) == len(theirs.trace.steps)
        if mine.trace is not None and theirs.trace is not None:
            assert len(mine.trace.steps) == len(theirs.trace.steps)


def test_deeper_is_never_otherwise() -> None:
    """What a depth has decided, a greater one decides alike."""

    @settings(max_examples=max(5, settings().max_examples // 20))
    @given(systems())
    def agree(system: System) -> None:
        told = []
        for depth in (2, 9):
            try:
                told.append(outcomes(Bounded(depth).verify(system, system.checks, Limits())))
            except ModelError:
                return
        for name, outcome in told[0].items():
            assert outcome in (told[1][name], "unknown")

    agree()
