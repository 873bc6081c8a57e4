"""The exhaustive search against the reference semantics, on random systems and on the protocol with random fleets.

The naive search of `tests.systems` is the judge: same number of states, same depth, same verdicts, same steps to each violation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from tests.agreement.strategies import fleets, systems
from tests.systems import Found, TooLarge, search
from tests.systems.results import lengths, outcomes, summary

from udproof.engines import explore, machine
from udproof.engines.emit import Model
from udproof.engines.explore import Explore
from udproof.engines.machine import Machine, Tuning, _Module
from udproof.engines.verdict import Limits, Result
from udproof.language import ModelError, System
from udproof.language import expressions as ex
from udproof.language.claims import TIME_CAN_PASS, Property
from udproof.language.semantics import OutOfRange, Semantics
from udproof.properties import CORE
from udproof.protocol.assembly import protocol
from udproof.protocol.fleet import Fleet, Span

NAIVE = 500  # states that the naive search may visit
NAIVE_FLEET = 200

few = settings(max_examples=settings().max_examples // 4)  # of the profile: these are slow
very_few = settings(max_examples=settings().max_examples // 8)


def expected(found: Found, system: System) -> dict[str, str]:
    """The verdicts that follow from what the naive search found."""
    names = [prop.name for prop in system.checks]
    return {name: "violated" if name in found.violated else "proved" if name in found.reached else "vacuous" for name in names}


def compare(system: System, found: Found) -> None:
    """With and without symmetry, each by one worker and by two, everything is as the naive search found it."""
    for symmetry in (True, False):
        results = [verify(system, Limits(symmetry=symmetry, jobs=jobs)) for jobs in (1, 2)]
        assert results[1].figures.workers == 2
        assert summary(results[0]) == summary(results[1])
        _agree(results[0], system, found)


@cache
def _compiled(model: Model, batch: int) -> _Module:
    """Compiled once for both numbers of workers."""
    return _Module(model, batch)


def verify(system: System, limits: Limits) -> Result:
    """The answer of the engine, whose workers form a team from the first state on."""
    tuning = Tuning(team_frontier=1, team_states=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(explore, "Machine", partial(Machine, tuning=tuning))
        patched.setattr(machine, "_Module", _compiled)
        return Explore().verify(system, system.checks, limits)


def _agree(result: Result, system: System, found: Found) -> None:
    assert result.complete
    assert result.figures.states == len(found.states)
    assert result.figures.depth == found.depth
    assert {name for name, times in result.fired.items() if times} == found.fired
    told, wanted = outcomes(result), expected(found, system)
    if told.get(TIME_CAN_PASS.name) == "unknown":  # allowed: see `GroundSystem`; then ticks alone must not have refuted it
        assert wanted.pop(TIME_CAN_PASS.name) == "proved"
        told.pop(TIME_CAN_PASS.name)
    assert told == wanted
    assert lengths(result) == found.violated
    assert {verdict.property.name: verdict.reached for verdict in result.verdicts if verdict.reached} == found.times


@given(systems())
def test_random_systems(system: System) -> None:
    _compiled.cache_clear()
    try:
        states = verify(system, Limits()).figures.states
    except ModelError as refused:
        assert "outside its range" in refused.sentence
        with pytest.raises((OutOfRange, TooLarge)):
            search(system, limit=NAIVE)
    else:
        if states <= NAIVE:
            compare(system, search(system, limit=10 * NAIVE))


@few
@given(systems())
def test_a_finer_tick_never_turns_proved_into_violated(system: System) -> None:
    """Dense time has more runs than any ticks; where the coarse answer is a proof, the fine one is not a refutation.

    "Time can pass" may be UNKNOWN in coarse ticks; where it is answered, the finer answer is the same.
    """
    assume(bool(system.clocks))
    try:
        coarse, fine = (Explore().verify(one, one.checks, Limits(seconds=5)) for one in (system, finer(system, 3)))
    except ModelError:
        assume(False)
    assume(coarse.complete and fine.complete)
    after = outcomes(fine)
    for name, outcome in outcomes(coarse).items():
        assert after[name] == outcome or (name == TIME_CAN_PASS.name and outcome == "unknown"), name


def finer(system: System, parts: int) -> System:
    """The same system with a true property that compares a clock with a part of the unit of time."""
    clock, unit = system.clocks[0], Semantics(system).time.unit / parts
    reading = ex.ClockIs(clock, tuple(ex.Lit((sort.elements or ("",))[0], sort) for sort in clock.domain), ">=", unit)
    true = Property("irrelevant", "True.", "", (), ex.Or((ex.Not(reading), reading)), ex.TRUE, None, None)
    return replace(system, properties=(*system.properties, true))


def test_the_random_systems_are_not_vacuous() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=100, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(systems())
    def collect(system: System) -> None:
        seen["all"] += 1
        seen["timed"] += bool(system.clocks)
        seen["deadlines"] += bool(system.deadlines)
        try:
            result = Explore().verify(system, system.checks, Limits())
        except ModelError:
            seen["overflowing"] += 1
            return
        told = outcomes(result)
        seen["violated"] += "violated" in told.values()
        seen["vacuous"] += "vacuous" in told.values()
        seen["more than 10 states"] += result.figures.states > 10
        seen["deep"] += result.figures.depth >= 3
        seen["symmetric"] += result.figures.stored < result.figures.states

    collect()
    assert seen["timed"] >= 50
    assert seen["deadlines"] >= 20
    assert seen["violated"] >= 30
    assert seen["vacuous"] >= 1
    assert seen["overflowing"] >= 1
    assert seen["more than 10 states"] >= 10
    assert seen["deep"] >= 5
    assert seen["symmetric"] >= 5


def test_the_random_fleets_are_not_vacuous() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=100, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(fleets())
    def collect(fleet: Fleet) -> None:
        longest = longest_pause(fleet)
        seen["no pause"] += longest is None
        seen["too long"] += longest is not None and longest >= fleet.timing.pause_limit
        seen["short"] += longest is not None and longest < fleet.timing.pause_limit
        seen["time stops"] += time_stops(fleet)
        seen["time goes on"] += not time_stops(fleet)
        seen["both ways out"] += len(_afterwards(fleet)) == 2
        seen["small"] += len(fleet.hosts) + len(fleet.vms) <= 4

    collect()
    assert min(seen.values()) >= 5, seen
    assert len(seen) == 7


# --- the protocol


@very_few
@given(fleets())
def test_random_fleets(fleet: Fleet) -> None:
    system = protocol(fleet, CORE)
    _compiled.cache_clear()
    if verify(system, Limits(seconds=2)).figures.states <= NAIVE_FLEET:
        compare(system, search(system, limit=10 * NAIVE_FLEET))


@few
@given(fleets())
def test_the_longest_pause_has_a_closed_form(fleet: Fleet) -> None:
    """pause-bounded and time-can-pass follow from the stage times alone; see `longest_pause`."""
    system = protocol(fleet, CORE)
    asked = (system.named("pause-bounded"), system.named(TIME_CAN_PASS.name), system.named("eligible-only"))
    result = Explore().verify(system, asked, Limits(seconds=10))
    assume(result.complete)
    told = outcomes(result)
    longest = longest_pause(fleet)
    if longest is None:
        assert told["pause-bounded"] == told["eligible-only"] == "vacuous"
    else:
        assert told["pause-bounded"] == ("proved" if longest < fleet.timing.pause_limit else "violated")
        assert told["eligible-only"] == "proved"
    assert told[TIME_CAN_PASS.name] == ("violated" if time_stops(fleet) else "proved")


def goes_in_place(fleet: Fleet) -> list[bool]:
    """For each host that goes the in-place way: does it carry a VM?"""
    ineligible = {vm.host for vm in fleet.vms if not vm.eligible}
    return [any(vm.host == host.name for vm in fleet.vms) for host in fleet.hosts if host.name not in ineligible]


def longest_pause(fleet: Fleet) -> Fraction | None:
    """The longest that any VM is ever paused; None if none ever is.

    paused_most, then applying until it must end, then the longest of the stages that can follow. A stage whose least exceeds its
    most is never left, but time gets as far as its most. The watchdog rolls back if it fires before applying must end; restoring
    can begin if applying's least comes first.
    """
    timing = fleet.timing
    if not any(goes_in_place(fleet)) or never_ends(timing.quiescing):
        return None
    if never_ends(timing.paused):
        return timing.paused.most
    applying = min(timing.applying.most, timing.watchdog)
    return timing.paused.most + applying + max((span.most for span in _afterwards(fleet)), default=Fraction(0))


def _afterwards(fleet: Fleet) -> list[Span]:
    timing = fleet.timing
    applying = min(timing.applying.most, timing.watchdog)
    spans = [timing.restoring] if timing.applying.least <= applying else []
    return spans + ([timing.rollback] if timing.watchdog <= applying else [])


def never_ends(span: Span) -> bool:
    return span.least > span.most


def time_stops(fleet: Fleet) -> bool:
    """Is there a stage, of those that some host comes to, that must end before it can?"""
    timing = fleet.timing
    if not goes_in_place(fleet):
        return False
    if never_ends(timing.quiescing) or never_ends(timing.paused):
        return True
    after = _afterwards(fleet)
    return not after or any(never_ends(span) for span in after)
