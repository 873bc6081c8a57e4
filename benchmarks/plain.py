"""A plain search in Python, over the reference semantics: `python -m benchmarks.plain DOMAINS HOSTS` prints the number of states.

This is what the definition of the language means, state by state, and what the compiled search stands in for.
"""

from __future__ import annotations

import sys

from benchmarks.benchmark import Sample, agree
from benchmarks.counts import states
from benchmarks.explore import PROVED, name
from benchmarks.measure import cost, python


def sample(benchmark: str, size: tuple[int, int]) -> Sample:
    """Search the walk of that size in a fresh process. Disagreement if the number of states is not the right one."""
    spent = cost(python(__name__, *size))
    found = int(spent.said)
    agree(name(size), "plain Python", found, states(*size))
    return Sample(benchmark, "plain Python", name(size), found, found, spent.wall, spent.cpu, spent.memory)


def main(domains: int, hosts: int) -> None:
    """Visit every state, look at the properties in each, and print how many there are."""
    from benchmarks.walk import walk
    from udproof.language.semantics import Semantics

    system = walk(domains, hosts)
    semantics = Semantics(system)
    properties = [system.named(prop) for prop in PROVED]
    waiting = list(semantics.initial())
    seen = set(waiting)
    while waiting:
        state = waiting.pop()
        if broken := [prop.name for prop in properties if semantics.breaking(prop, state) is not None]:
            raise SystemExit(f"{broken} is broken")
        for firing in semantics.enabled(state):
            after = semantics.fire(state, firing)
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    print(len(seen))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
