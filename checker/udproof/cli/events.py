"""`udproof check-events`: is a recording of Scheduled Events a behaviour of the model?

For tenants who check how they handle events, and for whoever writes a service that imitates the platform's. First each document
is held against the rules that documents alone can break; then a search looks for a run of the model that shows them one after the
other. What the model does not have (events that users ask for, preemption) is said, and is neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from udproof.cli.console import clean, counted, say
from udproof.cli.exits import Code, Refused, worst
from udproof.counterexamples.explain import told
from udproof.counterexamples.trace import BadTrace, Trace, Wait
from udproof.engines.explore import Explore
from udproof.engines.verdict import Limits, Outcome
from udproof.language.semantics import Semantics
from udproof.protocol.breakdown import failure_event
from udproof.protocol.documents import BadDocument, Recording, broken, recordings, stretches
from udproof.protocol.events import event
from udproof.protocol.fleet import SecondJob
from udproof.protocol.recorded import Mapped, OutsideOfTheModel, mapped, never, observe, observed

_JOBS: dict[SecondJob | None, str] = {
    None: "",
    "after": "; it takes a second job after the first",
    "at-once": "; it takes a second job beside the first",
}
_LIMITS = Limits(seconds=60)


class _Undecided(Exception):
    """A search ended before it was decided; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one recording."""

    code: Code
    sentence: str
    happened: tuple[str, ...] = ()  # what went on, where the recording is a behaviour


def check_events(path: str, quiet: bool) -> Code:
    """Say of each recording of a file whether it is a behaviour of the model, and what went on, or which step is not and why."""
    try:
        found = recordings(Path(path).read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError) as error:  # ValueError: a path with a NUL character
        reason = getattr(error, "strerror", None) or error
        raise Refused(f"{clean(path)}: the file cannot be read ({clean(reason)}); give a JSON file of documents.") from error
    except BadDocument as mistake:
        raise Refused(f"{clean(path)}: {clean(mistake)}.") from mistake
    codes = []
    for recording in found:
        answer = judged(recording)
        codes.append(answer.code)
        say(f"{clean(recording.name)}: {clean(answer.sentence)}")
        for line in () if quiet else answer.happened:
            say(f"  {clean(line)}")
    return worst(codes)


def judged(recording: Recording) -> Answer:
    """The answer for one recording."""
    if rule := broken(recording):
        return Answer(Code.VIOLATED, f"no behaviour: step {rule.step} breaks {rule.rule}: {rule.sentence}.")
    happened: list[str] = []
    extra = ""
    for stretch in stretches(recording):
        try:
            of = mapped(stretch)
            second, trace, reached = _searched(of)
        except OutsideOfTheModel as other:
            return Answer(Code.UNDECIDED, f"outside of the model: {other}.")
        except _Undecided as problem:
            return Answer(Code.UNDECIDED, f"not decided: {problem}.")
        if trace is None:
            number = of.documents[reached].number
            return Answer(
                Code.VIOLATED, f"no behaviour: no run of the model shows step {number} after those before it{_why(of, reached)}."
            )
        happened += _happened(trace)
        extra = _JOBS[second] or extra
    documents = counted(len(recording.readings), "document")
    return Answer(Code.HOLDS, f"a behaviour of the model: {documents}{extra}.", tuple(happened))


def _searched(of: Mapped) -> tuple[SecondJob | None, Trace | None, int]:
    """With which second job the model shows all documents, and the run; or how many it can show at most."""
    for second in _JOBS:
        if trace := _run(of, second, len(of.documents)):
            return second, trace, len(of.documents)
    low, high = 0, len(of.documents)  # it can show so many, it cannot show so many
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if any(_run(of, second, middle) for second in _JOBS) else (low, middle)
    return None, None, low


def _run(of: Mapped, second: SecondJob | None, number: int) -> Trace | None:
    """A shortest run that shows so many documents; None if there is none."""
    asked = never(number)
    system = replace(observed(of, second), properties=(asked,))
    verdict = Explore().verify(system, (asked,), _LIMITS).verdicts[0]
    if verdict.outcome is Outcome.UNKNOWN:
        raise _Undecided(verdict.reason)
    if verdict.trace is not None:
        _back(of, verdict.trace)
    return verdict.trace


def _back(of: Mapped, trace: Trace) -> None:
    """From states back to documents: what the model shows when it is read must be what was recorded."""
    semantics = trace.semantics
    read = iter(of.documents)
    for step in trace.steps:
        if not isinstance(step.move, Wait) and step.move.action.name == observe.name:
            document = next(read)
            if shows(semantics, step.state) != (document.statuses, document.failures):
                raise BadTrace(f"a run reads document {document.number} where the model shows another one")


def shows(semantics: Semantics, state: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """The document that a state of the model shows: of each step its event's status, of each host whether a failure is told."""
    layout, system = semantics.layout, semantics.system
    places = {name: number for number, name in enumerate(system.instance.elements["Event"])}
    order = [places[f"recorded@step-{number}"] for number in range(len(places))]
    statuses = tuple(state[layout.position[event.symbol, (number,)]] for number in order)
    hosts = range(len(system.instance.elements["Host"]))
    return statuses, tuple(bool(state[layout.position[failure_event.symbol, (number,)]]) for number in hosts)


def _happened(trace: Trace) -> Iterator[str]:
    """For each document what the model did since the one before, waits apart: the times of the run mean nothing."""
    done: list[str] = []
    for step, words in zip(trace.steps, told(trace), strict=True):
        if isinstance(step.move, Wait):
            continue
        if step.move.action.name == observe.name:
            yield f"{words.removesuffix(' is read')}: {'; '.join(done) or 'nothing has changed'}."
            done = []
        else:
            done.append(words)


def _why(of: Mapped, reached: int) -> str:
    document = of.documents[reached]
    if sum(map(bool, document.statuses)) > 1:
        return " (W1, W8: one step is announced at a time, or a second one by one further job)"
    return ""
