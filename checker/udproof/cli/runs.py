"""A run: one subject, the properties that were selected, what the engine answered, and what that means for the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from udproof.cli.exits import Code, worst
from udproof.cli.sources import Subject
from udproof.counterexamples.explain import duration
from udproof.counterexamples.trace import BadTrace, Trace
from udproof.counterexamples.trace import run as replay
from udproof.engines.verdict import Figures, Outcome, Result, Verdict
from udproof.engines.zone_time import semantics_in_parts
from udproof.language import Property

_CODES = {
    Outcome.PROVED: Code.HOLDS,
    Outcome.VIOLATED: Code.VIOLATED,
    Outcome.UNKNOWN: Code.UNDECIDED,
    Outcome.VACUOUS: Code.NOTHING,
}


@dataclass(frozen=True, slots=True)
class Run:
    """See the module. `remark` says what the fleet's expectation had to do with the code, where it had anything."""

    subject: Subject
    selected: tuple[Property, ...]
    result: Result
    code: Code
    remark: str | None

    @property
    def violations(self) -> tuple[tuple[Verdict, Trace], ...]:
        """The verdicts that say VIOLATED, each with its trace."""
        return tuple((verdict, verdict.trace) for verdict in self.result.verdicts if verdict.trace is not None)

    @property
    def scope(self) -> str:
        """What the verdicts are about: "this fleet", "this system", "any fleet"."""
        return self.result.scope.replace("fleet", self.subject.kind)

    def scope_of(self, verdict: Verdict) -> str:
        """What one verdict is about."""
        return (verdict.scope or self.result.scope).replace("fleet", self.subject.kind)

    @property
    def never_fired(self) -> tuple[str, ...]:
        """The actions that made no transition, in the order of the declarations."""
        return tuple(name for name, times in self.result.fired.items() if not times)

    @property
    def counts(self) -> dict[str, int]:
        """How many properties there are, were selected, got a definite answer (`checked`), were left out, and each verdict's."""
        found = Counter(verdict.outcome for verdict in self.result.verdicts)
        available = len(self.subject.system.checks)
        return {
            "available": available,
            "selected": len(self.selected),
            "checked": found[Outcome.PROVED] + found[Outcome.VIOLATED],
            "skipped": available - len(self.selected),
            **{outcome.value: found[outcome] for outcome in Outcome},
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What every verdict of the run rests on."""
        system = self.subject.system
        return (*system.assumptions, *self.subject.faults, *system.instance.notes, *self.result.notes)


def judged(subject: Subject, selected: tuple[Property, ...], result: Result) -> Run:
    """The run of a result, after a look at whether the result can be believed. AssertionError or BadTrace if it cannot."""
    _believe(subject, selected, result)
    code, remark = _judgement(subject, result)
    if result.interrupted:
        code = Code.INTERRUPTED
    return Run(subject, selected, result, code, remark)


def _believe(subject: Subject, selected: tuple[Property, ...], result: Result) -> None:
    """An engine is not believed: it must answer what was asked, prove nothing early, and its violations must replay."""
    if tuple(verdict.property for verdict in result.verdicts) != selected:
        raise AssertionError(f"engine {result.engine} did not answer exactly the properties it was asked")
    for verdict in result.verdicts:
        name = verdict.property.name
        if verdict.outcome is Outcome.PROVED and not (result.complete or verdict.inductive):
            raise AssertionError(f"engine {result.engine} calls {name} proved after a search that is not complete")
        if (verdict.outcome is Outcome.VIOLATED) is not (verdict.trace is not None):
            raise AssertionError(f"engine {result.engine} gives {name} a verdict and a trace that do not fit")
        if verdict.trace is None:
            continue
        parts = getattr(verdict.trace.semantics, "parts", 1)  # of the unit of time, where instants are fractions
        again = replay(semantics_in_parts(subject.system, parts), verdict.trace.start, [step.move for step in verdict.trace.steps])
        if again.states != verdict.trace.states or again.semantics.breaking(verdict.property, again.last) is None:
            raise BadTrace(f"the trace of engine {result.engine} for {name} does not replay to a violation")


def _judgement(subject: Subject, result: Result) -> tuple[Code, str | None]:
    if not result.verdicts:
        return Code.NOTHING, "nothing was checked: the system states no property."
    plain = worst(_CODES[verdict.outcome] for verdict in result.verdicts)
    if subject.expect is None or subject.expect == "proved":
        return plain, None
    expected = {verdict.property.name for verdict in result.verdicts if verdict.property.name in subject.expect}
    codes, surprises = [], []
    for verdict in result.verdicts:
        if verdict.property.name not in expected or verdict.outcome in (Outcome.UNKNOWN, Outcome.VACUOUS):
            codes.append(_CODES[verdict.outcome])
        elif verdict.outcome is Outcome.VIOLATED:
            codes.append(Code.HOLDS)
        else:
            codes.append(Code.UNEXPECTED)
            surprises.append(verdict.property.name)
    if surprises:
        return worst(codes), f"unexpected: the fleet file says that {', '.join(surprises)} is violated, and it holds."
    if expected and worst(codes) is Code.HOLDS:
        return Code.HOLDS, f"as expected: the fleet file says that exactly {', '.join(sorted(expected))} is violated."
    return worst(codes), None


def when(trace: Trace) -> str:
    """Where a run ends, in words: `at step 7, after 45 s`."""
    if not trace.steps:
        return "in the initial state"
    time: Fraction = trace.seconds(trace.steps[-1].time)
    return f"at step {len(trace.steps)}" + (f", after {duration(time)}" if trace.system.clocks else "")


def far(figures: Figures) -> str:
    """How far a search got, in words."""
    if figures.depth and not figures.states:
        return f"runs of at most {figures.depth} steps"
    stored = f" ({figures.stored} stored)" if figures.stored != figures.states else ""
    return f"{figures.states} states{stored}, {figures.transitions} transitions, depth {figures.depth}"


def ending(run: Run) -> str:
    """How the search ended, in words."""
    if not run.result.complete and run.result.stopped is None:
        return "what is proved is so by induction, without a look into every state"
    if not run.result.complete:
        return f"not complete: {run.result.stopped}"
    if run.result.scope == "any fleet":
        return "these are small fleets, looked into for violations and premises; the proof itself visits no state"
    return "every reachable state was looked into"


def means(run: Run) -> str:
    """By what means a search came to its figures, in words, as far as that is worth saying; it begins with a comma."""
    said = ["without symmetry"] if run.result.figures.states and not run.result.symmetry else []
    said += [f"{run.result.figures.workers} workers"] if run.result.figures.workers > 1 else []
    said += [f"resumed at depth {run.result.resumed}"] if run.result.resumed is not None else []
    return "".join(f", {word}" for word in said)


def amount(number: int) -> str:
    """An amount of memory in words: `43 MB`, `4.9 GB`."""
    return f"{number / 1e9:.1f} GB" if number >= 10**9 else f"{number / 1e6:.0f} MB"
