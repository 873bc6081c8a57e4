"""A run as it is stored, and the tables made of it: for a terminal, and for the page in the documents.

Everything is made from the stored run alone, by the same functions, whether it has just been measured or lies there from last
month.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import fixedpoint, fleets, orbits, walks, workers, zones
from benchmarks.benchmark import Benchmark, Sample, Target, find
from benchmarks.measure import ROOT

BENCHMARKS: tuple[Benchmark, ...] = (
    walks.BENCHMARK,
    orbits.BENCHMARK,
    workers.BENCHMARK,
    fleets.BENCHMARK,
    zones.BENCHMARK,
    fixedpoint.BENCHMARK,
)
STORED = ROOT / "benchmarks" / "results" / "run.json"
PICTURE = ROOT / "benchmarks" / "results" / "cost.svg"
PAGE = ROOT / "docs" / "benchmarks.md"

Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what it was made on, and its samples."""

    machine: dict[str, str]
    samples: tuple[Sample, ...]

    def of(self, name: str) -> list[Sample]:
        """The samples of a benchmark."""
        return [sample for sample in self.samples if sample.benchmark == name]

    def text(self) -> str:
        """The run as JSON."""
        return json.dumps({"machine": self.machine, "samples": [asdict(sample) for sample in self.samples]}, indent=1) + "\n"


def read(path: Path) -> Run:
    """A stored run. OSError if it cannot be read; ValueError, KeyError or TypeError if it is none."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Run(dict(data["machine"]), tuple(Sample(**sample) for sample in data["samples"]))


# --- tables


def targets(run: Run) -> tuple[tuple[str, ...], Rows]:
    """Targets beside what was measured."""
    found: list[Target] = []
    for benchmark in BENCHMARKS:
        if samples := run.of(benchmark.name):
            found += benchmark.targets(samples)
    words = {True: "met", False: "not met", None: "not told"}
    return ("what", "target", "measured", "result"), [(t.what, t.target, t.measured, words[t.met]) for t in found]


def figures(samples: Sequence[Sample]) -> tuple[tuple[str, ...], Rows]:
    """The samples of a benchmark, one a row. Columns that would say nothing are left out."""
    head = ("case", "contender", "states", "stored", "wall s", "CPU s", "search s", "stored/s", "MB", "bytes each", "remark")
    rows = [_figures(sample) for sample in samples]
    told = [place for place in range(len(head)) if any(row[place] for row in rows)]
    if all(sample.states == sample.stored for sample in samples):
        told.remove(head.index("stored"))
    return tuple(head[place] for place in told), [tuple(row[place] for place in told) for row in rows]


def _figures(sample: Sample) -> tuple[str, ...]:
    core = sample.core
    return (
        sample.case,
        sample.contender,
        f"{sample.states:,}",
        f"{sample.stored:,}",
        f"{sample.wall:.2f}",
        f"{sample.cpu:.2f}",
        "" if core is None else f"{core:.2f}" if core >= 0.01 else f"{core:.4f}",
        f"{sample.stored / core:,.0f}" if core and sample.stored >= 10_000 else "",
        f"{sample.memory / 1e6:,.0f}",
        f"{sample.memory / sample.stored:.1f}" if sample.stored >= 1_000_000 else "",
        sample.setting,
    )


def against(run: Run) -> tuple[tuple[str, ...], Rows]:
    """The contenders on the walk beside each other, by processor time from cold."""
    samples = run.of(walks.NAME)
    cases = dict.fromkeys((sample.case, sample.states) for sample in samples)
    rows = []
    for case, count in cases:
        ours, spin, plain, bare = (find(samples, name, case) for name in ("udproof", "SPIN", "plain Python", "physical limit"))
        ratio = f"{spin.cpu / ours.cpu:.1f}" if ours and spin else ""
        share = f"{bare.core / ours.core:.0%}" if ours and bare and ours.core and bare.core else ""
        times = [f"{sample.cpu:.2f}" if sample else "" for sample in (ours, spin, plain)]
        rows.append((case, f"{count:,}", *times, f"{bare.core:.3f}" if bare and bare.core else "", ratio, share))
    return ("size", "states", "udproof s", "SPIN s", "Python s", "limit s", "SPIN / udproof", "of the limit"), rows


# --- for a terminal


def shown(run: Run) -> str:
    """All tables, for a terminal."""
    parts = ["; ".join(f"{what}: {value}" for what, value in run.machine.items()), ""]
    for benchmark in BENCHMARKS:
        if samples := run.of(benchmark.name):
            parts += [benchmark.title, benchmark.note, _plain(*figures(samples)), ""]
    if run.of(walks.NAME):
        parts += ["Beside each other: seconds of processor time from cold", _plain(*against(run)), ""]
    return "\n".join([*parts, "Targets", _plain(*targets(run)), ""])


def _plain(head: tuple[str, ...], rows: Rows) -> str:
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(_numeric(cell) for cell in column[1:]) for column in columns]
    lines = []
    for row in (head, tuple("-" * width for width in widths), *rows):
        cells = [cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _numeric(cell: str) -> bool:
    return re.fullmatch(r"[\d,.%]*", cell) is not None


# --- for the page

_MEASURED = re.compile(r"(?P<begin><!-- measured: (?P<name>\w+) -->\n)(?P<old>.*?)(?P<end><!-- /measured -->)", re.DOTALL)


def page(text: str, run: Run) -> str:
    """The page with its measured parts made anew. KeyError for the name of a part that does not exist."""
    parts = {
        "machine": "; ".join(f"{what}: {value}" for what, value in run.machine.items()) + ".",
        "targets": _markdown(*targets(run)),
        "against": _markdown(*against(run)),
        **{benchmark.name: f"{benchmark.note}\n\n{_markdown(*figures(run.of(benchmark.name)))}" for benchmark in BENCHMARKS},
    }
    return _MEASURED.sub(lambda found: f"{found['begin']}\n{parts[found['name']]}\n\n{found['end']}", text)


def _markdown(head: tuple[str, ...], rows: Rows) -> str:
    columns = list(zip(head, *rows, strict=True))
    marks = tuple("---:" if all(_numeric(cell) for cell in column[1:]) else "---" for column in columns)
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, marks, *rows))
