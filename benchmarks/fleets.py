"""The update protocol itself, on the fleets that come along: the command `udproof verify`, from cold to the verdict."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence

from benchmarks.benchmark import Benchmark, Sample, Say, Target, find, not_measured
from benchmarks.measure import cost, in_turns
from benchmarks.walks import best

NAME = "fleets"
SMALL = ("teaching", "lone-vm", "two-hosts")
LARGE = ("two-sets", "fault-domains", "default")
MOST = "10min"  # for one fleet


def sample(fleet: str) -> Sample:
    """Verify a shipped fleet. `contender` says what the answer was."""
    command = [sys.executable, "-c", "from udproof.cli import main; main()", "verify", fleet, "--format", "json", "--timeout", MOST]
    spent = cost(command)
    said = json.loads(spent.said)
    figures = said["figures"]
    return Sample(
        NAME, "udproof", fleet, figures["states"], figures["stored"], spent.wall, spent.cpu, spent.memory, setting=_answer(said)
    )


def _answer(said: dict[str, dict[str, int]]) -> str:
    """ "all proved", or how many of each."""
    counts = said["counts"]
    kinds = {kind: counts[kind] for kind in ("proved", "violated", "vacuous", "unknown") if counts[kind]}
    return "all proved" if set(kinds) == {"proved"} else ", ".join(f"{number} {kind}" for kind, number in kinds.items())


def measure(quick: bool, say: Say) -> Iterator[Sample]:
    """One sample for each fleet."""
    for fleet in SMALL if quick else SMALL + LARGE:
        say(f"the fleet {fleet}")
        contender = {"udproof": lambda fleet=fleet: sample(fleet)}
        yield best(in_turns(contender, 5 if fleet in SMALL else 1)["udproof"])


def targets(samples: Sequence[Sample]) -> list[Target]:
    """The teaching fleet's cold start, the default fleet's answer."""
    found = []
    for what, target, fleet, most in (
        ("cold start to verdict, teaching fleet", "under 0.5 s", "teaching", 0.5),
        ("documented default fleet, as shipped", "all proved within minutes", "default", 300.0),
    ):
        got = find(samples, "udproof", fleet)
        if got is None:
            found.append(not_measured(what, target))
        else:
            met = got.wall < most and got.setting == "all proved"
            found.append(Target(what, target, f"{got.wall:.2f} s, {got.setting} (processor {got.cpu:.2f} s)", met))
    return found


BENCHMARK = Benchmark(
    NAME,
    "The update protocol on shipped fleets",
    "The command `udproof verify FLEET`, a whole process from cold.",
    measure,
    targets,
)
