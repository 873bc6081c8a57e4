"""What reaches the terminal, and in what state.

Names come from files, and a file can hold anything: escape sequences that recolour or rewrite the screen, marks that turn the
direction of text around. `clean` shows every such character as an escape (`\\x1b`), and whoever puts a name of a file into a
sentence applies it; `say` and `note` do so once more for whatever was forgotten, colours excepted.

A reader may leave early (`udproof verify | head`). That is no error: the rest of the output goes nowhere, reports are still
written, and the exit code still tells the verdict.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import sys
from collections.abc import Iterable

import click

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
_WIDTH = 120  # columns, where there is no terminal that has some


def clean(text: object) -> str:
    """A text from outside, on one line and without anything that a terminal would obey."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in str(text))


def say(text: str = "") -> None:
    """Write a text with a line break to standard output."""
    try:
        click.echo(_harmless(text))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Write a text with a line break to standard error."""
    try:
        click.echo(_harmless(text), err=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def width() -> int:
    """The columns to write for."""
    return shutil.get_terminal_size((_WIDTH, 24)).columns


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a mistyped name: `; did you mean pause-bounded?`, or what there is to choose from."""
    names = sorted(known)
    simple = {candidate.casefold(): candidate for candidate in names}
    matches = difflib.get_close_matches(name.casefold()[:60], list(simple), n=1)
    return f"did you mean {clean(simple[matches[0]])}?" if matches else f"there is {', '.join(map(clean, names)) or 'none'}"


def _harmless(text: str) -> str:
    pieces = _COLOUR.split(text)
    pieces[0::2] = ["\n".join(clean(line) for line in piece.split("\n")) for piece in pieces[0::2]]
    return "".join(pieces)
