"""Margins of timing constants: against what stage budgets say by hand, each edge seen from both sides."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.systems import known
from tests.systems.results import outcomes, shipped

from udproof.cli.commands import program
from udproof.engines.margins import Edge, Prober, Undecided, margin, region, with_durations
from udproof.engines.verdict import Limits, Outcome
from udproof.engines.zones import Zones
from udproof.language import ModelError

SECOND = Fraction(1)


def prober(fleet: str, *names: str, limits: Limits | None = None) -> Prober:
    system = shipped(fleet)
    return Prober(system, tuple(system.named(name) for name in names), limits or Limits())


def confirmed(found: Prober, name: str, edge: Edge) -> None:
    """A proof where it holds, a counterexample past it, by searches made anew."""
    properties = tuple(prop for prop in found.system.checks if edge.verdict is not None and prop == edge.verdict.property)
    assert edge.fails is not None
    for value, outcome in ((edge.holds, "proved"), (edge.fails, "violated")):
        again = with_durations(found.system, {name: value})
        assert list(outcomes(Zones().verify(again, properties, Limits())).values()) == [outcome]


def test_the_pause_limit_of_the_default_fleet_has_the_slack_that_the_stages_leave() -> None:
    """paused 0 + watchdog 15 + rollback 10 = 25 s: a limit of 25 s is reached, any longer one is not. In whole seconds: 26."""
    found = prober("default", "pause-bounded", "time-can-pass")
    for limit, outcome in ((25, Outcome.VIOLATED), (26, None), (Fraction(25_001, 1000), None)):
        problem = found.problem({"pause_limit": Fraction(limit)})
        assert (None if problem is None else problem.outcome) is outcome
    low = margin(found, "pause_limit", SECOND).low
    assert (low.fails, low.exact) == (25, True)
    assert 25 < low.holds <= 25 + SECOND / 1000
    confirmed(found, "pause_limit", low)


def test_both_ends_of_a_stage() -> None:
    """Rolling back takes 5 s at least: at most 5 s is an end that holds. 15 s with the watchdog's 15 s would reach the limit."""
    found = prober("lone-vm", "pause-bounded", "time-can-pass")
    values = found.system.instance.durations
    got = margin(found, "rollback_most", SECOND)
    assert got.low.holds == values["rollback_least"]
    most = values["pause_limit"] - values["paused_most"] - min(values["watchdog"], values["applying_most"])
    assert (got.high.fails, got.high.exact) == (most, True)
    confirmed(found, "rollback_most", got.low)
    confirmed(found, "rollback_most", got.high)


def test_the_nearest_end_is_found_where_values_beyond_it_hold_again() -> None:
    """A watchdog that fires with the last instant of applying is harmless before it and after it, if rolling back takes long."""
    system = with_durations(shipped("lone-vm"), {"rollback_most": 10 * SECOND})
    found = Prober(system, (system.named("pause-bounded"),), Limits())
    values = system.instance.durations
    assert values["paused_most"] + values["applying_most"] + values["rollback_most"] >= values["pause_limit"]
    high = margin(found, "watchdog", SECOND).high
    assert high.fails == values["pause_limit"] - values["rollback_most"] - values["paused_most"] == values["applying_most"]
    assert found.problem({"watchdog": values["applying_most"] + SECOND / 1000}) is None
    confirmed(found, "watchdog", high)


