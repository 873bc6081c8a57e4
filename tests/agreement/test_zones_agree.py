"""The search by zones against the search in ticks, the region graph by brute force, and its own reference, on random systems."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count
from math import ceil

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.agreement.strategies import systems
from tests.agreement.test_explore_agrees import expected
from tests.systems import TooLarge, search
from tests.systems.regions import Regions, search_regions
from tests.systems.results import lengths, outcomes
from tests.systems.search import Found

from udproof.counterexamples.itf import from_itf, tick_of, to_itf
from udproof.counterexamples.trace import Trace, run
from udproof.engines.limits import Watch
from udproof.engines.verdict import Limits, Result
from udproof.engines.zone_graph import Node
from udproof.engines.zone_machine import ZoneMachine
from udproof.engines.zone_search import Prepared, Search
from udproof.engines.zone_time import is_closed, semantics_in_ticks, unit_of
from udproof.engines.zones import Zones
from udproof.language import ModelError, System
from udproof.language import expressions as ex
from udproof.language.claims import TIME_CAN_PASS, Property
from udproof.language.semantics import OutOfRange, Semantics

NAIVE = 300  # states, or regions, that a naive search may visit; one drawn system in fifty has more states, and says nothing more
TIMED = 0.5  # of all drawn systems, at least so many have a clock
few = settings(max_examples=settings().max_examples // 4)


def _replayed(result: Result) -> None:
    for verdict in result.verdicts:
        for trace, holds in ((verdict.trace, False), (verdict.witness, True)):
            if trace is not None:
                again = run(trace.semantics, trace.start, [step.move for step in trace.steps])
                assert again.states == trace.states
                found = trace.semantics.reaches if holds else trace.semantics.breaking
                assert found(verdict.property, again.last) is not None


def test_zones_and_ticks_agree() -> None:
    """Verdicts, steps of violations, states of the variables. Time may be held up between ticks only: then zones alone see it."""
    seen: Counter[str] = Counter()

    @given(systems(), st.booleans())
    def agree(system: System, symmetry: bool) -> None:
        try:
            found = search(system, limit=NAIVE)
        except TooLarge:
            assume(False)
        except OutOfRange:
            with pytest.raises(ModelError, match="outside its range"):
                Zones().verify(system, system.checks, Limits())
            seen["refused"] += 1
            return
        result = Zones().verify(system, system.checks, Limits(symmetry=symmetry))
        _agree(result, found, system)
        seen["compared"] += 1
        seen["timed"] += bool(system.clocks)
        seen["violated"] += "violated" in outcomes(result).values()
        seen["several zones in a state"] += result.figures.stored > result.figures.states

    agree()
    assert seen["compared"] >= 0.8 * settings().max_examples, seen  # the drawn systems are not vacuous
    assert seen["timed"] >= TIMED * seen["compared"], seen
    assert seen["violated"] >= 0.3 * seen["compared"], seen
    assert seen["several zones in a state"] >= 1, seen


def _agree(result: Result, found: Found, system: System) -> None:
    variables = Semantics(system).layout.variables
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


def _read_back(result: Result, system: System) -> None:
    """Traces with instants that are fractions come back from a file as they were."""
    for verdict in result.verdicts:
        if verdict.trace is not None:
            told = json.loads(json.dumps(to_itf(verdict.trace, (verdict.property,))))
            again = from_itf(told, semantics_in_ticks(system, tick_of(told)))
            assert again.steps == verdict.trace.steps
            assert again.semantics.time.unit == verdict.trace.semantics.time.unit


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


def test_zones_and_regions_agree() -> None:
    """Strict comparisons too, and "time can pass" at every instant."""
    seen: Counter[str] = Counter()

    @few
    @given(strict_systems(), st.booleans())
    def agree(system: System, symmetry: bool) -> None:
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
        _read_back(result, system)
        seen["compared"] += 1
        seen["strict"] += not is_closed(system)

    agree()
    assert seen["compared"] >= settings().max_examples // 8, seen
    assert seen["strict"] >= 0.2 * seen["compared"], seen


@few
@given(strict_systems(), st.booleans())
def test_the_compiled_search_stores_what_its_reference_stores(system: System, eager: bool) -> None:
    """Without symmetry, zone by zone."""
    try:
        code = Prepared(system, system.checks, Limits(symmetry=False), Watch(Limits()))
        wanted = _reference(code, eager, NAIVE)
    except (TooLarge, ModelError):
        assume(False)
    with ZoneMachine(code.code, eager, 1 << 30) as machine:
        search = Search(code, Watch(Limits()), machine, eager)
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


@few
@given(systems(), st.booleans())
def test_the_soonest_run_takes_the_least_time_in_ticks(system: System, symmetry: bool) -> None:
    """Dijkstra over whole ticks is the judge; a bad state that holds a strict bound is reached at the next tick."""
    assume(bool(system.clocks))
    try:
        wanted = {prop: _least_ticks(Semantics(system), prop, NAIVE) for prop in system.properties}
    except (TooLarge, OutOfRange):
        assume(False)
    result = Zones("time").verify(system, system.properties, Limits(symmetry=symmetry))
    assert {verdict.property: _ticks(verdict.trace) for verdict in result.verdicts} == wanted
    _replayed(result)


def test_the_soonest_run_is_as_soon_as_regions_allow() -> None:
    """At a whole unit of time, or just after it; where all comparisons are closed, instants are whole units."""
    seen: Counter[str] = Counter()

    @few
    @given(strict_systems(), st.booleans())
    def agree(system: System, symmetry: bool) -> None:
        assume(bool(system.clocks))
        try:
            result = Zones("time").verify(system, system.properties, Limits(symmetry=symmetry))
        except OutOfRange:
            assume(False)
        for prop, trace in [(one.property, one.trace) for one in result.verdicts if one.trace is not None]:
            taken = trace.seconds(trace.steps[-1].time if trace.steps else 0) / unit_of(system)
            try:
                soonest = _least_region(system, prop, ceil(taken) + 1, NAIVE)
            except (TooLarge, OutOfRange):
                continue
            if is_closed(system) or soonest % 1 == 0:
                assert taken == ceil(soonest)
                seen["later than at once"] += taken > 0
            else:
                assert soonest // 1 < taken < soonest // 1 + 1
                seen["just after"] += 1

    agree()
    assert seen["later than at once"] >= 1, seen
    assert seen["just after"] >= 1, seen


def _least_region(system: System, prop: Property, most: int, limit: int) -> Fraction:
    """When the property can first be broken, in units of time, of which it takes `most` at most; "after 2" is 5/2."""
    clock = ex.ClockSymbol("(elapsed)", (), (), ex.TRUE)
    told = ex.ClockIs(clock, (), ">=", most * unit_of(system))
    regions = Regions(
        replace(system, properties=(*system.properties, replace(prop, name="(elapsed)", body=told, premise=ex.TRUE, params=())))
    )
    place = regions.semantics.layout.position[clock, ()]
    order = count()
    waiting = [(region[0][place], next(order), region) for region in regions.initial()]
    known = {region for _, _, region in waiting}
    while waiting:
        reading, _, region = heappop(waiting)
        if regions.semantics.breaking(prop, region[0]) is not None:
            return Fraction(reading, 2)
        for after in regions.successors(region, set()):
            if after not in known:
                known.add(after)
                heappush(waiting, (after[0][place], next(order), after))
        if len(known) > limit:
            raise TooLarge(f"more than {limit} regions")
    raise AssertionError("no region breaks it")


def _ticks(trace: Trace | None) -> int | None:
    return None if trace is None else trace.steps[-1].time if trace.steps else 0


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
