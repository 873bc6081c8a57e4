"""Designs of one's own: the three that come as examples end as their page says, and a variant is never the protocol by mistake."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from tests.systems.results import outcomes

from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits
from udproof.language import ModelError, System, require
from udproof.properties import CORE, HEADLINE
from udproof.properties.recovery_kept import recovery_kept
from udproof.protocol.assembly import protocol
from udproof.protocol.events import CONSENT, approved, start
from udproof.protocol.fleet_file import FleetFileError, read_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.placement import Event
from udproof.protocol.variant import joining, overriding, variant, without_guard

DESIGNS = Path(__file__).parents[2] / "docs" / "examples" / "designs"
VIOLATED = {"consent": set(), "set_locks": set(), "budget": {"one-domain-paused"}}
STATES = {"consent": 2530, "set_locks": 141_993}


def design(name: str) -> System:
    system = runpy.run_path(str(DESIGNS / f"{name}.py"))["system"]
    assert isinstance(system, System)
    return system


def test_every_design_is_known_here() -> None:
    assert {path.stem for path in DESIGNS.glob("*.py")} == set(VIOLATED)


@pytest.mark.parametrize("name", VIOLATED)
def test_a_design_ends_as_its_page_says(name: str) -> None:
    system = design(name)
    properties = system.checks if name in STATES else HEADLINE  # the wrong one has many states
    result = Explore().verify(system, properties, Limits())
    found = outcomes(result)
    assert {prop for prop, outcome in found.items() if outcome == "violated"} == VIOLATED[name]
    assert set(found.values()) <= {"proved", "violated"}
    assert name not in STATES or result.figures.states == STATES[name]


def test_the_wrong_design_falls_when_two_hosts_have_asked_before_either_pauses() -> None:
    verdict = Explore().verify(design("budget"), HEADLINE[:1], Limits()).verdicts[0]
    assert verdict.trace is not None
    told = [step.move.action.name for step in verdict.trace.steps if hasattr(step.move, "action")]
    assert told[-3:] == ["begin", "freeze", "freeze"] and told.count("begin") == 2


def test_a_lock_for_each_set_lets_sets_go_side_by_side() -> None:
    """The promise about the walk as a whole is broken, and is not among this design's."""
    assert recovery_kept not in design("set_locks").properties
    system = replace(design("set_locks"), properties=(recovery_kept,))
    verdict = Explore().verify(system, (recovery_kept,), Limits()).verdicts[0]
    assert verdict.outcome.value == "violated"


def test_designs_take_some_twenty_lines() -> None:
    for name in VIOLATED:
        code = [line for line in (DESIGNS / f"{name}.py").read_text(encoding="utf-8").splitlines() if line.strip()]
        said = [line for line in code if not line.startswith(("from", "import")) and not line.strip().startswith('"""')]
        assert len(said) <= 25, name


@overriding(start)
def when_approved(e: Event) -> None:
    require(approved[e], CONSENT)


def test_a_variant_is_the_protocol_but_for_its_changes() -> None:
    found = variant("ours", "teaching", [when_approved], HEADLINE)
    correct = protocol(read_fleet(path_of("teaching")), HEADLINE)
    assert found.name == "ours" and found.properties == HEADLINE
    assert [one.name for one in found.actions] == [one.name for one in correct.actions]
    assert {one.name for one, other in zip(found.actions, correct.actions, strict=True) if one != other} == {"start"}
    assert found.assumptions[-1] == "this is ours, a variant of the documented protocol on the fleet teaching"
    assert variant("ours", path_of("teaching"), [when_approved], HEADLINE).hash == found.hash


@joining(start)
def nothing_new(e: Event) -> None:
    require(approved[e], "it was approved")


def test_what_changes_nothing_is_refused() -> None:
    with pytest.raises(ModelError, match="ours changes nothing: it is the protocol as documented"):
        variant("ours", "teaching", [], CORE)
    with pytest.raises(ModelError, match="action start has no guard labelled 'it was approved' to drop"):
        variant("ours", "teaching", [without_guard(start, "it was approved")], CORE)
    assert variant("ours", "teaching", [nothing_new, without_guard(start, "it was approved"), when_approved], CORE)
    with pytest.raises(FleetFileError, match="nowhere"):
        variant("ours", "nowhere.toml", [when_approved], CORE)
