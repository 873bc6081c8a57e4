"""Dense time: Fischer's protocol and the reference walk with a clock per host, by zones; beside TChecker where it is there.

TChecker's `tck-reach` is looked for in the environment variable TCK_REACH and on the path. Its covering search over the zone graph
(breadth first, the best of its settings here: depth first stores more, and the other subsumption as much) is the same search under
the same abstraction, Extra-LU-plus with bounds by location and inclusion. So the verdicts must be the same, and without symmetry
the number of zones too, or the run ends before any time is compared. A verdict of TChecker is whether states with given labels can
be reached: two processes that are both in the critical section, or paused hosts of two domains. Those are named, and stand for all
others by symmetry.

Times are processor seconds: of a whole process for TChecker, whose start takes some milliseconds; of the engine's call for us, with
making the system ready and compiling it. That takes some 70 ms whatever the size, which is most of what symmetry leaves; so the
search alone is told too. How times grow with the size is in the table. How they do not grow with the constants is seen from the
same system with constants that are 10 and 1,000 times as large, where a search in ticks would pay for every tick.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.benchmark import Benchmark, Disagreement, Sample, Say, Target, agree, find, not_measured
from benchmarks.measure import cost
from benchmarks.walks import best
from benchmarks.zone_systems import fischer, fischer_for_tchecker, walk, walk_for_tchecker
from udproof.engines.limits import Watch, resident_memory
from udproof.engines.verdict import Limits, Outcome
from udproof.engines.zone_machine import ZoneMachine
from udproof.engines.zone_search import Prepared, Search
from udproof.engines.zones import Zones
from udproof.language import System

NAME = "zones"
OURS, ORBITS, PEER = "udproof", "udproof, symmetry", "TChecker"
SCALES = (1, 10, 1000)
FLEET = "default fleet, real constants"
TURNS = 3  # of ours; the best counts
MANY = 10_000  # zones from which on times are compared


@dataclass(frozen=True, slots=True)
class Case:
    """A system in both languages, the property that is compared, and the labels that TChecker must not reach together."""

    name: str
    system: System
    claim: str
    model: str
    labels: str


def fischers(size: int, wait: int = 2) -> Case:
    """Fischer's protocol; with a wait of 1 it is wrong."""
    name = f"fischer {size}" + ("" if wait > 1 else ", waiting too short")
    return Case(name, fischer(size, wait=wait), "alone", fischer_for_tchecker(size, wait), "critical1,critical2")


def walks(domains: int, hosts: int, lead: int = 3, pause: int = 4) -> Case:
    """The walk, a lead and a pause limit in seconds."""
    name = f"walk {domains} x {hosts}" + ("" if (lead, pause) == (3, 4) else f", {lead} s and {pause} s")
    model = walk_for_tchecker(domains, hosts, lead, pause)
    return Case(name, walk(domains, hosts, lead, pause), "one-domain", model, "paused1,paused2")


def sample(case: str, system: System, symmetry: bool) -> Sample:
    """What our search costs. Disagreement unless it is complete."""
    began, spent = time.monotonic(), time.process_time()
    result = Zones().verify(system, system.checks, Limits(symmetry=symmetry))
    wall, cpu = time.monotonic() - began, time.process_time() - spent
    figures = result.figures
    if any(verdict.outcome is not Outcome.PROVED for verdict in result.verdicts):
        raise Disagreement(f"udproof does not prove {case}, which is right")
    return Sample(
        NAME,
        ORBITS if symmetry else OURS,
        case,
        figures.states,
        figures.stored,
        wall,
        cpu,
        resident_memory(),
        core=_search_alone(system, symmetry),
        successors=figures.transitions,
    )


def _search_alone(system: System, symmetry: bool) -> float:
    """Processor seconds of the search, once the system is compiled."""
    limits = Limits(symmetry=symmetry)
    watch = Watch(limits)
    code = Prepared(system, system.checks, limits, watch)
    with ZoneMachine(code.code, True, watch.room) as machine:
        began = time.process_time()
        for _ in Search(code, watch, machine, True).levels():
            pass
        return time.process_time() - began


def command() -> str | None:
    """TChecker's program, if it is there."""
    return os.environ.get("TCK_REACH") or shutil.which("tck-reach")


def peer(case: Case) -> tuple[bool, Sample]:
    """What TChecker says: can the labels be reached? And what that costs. Failed if it does not run."""
    program = command()
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tck"
        path.write_text(case.model, encoding="utf-8")
        spent = cost([program, "-a", "covreach", "-s", "bfs", "-l", case.labels, str(path)])
    said = dict(line.split(" ", 1) for line in spent.said.splitlines() if " " in line)
    stored = int(said["STORED_STATES"])
    found = Sample(NAME, PEER, case.name, stored, stored, spent.wall, spent.cpu, spent.memory, setting="covreach, bfs")
    return said["REACHABLE"] == "true", found


