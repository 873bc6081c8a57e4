"""Proofs on abstractions against the reference semantics, on random systems.

The naive search of `tests.systems` is the judge. Without a first look at the system itself everything is up to abstractions: what
they prove must hold, what they break must be broken by a run that replays, and what they call vacuous must never be put to the
test. And an abstraction of any closed set of variables has every run of the system, seen from there.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.agreement.strategies import systems
from tests.systems import TooLarge, search

from udproof.counterexamples.trace import run
from udproof.engines.abstraction import Abstraction
from udproof.engines.localize import Localized, closed
from udproof.engines.timelock import Timelocks
from udproof.engines.verdict import Limits, Outcome
from udproof.engines.zones import Zones
from udproof.language import ModelError, System
from udproof.language.claims import TIME_CAN_PASS
from udproof.language.semantics import OutOfRange, Semantics, State

few = settings(max_examples=max(1, settings().max_examples // 8), suppress_health_check=list(HealthCheck), deadline=None)
fewer = settings(few, max_examples=max(1, settings().max_examples // 16))
NAIVE = 300  # states that the naive search may visit


@given(systems())
@few
def test_nothing_wrong_is_proved_or_broken(system: System) -> None:
    try:
        found = search(system, system.properties, limit=NAIVE)
    except (ModelError, TooLarge):
        assume(False)
    result = Abstraction(look=0).verify(system, system.properties, Limits(seconds=20))
    for verdict in result.verdicts:
        name = verdict.property.name
        match verdict.outcome:
            case Outcome.PROVED:
                assert name not in found.violated
                assert name in found.reached
                assert verdict.witness is not None
                assert verdict.witness.semantics.reaches(verdict.property, verdict.witness.last) is not None
            case Outcome.VACUOUS:
                assert name not in found.violated
                assert name not in found.reached
            case Outcome.VIOLATED:
                assert verdict.trace is not None
                semantics = Semantics(system)
                again = run(semantics, verdict.trace.start, [step.move for step in verdict.trace.steps])
                assert semantics.breaking(verdict.property, again.last) is not None
                assert all(semantics.breaking(verdict.property, state) is None for state in again.states[:-1])
                if "shortest" in verdict.reason:
                    assert len(again.steps) == found.violated[name]
                assert len(again.steps) >= found.violated[name]
            case Outcome.UNKNOWN:
                assert verdict.reason


@given(systems(), st.data())
@few
def test_an_abstraction_has_every_run_of_the_system(system: System, data: st.DataObject) -> None:
    """The theorem, state by state: each reachable state of the system looks like a reachable state of the abstraction."""
    try:
        found = search(system, system.properties, limit=NAIVE)
        semantics = Semantics(system)
    except (ModelError, TooLarge):
        assume(False)
    seeds = data.draw(st.sets(st.sampled_from(list(system.variables)), min_size=1))
    local = Localized(system, closed(system, frozenset(seeds)))
    abstract = local.with_properties(())
    theirs = Semantics(abstract)
    try:
        reached = search(abstract, (), limit=20 * NAIVE)
    except OutOfRange as wrong:
        raise AssertionError("an abstraction keeps its integers in their ranges") from wrong
    except TooLarge:
        assume(False)
    places = [
        (here, theirs.layout.position[slot.symbol, slot.args])
        for here, slot in enumerate(semantics.layout.slots)
        if slot.symbol in seeds and (slot.symbol, slot.args) in theirs.layout.position
    ]

    def seen(state: State, ours: bool) -> State:
        return tuple(state[here if ours else there] for here, there in places)

    assert {seen(state, True) for state in found.states} <= {seen(state, False) for state in reached.states}


@st.composite
def hemmed(draw: st.DrawFn) -> System:
    """A random system with deadlines, of which an action or two are left, none without a guard: so time stops now and then."""
    system = draw(systems().filter(lambda one: bool(one.deadlines) and any(act.guards for act in one.actions)))
    guarded = [act for act in system.actions if act.guards]
    kept = draw(st.lists(st.sampled_from(guarded), min_size=1, max_size=2, unique_by=lambda act: act.name))
    return replace(system, actions=tuple(kept))


@pytest.mark.parametrize("anywhere", [True, False], ids=["any state", "abstractions only"])
@given(system=hemmed())
@fewer
def test_time_can_pass_exactly_where_nothing_gets_stuck(anywhere: bool, system: System) -> None:
    """The judges: `stuck` of the reference semantics in whole ticks, and between them zones, which are held to it elsewhere."""
    try:
        found = search(system, (TIME_CAN_PASS,), limit=NAIVE)
    except (ModelError, TooLarge):
        assume(False)
    [dense] = Zones().verify(system, (TIME_CAN_PASS,), Limits()).verdicts
    with pytest.MonkeyPatch.context() as patch:
        if not anywhere:  # as if no state were without a way out that is not reachable
            patch.setattr(Timelocks, "_anywhere", lambda self, one: False)
        [verdict] = Abstraction(look=0).verify(system, (TIME_CAN_PASS,), Limits(seconds=20)).verdicts
    match verdict.outcome:
        case Outcome.PROVED:
            assert not found.violated
            assert dense.outcome is Outcome.PROVED
        case Outcome.VIOLATED:
            assert verdict.trace is not None
            semantics = verdict.trace.semantics
            again = run(semantics, verdict.trace.start, [step.move for step in verdict.trace.steps])
            assert semantics.stuck(again.last)
            assert dense.outcome is Outcome.VIOLATED
            if semantics.time.unit == Semantics(system).time.unit:
                assert len(again.steps) >= found.violated[TIME_CAN_PASS.name]
        case _:
            assert verdict.outcome is Outcome.UNKNOWN
            assert verdict.reason
