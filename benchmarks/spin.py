"""SPIN on the reference walk: `spin -a`, gcc, and the checker that comes out, as one job.

*Settings.* SPIN's speed depends on how it is set up, so it gets several, and its best one counts (`SETTINGS`). Always:
`-DSAFETY` (nobody here looks for cycles), `-DNOFAIR`, a hash table of at least as many slots as there are states (`-w`), and
`-E -n`, so that it looks for neither dead ends nor unreached code; assertions are on. gcc without optimisation is ready soonest
and best for small sizes, `-O1` and `-O2` for larger ones. In one process, partial order reduction finds nothing to reduce: the
counts are the same with it and without, and so is the time. Tried on 4 million states and slower or no faster: `-O3
-march=native`, `-DNOCOMP`, `-DSFH`, `-DBFS`; `-DCOLLAPSE` takes twice the time, and does not save memory here.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from benchmarks.benchmark import Disagreement, Sample, agree
from benchmarks.counts import states
from benchmarks.explore import name
from benchmarks.measure import cost, together
from benchmarks.promela import promela

SETTINGS = ("-O0", "-O1", "-O2")  # of gcc
FOR_LARGE = "-O2"  # searches fastest, by a quarter; what compiling takes longer does not matter from some million states on
DEEPEST = 100_000  # steps of the longest path that the depth-first search may follow


def available() -> bool:
    """Are SPIN and a compiler installed?"""
    return all(shutil.which(program) for program in ("spin", "gcc"))


def sample(benchmark: str, size: tuple[int, int], optimise: str) -> Sample:
    """Generate, compile and run. Disagreement if the answer is not the right one."""
    slots = max(16, states(*size).bit_length())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "walk.pml").write_text(promela(*size), encoding="utf-8")
        generated = cost(["spin", "-a", "walk.pml"], folder)
        compiled = cost(["gcc", optimise, "-DSAFETY", "-DNOFAIR", "-DMEMLIM=100000", "-w", "-o", "pan", "pan.c"], folder)
        ran = cost(["./pan", f"-w{slots}", f"-m{DEEPEST}", "-E", "-n"], folder)
    found = _found(size, ran.said)
    whole = together([generated, compiled, ran])
    return Sample(
        benchmark, "SPIN", name(size), found, found, whole.wall, whole.cpu, ran.memory, core=ran.cpu, setting=f"gcc {optimise}"
    )


def _found(size: tuple[int, int], said: str) -> int:
    stored, errors = re.search(r"(\d+) states, stored", said), re.search(r"errors: (\d+)", said)
    if stored is None or errors is None or int(errors[1]) or "search depth too small" in said or "not completed" in said:
        raise Disagreement(f"SPIN does not prove the walk {name(size)}; it said:\n{said}")
    agree(name(size), "SPIN", int(stored[1]), states(*size))
    return int(stored[1])