@pytest.mark.skipif(os.environ.get("UDPROOF_TEST_PROFILE") != "nightly", reason="takes most of a minute")
def test_all_margins_of_the_default_fleet_are_those_found_by_hand() -> None:
    """A pause takes at most paused 0 + watchdog 15 + rollback 10 = 25 s, or with restoring in place of rollback 20 s.

    Least and most of a stage must not cross, or time is held up; what adds up to 30 s breaks the pause limit; a late clock's delay
    must be less than its bound. Nothing depends on how long notice and recovery are.
    """
    by_hand: dict[str, tuple[tuple[int, str] | None, tuple[int, str] | None]] = {  # the last that holds, or the first that fails
        "recovery": (None, None),
        "notice": (None, None),
        "quiescing_least": (None, (5, "holds")),
        "paused_least": (None, (0, "holds")),
        "applying_least": (None, None),  # from 15 s on the watchdog comes first
        "watchdog": (None, (20, "fails")),
        "restoring_least": (None, (5, "holds")),
        "rollback_least": (None, (10, "holds")),
        "quiescing_most": (None, None),
        "paused_most": (None, (5, "fails")),
        "applying_most": ((5, "holds"), None),  # from 15 s on the watchdog cuts it
        "restoring_most": ((5, "holds"), (15, "fails")),
        "rollback_most": ((5, "holds"), (15, "fails")),
        "clock_sync_delay": (None, (10, "fails")),
        "pause_limit": ((25, "fails"), None),
        "clock_sync_bound": ((5, "fails"), None),
    }
    system = shipped("default")
    found = Prober(system, system.checks, Limits())
    assert set(by_hand) == {duration.name for duration in system.durations}
    for name, ends in by_hand.items():
        got = margin(found, name, SECOND)
        for edge, end in ((got.low, ends[0]), (got.high, ends[1])):
            assert (edge.fails is None) == (end is None), name
            if end is not None and edge.fails is not None:
                value, side = end
                assert (edge.holds if side == "holds" else edge.fails) == value, name
                assert abs(edge.holds - edge.fails) == SECOND / 1000
                confirmed(found, name, edge)


def test_an_end_that_is_not_there_is_said() -> None:
    got = margin(prober("lone-vm", "pause-bounded"), "recovery", SECOND)
    assert (got.low, got.high.fails) == (Edge(Fraction(0), None, None), None)


def test_fischer_excludes_while_writing_is_faster_than_checking() -> None:
    system = known("fischer").build()
    got = margin(Prober(system, (system.named("alone"),), Limits()), "write_within", Fraction(1, 2))
    assert (got.low.fails, got.high.fails, got.high.exact) == (None, 2, True)
    assert got.high.verdict is not None
    assert got.high.verdict.trace is not None


def test_a_region_of_two_constants() -> None:
    system = known("fischer").build()
    values = [Fraction(n) for n in range(4)]
    got = region(Prober(system, (system.named("alone"),), Limits()), ("write_within", "check_after"), values, values)
    for row, check_after in enumerate(values):
        for column, write_within in enumerate(values):
            assert (got.problems[row][column] is None) == (write_within < check_after)


def test_mistakes_are_told() -> None:
    found = prober("lone-vm", "pause-bounded")
    with pytest.raises(ModelError, match="no timing constant nonsense"):
        margin(found, "nonsense", SECOND)
    with pytest.raises(ModelError, match="as it is"):
        margin(
            Prober(with_durations(found.system, {"pause_limit": SECOND}), (found.system.named("pause-bounded"),), Limits()),
            "recovery",
            SECOND,
        )
    with pytest.raises(Undecided, match="time limit"):
        margin(prober("lone-vm", "pause-bounded", limits=Limits(seconds=0)), "recovery", SECOND)


def test_the_command_prints_a_table_or_data_or_draws_a_chart(tmp_path: Path) -> None:
    run = CliRunner().invoke
    table = run(program, ["margins", "lone-vm", "--constant", "pause_limit", "--quiet"])
    assert table.exit_code == 0, table.output
    assert "more than 20 s" in table.output or "more than 25 s" in table.output
    data = run(program, ["margins", "lone-vm", "--constant", "pause_limit", "--quiet", "--format", "json"])
    assert json.loads(data.output)["margins"][0]["constant"] == "pause_limit"
    chart = tmp_path / "chart.svg"
    drawn = run(
        program,
        ["margins", "lone-vm", "--quiet", "--chart", "watchdog", "pause_limit", "--output", str(chart), "--points", "4"],
    )
    assert drawn.exit_code == 0, drawn.output
    assert chart.read_text().startswith("<svg")
    refused = run(program, ["margins", "lone-vm", "--chart", "watchdog", "pause_limit"])
    assert refused.exit_code == 2
