"""The benchmarks agree with what is known before any time is taken, and the page shows the stored run and nothing else."""

import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from benchmarks import counts, explore, fleets, limit, plain, report, spin, zones
from benchmarks.benchmark import Disagreement, Sample, agree
from benchmarks.measure import Failed, cost
from benchmarks.plot import plot
from benchmarks.walks import NAME as WALK
from tests.systems import known

SMALLEST = (2, 2)


@pytest.fixture(scope="module")
def searched() -> Sample:
    return explore.sample(WALK, "udproof", SMALLEST)


@pytest.mark.parametrize(("size", "published"), counts.PUBLISHED.items())
def test_the_closed_form_gives_the_published_numbers(size: tuple[int, int], published: tuple[int, int]) -> None:
    assert (counts.states(*size), counts.orbits(*size)) == published
    entry = known(f"walk-{size[0]}-{size[1]}")
    assert (entry.states, entry.orbits) == published


def test_the_search_agrees(searched: Sample) -> None:
    assert (searched.states, searched.stored) == (404, 404)
    reduced = explore.sample(WALK, "udproof", SMALLEST, symmetry=True, workers=2)
    assert (reduced.states, reduced.stored) == (404, 113)
    assert searched.successors is not None
    assert searched.successors >= 403, "every state but the first has a predecessor"


def test_plain_python_agrees() -> None:
    assert plain.sample(WALK, SMALLEST).states == 404


@pytest.mark.skipif(not spin.available(), reason="SPIN and gcc are not installed")
def test_spin_agrees() -> None:
    assert spin.sample(WALK, SMALLEST, "-O0").states == 404


@pytest.mark.skipif(not limit.available(), reason="gcc is not installed")
def test_the_bare_loop_makes_as_many_look_ups_and_insertions(searched: Sample) -> None:
    bare = limit.sample(WALK, searched, words=2)  # it checks both numbers itself, so it is enough that it does not disagree
    assert bare.stored == 404
    with pytest.raises(Disagreement, match="the bare loop"):
        limit.sample(WALK, replace(searched, stored=404, successors=100), words=1)


def test_another_number_of_states_ends_the_benchmark() -> None:
    with pytest.raises(Disagreement, match=r"plain Python finds 404 states on \(2, 2\), and there are 405"):
        agree("(2, 2)", "plain Python", 404, 405)


def test_zones_are_as_many_as_known() -> None:
    """65 states of the variables of Fischer's protocol with three processes, each with one zone; the unit tests say why."""
    case = zones.fischers(3)
    plain = zones.sample(case.name, case.system, False)
    assert (plain.states, plain.stored) == (65, 65)
    assert zones.sample(case.name, case.system, True).stored < 65
    with pytest.raises(Disagreement, match="does not prove fischer 3, waiting too short"):
        wrong = zones.fischers(3, wait=1)
        zones.sample(wrong.name, wrong.system, False)


@pytest.mark.skipif(zones.command() is None, reason="TChecker is not installed")
def test_tchecker_agrees() -> None:
    assert zones.same_verdict(zones.fischers(3)).stored == 65
    assert zones.same_verdict(zones.walks(2, 2)).stored > 0
    assert zones.same_verdict(zones.fischers(3, wait=1)).stored > 0


def test_a_fleet_is_verified() -> None:
    sample = fleets.sample("lone-vm")
    assert sample.setting == "all proved"
    assert sample.states >= sample.stored > 0


def test_the_cost_of_a_process_is_its_own() -> None:
    sleeping = cost(["sleep", "0.2"])
    assert sleeping.cpu < 0.15 < sleeping.wall
    with pytest.raises(Failed, match="ended with code 1"):
        cost([shutil.which("false") or "false"])


# --- what is shown


def test_a_run_survives_being_stored() -> None:
    assert report.read(report.STORED).text() == report.STORED.read_text(encoding="utf-8")


def test_the_page_shows_the_stored_run() -> None:
    text = report.PAGE.read_text(encoding="utf-8")
    assert report.page(text, report.read(report.STORED)) == text, (
        "run: python -m benchmarks --show benchmarks/results/run.json --store"
    )


def test_the_picture_is_of_the_stored_run() -> None:
    text = report.PICTURE.read_text(encoding="utf-8")
    assert plot(report.read(report.STORED).of(WALK)) == text
    assert {name for name in ("udproof", "SPIN", "plain Python", "physical limit") if f">{name}<" in text} == {
        sample.contender for sample in report.read(report.STORED).of(WALK)
    }
    ElementTree.fromstring(text)


def test_the_stored_run_is_whole() -> None:
    _, rows = report.targets(report.read(report.STORED))
    assert "not measured" not in [measured for _, _, measured, _ in rows]
    assert {sample.benchmark for sample in report.read(report.STORED).samples} == {b.name for b in report.BENCHMARKS}


def test_a_target_that_is_missed_is_called_so() -> None:
    run = report.read(report.STORED)
    slow = [replace(sample, wall=1e3, cpu=1e3, core=1e3, memory=10**12) for sample in run.samples if sample.contender != "SPIN"]
    others = [sample for sample in run.samples if sample.contender == "SPIN"]
    _, rows = report.targets(replace(run, samples=(*slow, *others)))
    level = ("with symmetry: stored states", "speed on one core at 10⁷ states", "constants 1, 10 and 1,000 times as large")
    timed = [row[-1] for row in rows if row[0] not in level]  # the others compare counts, or ours with ours
    assert set(timed) <= {"not met", "not told"}
    assert timed.count("not told") <= 1, "of two workers, which had no two processors here"
