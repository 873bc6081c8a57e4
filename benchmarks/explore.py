"""The engine `explore` on the reference walk, as a process of its own.

    python -m benchmarks.explore DOMAINS HOSTS SYMMETRY WORKERS

It prints one line of JSON; with the first two arguments only, it prints how many words a packed state has. The properties are
the two that hold, so that every state must be looked into; "unfinished" is left out, since finding its counterexample is
another job than the others' (they are asked for a verdict only).
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks.benchmark import Disagreement, Sample, agree
from benchmarks.counts import orbits, states
from benchmarks.measure import Cost, cost, python

PROVED = ("one-domain", "short")


def sample(benchmark: str, contender: str, size: tuple[int, int], symmetry: bool = False, workers: int = 1) -> Sample:
    """Run the engine on the walk of that size, in a fresh process. Disagreement if its answer is not the right one."""
    spent = cost(python(__name__, *size, int(symmetry), workers))
    return _checked(benchmark, contender, size, symmetry, spent)


def _checked(benchmark: str, contender: str, size: tuple[int, int], symmetry: bool, spent: Cost) -> Sample:
    said = json.loads(spent.said)
    case, known = name(size), states(*size)
    agree(f"{case} up to symmetry" if symmetry else case, contender, said["stored"], orbits(*size) if symmetry else known)
    if said["states"] != said["stored"] or not symmetry:  # else orbits were too large to be added up, and only they are counted
        agree(case, contender, said["states"], known)
    if said["verdicts"] != ["proved"] * len(PROVED):
        raise Disagreement(f"{contender} says {said['verdicts']} on {case}, and {' and '.join(PROVED)} hold")
    return Sample(
        benchmark,
        contender,
        case,
        known,
        said["stored"],
        spent.wall,
        spent.cpu,
        spent.memory,
        core=said["core"],
        successors=said["successors"],
    )


def words(size: tuple[int, int]) -> int:
    """How many words of 64 bits a packed state of the walk has, without symmetry."""
    return int(cost(python(__name__, *size)).said)


def name(size: tuple[int, int]) -> str:
    """The size of a walk as we write it: (2, 4)."""
    return f"({size[0]}, {size[1]})"


def main(domains: int, hosts: int, symmetry: bool, workers: int) -> None:
    """Search, and print what was found."""
    from benchmarks.walk import walk
    from udproof.engines.explore import Explore
    from udproof.engines.verdict import Limits

    began = time.process_time()
    system = walk(domains, hosts)
    result = Explore().verify(system, tuple(map(system.named, PROVED)), Limits(symmetry=symmetry, jobs=workers))
    found = {
        "states": result.figures.states,
        "stored": result.figures.stored,
        "successors": result.figures.transitions,
        "verdicts": [verdict.outcome.value for verdict in result.verdicts],
        "core": time.process_time() - began,
    }
    print(json.dumps(found))


def main_words(domains: int, hosts: int) -> None:
    """Print how many words a packed state has."""
    from benchmarks.walk import walk
    from udproof.engines.explore import Compiled

    system = walk(domains, hosts)
    print(Compiled(system, tuple(map(system.named, PROVED)), symmetry=False).model.words)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    if len(given) == 2:
        main_words(*given)
    else:
        main(given[0], given[1], bool(given[2]), given[3])