def same_verdict(case: Case) -> Sample:
    """TChecker's sample. Disagreement unless both give the same verdict."""
    prop = case.system.named(case.claim)
    [verdict] = Zones().verify(case.system, (prop,), Limits(stop_at_first=True)).verdicts
    reachable, found = peer(case)
    if reachable is not (verdict.outcome is Outcome.VIOLATED):
        said = "can" if reachable else "cannot"
        raise Disagreement(f"{case.name}: {case.claim} is {verdict.outcome.value}, and TChecker says that it {said} be broken")
    return found


def measure(quick: bool, say: Say) -> Iterator[Sample]:
    """Growing numbers of processes and hosts, growing constants, and the default fleet."""
    cases = [fischers(size) for size in ((5, 6) if quick else (6, 7, 8, 9))]
    cases += [walks(*size) for size in (((2, 3), (2, 4)) if quick else ((2, 5), (3, 5), (2, 6), (3, 6)))]
    cases.append(walks(2, 4, 900, 30) if quick else walks(3, 5, 900, 30))
    if command() is not None:
        say("verdicts beside TChecker's, a wrong protocol among them")
        same_verdict(fischers(4, wait=1))
    for case in cases:
        say(case.name)
        plain = best([sample(case.name, case.system, False) for _ in range(TURNS)])
        yield plain
        yield best([sample(case.name, case.system, True) for _ in range(TURNS)])
        if command() is not None:
            theirs = same_verdict(case)
            agree(case.name, PEER, theirs.stored, plain.stored)
            yield theirs
    size = 6 if quick else 8
    for scale in SCALES:
        name = f"fischer {size}, constants x {scale}"
        say(name)
        yield best([sample(name, fischer(size, scale), False) for _ in range(TURNS)])
    say(FLEET)
    yield _fleet()


def _fleet() -> Sample:
    """The command, a whole process from cold."""
    spent = cost(
        [sys.executable, "-c", "from udproof.cli import main; main()", "verify", "default", "--engine=zones", "--format=json"]
    )
    said = json.loads(spent.said)
    counts, figures = said["counts"], said["figures"]
    answer = f"{counts['proved']} proved of {sum(counts[one.value] for one in Outcome)}"
    return Sample(NAME, ORBITS, FLEET, figures["states"], figures["stored"], spent.wall, spent.cpu, spent.memory, setting=answer)


def targets(samples: Sequence[Sample]) -> list[Target]:
    """Beside TChecker with and without symmetry, flat in the constants, and the default fleet."""
    return [*_beside(samples), *_flat(samples), _default(samples)]


def _beside(samples: Sequence[Sample]) -> Iterator[Target]:
    cases = [one for one in samples if one.contender == PEER and one.case.startswith("walk") and one.stored >= MANY]
    for what, contender, times, chosen in (
        ("the walk with clocks by zones, without symmetry, beside TChecker, from 10⁴ zones up", OURS, 20, cases),
        ("the same with symmetry, (2, 6) and beyond", ORBITS, 500, [one for one in cases if one.case.endswith("x 6")]),
    ):
        pairs = [(mine, their) for their in chosen if (mine := find(samples, contender, their.case))]
        if pairs:
            ratios = [(their.cpu / mine.cpu, their.case) for mine, their in pairs]
            alone = min(their.cpu / mine.core for mine, their in pairs if mine.core)
            (least, at), (most, there) = min(ratios), max(ratios)
            told = f"{least:.0f}x at worst ({at}), {most:.0f}x at best ({there}); the search alone {alone:,.0f}x or more"
            yield Target(what, f"at least {times}x faster", told, least >= times)
        else:
            yield not_measured(what, f"at least {times}x faster")


def _flat(samples: Sequence[Sample]) -> Iterator[Target]:
    scaled = [one for one in samples if ", constants x " in one.case]
    what = "constants 1, 10 and 1,000 times as large"
    if len(scaled) != len(SCALES):
        yield not_measured(what, "the same number of zones, the same time")
        return
    zones, times = [one.stored for one in scaled], [one.cpu for one in scaled]
    told = f"{', '.join(f'{count:,}' for count in zones)} zones in {', '.join(f'{cpu:.2f}' for cpu in times)} s"
    yield Target(what, "the same number of zones, the same time", told, len(set(zones)) == 1 and max(times) < 1.25 * min(times))


def _default(samples: Sequence[Sample]) -> Target:
    what, target = "documented default fleet by zones, real constants", "all proved in seconds"
    got = find(samples, ORBITS, FLEET)
    if got is None:
        return not_measured(what, target)
    met = got.wall < 10 and len(set(got.setting.split(" proved of "))) == 1
    return Target(what, target, f"{got.setting}, {got.wall:.1f} s, {got.stored:,} zones", met)


BENCHMARK = Benchmark(
    NAME,
    "Dense time by zones",
    "The same zone graph, searched by us and by TChecker (covering search, breadth first): Extra-LU-plus, inclusion. Processor "
    "seconds to the verdict, ours with compiling, TChecker's of the whole process.",
    measure,
    targets,
)
