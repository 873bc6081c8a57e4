"""The reference walk for every size at once, beside Z3's fixed-point engine, which must be given a size.

Somebody who wants the walk proved without looking into every state would today give it to Spacer, the engine for constrained Horn
clauses in Z3 (Komuravelli, Gurfinkel, Chaki 2014): the walk of one size as a transition relation over integers and truths, one rule
for each action with its arguments. It searches for an invariant of that size, and begins anew for the next. Ours has the walk as
any user writes it, and finds lemmas that are about every number of domains and hosts; so its time must not grow with the size. It
also explores small instances, and for five seconds at most the one at hand.

Both are asked whether paused hosts are of one domain and whether a pause stays below its limit. mypyvy, which is about all sizes
as well, is on no package index.

    python -m benchmarks.fixedpoint DOMAINS HOSTS SECONDS     Spacer on one size; prints its answer
    python -m benchmarks.fixedpoint DOMAINS HOSTS             udproof for every size, from the walk of this one
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.benchmark import Benchmark, Disagreement, Sample, Say, Target, find, not_measured
from benchmarks.counts import states
from benchmarks.explore import PROVED, name
from benchmarks.measure import ROOT, cost, python
from benchmarks.plot import plot

NAME = "fixedpoint"
OURS, SPACER = "udproof", "Spacer"
SMALL = ((1, 1), (2, 1), (1, 2))
LARGE = ((2, 2), (3, 2), (2, 3), (3, 3), (5, 5))
MOST = 30  # seconds of processor time for one run of Spacer
GAVE_UP = "no answer"
PICTURE = ROOT / "benchmarks" / "results" / "every-size.svg"
IDLE, NOTIFIED, PAUSED, UPDATED = range(4)


def spacer(size: tuple[int, int], seconds: int = MOST) -> Sample:
    """Ask Spacer, in a fresh process. Disagreement if it says that a property is broken."""
    spent = cost(python(__name__, *size, seconds))
    answer = json.loads(spent.said)
    if answer not in ("proved", GAVE_UP):
        raise Disagreement(f"Spacer says {answer} on {name(size)}, and {' and '.join(PROVED)} hold")
    setting = "" if answer == "proved" else f"{answer} in {seconds} s"
    return Sample(NAME, SPACER, name(size), states(*size), 0, spent.wall, spent.cpu, spent.memory, setting=setting)


def every_size(size: tuple[int, int]) -> Sample:
    """Ask our engine, from cold, without any lemma that is kept. Disagreement unless both properties are proved."""
    spent = cost(python(__name__, *size))
    answer = json.loads(spent.said)
    if answer["verdicts"] != ["proved"] * len(PROVED):
        raise Disagreement(f"udproof says {answer['verdicts']} of every size of the walk, and {' and '.join(PROVED)} hold")
    setting = f"every size, {answer['lemmas']} lemmas"
    return Sample(NAME, OURS, name(size), states(*size), 0, spent.wall, spent.cpu, spent.memory, setting=setting)


def measure(quick: bool, say: Say) -> Iterator[Sample]:
    """Growing sizes, once each. After two sizes without an answer Spacer is not asked about larger ones."""
    silent = 0
    for size in SMALL if quick else SMALL + LARGE:
        say(f"the walk {name(size)}, {states(*size):,} states, and every size")
        yield every_size(size)
        if silent < 2:
            found = spacer(size)
            silent += bool(found.setting)
            yield found


def targets(samples: Sequence[Sample]) -> list[Target]:
    """Ours does not grow."""
    what, target = "the walk for every size: from cold, at the largest size against the smallest", "under 30 s, at most 5 s more"
    ours = [sample for sample in samples if sample.contender == OURS]
    if len(ours) < 2:
        return [not_measured(what, target)]
    first, last = ours[0], ours[-1]
    theirs = find(samples, SPACER, last.case)
    beside = f"; Spacer there: {theirs.setting or f'{theirs.cpu:.1f} s'}" if theirs else ""
    measured = f"{first.cpu:.1f} s at {first.case}, {last.cpu:.1f} s at {last.case} (processor){beside}"
    return [Target(what, target, measured, last.cpu < 30 and last.cpu - first.cpu <= 5)]


def picture(samples: Sequence[Sample]) -> str:
    """Time against the states of the size. A run of Spacer that was ended is not drawn: its line ends before it."""
    answered = [sample for sample in samples if not sample.setting.startswith(GAVE_UP)]
    return plot(answered, "The reference walk: one size by Spacer, every size by udproof")


# --- Spacer


def horn(domains: int, hosts: int, without: str = "") -> tuple[Any, Any]:
    """The walk of one size as Horn clauses, and the query whether a property is broken.

    `without` leaves out a guard by name: `alone` that no domain is active when one opens, `in time` that a tick waits for pauses.
    """
    import z3

    from benchmarks.walk import LEAD, PAUSE

    number = domains * hosts
    active = [z3.Bool(f"active{d}") for d in range(domains)]
    phase, lead, pause = ([z3.Int(f"{word}{h}") for h in range(number)] for word in ("phase", "lead", "pause"))
    before = [*active, *phase, *lead, *pause]
    reachable = z3.Function("reachable", *(term.sort() for term in before), z3.BoolSort())
    engine = z3.Fixedpoint()
    engine.set(engine="spacer")
    engine.register_relation(reachable)
    engine.declare_var(*before)

    def rule(guard: list[Any], changes: dict[Any, Any]) -> None:
        after = [changes.get(term, term) for term in before]
        engine.rule(reachable(*after), z3.And(reachable(*before), *guard))

    start = [*(z3.BoolVal(False) for _ in active), *(z3.IntVal(0) for _ in range(3 * number))]
    engine.fact(reachable(*start))
    home = [h // hosts for h in range(number)]
    for d in range(domains):
        own = [h for h in range(number) if home[h] == d]
        alone = [] if without == "alone" else [z3.Not(one) for one in active]
        rule([*alone, z3.Or([phase[h] == IDLE for h in own])], {active[d]: z3.BoolVal(True)})
        rule([active[d], *(phase[h] == UPDATED for h in own)], {active[d]: z3.BoolVal(False)})
    for h in range(number):
        here = active[home[h]]
        rule([here, phase[h] == IDLE], {phase[h]: z3.IntVal(NOTIFIED)})
        rule([here, phase[h] == NOTIFIED, lead[h] == LEAD], {phase[h]: z3.IntVal(PAUSED), lead[h]: z3.IntVal(0)})
        rule([phase[h] == PAUSED, pause[h] >= 1], {phase[h]: z3.IntVal(UPDATED), pause[h]: z3.IntVal(0)})
    waits = [] if without == "in time" else [z3.Implies(phase[h] == PAUSED, pause[h] < PAUSE - 1) for h in range(number)]
    ticked = {lead[h]: z3.If(z3.And(phase[h] == NOTIFIED, lead[h] < LEAD), lead[h] + 1, lead[h]) for h in range(number)}
    ticked |= {pause[h]: z3.If(phase[h] == PAUSED, pause[h] + 1, pause[h]) for h in range(number)}
    rule(waits, ticked)
    both = [z3.And(phase[h] == PAUSED, phase[g] == PAUSED) for h in range(number) for g in range(h) if home[h] != home[g]]
    late = [pause[h] >= PAUSE for h in range(number)]
    return engine, z3.And(reachable(*before), z3.Or(*both, *late))


def ask(domains: int, hosts: int, without: str = "") -> str:
    """Spacer's answer for one size: proved, violated, or none."""
    import z3

    engine, query = horn(domains, hosts, without)
    answer = engine.query(query)
    if answer == z3.unknown:
        return GAVE_UP
    return "violated" if answer == z3.sat else "proved"


