"""A run: one subject, the properties that were selected, what the engine answered, and what that means for the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from udproof.cli.exits import Code, worst
from udproof.cli.sources import Subject
from udproof.counterexamples.explain import duration
from udproof.counterexamples.trace import BadTrace, Trace
from udproof.counterexamples.trace import run as replay
from udproof.engines.verdict import Figures, Outcome, Result, Verdict
from udproof.engines.zone_time import semantics_in_parts
from udproof.language import Property


class Standing(Enum):
    """How the verdict for a property stands to what the file expects; the value is the code that it alone would end with."""

    PASSED = "passed"
    EXPECTED = "expected"  # violated, as the file says that it must be
    VIOLATED = "violated"
    UNEXPECTED = "unexpected"  # it holds, and the file says that it must be violated
    UNKNOWN = "unknown"
    VACUOUS = "vacuous"

    @property
    def code(self) -> Code:
        """What a run with this and nothing worse ends with."""
        return _CODES[self]

    @property
    def red(self) -> bool:
        """Does it keep the run from passing?"""
        return self.code is not Code.HOLDS


_CODES = {
    Standing.PASSED: Code.HOLDS,
    Standing.EXPECTED: Code.HOLDS,
    Standing.VIOLATED: Code.VIOLATED,
    Standing.UNEXPECTED: Code.UNEXPECTED,
    Standing.UNKNOWN: Code.UNDECIDED,
    Standing.VACUOUS: Code.VACUOUS,
}


def standings(outcomes: Mapping[str, Outcome], expect: str | Sequence[str] | None) -> dict[str, Standing]:
    """The standing of each property, where the file expects `expect` ("proved", or the names of those that must be violated)."""
    expected = () if expect is None or isinstance(expect, str) else expect
    found = {name: Standing(_WORDS[outcome]) for name, outcome in outcomes.items()}
    surprise = {Standing.VIOLATED: Standing.EXPECTED, Standing.PASSED: Standing.UNEXPECTED}
    return {name: surprise.get(one, one) if name in expected else one for name, one in found.items()}


_WORDS = {outcome: "passed" if outcome is Outcome.PROVED else outcome.value for outcome in Outcome}


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
    def standings(self) -> dict[str, Standing]:
        """How each verdict stands to what the file expects."""
        return standings({verdict.property.name: verdict.outcome for verdict in self.result.verdicts}, self.subject.expect)

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
    found = standings({verdict.property.name: verdict.outcome for verdict in result.verdicts}, subject.expect)
    code = worst(standing.code for standing in found.values())
    named = {standing: [name for name, one in found.items() if one is standing] for standing in Standing}
    if surprises := named[Standing.UNEXPECTED]:
        return code, f"unexpected: the fleet file says that {', '.join(surprises)} is violated, and it holds."
    if (expected := named[Standing.EXPECTED]) and code is Code.HOLDS:
        return code, f"as expected: the fleet file says that exactly {', '.join(sorted(expected))} is violated."
    return code, None


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
        return "what is proved is so without a look into every state of the system"
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
