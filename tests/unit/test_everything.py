"""Everything at once: what the fleet with all parts has, and how far the promises about failover go on larger fleets."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.systems.results import outcomes

from udproof.engines.explore import Explore
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits
from udproof.properties import ALL, of
from udproof.protocol.assembly import PARTS, parts_of, protocol
from udproof.protocol.faults import FAULTS
from udproof.protocol.fleet import Fleet
from udproof.protocol.fleet_file import parse_fleet, read_fleet
from udproof.protocol.fleets import path_of

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NIGHTLY = os.environ.get("UDPROOF_TEST_PROFILE") == "nightly"
ELSEWHERE = {"tolerance-respected", "approved-by-one-prepared"}  # nobody has declared a tolerance, or approves for others


@pytest.mark.parametrize("name", ["everything", "default-everything"])
def test_the_fleets_with_everything_have_every_part_and_each_fault_once(name: str) -> None:
    fleet = read_fleet(EXAMPLES / f"{name}.toml")
    assert set(parts_of(fleet)) == set(PARTS) - {"tenant"}  # the agents take the place of approval at any moment
    assert [fault.budget(fleet) for fault in FAULTS] == [1] * len(FAULTS)
    assert {prop.name for prop in of(fleet)} == {prop.name for prop in ALL} - ELSEWHERE


def test_the_default_fleet_with_everything_is_the_default_fleet() -> None:
    fleet, plain = read_fleet(EXAMPLES / "default-everything.toml"), read_fleet(path_of("default"))
    assert (fleet.timing, fleet.attempts, fleet.hosts) == (plain.timing, plain.attempts, plain.hosts)
    assert fleet.vms[:-1] == plain.vms


@pytest.mark.skipif(not NIGHTLY, reason="half a minute")
def test_the_default_fleet_with_everything_is_proved_for_every_fleet() -> None:
    """But for what counts, and what asks for an element that depends on another one."""
    fleet = read_fleet(EXAMPLES / "default-everything.toml")
    system = protocol(fleet, of(fleet))
    result = Parametric().verify(system, system.checks, Limits())
    assert result.scope == "any fleet"
    left = {name: outcome for name, outcome in outcomes(result).items() if outcome != "proved"}
    open_ = dict.fromkeys(("report-true", "only-failed-hosts-fall", "rebooted-for-a-reason"), "unknown")
    assert left == {"capacity-kept": "violated", **open_}


def failover(kind: str) -> Fleet:
    text = path_of("failover").read_text(encoding="utf-8")
    if kind == "three domains":
        return parse_fleet(text.replace("vms = 2", "vms = 3").replace("update_domains = 2", "update_domains = 3"), kind)
    return replace(parse_fleet(text, kind), attempts=2)


@pytest.mark.skipif(not NIGHTLY, reason="millions of states")
@pytest.mark.parametrize("kind", ["three domains", "two attempts"])
def test_with_failover_and_a_network_with_faults_everything_holds_on_larger_fleets(kind: str) -> None:
    """Each with a loss, a duplicate, a reordering and a failover in a run."""
    system = protocol(failover(kind), of(failover(kind)))
    result = Explore().verify(system, system.checks, Limits())
    assert set(outcomes(result).values()) == {"proved"}
    assert {"one-domain-paused", "pause-bounded"} <= set(outcomes(result))
    faults = ("lose", "duplicate", "hold_up", "take_over", "send_overtaken", "refuse", "take_late")
    assert all(result.fired[fault] for fault in faults)
