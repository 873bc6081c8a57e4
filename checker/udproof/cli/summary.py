"""A result in short, for a build server: what to annotate, and a page of Markdown with what a reviewer reads first.

The page begins with the outcome of the whole in one line and a table of the files; then come the problems, and each violation
with its cause and its steps, folded. It never grows beyond the room that there is: what does not fit is left out by whole
sections, and a last line says so. (The full report is another one, `--report markdown=PATH`.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from udproof.cli.annotation import Annotation
from udproof.cli.exits import Code
from udproof.cli.results import Found, Told, Whole, sentence
from udproof.cli.runs import Standing
from udproof.counterexamples.table import markdown, plain

LONGEST = 10**9  # bytes of a page that has no build server's limit
_LEFT_OUT = "\nMore was found than has room here; the log and the reports have all of it.\n"


def to_annotate(whole: Whole) -> Iterator[Annotation]:
    """What to show beside the files, the worst first."""
    for one in whole.problems:
        yield Annotation("error", f"udproof: {Code(one.exit_code).words}", f"{one.source or 'all files'}: {one.reason}")
    for run, found, standing in whole.red:
        if standing in (Standing.VIOLATED, Standing.UNEXPECTED):
            title = f"udproof: {standing.value}: {found.property}"
            yield Annotation("error", title, sentence(run, found, standing), found.place.file, found.place.line)
    for run in whole.runs:
        for standing in (Standing.UNKNOWN, Standing.VACUOUS):
            these = [found for found in run.verdicts if run.standings[found.property] is standing]
            if these:
                names = ", ".join(found.property for found in these)
                said = f"{run.model.fleet}: {names} ({these[0].reason})"
                yield Annotation(
                    "warning", f"udproof: {standing.value}: {len(these)}", said, these[0].place.file, these[0].place.line
                )
    if whole.code is Code.EMPTY and whole.shard is not None:
        part = f"{whole.shard.number}/{whole.shard.of}"
        yield Annotation("warning", "udproof: nothing to do", f"shard {part} has no file to verify")


def text(whole: Whole, room: int) -> str:
    """The page, in at most `room` bytes."""
    kept: list[str] = []
    left = room - len(_LEFT_OUT.encode())
    for section in _sections(whole):
        size = len(section.encode("utf-8", errors="backslashreplace"))
        if size > left:
            kept.append(_LEFT_OUT if room >= len(_LEFT_OUT.encode()) else "")
            break
        kept.append(section)
        left -= size
    return "".join(kept)


def _sections(whole: Whole) -> Iterator[str]:
    of = f", shard {whole.shard.number}/{whole.shard.of}" if whole.shard else ""
    yield f"## udproof{of}: {'passed' if whole.code is Code.HOLDS else 'not passed'}\n\n"
    files = f"{whole.files.verified} of {whole.files.given} files verified"
    yield f"{files}; exit code {whole.exit_code}: {whole.code.words}.\n\n"
    if whole.runs:
        yield "| file | outcome | properties | states | seconds |\n| :-- | :-- | :-- | --: | --: |\n"
    for run in whole.runs:
        mutant = f" with {run.model.mutant}" if run.model.mutant else ""
        word = "passed" if run.code is Code.HOLDS else run.code.words
        cells = [run.model.source + mutant, word, counted(run), str(run.figures.states), f"{run.figures.seconds:.1f}"]
        yield f"| {' | '.join(_shown(cell) for cell in cells)} |\n"
    for one in whole.problems:
        yield f"\n**{_shown(one.source or 'all files')}**: {_shown(one.reason)}\n"
    for run, found, standing in whole.red:
        yield _finding(run, found, standing)


def counted(run: Told) -> str:
    """How many properties have which standing, in words: `9 passed, 1 unknown`."""
    numbers = Counter(run.standings.values())
    words = [f"{numbers[standing]} {standing.value}" for standing in Standing if numbers[standing]]
    return ", ".join([*words, f"{run.counts.skipped} not selected"] if run.counts.skipped else words)


def _finding(run: Told, found: Found, standing: Standing) -> str:
    lines = ["", f"### {_shown(found.property)} of {_shown(run.model.source)}: {standing.value}", ""]
    lines += [_shown(sentence(run, found, standing)), ""]
    if found.steps:
        lines += ["<details><summary>The run, step by step</summary>", "", "| # | time | who | action | what changed |"]
        lines.append("| --: | --: | :-- | :-- | :-- |")
        for step in found.steps:
            changes = "<br>".join(_shown(change) for change in step.changes)
            lines.append(f"| {step.number} | {_shown(step.time)} | {_shown(step.who)} | {_shown(step.action)} | {changes} |")
        lines += ["", "</details>", ""]
    return "\n".join([*lines, ""])


def _shown(text_from_outside: str) -> str:
    return markdown(plain(text_from_outside))
