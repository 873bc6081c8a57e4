"""What changed between two designs: what they declare, which verdicts, which actions happen, and a run that tells them apart."""

from __future__ import annotations

from collections.abc import Iterator

from udproof.cli.console import clean, counted, say, width
from udproof.cli.exits import Code, Refused
from udproof.cli.progress import progress
from udproof.cli.report_text import title
from udproof.cli.sources import Subject, load
from udproof.cli.verify import installed_memory
from udproof.cli.watch import verify_within
from udproof.counterexamples.compare import Compared, declared, told_apart
from udproof.counterexamples.explain import step_table
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Outcome, Result


def diff(one: str, other: str | None, mutant: str | None, timeout: float | None, quiet: bool) -> Code:
    """Compare two systems, or one with itself and a mistake in it. UNDECIDED if a verdict is; else HOLDS, whatever differs."""
    if (other is None) is (mutant is None):
        raise Refused("diff: give a second file, or a mistake with --mutant, and not both.")
    subjects = load(one), load(other or one, mutant)
    for letter, subject in zip("AB", subjects, strict=True):
        say(f"{letter}  {title(subject)}")
    say()
    _section("declared", map(clean, declared(*(subject.system for subject in subjects))), "no difference")
    results = tuple(_verified(subject, timeout, quiet) for subject in subjects)
    _section("verdicts", _verdicts(*results), "no verdict changed")
    _section("actions", _actions(*results), "the same ones happen")
    with subjects[1].blamed():
        _tell_apart(told_apart(subjects[0].system, subjects[1].system))
    decided = all(verdict.outcome is not Outcome.UNKNOWN for result in results for verdict in result.verdicts)
    return Code.HOLDS if decided else Code.UNDECIDED


def _verified(subject: Subject, timeout: float | None, quiet: bool) -> Result:
    limits = Limits(seconds=timeout, memory=installed_memory() * 3 // 4)
    with subject.blamed(), progress(subject.system.name, quiet) as told:
        return verify_within(Explore(), subject.system, subject.system.checks, limits, told)


def _section(name: str, lines: Iterator[str], none: str) -> None:
    found = list(lines)
    for line in found or [none]:
        say(f"{name.ljust(9)} {line}")
        name = ""
    say()


def _verdicts(one: Result, other: Result) -> Iterator[str]:
    """The properties with another verdict, or that only one of the two has."""
    before, after = ({verdict.property.name: verdict for verdict in result.verdicts} for result in (one, other))
    for name in dict.fromkeys((*before, *after)):
        words = [found[name].outcome.name if name in found else "not there" for found in (before, after)]
        if words[0] != words[1]:
            yield f"{clean(name)}: {words[0]} → {words[1]}{f' ({clean(after[name].reason)})' if name in after else ''}"


def _actions(one: Result, other: Result) -> Iterator[str]:
    """The actions that happen in one of the two only, as far as was looked."""
    for name in dict.fromkeys((*one.fired, *other.fired)):
        times = [result.fired.get(name, 0) for result in (one, other)]
        if bool(times[0]) is not bool(times[1]):
            happens, result = ("gained", one) if times[1] else ("lost", other)
            yield f"{happens} {clean(name)}{'' if result.complete else ' (the other search is not complete)'}"


def _tell_apart(found: Compared) -> None:
    """The shortest run after which only one of the two can go on in some way."""
    if found.apart is None:
        said = (
            "Whatever the one can do, the other can too, step by step."
            if found.complete
            else (
                f"No run was found that only one of them can make; {found.pairs} pairs of states were looked at, which is not all."
            )
        )
        say(said)
        return
    able, unable = "BA" if found.apart.in_second else "AB"
    steps = counted(len(found.apart.trace.steps), "step")
    say(f"A shortest run that tells them apart: after {steps} that both can make, {able} can do what {unable} cannot.")
    say()
    if found.apart.trace.steps:
        say(step_table(found.apart.trace, []).as_text(width(), color=True))
    say(f"Then {clean(found.apart.step)} is possible in {able} only; in {unable} {clean(found.apart.why)}.")
