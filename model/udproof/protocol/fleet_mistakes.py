"""Mistakes in a fleet file, and how they are told.

While a file is read, a mistake is a `Complaint`: it knows the piece of data that it is about, and not its place in the
text. Once all are known, the places are looked up, and each becomes a `Mistake` of the error that is raised. Everything
that is repeated from the file is shown on one line, clipped, and without control characters: a name in a file must not
be able to speak to the terminal.
"""

from __future__ import annotations

import datetime
import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from udproof.protocol.toml_positions import Path

SPELLED_OUT = 100  # mistakes of one file; str() of an error only counts the others
_SHOWN = 60  # characters of a given text that a sentence repeats
_WINDOW = 60  # characters of the offending line that are shown on each side of the mistake


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake, still without its line: the path to the piece of data, what is wrong, what would be right.

    `of_key` says that the key itself is meant, and not its value. `other` is a second place that the reader should see.
    """

    path: Path
    what: str
    right: str
    of_key: bool = False
    other: Path | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a fleet file.

    `line` and `column` count from 1 (characters, not bytes). `where` names the piece of the fleet: `walk.notice`, or
    `vm "db-0", host`. `what` is wrong; what would be `right`. `source_line` is the whole line as it stands in the file, or
    empty where no line can be shown; whoever prints it must escape it, as `str()` does.
    """

    line: int
    column: int
    where: str
    what: str
    right: str
    source_line: str = ""

    def __str__(self) -> str:
        sentence = f"{self.line}:{self.column}: {self.where}: {self.what}; {self.right}"
        return f"{sentence}\n{_excerpt(self.source_line, self.column)}" if self.source_line else sentence


class FleetFileError(Exception):
    """A fleet file that cannot be used. `mistakes` are all that is wrong with it, in the order of their places."""

    def __init__(self, source_name: str, mistakes: Iterable[Mistake]) -> None:
        self.source_name = source_name
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.column)))
        super().__init__(source_name, self.mistakes)

    def __str__(self) -> str:
        source = printable(self.source_name)
        lines = [f"{source}:{mistake}" for mistake in self.mistakes[:SPELLED_OUT]]
        if len(self.mistakes) > SPELLED_OUT:
            lines.append(f"{source}: and {len(self.mistakes) - SPELLED_OUT} more mistakes")
        return "\n".join(lines)


# --- how it is shown


def show(value: object) -> str:
    """A value of the file as a sentence repeats it: on one line, not too long, without control characters."""
    match value:
        case str():
            return f'"{printable(value[:_SHOWN])}{"…" if len(value) > _SHOWN else ""}"'
        case bool():
            return str(value).lower()
        case int() if abs(value) >= 10**_SHOWN:
            return "a number of very many digits"
        case int() | float():
            return str(value)
        case dict():
            return "a table"
        case list():
            return "an array"
        case datetime.time():
            return f"the time of day {value}"
        case _:
            return f"the date {value}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if one is at all."""
    # The comparison takes quadratic time, and names may be very long: the beginnings of both must do.
    clipped = {candidate[:_SHOWN]: candidate for candidate in known}
    matches = difflib.get_close_matches(name[:_SHOWN], clipped, n=1)
    return clipped[matches[0]] if matches else None


def printable(text: str) -> str:
    """A text of the file or the command line, on one line and without control characters."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _width(text: str) -> int:
    """The columns that a printable text takes in a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _excerpt(line: str, column: int) -> str:
    """The line, or its part around the column if it is long, with a caret below the column; both indented."""
    start = max(0, column - 1 - _WINDOW)
    before = ("…" if start else "") + line[start : column - 1]
    after = line[column - 1 : column - 1 + _WINDOW] + ("…" if len(line) > column - 1 + _WINDOW else "")
    before, after = (printable(part.replace("\t", "    ")) for part in (before, after))
    return f"    {before}{after}\n    {' ' * _width(before)}^"
