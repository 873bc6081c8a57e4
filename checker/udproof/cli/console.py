"""What reaches the terminal, and in what state.

Names come from files, and a file can hold anything: escape sequences that recolour or rewrite the screen, marks that turn the
direction of text around. `clean` shows every such character as an escape (`\\x1b`), and whoever puts a name of a file into a
sentence applies it; `say` and `note` do so once more for whatever was forgotten, colours excepted. A build server obeys its
log, too: GitHub takes a line that begins with `::`, or that has `##[` in it, for a command, and Azure one with `##vso[`. So
these are shown as escapes as well, with or without a build server, since a fleet file may come with anybody's pull request.

A reader may leave early (`udproof verify | head`). That is no error: the rest of the output goes nowhere, reports are still
written, and the exit code still tells the verdict.

What only a few commands need of the standard library is imported in the functions, since `udproof --help` imports this module.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import click

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
_ORDERS = re.compile(r"\A(\s*):(?=:)|#(?=#(?:vso)?\[)", re.IGNORECASE)
_WIDTH = 120  # columns, where there is no terminal that has some


def clean(text: object) -> str:
    """A text from outside, on one line and without anything that a terminal or a build server would obey."""
    shown = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in str(text))
    return _ORDERS.sub(lambda found: f"{found[1] or ''}\\x{ord(found[0][-1]):x}", shown)


def say(text: str = "") -> None:
    """Write a text with a line break to standard output."""
    _write(_harmless(text) + "\n", sys.stdout)


def note(text: str) -> None:
    """Write a text with a line break to standard error."""
    _write(_harmless(text) + "\n", sys.stderr)


def pour(document: str | bytes) -> None:
    """Write a document whose format keeps it harmless (SVG, PNG, Markdown, TOML) to standard output as it is."""
    _write(document, sys.stdout)


def _write(text: str | bytes, stream: TextIO) -> None:
    try:
        click.echo(text, file=stream, nl=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def width() -> int:
    """The columns to write for."""
    import shutil

    return shutil.get_terminal_size((_WIDTH, 24)).columns


def counted(number: int, word: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a mistyped name: `did you mean pause-bounded?`, or all there are to choose from."""
    import difflib

    names = sorted(known)
    simple = {candidate.casefold(): candidate for candidate in names}
    asked = name.casefold()[:60]
    matches = [known for known in simple if known.startswith(asked)] or difflib.get_close_matches(asked, list(simple), n=1)
    return f"did you mean {clean(simple[matches[0]])}?" if matches else f"the known names are {', '.join(map(clean, names))}."


def _harmless(text: str) -> str:
    pieces = _COLOUR.split(text)
    pieces[0::2] = ["\n".join(clean(line) for line in piece.split("\n")) for piece in pieces[0::2]]
    return "".join(pieces)
