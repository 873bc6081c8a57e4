"""Dense time: Fischer's protocol and the reference walk with a clock per host, by zones, and beside TChecker where it is
installed.

TChecker's `tck-reach` is looked for on the path; its covering search over the zone graph is the same search, so stored nodes must
be equal, or the run ends. Times are processor seconds of the search alone for us, and of the whole process for TChecker, whose
start takes some milliseconds.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.benchmark import Benchmark, Sample, Say, Target, agree, find, not_measured
from benchmarks.zone_systems import fischer, fischer_for_tchecker, walk, walk_for_tchecker
from udproof.engines.verdict import Limits
from udproof.engines.zones import Zones
from udproof.language import System

NAME = "zones"
OURS, ORBITS, PEER = "udproof", "udproof, symmetry", "TChecker"
MOST = 120.0  # seconds for one run of a peer
SCALES = (1, 10, 1000)


def _ours(case: str, system: System, symmetry: bool) -> Sample:
    began, spent = time.monotonic(), time.process_time()
    result = Zones().verify(system, system.checks, Limits(symmetry=symmetry))
    wall, cpu = time.monotonic() - began, time.process_time() - spent
    figures = result.figures
    contender = ORBITS if symmetry else OURS
    return Sample(NAME, contender, case, figures.states, figures.stored, wall, cpu, figures.memory, successors=figures.transitions)


def _peer(case: str, model: str) -> Sample | None:
    command = shutil.which("tck-reach")
    if command is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tck"
        path.write_text(model, encoding="utf-8")
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        try:
            done = subprocess.run([command, "-a", "covreach", str(path)], capture_output=True, text=True, timeout=MOST, check=True)
        except subprocess.TimeoutExpired:
            return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    stored = int(said["STORED_STATES"])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(NAME, PEER, case, stored, stored, time.monotonic() - began, cpu, after.ru_maxrss * 1024, setting="covreach, bfs")


def measure(quick: bool, say: Say) -> Iterator[Sample]:
    """Growing numbers of processes and hosts, and growing constants."""
    cases = [(f"fischer {n}", fischer(n), fischer_for_tchecker(n)) for n in ((5, 6) if quick else (6, 7, 8, 9))]
    sizes = ((2, 3), (2, 4)) if quick else ((2, 5), (3, 5), (2, 6), (3, 6))
    cases += [(f"walk {u} x {h}", walk(u, h), walk_for_tchecker(u, h)) for u, h in sizes]
    for case, system, model in cases:
        say(case)
        plain = _ours(case, system, False)
        yield plain
        yield _ours(case, system, True)
        peer = _peer(case, model)
        if peer is not None:
            agree(case, "TChecker", peer.stored, plain.stored)
            yield peer
    for scale in SCALES:
        say(f"constants times {scale}")
        yield _ours(f"fischer 6, constants x {scale}", fischer(6, scale), False)


def targets(samples: Sequence[Sample]) -> list[Target]:
    """Beside TChecker with and without symmetry, and flat in the constants."""
    found = []
    for contender, times, case in ((OURS, 20, "walk 3 x 6"), (ORBITS, 500, "walk 3 x 6")):
        what, target = f"{contender}, {case}, beside TChecker", f"at least {times} times as fast"
        mine, peer = find(samples, contender, case), find(samples, PEER, case)
        if mine is None or peer is None:
            found.append(not_measured(what, target))
        else:
            ratio = peer.cpu / mine.cpu
            found.append(Target(what, target, f"{ratio:.0f} times ({mine.stored} and {peer.stored} zones)", ratio >= times))
    scaled = [find(samples, OURS, f"fischer 6, constants x {scale}") for scale in SCALES]
    stored = {sample.stored for sample in scaled if sample is not None}
    what, target = "constants 1, 10 and 1000 times as large", "the same number of zones"
    found.append(
        Target(what, target, ", ".join(map(str, sorted(stored))), len(stored) == 1) if stored else not_measured(what, target)
    )
    return found


BENCHMARK = Benchmark(NAME, "Dense time by zones", "The same zone graph, searched by us and by TChecker.", measure, targets)
