"""What the stored benchmark run says of other checkers, in sentences: `generate.py` writes them into the page that compares."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import Any

from answers import DOCS

RUN = DOCS.parent / "benchmarks" / "results" / "run.json"


def measured() -> str:
    """A sentence or two on each checker that takes part in the benchmarks."""
    spin = _ratios("walk", "SPIN", "udproof")
    small = [ratio for states, ratio in spin if 10_000 <= states < 1_000_000]
    large = [ratio for states, ratio in spin if states >= 1_000_000]
    plain = [ratio for states, ratio in _ratios("zones", "TChecker", "udproof") if states >= 10_000]
    symmetric = [ratio for states, ratio in _ratios("zones", "TChecker", "udproof, symmetry") if states >= 10_000]
    spacer = _samples("fixedpoint", "Spacer")
    answered = [sample for sample in spacer.values() if not sample["setting"]]
    every = [sample["cpu"] for sample in _samples("fixedpoint", "udproof").values()]
    return "\n".join(
        (
            f"- Against **SPIN** on the reference walk, from cold to the verdict: {_times(small)} from ten thousand states on, "
            f"{_times(large)} from a million on ([table](benchmarks.md#the-reference-walk)). That model is one process, in "
            "which partial-order reduction finds nothing to reduce; in a model of many independent processes it would.",
            f"- Against **TChecker** on timed systems, from ten thousand zones on: {_times(plain)} over the same zones, and "
            f"{_times(symmetric)} where symmetry is used, which TChecker does not have ([table](benchmarks.md#dense-time)).",
            f"- Against **Spacer**, Z3's engine for Horn clauses, which is given one size of the walk: it answers "
            f"{len(answered)} of {len(spacer)} sizes in 30 s, in {_seconds([sample['cpu'] for sample in answered])}; the proof for "
            f"every size takes {_seconds(every)} ([table](benchmarks.md#every-size-at-once)).",
        )
    )


def _run() -> list[dict[str, Any]]:
    return list(json.loads(RUN.read_text(encoding="utf-8"))["samples"])


def _samples(benchmark: str, contender: str) -> dict[str, dict[str, Any]]:
    """The quickest sample of each case."""
    best: dict[str, dict[str, Any]] = {}
    for sample in _run():
        if (sample["benchmark"], sample["contender"]) == (benchmark, contender):
            best[sample["case"]] = min(best.get(sample["case"], sample), sample, key=itemgetter("cpu"))
    return best


def _ratios(benchmark: str, slower: str, faster: str) -> list[tuple[int, float]]:
    """For each case of both: how many states it has, and how much longer the first one takes."""
    ours = _samples(benchmark, faster)
    both = ((theirs, ours[case]) for case, theirs in _samples(benchmark, slower).items() if case in ours)
    return [(one["states"], one["cpu"] / other["cpu"]) for one, other in both]


def _times(ratios: list[float]) -> str:
    digits = 1 if max(ratios) < 10 else 0
    return f"{min(ratios):.{digits}f} to {max(ratios):.{digits}f} times faster"


def _seconds(times: list[float]) -> str:
    return f"{min(times):.1f} to {max(times):.1f} s"
