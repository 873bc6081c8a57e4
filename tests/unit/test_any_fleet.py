"""The protocol with its parts, for every fleet: what is proved, on what it rests, and that no planted mistake passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.contract import NIGHTLY

from udproof.engines.explore import Explore
from udproof.engines.parametric import Parametric
from udproof.engines.verdict import Limits, Outcome
from udproof.language import Bool, Index, Int, System, Variable, action, invariant
from udproof.language import expressions as ex
from udproof.properties import ALL, HEADLINE, of
from udproof.properties.part_lemmas import LEMMAS
from udproof.protocol import mutants
from udproof.protocol.assembly import protocol
from udproof.protocol.faults import FAULTS
from udproof.protocol.fleet import Faults, Fleet
from udproof.protocol.fleet_file import read_fleet
from udproof.protocol.fleets import path_of
from udproof.protocol.mutant import Mutant
from udproof.prover import recheck, store
from udproof.prover.fragment import complaint
from udproof.prover.hints import hints
from udproof.prover.houdini import Clockwork
from udproof.prover.lemmas import Lemma, Literal, well_sorted
from udproof.prover.samples import generic, small_instances
from udproof.prover.search import Attempt, near
from udproof.prover.theorem import formulas

EVERYTHING = Path(__file__).parents[2] / "docs" / "examples" / "everything.toml"
OFF: Mapping[str, Any] = {
    "cancellations": 0,
    "suspensions": 0,
    "second_job": None,
    "health": None,
    "faults": Faults(),
    "migration": None,
    "network": None,
    "controller": None,
    "metadata": None,
    "tenants": None,
}
PARTS = {
    "cancellation": ("cancellations", "suspensions"),
    "jobs": ("second_job",),
    "health": ("health",),
    "breakdown": ("faults",),
    "migration": ("migration",),
    "agent": ("tenants",),
    "metadata": ("tenants", "metadata"),
    "network": ("network",),
    "controller": ("network", "controller"),
}
OPEN = {"report-true", "capacity-kept", "only-failed-hosts-fall", "rebooted-for-a-reason"}
"""Properties outside the fragment of such proofs, with some part: they count, or ask for an element that depends on another."""
TRIED = {prop.name for prop in ALL if complaint(prop) is None} - OPEN
PLANTED = [mutant for mutant in mutants.ALL if mutant not in mutants.CORE and mutant.breaks in TRIED]


@cache
def _with(*on: str) -> System:
    """The protocol with these parts of the fleet that has all of them."""
    fleet = replace(read_fleet(EVERYTHING), **{name: value for name, value in OFF.items() if name not in on})
    return protocol(fleet, of(fleet))


def _attempt(system: System, *names: str) -> Attempt:
    """What the lemmas at hand show of these properties, or of all that can be tried."""
    free = formulas(system)
    wanted = [prop for prop in system.checks if (prop.name in names or not names) and complaint(prop) is None]
    own = [*hints(free, wanted), *store.related(free)]
    return near(free, wanted, system.instance.durations, Clockwork(), own)


# --- the proof that comes along


def test_the_proof_with_all_parts_is_of_the_present_formulas() -> None:
    """If not: run docs/proofs.py."""
    system = _with(*OFF)
    [proof] = store.stored(formulas(system))
    assert {prop.name for prop in system.checks} - set(proof.shown) <= OPEN
    assert {prop.name for prop in HEADLINE} <= set(proof.shown)
    assert proof.applies(system.instance.durations)
    assert set(proof.unbounded) == {
        *("event_id", "retired_id", "announced_id", "latest", "present", "view"),
        *("incarnation", "read_incarnation", "copy_incarnation"),
    }, "counters of openings and of document numbers; the budgets and announcements are shown to be bounded"


@pytest.mark.skipif(not NIGHTLY, reason="half a minute")
def test_the_proof_with_all_parts_is_one() -> None:
    [proof] = store.stored(formulas(_with(*OFF)))
    recheck.check(proof, proof.shown, Clockwork())


@pytest.mark.skipif(not NIGHTLY, reason="some seconds each")
@pytest.mark.parametrize("part", PARTS)
def test_with_each_part_alone_all_that_can_be_tried_is_proved(part: str) -> None:
    system = _with(*PARTS[part])
    attempt = _attempt(system)
    assert not attempt.failed
    recheck.check(store.as_kept(attempt.proof), attempt.proof.shown, Clockwork())


def test_the_headline_properties_hold_with_cancellations_for_every_fleet() -> None:
    attempt = _attempt(_with(*PARTS["cancellation"]), *(prop.name for prop in HEADLINE))
    assert not attempt.failed
    written = {lemma.origin for lemma in attempt.proof.lemmas}
    assert "written by hand: at-work-is-announced" in written, "an event that is called off has none of its hosts at work"
    recheck.check(store.as_kept(attempt.proof), attempt.proof.shown, Clockwork())


# --- what must not be proved


@pytest.mark.parametrize("mutant", PLANTED if NIGHTLY else PLANTED[:1], ids=lambda mutant: mutant.name)
def test_no_mistake_in_a_part_is_proved_harmless(mutant: Mutant) -> None:
    fleet: Fleet = read_fleet(path_of(mutant.fleet))
    attempt = _attempt(mutant.change(protocol(fleet, of(fleet))), mutant.breaks)
    assert set(attempt.failed) == {mutant.breaks}
    assert attempt.proof.shown == ()


def _half_a_counter(at_most: int) -> System:
    """A counter in a range that it leaves, and a property that would follow if the range were believed."""

    class Counter(Index, size=1):
        """What counts."""

    n = Variable("n", Counter, to=Int.between(0, 3), init=0)

    @action(by="c")
    def count_up(c: Counter) -> None:
        n[c] = n[c] + 1

    @invariant
    def small(c: Counter) -> Bool:
        """It is small."""
        return n[c] <= at_most

    return System("half a counter", (count_up,), (small,))


@pytest.mark.parametrize("at_most", [3, 4])
def test_nothing_follows_from_a_range_that_is_not_kept(at_most: int) -> None:
    """Before a step from within its range the counter is at most 3, and so at most 4 after it."""
    attempt = _attempt(_half_a_counter(at_most))
    assert set(attempt.failed) == {"small"}
    assert attempt.proof.unbounded == ("n",)


# --- lemmas by hand, and lemmas of other proofs


def test_lemmas_come_with_parts_only_and_are_no_part_of_the_model() -> None:
    core, whole = _with(), _with(*OFF)
    assert all(prop.lemmas == () for prop in core.properties), "the core's lemmas are found"
    bare = replace(whole, properties=tuple(replace(prop, lemmas=()) for prop in whole.properties))
    assert (bare.hash, bare) == (whole.hash, whole)
    told = {lemma.name for lemma in whole.properties[0].lemmas}
    assert told == {lemma.name for lemma in LEMMAS}, "each is about something that the protocol has with all its parts"


def test_a_part_that_is_off_has_no_lemmas() -> None:
    told = {lemma.name for lemma in _with("network").properties[0].lemmas}
    assert "decided-is-announced" in told
    assert not told & {"decided-is-announced-or-fallen", "migrating-is-announced", "cancelled-is-absent"}


def test_lemmas_of_other_proofs_that_mean_nothing_here_are_left_out() -> None:
    assert store.related(formulas(_half_a_counter(3))) == []
    assert len(store.related(formulas(_with("network")))) > 30, "of the core, and of all parts together"


def test_what_has_the_right_name_and_other_arguments_is_no_lemma() -> None:
    [n] = _half_a_counter(3).variables
    one = ex.Lit(1, ex.IntSort(1, 1))
    fits = ex.Le(ex.Read(n, n.params), one)
    assert well_sorted(Lemma(n.params, (Literal(True, fits),)))
    for wrong in (ex.Le(ex.Read(n, ()), one), ex.Not(ex.Read(n, n.params)), ex.Eq(ex.Read(n, n.params), ex.TRUE)):
        assert not well_sorted(Lemma(n.params, (Literal(True, wrong),)))


# --- the whole way


@pytest.mark.skipif(not NIGHTLY, reason="a minute")
def test_all_parts_together_for_every_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    system = _with(*OFF)
    result = Parametric(remember=False).verify(system, system.checks, Limits(seconds=600))
    proved = {verdict.property.name: verdict.reason for verdict in result.verdicts if verdict.outcome is Outcome.PROVED}
    assert {prop.name for prop in system.checks} - set(proved) <= OPEN
    assert all("in every run in which event_id" in reason for reason in proved.values())


# --- instances in which premises are looked for


def test_a_sparing_instance_has_no_faults_and_reaches_a_pause() -> None:
    """With budgets at random, a search of the smallest instance with all parts does not get to a pause in minutes."""
    system = formulas(_with(*OFF))
    [proof] = store.stored(system)
    made = small_instances(system, generic(proof.times, _with(*OFF).instance.durations, 1), (1,), sparing=True)
    [instance] = made
    budgets = {name: table[()] for name, table in instance.instance.constants.items() if name.endswith("_budget")}
    assert len(budgets) == len(FAULTS)
    assert {name for name, times in budgets.items() if times} == {"failover_budget"}, "of which the least is one"
    assert instance.instance.constants["attempts"][()] == 1
    result = Explore().verify(instance, (instance.named("pause-bounded"),), Limits())
    assert result.complete
    assert result.figures.states < 100_000
    assert result.verdicts[0].reached