def main(domains: int, hosts: int, seconds: int) -> None:
    """Print Spacer's answer, which a child asks for that the system ends after so many seconds of processor time."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        print(json.dumps(ask(domains, hosts)), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        print(json.dumps(GAVE_UP))
    elif status != 0:
        sys.exit(1)


def main_every_size(domains: int, hosts: int) -> None:
    """Print our verdicts for every size, and how many lemmas were found."""
    from benchmarks.walk import walk
    from udproof.engines.parametric import Parametric
    from udproof.engines.verdict import Limits

    system, engine = walk(domains, hosts), Parametric(remember=False)
    result = engine.verify(system, tuple(map(system.named, PROVED)), Limits())
    lemmas = 0 if engine.proof is None else len(engine.proof.lemmas)
    print(json.dumps({"verdicts": [verdict.outcome.value for verdict in result.verdicts], "lemmas": lemmas}))


BENCHMARK = Benchmark(
    NAME,
    "The reference walk for every size, beside Z3's fixed-point engine on growing sizes",
    "From cold, once each. Spacer is given one size and 30 s of processor time; udproof proves every size, and is asked from each "
    "of these sizes, to see that it takes no longer.",
    measure,
    targets,
)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    if len(given) == 2:
        main_every_size(*given)
    else:
        main(*given)
