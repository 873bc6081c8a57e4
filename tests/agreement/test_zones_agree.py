"""The search by zones against the search in ticks, the region graph by brute force, and its own reference, on random systems."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from tests.agreement.strategies import systems
from tests.agreement.test_explore_agrees import expected
from tests.systems import TooLarge, search
from tests.systems.regions import search_regions
from tests.systems.results import lengths, outcomes

from udproof.counterexamples.trace import run
from udproof.engines import zones
from udproof.engines.verdict import Limits, Result
from udproof.engines.zone_fastest import fastest
from udproof.engines.zone_graph import Node
from udproof.engines.zone_machine import ZoneMachine
from udproof.engines.zones import Prepared, Zones
from udproof.language import ModelError, System
from udproof.language import expressions as ex
from udproof.language.claims import TIME_CAN_PASS, Property
from udproof.language.semantics import OutOfRange, Semantics

NAIVE = 1_000  # states, or regions, that a naive search may visit
half = settings(max_examples=settings().max_examples // 2)
quarter = settings(max_examples=settings().max_examples // 4)
few = settings(max_examples=settings().max_examples // 8)


def _replayed(result: Result) -> None:
    for verdict in result.verdicts:
        for trace, holds in ((verdict.trace, False), (verdict.witness, True)):
            if trace is not None:
                again = run(trace.semantics, trace.start, [step.move for step in trace.steps])
                assert again.states == trace.states
                found = trace.semantics.reaches if holds else trace.semantics.breaking
                assert found(verdict.property, again.last) is not None


@quarter
@given(systems(), st.booleans())
def test_zones_and_ticks_agree(system: System, symmetry: bool) -> None:
    """Verdicts, steps of violations, states of the variables. Time may be held up between ticks only: then zones alone see it."""
    try:
        found = search(system, limit=NAIVE)
    except TooLarge:
        assume(False)
    except OutOfRange:
        with pytest.raises(ModelError, match="outside its range"):
            Zones().verify(system, system.checks, Limits())
        return
    variables = Semantics(system).layout.variables
    result = Zones().verify(system, system.checks, Limits(symmetry=symmetry))
    told, wanted = outcomes(result), expected(found, system)
    steps = lengths(result)
    if told.get(TIME_CAN_PASS.name) != wanted.get(TIME_CAN_PASS.name):
        assert told.pop(TIME_CAN_PASS.name) == "violated"
        assert wanted.pop(TIME_CAN_PASS.name) == "proved"
        steps.pop(TIME_CAN_PASS.name)
    assert told == wanted
    assert steps == found.violated
    assert result.complete or "violated" in set(told.values())
    if result.complete:
        assert result.figures.states == len({state[:variables] for state in found.states})
        assert {name for name, times in result.fired.items() if times} == found.fired
    _replayed(result)


@st.composite
def strict_systems(draw: st.DrawFn) -> System:
    """A random system in which comparisons in guards, premises and properties are strict now and then."""
    system = draw(systems())

    def changed(node: ex.Expr) -> ex.Expr:
        node = ex.rebuild(node, changed)
        if isinstance(node, ex.ClockIs) and draw(st.integers(0, 2)) == 0:
            other: dict[str, ex.Comparison] = {"<=": "<", ">=": ">", "<": "<=", ">": ">="}
            return replace(node, comparison=other[node.comparison])
        return node

    actions = tuple(
        replace(act, guards=tuple(replace(guard, condition=changed(guard.condition)) for guard in act.guards))
        for act in system.actions
    )
    properties = tuple(replace(prop, body=changed(prop.body), premise=changed(prop.premise)) for prop in system.properties)
    return replace(system, actions=actions, properties=properties)


@few
@given(strict_systems(), st.booleans())
def test_zones_and_regions_agree(system: System, symmetry: bool) -> None:
    """Strict comparisons too, and "time can pass" at every instant."""
    assume(bool(system.clocks))
    try:
        found, states = search_regions(system, limit=NAIVE)
    except (TooLarge, OutOfRange):
        assume(False)
    result = Zones().verify(system, system.checks, Limits(symmetry=symmetry))
    assert outcomes(result) == expected(found, system)
    if result.complete:
        assert result.figures.states == len(states)
        assert {name for name, times in result.fired.items() if times} == found.fired
    _replayed(result)


@few
@given(strict_systems(), st.booleans())
def test_the_compiled_search_stores_what_its_reference_stores(system: System, eager: bool) -> None:
    """Without symmetry, zone by zone."""
    try:
        code = Prepared(system, system.checks, Limits(symmetry=False), zones.Watch(Limits(), None, 0.0))
        wanted = _reference(code, eager, NAIVE)
    except (TooLarge, ModelError):
        assume(False)
    with ZoneMachine(code.code, eager, 1 << 30) as machine:
        search = zones.Search(code, zones.Watch(Limits(), None, 0.0), machine, eager)
        for _ in search.levels():
            pass
        kept = [code.node(stored) for stored in machine.nodes()]
        assert machine["zones"] == len(kept)
        assert machine["states"] == len({node.state for node in kept})
    if eager:
        assert Counter((node.state, node.zone) for node in kept) == Counter((node.state, node.zone) for node in wanted)
    else:
        assert {node.state for node in kept} == {node.state for node in wanted}


def _reference(code: Prepared, eager: bool, limit: int) -> list[Node]:
    """The same search by the reference, with the same rule of what is kept."""
    chains: dict[object, list[Node]] = {}
    dropped: set[int] = set()
    todo: list[Node] = []

    def add(node: Node) -> None:
        chain = chains.setdefault(node.state, [])
        if not any(other.covers(node) for other in chain):
            dropped.update(id(other) for other in chain if node.covers(other))
            chain[:] = [other for other in chain if not node.covers(other)]
            chain.append(node)
            todo.append(node)

    for start in sorted(code.graph.initial(eager), key=lambda node: code.packing.pack(node.state)):
        add(start)
    for node in todo:
        if id(node) not in dropped:
            for _, after in code.graph.successors(node, eager):
                add(after)
        if len(todo) > limit:
            raise TooLarge(f"more than {limit} zones")
    return [node for chain in chains.values() for node in chain]


@half
@given(systems())
def test_the_fastest_run_takes_the_least_time_in_ticks(system: System) -> None:
    """Dijkstra over whole ticks is the judge; a bad state that holds a strict bound is reached at the next tick."""
    assume(bool(system.clocks))
    for prop in system.properties:
        try:
            wanted = _least_ticks(Semantics(system), prop, 300)
        except (TooLarge, OutOfRange):
            continue
        trace = fastest(system, prop)
        assert (trace is None) == (wanted is None)
        if trace is not None:
            assert (trace.steps[-1].time if trace.steps else 0) == wanted
            assert trace.semantics.breaking(prop, trace.last) is not None


def _least_ticks(semantics: Semantics, prop: Property, limit: int) -> int | None:
    level, known, time = list(semantics.initial()), set(semantics.initial()), 0
    while level:
        for state in level:
            if semantics.breaking(prop, state) is not None:
                return time
            for firing in semantics.enabled(state):
                after = semantics.fire(state, firing)
                if after not in known:
                    known.add(after)
                    level.append(after)
        later = {semantics.wait(state) for state in level} - known - {None}
        level, time = [state for state in later if state is not None], time + 1
        known |= set(level)
        if len(known) > limit:
            raise TooLarge(f"more than {limit} states")
    return None


def test_the_random_systems_are_not_vacuous() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(strict_systems())
    def collect(system: System) -> None:
        try:
            result = Zones().verify(system, system.checks, Limits())
        except ModelError:
            seen["refused"] += 1
            return
        seen["timed"] += bool(system.clocks)
        seen["violated"] += "violated" in outcomes(result).values()
        seen["several zones in a state"] += result.figures.stored > result.figures.states
        try:
            Semantics(system)
        except ModelError:
            seen["strict"] += 1

    collect()
    assert seen["timed"] >= 30
    assert seen["violated"] >= 20
    assert seen["strict"] >= 15
    assert seen["several zones in a state"] >= 1, seen
