"""Speaking to the build server that runs udproof: annotations in its log, and a summary of the step.

Both servers read commands from the lines of a step's output. GitHub: `::error file=...,line=...,title=...::message`, with %, CR
and LF as %25, %0D and %0A, in properties also : and , as %3A and %2C. Azure: `##vso[task.logissue type=error;...]message`, with
% as %AZP25 and in properties also ; and ] as %3B and %5D. Of each step GitHub shows ten errors and ten warnings, of 4,096
characters each, and a summary of 1 MiB; Azure's agent is of the same make. What does not fit is counted in the last annotation,
and the log above has it all.

A violation, and a pass that was not expected, are errors, one each. What is not decided or was put to no test are warnings, one
a file: the step fails with these too, by its exit code. The lines come after everything else on standard output, and only if
`--ci` asks.

GitHub gives the file for the summary (GITHUB_STEP_SUMMARY); it is added to, since the steps of a script share it. For Azure a
file is written where the agent cleans up (AGENT_TEMPDIRECTORY), and uploaded by a command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

from udproof.cli.annotation import Annotation
from udproof.cli.console import clean, note, pour
from udproof.cli.exits import Refused
from udproof.cli.places import from_root
from udproof.counterexamples.files import write_atomically

Server = Literal["github", "azure"]

SHOWN = 10  # annotations of each level that a step has
MESSAGE = 4096  # characters of a message
SUMMARY = 2**20  # bytes of a step's summary
_TITLE = 255
_PLACED = re.compile(r"(?P<file>[^:]+):(?P<line>[1-9][0-9]{0,8})(?::[0-9]+)?: (?P<what>.+)")


def chosen(asked: str, format_: str) -> Server | None:
    """The server to speak to. Refused if there would be no place for it to read."""
    if asked == "none":
        return None
    if format_ != "text":
        raise Refused(f"--ci {asked}: annotations go to standard output, which --format {format_} takes; use --report json=PATH.")
    if asked == "auto":
        return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "azure" if os.environ.get("TF_BUILD") else None
    return "github" if asked == "github" else "azure"


def tell(server: Server | None, document: dict[str, Any]) -> None:
    """Print the annotations of a result and hand over its summary."""
    if server is None:
        return
    from udproof.cli import summary
    from udproof.cli.results import read

    whole = read(document)
    for line in lines(server, list(summary.to_annotate(whole))):
        pour(f"{line}\n")
    if server == "github":
        _add_to_summary(lambda room: summary.text(whole, room))
    else:
        _upload_summary(summary.text(whole, SUMMARY))


@contextmanager
def refusals(server: Server | None) -> Iterator[None]:
    """Around the reading of files: a mistake in one is annotated at its line, and is refused as without a build server."""
    try:
        yield
    except Refused as refused:
        if server is not None:
            placed = [found for line in refused.sentences if (found := _PLACED.fullmatch(line))]
            title = "udproof: this cannot be verified"
            these = [Annotation("error", title, at["what"], from_root(Path(at["file"])), int(at["line"])) for at in placed]
            for line in lines(server, these or [Annotation("error", title, refused.sentences[0])]):
                pour(f"{line}\n")
        raise


def lines(server: Server, found: list[Annotation]) -> Iterator[str]:
    """The annotations as the server reads them, as many as it shows; the last one counts what is left out."""
    for level in ("error", "warning"):
        these = [one for one in found if one.level == level]
        if len(these) > SHOWN:
            left = len(these) - SHOWN + 1
            more = Annotation(these[0].level, f"{left} more", f"{left} more of these stand in the log and in the summary.")
            these = [*these[: SHOWN - 1], more]
        yield from (_github(one) if server == "github" else _azure(one) for one in these)


def _github(one: Annotation) -> str:
    place = [] if one.file is None else [("file", clean(one.file)), ("line", str(one.line))]
    told = ",".join(f"{key}={_escaped(value, _GITHUB_VALUE)}" for key, value in [*place, ("title", _short(one.title, _TITLE))])
    return f"::{one.level} {told}::{_escaped(_short(one.message, MESSAGE), _GITHUB)}"


def _azure(one: Annotation) -> str:
    place = [] if one.file is None else [("sourcepath", clean(one.file)), ("linenumber", str(one.line))]
    told = "".join(f"{key}={_escaped(value, _AZURE_VALUE)};" for key, value in [("type", one.level), *place])
    return f"##vso[task.logissue {told}]{_escaped(_short(f'{one.title}: {one.message}', MESSAGE), _AZURE)}"


_GITHUB = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_GITHUB_VALUE = {**_GITHUB, ":": "%3A", ",": "%2C"}
_AZURE = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
_AZURE_VALUE = {**_AZURE, ";": "%3B", "]": "%5D"}


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)


def _short(text: str, most: int) -> str:
    """The text on one line without anything that a terminal obeys, and at most so many characters of it."""
    shown = clean(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _add_to_summary(made: Callable[[int], str]) -> None:
    where = os.environ.get("GITHUB_STEP_SUMMARY")
    if not where:
        note("--ci github: GITHUB_STEP_SUMMARY names no file, so the step has no summary.")
        return
    try:
        path = Path(where)
        taken = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(made(max(0, SUMMARY - taken)).encode("utf-8", errors="backslashreplace"))
    except OSError as error:
        note(f"{clean(where)}: the summary could not be written ({clean(error.strerror or error)}).")


def _upload_summary(text: str) -> None:
    where = os.environ.get("AGENT_TEMPDIRECTORY")
    if not where:
        note("--ci azure: AGENT_TEMPDIRECTORY names no folder, so the step has no summary.")
        return
    path = Path(where).resolve() / f"udproof-{token_hex(8)}.md"
    try:
        write_atomically(path, text)
    except OSError as error:
        note(f"{clean(path)}: the summary could not be written ({clean(error.strerror or error)}).")
    else:
        pour(f"##vso[task.uploadsummary]{_escaped(str(path), _AZURE)}\n")
