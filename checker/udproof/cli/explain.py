"""`udproof explain --proof`: the argument of a proof for every fleet size, as a design review wants to read it.

A proof that is kept is explained as it is; otherwise one is searched for, as `verify --engine parametric` does. Explaining asks
the solver for every step that is listed, so lemmas that do not show a property are noticed here too; but the verdict, with all
that it rests on, is what `verify` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from udproof.cli.console import clean, note, say
from udproof.cli.exits import Code, Refused, worst
from udproof.cli.sources import Subject, load
from udproof.engines.verdict import Limits, Outcome


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """What `udproof explain` was asked for; the options by their names."""

    fleet: str | None
    proof: bool
    properties: tuple[str, ...]
    mutant: str | None
    timeout: float | None
    quiet: bool


_CODES = {Outcome.VIOLATED: Code.VIOLATED, Outcome.UNKNOWN: Code.UNDECIDED, Outcome.VACUOUS: Code.VACUOUS}


def explain(request: ExplainRequest) -> Code:
    """Print the argument. Exit code 0 if every property asked for is explained; else as `verify` gives it for the others."""
    if not request.proof:
        raise Refused("explain: say what is to be explained; --proof explains why properties hold for every fleet.")
    subject = load(request.fleet, request.mutant)
    names = [prop.name for prop in subject.select(request.properties)]
    if not names:
        note(f"{clean(subject.source)}: there is nothing to explain, since the system states no property.")
        return Code.NOTHING
    try:
        with subject.blamed():
            return _explained(subject, names, request)
    except KeyboardInterrupt:
        note(f"{clean(subject.source)}: interrupted before the argument was made.")
        return Code.INTERRUPTED


def _explained(subject: Subject, names: Sequence[str], request: ExplainRequest) -> Code:
    from udproof.engines.limits import Watch
    from udproof.prover import fragment, store
    from udproof.prover.argument import argue
    from udproof.prover.houdini import Clockwork, GaveUp
    from udproof.prover.review import page
    from udproof.prover.theorem import formulas

    system, codes = subject.system, [Code.HOLDS]
    fragment.check(system)
    durations, free = system.instance.durations, formulas(system)
    kept = (proof for proof in store.stored(free) if proof.applies(durations) and set(names) <= set(proof.shown))
    proof, shown = next(kept, None), list(names)
    if proof is None:
        from udproof.engines.parametric import Parametric

        if not request.quiet:
            note(f"{clean(subject.source)}: no proof is kept for this model with these times; searching for one.")
        engine = Parametric()
        result = engine.verify(system, subject.select(request.properties), Limits(seconds=request.timeout))
        proof, shown = engine.proof, []
        for verdict in result.verdicts:
            if verdict.outcome is Outcome.PROVED:
                shown.append(verdict.property.name)
                continue
            codes.append(_CODES[verdict.outcome])
            note(f"{verdict.outcome.name}  {clean(verdict.property.name)}: {clean(verdict.reason)}")
            for line in verdict.obstacle:
                note(clean(line))
        if result.interrupted:
            return Code.INTERRUPTED
    if proof is None or not shown:
        return worst(codes)
    watch = Watch(Limits(seconds=request.timeout))
    try:
        argument = argue(proof, shown, Clockwork(None if request.timeout is None else watch.began + request.timeout))
    except GaveUp as reason:
        note(f"{clean(subject.source)}: the argument could not be made: {clean(str(reason))}.")
        return worst([*codes, Code.UNDECIDED])
    every = "every fleet" if subject.kind == "fleet" else "every instance"
    hold = "holds" if len(shown) == 1 else "hold"
    say(f"{clean(system.name)}, model {system.hash}: why {clean(', '.join(shown))} {hold} for {every}, in dense time.")
    say()
    for line in page(argument, durations):
        say(clean(line))
    return worst(codes)
