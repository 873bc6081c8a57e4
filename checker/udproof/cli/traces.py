"""Traces in files: replay one, or draw it.

A trace names its model by hash. The shipped fleets, and the protocol with each of its mutants, are recognised by it; of any other
model the user says where it is (`--fleet`). No file is opened because a trace names it: a trace is data of somebody else.

Replay answers one question: is this a run of the model? A file that is no trace, or a trace of another model, is bad usage; a
trace of this model that the model cannot follow is an internal error, since only udproof writes traces, or else the file has been
changed. That a run breaks properties is said, and changes nothing in the answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udproof.cli.console import clean, counted, note, pour, say, width
from udproof.cli.drawings import drawn
from udproof.cli.exits import Code, Refused
from udproof.cli.parameters import DRAWINGS
from udproof.cli.report_text import title
from udproof.cli.sources import Subject, load, mutant_named, planted
from udproof.counterexamples.explain import cause, decisive, duration, step_table
from udproof.counterexamples.files import write_atomically
from udproof.counterexamples.html import Chapter, Counterexample
from udproof.counterexamples.html import document as page
from udproof.counterexamples.itf import from_itf, tick_of
from udproof.counterexamples.regression import Design, regression_test
from udproof.counterexamples.table import markdown, plain
from udproof.counterexamples.trace import BadTrace, Trace
from udproof.engines.page import runnable
from udproof.engines.zone_time import semantics_in_ticks
from udproof.language import Property
from udproof.protocol import fleets
from udproof.protocol.mutants import ALL as MUTANTS


def replay(path: str, fleet: str | None, mutant: str | None) -> Code:
    """Replay a trace and show it step by step: HOLDS if it is a run of its model, INTERNAL if not."""
    document = _document(path)
    subject = _subject(path, document, fleet, mutant)
    try:
        trace = _run(document, subject)
    except BadTrace as bad:
        note(f"{clean(path)}: does not replay: {clean(bad)}. Either the file was changed, or please report this.")
        return Code.INTERNAL
    say(title(subject))
    say()
    tell(trace, subject.system.checks)
    say(f"replays: {length(trace)}")
    return Code.HOLDS


@dataclass(frozen=True, slots=True)
class Drawing:
    """The options of `udproof render` by their names."""

    output: str | None
    wanted: str | None
    fleet: str | None
    mutant: str | None


def render(path: str, form: str, drawing: Drawing) -> Code:
    """Draw a trace in one of the formats, into a file or to standard output."""
    document = _document(path)
    subject = _subject(path, document, drawing.fleet, drawing.mutant)
    try:
        trace = _run(document, subject)
    except BadTrace as bad:
        note(f"{clean(path)}: does not replay, so it is not drawn: {clean(bad)}.")
        return Code.INTERNAL
    prop = _shown_property(trace, subject, drawing.wanted)
    text = _test(trace, prop, subject, drawing.output) if form == "pytest" else _drawn(trace, form, prop)
    if drawing.output is None:
        pour(text)
        return Code.HOLDS
    shown = clean(drawing.output)
    try:
        write_atomically(drawing.output, text)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
        raise Refused(f"{shown}: nothing can be written there ({clean(getattr(error, 'strerror', None) or error)}).") from error
    note(f"{shown}: written.")
    return Code.HOLDS


def tell(trace: Trace, properties: tuple[Property, ...]) -> bool:
    """Show a run step by step with the properties it breaks. Does it break one?"""
    table = step_table(trace, properties)
    say(table.as_text(width(), color=True))
    for prop in table.shown:  # the table has a column for each property that is ever false
        at_end = trace.semantics.breaking(prop, trace.last) is not None
        say(f"breaks {clean(prop.name)} at step {decisive(trace, prop)}{f': {clean(cause(trace, prop))}' if at_end else '.'}")
    return bool(table.shown)


def length(trace: Trace) -> str:
    """How long a run is: its steps and, if there are clocks, its time."""
    steps = counted(len(trace.steps), "step")
    return f"{steps}, {duration(trace.seconds(trace.steps[-1].time if trace.steps else 0))}" if trace.system.clocks else steps


# --- the file

_RIGHT = "give a trace (*.itf.json) that udproof has written"


def _document(path: str) -> dict[str, Any]:
    shown = clean(path)
    try:
        document = json.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except (OSError, RecursionError) as error:
        reason = clean(getattr(error, "strerror", None) or "nested too deeply")
        raise Refused(f"{shown}: the file cannot be read ({reason}); {_RIGHT}.") from error
    except ValueError as error:  # not UTF-8, not JSON, a number of thousands of digits, a path with a NUL character
        raise Refused(f"{shown}: the file is not JSON ({clean(error)}); {_RIGHT}.") from error
    if not (isinstance(document, dict) and isinstance(document.get("#meta"), dict) and isinstance(document.get("states"), list)):
        raise Refused(f"{shown}: the file is JSON, but no trace, which has #meta and states; {_RIGHT}.")
    return document


def _run(document: dict[str, Any], subject: Subject) -> Trace:
    with subject.blamed():
        semantics = semantics_in_ticks(subject.system, tick_of(document))
    return from_itf(document, semantics)


# --- the model


def _subject(path: str, document: dict[str, Any], fleet: str | None, mutant: str | None) -> Subject:
    """The subject whose hash the trace names. Refused, with what to do, if it is not found."""
    meta = document["#meta"]
    told, name = str(meta.get("hash")), str(meta.get("system"))
    origin = f"; the trace says that it was made from {clean(meta['source'])}" if isinstance(meta.get("source"), str) else ""
    if fleet is None and name not in fleets.shipped():
        raise Refused(
            f"{clean(path)}: the trace is of {clean(name)}, which is no shipped fleet; name its file with --fleet{origin}."
        )
    subject = load(fleet or name)
    for candidate in _candidates(subject, mutant):
        if candidate.system.hash == told:
            return candidate
    tried = "" if subject.kind == "system" else ", and no mistake planted in it fits"
    raise Refused(
        f"{clean(path)}: the trace is of the model {clean(told)}, but {clean(subject.source)} is {subject.system.hash}{tried}; "
        f"name the right file with --fleet{origin}."
    )


def _candidates(subject: Subject, mutant: str | None) -> Iterator[Subject]:
    """The subject as it is and with each mistake that can be planted in it, or with the one that is named."""
    if mutant is not None:
        yield planted(subject, mutant_named(mutant))
        return
    yield subject
    for one in MUTANTS if subject.kind == "fleet" else ():
        with suppress(Refused):  # a fleet may have no place for some mistake
            yield planted(subject, one)


# --- how it is drawn


def _shown_property(trace: Trace, subject: Subject, wanted: str | None) -> Property | None:
    """The property that the picture is about: the one that is named, else the first one that is false at the end."""
    false = [prop for prop in subject.select((wanted,) if wanted else ()) if trace.semantics.breaking(prop, trace.last) is not None]
    if wanted and not false:
        raise Refused(
            f"--property {clean(wanted)}: it holds at the end of this run; without the option, the run is drawn as it is."
        )
    return false[0] if false else None


def _test(trace: Trace, prop: Property | None, subject: Subject, output: str | None) -> str:
    """The run as a regression test, which finds its design by a path from the folder that it is written to."""
    if prop is None:
        raise Refused(
            "--to pytest: a regression test is made of a counterexample, and no property is false at the end of this run."
        )
    is_path = subject.kind == "system" or Path(subject.source).exists()
    name = Path(os.path.relpath(subject.source, Path(output or "test.py").parent)).as_posix() if is_path else subject.source
    return regression_test(trace, prop, Design(name, is_path, subject.mutant))


def _drawn(trace: Trace, form: str, prop: Property | None) -> str | bytes:
    if form in DRAWINGS:
        return drawn(form, trace, prop)
    if form == "html":
        summary = f"a run of the model {trace.system.hash}"
        example = Counterexample(trace, prop, model=runnable(trace.semantics, trace.system.checks))
        return page([Chapter(trace.system.name, summary, counterexamples=(example,))])
    table = step_table(trace, trace.system.checks if prop is None else [prop])
    if form == "text":
        return table.as_text(width())
    title = f"{trace.system.name}: a run" if prop is None else f"{trace.system.name}: {prop.name} is violated"
    sentence = "" if prop is None else f"{markdown(plain(cause(trace, prop)))}\n\n"
    return f"# {markdown(plain(title))}\n\n{sentence}{table.as_markdown()}"
