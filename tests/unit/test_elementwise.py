"""A system spelled out, compiled, and decided element by element: it is the same system, and what is kept is of single elements."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, assume, given, settings
from tests.agreement.strategies import systems
from tests.systems import TooLarge, known, search
from tests.systems.results import outcomes, shipped
from tests.unit.test_abstraction import Job, blind, jobs, noise, stage

from udproof.counterexamples.trace import Wait, run
from udproof.engines.explore import Explore
from udproof.engines.instances import Spelled
from udproof.engines.limits import Watch
from udproof.engines.localize import in_order
from udproof.engines.refinement import LARGE, Refinement
from udproof.engines.swift import key, swift
from udproof.engines.verdict import Limits, Outcome
from udproof.language import Bool, ModelError, System, exists, implies, invariant
from udproof.language.expressions import ClockSymbol
from udproof.language.semantics import OutOfRange, Semantics

NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
few = settings(max_examples=max(1, settings().max_examples // 16), suppress_health_check=list(HealthCheck), deadline=None)
NAIVE = 200  # states that the naive search may visit


# --- the same system


@given(systems())
@few
def test_a_system_spelled_out_has_the_same_states_and_breaks_the_same(system: System) -> None:
    try:
        found = search(system, system.properties, limit=NAIVE)
    except (ModelError, TooLarge):
        assume(False)
    semantics = Semantics(system)
    spelled = Spelled(semantics, system.properties)
    theirs = search(spelled.system, limit=NAIVE)
    # a slot that nothing reads or writes is none of the spelled system, and has any of its initial values
    kept = {slot.symbol.name for slot in Semantics(spelled.system).layout.slots}
    places = [place for place, symbol in enumerate(spelled.symbols) if symbol.name in kept]
    caps, alike = semantics.time.caps, Semantics(spelled.system).time
    clocks = [spelled.symbols[place] for place in places if isinstance(semantics.layout.slots[place].symbol, ClockSymbol)]
    told = [caps[semantics.layout.slots[place].symbol] for place in places if spelled.symbols[place] in clocks]  # type: ignore[index]
    if alike.unit == semantics.time.unit and [alike.caps[clock] for clock in clocks] == told:  # no comparison has fallen away
        assert len(theirs.states) == len({tuple(state[place] for place in places) for state in found.states})
    for prop in system.properties:
        broken = {theirs.violated[one.name] for one in spelled.instances[prop.name] if one.name in theirs.violated}
        assert min(broken, default=None) == found.violated.get(prop.name)
        if prop.name not in spelled.plain:
            reached = {theirs.reached[one.name] for one in spelled.instances[prop.name] if one.name in theirs.reached}
            assert min(reached, default=None) == found.reached.get(prop.name)


@given(systems())
@few
def test_a_compiled_system_does_what_the_reference_says(system: System) -> None:
    try:
        states = search(system, (), limit=NAIVE).states
        semantics = Semantics(system)
    except (ModelError, TooLarge):
        assume(False)
    compiled = swift(semantics)
    firings = [(key(firing), firing) for firing in semantics.firings]
    for state in states:
        expected = [(firing, semantics.fire(state, firing)) for firing in semantics.enabled(state)]
        assert list(compiled.enabled(state, firings)) == expected
        assert compiled.running(state) == semantics.running(state)
        assert compiled.patience(state) == semantics.patience(state)


def test_an_integer_that_leaves_its_range_is_an_error_of_the_compiled_system_too() -> None:
    system = jobs()
    semantics = Semantics(system)
    compiled = swift(semantics)
    rustle = next(firing for firing in semantics.firings if firing.action.name == "rustle")
    state = next(semantics.initial())
    full = list(state)
    full[semantics.layout.position[noise.symbol, rustle.args]] = 9
    assert list(compiled.enabled(tuple(full), [(key(rustle), rustle)])) == []
    guards = {key(rustle): lambda state: True}
    with pytest.raises(OutOfRange, match="rustle sets noise to 10"):
        list(type(compiled)(semantics, guards, compiled.effects, (), ()).enabled(tuple(full), [(key(rustle), rustle)]))


# --- single elements


def test_of_interchangeable_choices_one_is_enough() -> None:
    @invariant(premise=lambda j, k: (stage[j] == 1) & (stage[k] == 0))
    def apart(j: Job, k: Job) -> Bool:
        """Two are not both at it."""
        return implies((stage[j] == 1) & (stage[k] == 1), j == k)

    spelled = Spelled(Semantics(jobs(apart)), (apart,))
    assert [one.name for one in spelled.instances["apart"]] == ["apart of j0, j1"]  # of j0, j0 it is plain; j1, j0 is the same
    assert spelled.plain == {"apart"}
    each = Spelled(Semantics(jobs(apart)), (apart,), symmetry=False)
    assert [one.name for one in each.instances["apart"]] == ["apart of j0, j1", "apart of j1, j0"]


def test_what_is_kept_is_of_single_elements() -> None:
    reasons = {one.property.name: one.reason for one in blind(jobs()).verdicts}
    # of two jobs at 0, 1 or 2, all but both at 1
    assert "8 states that keeps 2 of 8 variables and clocks of single elements (stage[j0], stage[j1])" in reasons["alone"]
    # of one: approved or not at 0, approved at 1 and 2
    assert "4 states that keeps 2 of 8 variables and clocks of single elements (approved[j0], stage[j0])" in reasons["consented"]


def test_a_run_of_the_spelled_system_is_given_back_as_one_of_the_system() -> None:
    system = jobs()
    [verdict] = blind(system, "never-two").verdicts
    assert verdict.outcome is Outcome.VIOLATED
    assert verdict.trace is not None
    assert verdict.trace.system == system
    semantics = Semantics(system)
    again = run(semantics, verdict.trace.start, [step.move for step in verdict.trace.steps])
    assert semantics.breaking(verdict.property, again.last) is not None


def test_a_premise_is_looked_for_where_an_instance_is_tested() -> None:
    @invariant(premise=lambda j: exists(Job, lambda k: (stage[k] == 2) & (noise[j] == 1)))
    def real(j: Job) -> Bool:
        """There are three stages."""
        return stage[j] <= 2

    [verdict] = blind(jobs(real), "real").verdicts
    assert verdict.outcome is Outcome.PROVED
    assert verdict.witness is not None
    assert Semantics(jobs(real)).reaches(real, verdict.witness.last) is not None


def test_in_a_larger_fleet_a_pause_concerns_one_host() -> None:
    """Five hosts and ten VMs: what is kept is the same as for one of each, and so are the states."""
    system = shipped("default")
    spelled = Spelled(Semantics(system), (system.named("pause-bounded"),))
    [instance] = spelled.instances["pause-bounded"]  # all VMs of the default fleet are interchangeable
    refinement = Refinement(Semantics(spelled.system), Watch(Limits()))
    decided = refinement.decide(instance, LARGE)
    assert decided is not None
    assert decided.holds
    kept = [symbol.name for symbol in in_order(spelled.system, decided.local.visible)]
    assert kept == ["stage[web-ud0-a]", "run[web-0]", "in_stage[web-ud0-a]", "frozen_for[web-ud0-a]"]


def test_known_verdicts_of_a_spelled_system() -> None:
    entry = known("fischer")
    system = entry.build()
    spelled = Spelled(Semantics(system), system.properties).system
    result = Explore().verify(spelled, spelled.properties, Limits(symmetry=False))
    assert set(outcomes(result).values()) == {"proved"}
    assert result.figures.states == entry.states
    assert any(isinstance(step.move, Wait) for one in result.verdicts if one.witness for step in one.witness.steps)
